"""
Settings without their secrets, for those who may change a provider.

A secret goes in and never out. In its place stands `SAVED`, which keeps the secret if it is sent
back. A secret's source, such as the name of an environment variable, is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from jsonschema import Draft202012Validator

from ..provider.config import SCHEMA
from ..provider.errors import ConfigurationError

#: What stands for a secret that is saved; compare, but never change it.
SAVED: Mapping[str, Any] = {"saved": True}
#: The sources of a secret that can be shown.
SOURCES = ("env", "file", "command", "keyring")


def without_secrets(settings: Mapping[str, Any]) -> dict[str, Any]:
    """
    Return a copy of settings with `SAVED` for each secret.

    The settings may be invalid. A value that does not fit its field may be a secret, too.
    """
    return {name: _shown(name, value) for name, value in settings.items()}


def with_secrets(settings: Mapping[str, Any], saved: Mapping[str, Any]) -> dict[str, Any]:
    """
    Return a copy of settings with the secrets of ``saved`` for each `SAVED`.

    Raises ConfigurationError if there is no such secret, or if the secret would be sent to another
    server than before.
    """
    restored: list[str] = []

    def restore(value: Any, before: Any, path: str) -> Any:
        if value == SAVED:
            if before is None:
                raise ConfigurationError(f"no secret is saved for {path!r}. Enter it.", field=path)
            restored.append(path)
            return before
        if isinstance(value, Mapping):
            inner = before if isinstance(before, Mapping) else {}
            return {k: restore(v, inner.get(k), f"{path}.{k}") for k, v in value.items()}
        return value

    found = {name: restore(value, saved.get(name), name) for name, value in settings.items()}
    if restored and _way(found) != _way(saved):
        raise ConfigurationError(
            "the address or the proxy has changed, so the saved secret is not sent. Enter the "
            "secret again.",
            field=restored[0],
        )
    return found


def _shown(name: str, value: Any) -> Any:
    if name == "token":
        return value if _is_source(value) else SAVED
    if name == "options" or not _is_valid(name, value):
        return SAVED
    if name in ("headers", "cookies"):
        return {key: inner if _is_source(inner) else SAVED for key, inner in value.items()}
    if name == "auth":
        return {k: _shown("token", v) if k == "password" else v for k, v in value.items()}
    if name == "url":
        return _without_secret(value)
    return SAVED if name == "proxy" and "@" in value else value


def _is_valid(name: str, value: Any) -> bool:
    schema = SCHEMA["properties"].get(name, False)
    return Draft202012Validator({"$defs": SCHEMA["$defs"], "allOf": [schema]}).is_valid(value)


def _is_source(value: Any) -> bool:
    return isinstance(value, Mapping) and len(value) == 1 and next(iter(value)) in SOURCES


def _without_secret(url: str) -> Any:
    """Return an address without a user and a query, in which people may have put a secret."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return SAVED
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _way(settings: Mapping[str, Any]) -> tuple[object, ...]:
    """Return what decides to which server a secret is sent."""
    url = settings.get("url")
    try:
        parts = urlsplit(url if isinstance(url, str) else "")
    except ValueError:
        return (url,)
    # On a hub, another path is the server of another person.
    place = (parts.scheme, parts.netloc, parts.path.rstrip("/"))
    return (*place, settings.get("proxy"), settings.get("kind", "gateway"), settings.get("options"))
