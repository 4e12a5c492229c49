"""Loaders of providers: their interface, and the loader that reads one file per provider."""

from __future__ import annotations

import asyncio
import json
import os
import site
from abc import abstractmethod
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeGuard

from jupyter_core.paths import jupyter_config_dir, jupyter_config_path
from traitlets import Float
from traitlets.config import LoggingConfigurable

from ..provider.config import Origin
from ..provider.errors import ConfigurationError
from ..provider.secrets import Secret

FOLDER = "kernel_providers.d"
SETTLED_AFTER = 0.25  # seconds without a change after which a file counts as complete


@dataclass(frozen=True)
class Declaration:
    """
    A provider as it is declared, before its settings are checked.

    Args:
        id: The provider's id.
        source: The path of its file or the name of a trait, for messages.
        settings: The contents of the file, parsed from JSON: an object with the fields of
            ``provider/config.schema.json``, if they are right.
        problem: Why the settings could not be read, as a sentence; they are then ignored.
        token: A token that settings in JSON cannot say how to get.
        origin: Whose it is: a user's own file, an administrator's file, or anything else.
    """

    id: str
    source: str
    settings: object = field(default=None, repr=False)
    problem: str = ""
    token: Secret | None = None
    origin: Origin = "configuration"


class KernelProvidersLoader(LoggingConfigurable):
    """
    Declares providers, in addition to those in ``c.KernelProviders.providers``.

    A site with its own source of truth, such as a database or a hub's API, subclasses this and sets
    ``c.KernelProviders.loader_class``. The loader is made once, with ``parent`` (the server's
    application) and ``log``.
    """

    @property
    def user_folder(self) -> Path | None:
        """The folder with the files of a user's own providers; None if none are read."""
        return None

    @abstractmethod
    def load(self) -> Iterable[Declaration]:
        """
        Return all providers; of two with the same id, the first one counts.

        It is called once before the server answers requests, and in a thread after each item of
        `changes`. If it raises an exception, that is logged, and the last result stays valid.
        """

    async def changes(self) -> AsyncIterator[None]:
        """
        Yield whenever `load` may return something new; by default, never.

        It is cancelled when the server stops. If it raises an exception, that is logged, and no
        more changes are followed.
        """
        never: tuple[None, ...] = ()
        for change in never:
            yield change


class FileLoader(KernelProvidersLoader):
    """
    Reads ``kernel_providers.d/<id>.json`` in the folders of Jupyter's configuration.

    A user's file replaces the environment's, which replaces the system's. A user's file that has
    only the field ``enabled`` switches an administrator's provider off or on.
    """

    _known: Mapping[Path, tuple[int, int, int]] | None = None

    watch_interval = Float(
        2.0, min=0.1, config=True, help="Seconds between two checks of the files."
    )

    def folders(self) -> list[Path]:
        """Return the folders to read, the most important one first."""
        paths = getattr(self.parent, "config_file_paths", None) or jupyter_config_path()
        user = jupyter_config_dir()
        # In a virtual environment, Jupyter puts the environment before the user. Here, the user's
        # own file comes first, if the application reads the user's folder at all.
        ordered = sorted(dict.fromkeys(paths), key=lambda path: path != user)
        return [Path(path) / FOLDER for path in ordered]

    @property
    def user_folder(self) -> Path | None:
        """The first of the folders, if it is the user's."""
        user = Path(jupyter_config_dir()) / FOLDER
        return user if user in self.folders() else None

    def load(self) -> Iterable[Declaration]:
        """Read all files; of several for one id, the first. Raises OSError."""
        self._known = self._signature()
        found: dict[str, Declaration] = {}
        for path in self._files():
            declared = _read(path, "user" if _is_users(path) else "administrator")
            first = found.get(path.stem)
            if first is None:
                found[path.stem] = declared
            elif is_switch(first.settings):
                if isinstance(declared.settings, Mapping):
                    settings = {**declared.settings, **first.settings}
                    declared = replace(declared, settings=settings)
                found[path.stem] = declared
        return [declared for declared in found.values() if not is_switch(declared.settings)]

    async def changes(self) -> AsyncIterator[None]:
        """
        Yield after a file was added, changed or removed.

        It polls the folders, which takes a few system calls, and works on network drives and for
        folders that do not exist yet.
        """
        while True:
            if await self._has_changed():
                yield
            await asyncio.sleep(self.watch_interval)

    async def _has_changed(self) -> bool:
        try:
            now = await self._settled()
        except OSError:  # a network drive may be unavailable for a moment
            return False
        changed = self._known is not None and now != self._known
        self._known = now
        return changed

    async def _settled(self) -> Mapping[Path, tuple[int, int, int]]:
        """Return the signature once it stays the same, as a file may be half written."""
        now = await asyncio.to_thread(self._signature)
        while now != self._known:
            before = now
            await asyncio.sleep(min(SETTLED_AFTER, self.watch_interval))
            now = await asyncio.to_thread(self._signature)
            if now == before:
                break
        return now

    def _files(self) -> Iterable[Path]:
        for folder in self.folders():
            try:
                names = sorted(os.listdir(folder))
            except (FileNotFoundError, NotADirectoryError, PermissionError):
                continue
            yield from (folder / n for n in names if n.endswith(".json") and n[0] != ".")

    def _signature(self) -> Mapping[Path, tuple[int, int, int]]:
        """Return modification time, size and inode of each file."""
        signature = {}
        for path in self._files():
            try:
                stat = path.stat()
            except OSError:
                continue
            signature[path] = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        return signature


def _is_users(path: Path) -> bool:
    """Return whether a file is in a folder of the user's own, see `jupyter_config_path`."""
    folders = (jupyter_config_dir(), site.getuserbase())
    return any(Path(folder) in path.parents for folder in folders)


def is_switch(settings: object) -> TypeGuard[Mapping[str, Any]]:
    """Return whether settings only switch the provider of another file off or on."""
    return isinstance(settings, Mapping) and set(settings) == {"enabled"}


def parse_json(content: bytes) -> object:
    """Return the contents of a file; raises ConfigurationError with what to do about it."""

    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is not JSON")

    try:
        return json.loads(content.decode("utf-8-sig"), parse_constant=refuse)
    except UnicodeDecodeError:
        problem = "the file is not text. Save it as JSON in UTF-8."
    except json.JSONDecodeError as error:
        problem = (
            f"line {error.lineno} is not JSON: {error.msg.lower()} (column {error.colno}). "
            "Look for an extra comma or a missing quotation mark."
        )
    except (ValueError, RecursionError):  # a number that is too long, or too many brackets
        problem = "the file is not JSON: it has too long a number or too many brackets."
    raise ConfigurationError(problem)


def _read(path: Path, origin: Origin) -> Declaration:
    problem, settings = "", None
    try:
        settings = parse_json(path.read_bytes())
    except OSError as error:
        problem = f"the file cannot be read: {error.strerror}. Check its permissions."
    except ConfigurationError as error:
        problem = error.problem
    return Declaration(path.stem, str(path), settings, problem, origin=origin)
