"""The OpenAPI document of the routes below ``/api/kernel-providers``."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from ..provider.config import SCHEMA

SETTINGS = "Settings"


def document(base_url: str) -> dict[str, Any]:
    """
    Return the document, with a server's base URL and the schema of a provider's settings.

    See https://spec.openapis.org/oas/v3.1.0, whose schemas are JSON schemas.
    """
    model: dict[str, Any] = json.loads(files(__package__).joinpath("openapi.json").read_text())
    schemas = model["components"]["schemas"]
    schemas |= {_name(key): _moved(schema) for key, schema in SCHEMA["$defs"].items()}
    left_out = ("$schema", "$defs")
    schemas[SETTINGS] = _moved({k: v for k, v in SCHEMA.items() if k not in left_out})
    return {**model, "servers": [{"url": base_url}]}


def _name(definition: str) -> str:
    return f"{SETTINGS}_{definition}"


def _moved(schema: Any) -> Any:
    """Return a schema with its references to definitions as references to components."""
    if isinstance(schema, list):
        return [_moved(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    moved = {key: _moved(value) for key, value in schema.items()}
    reference = moved.get("$ref")
    if isinstance(reference, str):
        moved["$ref"] = f"#/components/schemas/{_name(reference.rpartition('/')[2])}"
    return moved
