"""The kernels that a user started last, also on other servers of the user."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections.abc import Callable, Iterable
from logging import Logger
from pathlib import Path

from jupyter_core.paths import secure_write

FILE = "kernel_providers_recent.json"  # in Jupyter's data folder
MOST = 20  # names
MAX_SIZE = 2**16  # bytes of the file


class RecentKernels:
    """
    The names of the kernels that sessions were started with, the last one first.

    A file keeps them, which all servers of a user share. If it cannot be read or written, they are
    kept until the server stops.

    Args:
        path: The file.
        on_change: Called after the names have changed.
        log: Gets a line if the file cannot be written.
    """

    def __init__(self, path: Path, on_change: Callable[[], None], log: Logger) -> None:
        self.names: tuple[str, ...] = ()
        self._path = path
        self._on_change = on_change
        self._log = log
        self._lock = threading.Lock()  # several sessions may start at the same time
        self._saves: set[asyncio.Task[None]] = set()

    def load(self) -> None:
        """Read the file; raises nothing."""
        self.names = self._read()

    def add(self, name: str) -> None:
        """Record that a session was started with a kernel; the file is written in a thread."""
        self.names = _with_first(name, self.names)
        self._on_change()
        saving = asyncio.create_task(self._save(name))
        self._saves.add(saving)
        saving.add_done_callback(self._saves.discard)

    async def _save(self, name: str) -> None:
        """Write the file, and adopt what other servers have added to it."""
        try:
            saved = await asyncio.to_thread(self._write, name)
        except (OSError, RuntimeError) as error:  # the latter without permissions in the folder
            self._log.warning("Recent kernels cannot be saved: %s", error)
            return
        names = tuple(dict.fromkeys((*self.names, *saved)))[:MOST]
        if names != self.names:
            self.names = names
            self._on_change()

    def _write(self, name: str) -> tuple[str, ...]:
        temporary = self._path.with_name(f"{FILE}.{os.getpid()}")
        with self._lock:
            names = _with_first(name, self._read())
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with secure_write(str(temporary)) as file:
                json.dump(names, file)
            temporary.replace(self._path)
        return names

    def _read(self) -> tuple[str, ...]:
        try:
            with self._path.open("rb") as file:
                found = json.loads(file.read(MAX_SIZE))
        except (OSError, ValueError, RecursionError):
            return ()  # there is none yet, or it is not ours
        if not isinstance(found, list):
            return ()
        return tuple(name for name in found if isinstance(name, str))[:MOST]


def _with_first(name: str, names: Iterable[str]) -> tuple[str, ...]:
    return (name, *(other for other in names if other != name))[:MOST]
