"""The file that records which kernels this server has at providers."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from itertools import count
from logging import Logger
from pathlib import Path
from shlex import quote
from typing import IO, Any

from jupyter_core.paths import allow_insecure_writes, secure_write

if sys.platform != "win32":
    import fcntl

VERSION = 2
WRITABLE_BY_OTHERS = 0o022


@dataclass(frozen=True)
class Record:
    """
    A kernel at a provider.

    Args:
        url: The provider's address; a provider with another one is another place.
        is_orphaned: Whether the kernel is only to be stopped.
        is_attached: Whether others started it.
        is_starting: Whether it may not have started yet.
        sessions: Its sessions with the fields of Jupyter Server: id, path, name and type.
    """

    provider_id: str
    url: str
    remote_name: str
    remote_id: str
    kernel_id: str
    is_orphaned: bool = False
    is_attached: bool = False
    is_starting: bool = False
    sessions: tuple[Mapping[str, str | None], ...] = ()


class KernelStore:
    """
    A file with records, which belongs to one server while that runs.

    ``server`` identifies a server that is started again, for example by its root folder. Servers
    that run at the same time and have this in common have one file each. A server that starts takes
    over the files of servers that have ended or crashed. Others must not be able to write to the
    folder, and links in it are not followed.
    """

    def __init__(self, folder: Path, server: str, log: Logger) -> None:
        self._folder = folder
        self._key = hashlib.sha256(server.encode(errors="surrogateescape")).hexdigest()[:16]
        self._log = log
        self._path: Path | None = None
        self._written = ""
        self._locks = ExitStack()

    def read(self) -> list[Record]:
        """
        Take over all files of ended servers, and return their records.

        Raises OSError, which is PermissionError with a message for people if the folder or a file
        is not the user's own.
        """
        if not self._folder.is_dir():
            return []
        paths = [self._take(), *self._abandoned()]
        records = [record for path in paths for record in self._read(path)]
        if len(paths) > 1:
            self.write(records)
        for path in paths[1:]:
            path.unlink()
        return records

    def write(self, records: Collection[Record]) -> None:
        """Replace the records in the file, unless they are the same; raises OSError as `read`."""
        if self._path is None and not records:
            return
        entries = [asdict(record) for record in records]
        text = json.dumps({"version": VERSION, "kernels": entries}, indent=1)
        if text == self._written:
            return
        path = self._take()
        new = path.with_suffix(".new")
        with secure_write(str(new)) as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, path)
        self._written = text

    def close(self) -> None:
        """Release the file for the next server."""
        self._path = None
        self._locks.close()

    def _take(self) -> Path:
        """Return this server's file, which is the first that no other server has locked."""
        if self._path is None:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _check_private(self._folder)
            paths = (self._folder / f"{self._key}-{number}.json" for number in count())
            self._path = next(path for path in paths if self._lock(path))
        return self._path

    def _abandoned(self) -> list[Path]:
        """Lock and return the files of servers that have ended."""
        found = sorted(self._folder.glob(f"{self._key}-*.json"))
        return [path for path in found if path != self._path and self._lock(path)]

    def _lock(self, path: Path) -> bool:
        if sys.platform == "win32":
            return True  # one server for each root folder is assumed
        lock: IO[str] = open(path.with_suffix(".lock"), "a", opener=_open_file)  # noqa: SIM115
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            return False
        except OSError:
            pass  # a file system without locks
        self._locks.enter_context(lock)
        return True

    def _read(self, path: Path) -> list[Record]:
        try:
            with open(path, encoding="utf-8", opener=_open_file) as file:
                found = json.load(file)
            if found["version"] != VERSION:
                raise ValueError(f"version {found['version']}")
            return list(_records(found["kernels"]))
        except FileNotFoundError:
            return []
        except (ValueError, TypeError, KeyError) as error:
            aside = path.with_suffix(".unreadable")
            os.replace(path, aside)
            self._log.warning(
                "%s cannot be read (%s) and was renamed to %s. Kernels in it keep running.",
                path,
                error,
                aside.name,
            )
            return []


def _check_private(folder: Path) -> None:
    """Raise PermissionError if others may change what is in the folder."""
    if sys.platform == "win32" or allow_insecure_writes:
        return
    found = folder.stat()
    if found.st_uid != os.geteuid():
        raise PermissionError(
            f"the folder {folder} belongs to another user. Remove it or make it yours, and then "
            f"protect it with: chmod 700 {quote(str(folder))}"
        )
    if found.st_mode & WRITABLE_BY_OTHERS:
        raise PermissionError(
            f"other users may write to the folder {folder}. Protect it with: "
            f"chmod 700 {quote(str(folder))}"
        )


def _open_file(path: str, flags: int) -> int:
    """Open a file as only the user may; raises PermissionError for a symbolic link."""
    if os.path.islink(path):
        raise PermissionError(f"{path} is a symbolic link, which is not followed. Remove it")
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o600)


def _records(entries: Iterable[Any]) -> Iterator[Record]:
    for entry in entries:
        sessions = tuple(dict(session) for session in entry.pop("sessions"))
        yield Record(**entry, sessions=sessions)
