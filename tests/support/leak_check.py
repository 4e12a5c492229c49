"""Searches the logs, notebooks and stores of the tests for secrets."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: The beginning of all secrets of the tests: tokens, cookies, values of headers, passwords.
SECRET = "token-of-"
LOG = "log.txt"
#: The folders beside its log to which a server writes notebooks and its own data.
WRITTEN_FOLDERS = ("root", "data")


@contextmanager
def logging_to(folder: Path, logger: logging.Logger) -> Iterator[None]:
    """Write all messages of a logger to a log in a folder."""
    level = logger.level
    handler = logging.FileHandler(folder / LOG, encoding="utf-8")
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        logger.setLevel(level)
        logger.removeHandler(handler)
        handler.close()


def find_leaks(folder: Path) -> list[str]:
    """Return the lines below a folder that contain a secret, with file and line number."""
    return [
        f"{path}:{number}: {line}"
        for log in sorted(folder.rglob(LOG))
        for path in (log, *_files_beside(log))
        for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), start=1)
        if SECRET in line
    ]


def _files_beside(log: Path) -> list[Path]:
    paths = (path for name in WRITTEN_FOLDERS for path in (log.parent / name).rglob("*"))
    return sorted(path for path in paths if path.is_file())
