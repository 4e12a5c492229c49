"""The kernels that a user started last."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path

import pytest

from kernel_providers_ext.registry.recent import MOST, RecentKernels

LOG = logging.getLogger("test_recent")


def recent_at(path: Path) -> RecentKernels:
    """Return what a server that starts now knows."""
    recent = RecentKernels(path, lambda: None, LOG)
    recent.load()
    return recent


async def add(recent: RecentKernels, *names: str) -> None:
    """Add names, and wait until the file has them."""
    for name in names:
        recent.add(name)
        await asyncio.gather(*recent._saves)


async def test_the_last_one_is_first_also_on_the_next_server(tmp_path: Path) -> None:
    """Each name is there once, and there are not too many."""
    path = tmp_path / "data" / "recent.json"
    recent = recent_at(path)
    await add(recent, "python3", "gpu/py", "python3")
    assert recent.names == ("python3", "gpu/py")
    assert recent_at(path).names == ("python3", "gpu/py")
    assert path.stat().st_mode & 0o077 == 0
    await add(recent, *(f"gpu/{number}" for number in range(MOST)))
    assert len(recent.names) == len(recent_at(path).names) == MOST
    assert list(path.parent.iterdir()) == [path]


async def test_servers_do_not_lose_the_names_of_each_other(tmp_path: Path) -> None:
    """Two servers of a user run at the same time."""
    path = tmp_path / "recent.json"
    first, second = recent_at(path), recent_at(path)
    await add(first, "gpu/a")
    await add(second, "gpu/b")
    assert recent_at(path).names == second.names == ("gpu/b", "gpu/a")


async def test_sessions_that_start_at_the_same_time_are_all_there(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """For example, when JupyterLab opens with many notebooks."""
    path = tmp_path / "recent.json"
    recent = recent_at(path)
    names = [f"gpu/{number}" for number in range(14)]
    for name in names:
        recent.add(name)
    await asyncio.gather(*recent._saves)
    assert set(recent_at(path).names) == set(recent.names) == set(names)
    assert caplog.text == ""


@pytest.mark.parametrize(
    "text", ["", "{}", "rubbish", '[1, null, {"a": 2}]', "[" * 2000, '["' + "x" * 2**17 + '"]']
)
async def test_a_file_that_is_not_ours_is_replaced(tmp_path: Path, text: str) -> None:
    """It is bounded as well."""
    path = tmp_path / "recent.json"
    path.write_text(text)
    recent = recent_at(path)
    assert recent.names == ()
    await add(recent, "gpu/a")
    assert json.loads(path.read_text()) == ["gpu/a"]


async def test_names_are_kept_in_memory_if_they_cannot_be_saved(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """For example, if the home folder is full or read-only."""
    (tmp_path / "file").write_text("")
    recent = recent_at(tmp_path / "file" / "recent.json")
    await add(recent, "gpu/a")
    assert recent.names == ("gpu/a",)
    assert "Recent kernels cannot be saved" in caplog.text
