"""The search at the end of a run finds secrets in logs, notebooks and stores."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.support.leak_check import LOG, find_leaks, logging_to
from tests.support.processes import jupyter_server


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder outside the folders that the search visits."""
    with TemporaryDirectory() as name:
        yield Path(name)


@pytest.mark.parametrize(
    ("file", "gets_out"),
    [
        (LOG, True),
        ("root/notes/nb.ipynb", True),
        ("data/kernel_providers/1-0.json", True),
        ("config/kernel_providers.d/gpu.json", False),
    ],
)
def test_leaked_secret_is_found(folder: Path, file: str, gets_out: bool) -> None:
    """File and line are named; a provider's file may have a secret, because the user owns it."""
    server = folder / "server"
    path = server / file
    path.parent.mkdir(parents=True)
    (server / LOG).write_text("A line.\n")
    path.write_text("A line.\nGET /api?token=token-of-gpu\n")
    assert find_leaks(folder) == [f"{path}:2: GET /api?token=token-of-gpu"] * gets_out


@pytest.mark.parametrize("level", [logging.DEBUG, logging.ERROR])
def test_logged_secret_is_found(folder: Path, level: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log of the tests' own process counts, too, at all levels."""
    logger = logging.getLogger("test_leaks")
    monkeypatch.setattr(logger, "propagate", False)
    with logging_to(folder, logger):
        logger.log(level, "The token is %s.", "token-of-gpu")
    assert find_leaks(folder) == [f"{folder / LOG}:1: The token is token-of-gpu."]


def test_other_secrets_are_rejected(tmp_path: Path) -> None:
    """A server of the tests accepts only tokens that the search finds."""
    with pytest.raises(AssertionError, match="token-of-"):
        jupyter_server(tmp_path, token="s3cret")
