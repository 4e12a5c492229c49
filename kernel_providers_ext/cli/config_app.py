"""``jupyter kernel-providers config``: where providers are declared, and how."""

from __future__ import annotations

import json
from typing import Any

from traitlets import Bool

from ..config.loader import FileLoader
from ..provider.config import SCHEMA
from .output import Output
from .provider_app import ProviderApp


class ConfigApp(ProviderApp):
    """Prints the folders of providers' files, or the JSON schema of such a file."""

    name = "jupyter-kernel-providers-config"
    description = "Show where providers are declared, or the JSON schema of a provider's file."
    arguments = ()
    schema = Bool(False, config=True, help="Print the JSON schema of a provider's file.")
    flags: Any = {
        **ProviderApp.flags,
        "schema": ({"ConfigApp": {"schema": True}}, "Print the JSON schema of a provider's file."),
    }

    def run(self, *_: str) -> Output:
        """Return the folders, the most important one first, or the schema."""
        if self.schema:
            return Output(json.dumps(SCHEMA, indent=2), SCHEMA)
        loader = FileLoader(parent=self)
        folders = [str(folder) for folder in loader.folders()]
        user = str(loader.user_folder) if loader.user_folder else None
        lines = [f"{f}  (your own)" if f == user else f for f in folders]
        text = "\n".join(["Files of providers, <name>.json, are read in:", *lines])
        return Output(text, {"folders": folders, "user_folder": user})
