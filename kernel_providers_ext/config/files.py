"""The files of a user's own providers: read, add, change and remove them."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..provider.config import check_id, parse
from ..provider.errors import ConfigurationError
from .loader import is_switch, parse_json


class StaleFile(ConfigurationError):
    """A file has changed since it was read."""

    http_status = 409
    reason_code = "stale"


class ExistingFile(ConfigurationError):
    """There is a file already."""

    http_status = 409
    reason_code = "exists"


@dataclass(frozen=True)
class ProviderFile:
    """
    A provider's file as it was read.

    Args:
        id: The provider's id, which is the name of the file without ``.json``.
        path: Where the file is.
        content: What it had in it.
    """

    id: str
    path: Path
    content: bytes = field(repr=False)

    @property
    def settings(self) -> object:
        """The contents, parsed from JSON and not checked; raises ConfigurationError."""
        try:
            return parse_json(self.content)
        except ConfigurationError as error:
            raise error.at(self.path) from error

    @property
    def revision(self) -> str:
        """A text that is another one if the contents are."""
        return hashlib.sha256(self.content).hexdigest()[:16]


class ProviderFiles:
    """
    The files of a user's own providers, ``<folder>/<id>.json``.

    Only the user can read a file that is written here. A file is written whole or not at all.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, provider_id: str) -> Path:
        """Return where a provider's file is, or would be; raises ConfigurationError."""
        check_id(provider_id)
        return self.folder / f"{provider_id}.json"

    def read(self, provider_id: str) -> ProviderFile | None:
        """
        Return a provider's file; None if there is none.

        Raises ConfigurationError if there can be no such file, and OSError if it cannot be read.
        """
        return read_file(self.path(provider_id))

    def add(self, provider_id: str, settings: Mapping[str, Any]) -> ProviderFile:
        """
        Write the file of a new provider, also over one that only switches a provider.

        Raises ConfigurationError if the settings are invalid or the user has such a file already,
        and OSError if it cannot be written.
        """
        path = self.path(provider_id)
        parse(provider_id, settings, str(path))
        present = read_file(path)
        if present is not None and _is_switch(present):
            return _replace(path, _serialized(settings))
        return _create(path, _serialized(settings))

    def restore(self, file: ProviderFile) -> ProviderFile:
        """Write a file that was removed; raises ExistingFile and OSError as `add`."""
        return _create(file.path, file.content)

    def switch(self, provider_id: str, is_enabled: bool | None) -> None:
        """
        Write a file that only switches an administrator's provider on or off; None removes it.

        Raises ExistingFile if there is another file, and OSError if it cannot be written.
        """
        path = self.path(provider_id)
        file = read_file(path)
        content = _serialized({"enabled": is_enabled})
        if file is not None and not _is_switch(file):
            raise _existing(path)
        if file is None and is_enabled is not None:
            _create(path, content)
        elif file is not None and is_enabled is not None:
            _replace(path, content)
        elif file is not None:
            self.remove(file)

    def change(self, file: ProviderFile, settings: Mapping[str, Any]) -> ProviderFile:
        """
        Replace the contents of a file.

        Raises ConfigurationError if the settings are invalid, StaleFile if the file has changed
        since it was read or is gone, and OSError if it cannot be written.
        """
        parse(file.id, settings, str(file.path))
        _check(file)
        return _replace(file.path, _serialized(settings))

    def remove(self, file: ProviderFile) -> None:
        """Remove a file; raises StaleFile if it has changed since it was read or is gone."""
        _check(file)
        with suppress(FileNotFoundError):
            file.path.unlink()


def read_file(path: Path) -> ProviderFile | None:
    """Return a provider's file; None if there is none. Raises OSError if it cannot be read."""
    try:
        return ProviderFile(path.stem, path, path.read_bytes())
    except FileNotFoundError:
        return None


def _is_switch(file: ProviderFile) -> bool:
    try:
        return is_switch(file.settings)
    except ConfigurationError:
        return False


def _check(file: ProviderFile) -> None:
    present = read_file(file.path)
    if present is None or present.content != file.content:
        raise stale(file.path)


def stale(path: object) -> StaleFile:
    """Return the error for a file that is no longer as it was read."""
    return StaleFile("the file has changed meanwhile. Load it again.", source=str(path))


def _existing(path: Path) -> ExistingFile:
    return ExistingFile(
        f"there is a provider {path.stem!r} already, in {path}. Choose another id, or remove that "
        "one first.",
        field="id",
    )


def _create(path: Path, content: bytes) -> ProviderFile:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _written(content, path.parent) as new:
        try:
            _name(new, path)
        except FileExistsError:
            raise _existing(path) from None
    return ProviderFile(path.stem, path, content)


def _replace(path: Path, content: bytes) -> ProviderFile:
    target = path.resolve()  # a link stays a link
    with _written(content, target.parent) as new:
        os.replace(new, target)
    return ProviderFile(path.stem, path, content)


@contextmanager
def _written(content: bytes, folder: Path) -> Iterator[Path]:
    """Write a file that only the user can read, under a name that nothing reads."""
    new = folder / f".{secrets.token_hex(8)}.new"
    try:
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield new
    finally:
        new.unlink(missing_ok=True)


def _name(new: Path, path: Path) -> None:
    """Give a file its name; raises FileExistsError if another one has it."""
    if os.name == "nt":
        new.rename(path)
        return
    try:
        os.link(new, path)
    except FileExistsError:
        raise
    except OSError:  # some network drives have no links
        path.touch(0o600, exist_ok=False)
        os.replace(new, path)


def _serialized(settings: Mapping[str, Any]) -> bytes:
    return f"{json.dumps(settings, indent=2, ensure_ascii=False)}\n".encode()
