"""Secrets of the tests in what the tests leave behind: logs, notebooks, stores."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: What all secrets of the tests begin with: tokens, cookies, values of headers, passwords.
SECRET = "token-of-"
LOG = "log.txt"
#: The folders beside its log where a server writes: for notebooks, and for its own data.
WRITTEN = ("root", "data")


@contextmanager
def logged_in(folder: Path, logger: logging.Logger) -> Iterator[None]:
    """Have everything that comes to a logger written to a log in a folder."""
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


def leaks(folder: Path) -> list[str]:
    """Return where below a folder a secret has got out: file, number of the line, and the line."""
    return [
        f"{path}:{number}: {line}"
        for log in sorted(folder.rglob(LOG))
        for path in (log, *_written_beside(log))
        for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), start=1)
        if SECRET in line
    ]


def _written_beside(log: Path) -> list[Path]:
    found = (path for name in WRITTEN for path in (log.parent / name).rglob("*"))
    return sorted(path for path in found if path.is_file())
