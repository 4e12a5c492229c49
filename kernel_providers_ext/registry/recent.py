"""The kernels that a user started last, also on other servers of the user."""

from __future__ import annotations

import asyncio
import json
import os
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
        self._saving: asyncio.Future[None] | None = None

    def load(self) -> None:
        """Read the file; raises nothing."""
        self.names = self._read()

    def add(self, name: str) -> None:
        """Record that a session was started with a kernel; the file is written in a thread."""
        self.names = _with_first(name, self.names)
        self._on_change()
        self._saving = asyncio.ensure_future(asyncio.to_thread(self._save, name))

    def _save(self, name: str) -> None:
        temporary = self._path.with_name(f"{FILE}.{os.getpid()}")
        try:
            # Another server may have added names meanwhile.
            names = _with_first(name, self._read())
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with secure_write(str(temporary)) as file:
                json.dump(names, file)
            temporary.replace(self._path)
        except OSError as error:
            self._log.warning("Recent kernels cannot be saved: %s", error)

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
