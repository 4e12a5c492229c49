"""Which providers there are: the loader's face, and the loader that reads one file per provider."""

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

FOLDER = "kernel_providers.d"
SETTLED_AFTER = 0.25  # seconds without a change, after which a file is taken to be written


@dataclass(frozen=True)
class Declaration:
    """
    A provider as it was declared, not checked yet.

    ``settings`` is what stands in its file; ``source`` names the file for people. Where it could
    not be read, ``problem`` is a sentence that says why, and the settings do not matter.
    """

    id: str
    source: str
    settings: object = field(default=None, repr=False)
    problem: str = ""


class KernelProvidersLoader(LoggingConfigurable):
    """
    Says which providers exist, beside those in ``c.KernelProviders.providers``.

    A site with its own source of truth (a database, a hub's API) subclasses this and sets
    ``c.KernelProviders.loader_class``.
    """

    @abstractmethod
    def load(self) -> Iterable[Declaration]:
        """
        Return all providers.

        Called once before the server answers requests, and in a thread after each of `changes`.
        """

    async def changes(self) -> AsyncIterator[None]:
        """Yield whenever `load` may return something new; by default, never."""
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
        2.0, min=0.1, config=True, help="Seconds from one look at the files to the next."
    )

    def folders(self) -> list[Path]:
        """Return the folders that are looked at, the most important one first."""
        paths = getattr(self.parent, "config_file_paths", None) or jupyter_config_path()
        user = jupyter_config_dir()
        # In a virtual environment, Jupyter puts the environment before the user. Here a user's own
        # file always wins, unless the application has left the user's folder out.
        ordered = sorted(dict.fromkeys(paths), key=lambda path: path != user)
        return [Path(path) / FOLDER for path in ordered]

    def load(self) -> Iterable[Declaration]:
        """Read all files; of those for one id, the first one found. Raises OSError."""
        self._known = self._signature()
        found: dict[str, Declaration] = {}
        for path in self._files():
            found.setdefault(path.stem, _read(path))
        return found.values()

    async def changes(self) -> AsyncIterator[None]:
        """
        Yield when a file has come, gone or changed.

        The folders are looked at from time to time: this needs no more than a few system calls,
        works on network drives, and with folders that do not exist yet.
        """
        while True:
            if await self._has_changed():
                yield
            await asyncio.sleep(self.watch_interval)

    async def _has_changed(self) -> bool:
        try:
            now = await self._settled()
        except OSError:  # a network drive that is away for a moment has not lost its files
            return False
        changed = self._known is not None and now != self._known
        self._known = now
        return changed

    async def _settled(self) -> Mapping[Path, tuple[int, int, int]]:
        """Return the signature once it stays the same: a file may be half written just now."""
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
        """Return what tells one version of each file from the next."""
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
            "Look for a comma too many or a quotation mark too few."
        )
    except (ValueError, RecursionError):  # a number or a nesting beyond all bounds
        problem = f"{path}: the file is not JSON that can be used. Correct it."
    return Declaration(path.stem, str(path), problem=problem)
