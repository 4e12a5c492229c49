"""Loaders of providers: their interface, and the loader that reads one file per provider."""

from __future__ import annotations

import asyncio
import json
import os
from abc import abstractmethod
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from jupyter_core.paths import jupyter_config_dir, jupyter_config_path
from traitlets import Float
from traitlets.config import LoggingConfigurable

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
    """

    id: str
    source: str
    settings: object = field(default=None, repr=False)
    problem: str = ""
    token: Secret | None = None


class KernelProvidersLoader(LoggingConfigurable):
    """
    Declares providers, in addition to those in ``c.KernelProviders.providers``.

    A site with its own source of truth, such as a database or a hub's API, subclasses this and sets
    ``c.KernelProviders.loader_class``. The loader is made once, with ``parent`` (the server's
    application) and ``log``.
    """

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

    A user's file replaces the environment's, which replaces the system's.
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

    def load(self) -> Iterable[Declaration]:
        """Read all files; of several for one id, the first. Raises OSError."""
        self._known = self._signature()
        found: dict[str, Declaration] = {}
        for path in self._files():
            found.setdefault(path.stem, _read(path))
        return found.values()

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


def _loads(text: str) -> object:
    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)


def _read(path: Path) -> Declaration:
    try:
        return Declaration(path.stem, str(path), _loads(path.read_text("utf-8-sig")))
    except OSError as error:
        problem = f"{path}: the file cannot be read: {error.strerror}. Check its permissions."
    except UnicodeDecodeError:
        problem = f"{path}: the file is not text. Save it as JSON in UTF-8."
    except json.JSONDecodeError as error:
        problem = (
            f"{path}: line {error.lineno} is not JSON: {error.msg.lower()} (column {error.colno}). "
            "Look for an extra comma or a missing quotation mark."
        )
    except (ValueError, RecursionError):  # a number that is too long, or too many brackets
        problem = f"{path}: the file is not JSON: it has too long a number or too many brackets."
    return Declaration(path.stem, str(path), problem=problem)
