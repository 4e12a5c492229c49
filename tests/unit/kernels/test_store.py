"""The kernel store: records are found again, whatever happens to the file."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kernel_providers_ext.kernels.store import KernelStore, Record

LOG = logging.getLogger("test_ledger")
SESSION = {"id": "s", "path": "work/nb.ipynb", "name": "nb.ipynb", "type": "notebook"}
ONE = Record("gpu", "https://gpu.example.org", "python3", "far", "near", sessions=(SESSION,))
TWO = Record("gpu", "https://gpu.example.org", "ir", "far-2", "near-2", is_orphaned=True)

Open = Callable[..., KernelStore]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of stores, which does not exist yet."""
    return tmp_path / "data" / "kernel_providers"


@pytest.fixture
def make(folder: Path) -> Iterator[Open]:
    """Make stores of servers with a root folder."""
    made: list[KernelStore] = []

    def make_one(root: str = "/home/ada") -> KernelStore:
        made.append(KernelStore(folder, root, LOG))
        return made[-1]

    yield make_one
    for store in made:
        store.close()


def written(folder: Path) -> Path:
    """Return the only file with records."""
    [path] = folder.glob("*.json")
    return path


def test_the_next_server_reads_what_was_written(make: Open, folder: Path) -> None:
    """All fields survive, and only the user can read the file."""
    store = make()
    assert store.read() == []
    store.write([ONE, TWO])
    assert os.stat(written(folder)).st_mode & 0o777 == 0o600
    store.close()
    assert make().read() == [ONE, TWO]


def test_a_server_without_remote_kernels_writes_nothing(make: Open, folder: Path) -> None:
    """Without remote kernels there is no file."""
    store = make()
    assert store.read() == []
    store.write([])
    assert not folder.exists()


def test_servers_at_the_same_time_have_a_file_each(make: Open, folder: Path) -> None:
    """A running server's file belongs to it alone, in whichever folder it was started."""
    first, second, other = make(), make(), make("/home/bob")
    first.write([ONE])
    assert second.read() == []
    second.write([TWO])
    assert other.read() == []
    assert len(list(folder.glob("*.json"))) == 2


def test_one_server_takes_over_from_several(make: Open, folder: Path) -> None:
    """After a crash of two servers, the first one to restart has the kernels of both."""
    first, second = make(), make()
    first.write([ONE])
    second.write([TWO])
    first.close()
    second.close()
    heir = make()
    assert heir.read() == [ONE, TWO]
    heir.close()
    written(folder)
    assert make().read() == [ONE, TWO]


@pytest.mark.parametrize(
    "text", ["", '{"version": 1, "kernels": [{"prov', "[]", '{"version": 2}', '{"version": 1}']
)
def test_an_unreadable_file_is_renamed(
    make: Open, folder: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A half-written file, or one of a later version, does not stop the server, and is kept."""
    store = make()
    store.write([ONE])
    store.close()
    path = written(folder)
    path.write_text(text)
    store = make()
    assert store.read() == []
    assert path.with_suffix(".unreadable").read_text() == text
    assert "cannot be read" in caplog.text
    store.write([TWO])
    store.close()
    assert make().read() == [TWO]


def test_a_crash_while_writing_loses_nothing(
    make: Open, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The former file stays until the new one is complete."""
    store = make()
    store.write([ONE])

    def crash(_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", crash)
        with pytest.raises(OSError, match="No space"):
            store.write([TWO])
    store.close()
    assert make().read() == [ONE]
