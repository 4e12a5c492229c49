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


def test_what_is_written_already_is_not_written_again(make: Open, folder: Path) -> None:
    """Writing waits for the disk, and records are written often."""
    store = make()
    store.write([ONE])
    before = os.stat(written(folder)).st_ino
    store.write([ONE])
    assert os.stat(written(folder)).st_ino == before
    store.write([ONE, TWO])
    assert os.stat(written(folder)).st_ino != before


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


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o702, 0o777])
def test_a_folder_that_others_may_write_to_is_refused(make: Open, folder: Path, mode: int) -> None:
    """The message names the folder and the remedy; after that, the folder is used."""
    folder.mkdir(parents=True)
    folder.chmod(mode)
    words = f"other users may write to the folder {folder}. .*: chmod 700 {folder}"
    with pytest.raises(PermissionError, match=words):
        make().read()
    with pytest.raises(PermissionError, match=words):
        make().write([ONE])
    assert list(folder.iterdir()) == []
    folder.chmod(0o700)
    make().write([ONE])
    written(folder)


def test_a_folder_that_others_may_read_is_used(make: Open, folder: Path) -> None:
    """Its files can be read only by the user."""
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    store = make()
    store.write([ONE])
    store.close()
    assert make().read() == [ONE]
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}


def test_a_folder_of_another_user_is_refused(
    make: Open, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message names the folder."""
    folder.mkdir(parents=True, mode=0o700)
    monkeypatch.setattr(os, "geteuid", lambda: folder.stat().st_uid + 1)
    with pytest.raises(PermissionError, match=f"the folder {folder} belongs to another user"):
        make().read()


@pytest.mark.parametrize("suffix", [".lock", ".json"])
@pytest.mark.parametrize("exists", [True, False])
def test_a_link_is_not_followed(
    make: Open, folder: Path, tmp_path: Path, suffix: str, exists: bool
) -> None:
    """What a link points to is neither read, nor made, nor changed."""
    store = make()
    store.write([ONE])
    store.close()
    link = written(folder).with_suffix(suffix)
    target = tmp_path / "target"
    link.unlink()
    link.symlink_to(target)
    if exists:
        target.write_text("mine")
    with pytest.raises(PermissionError, match=f"{link} is a symbolic link"):
        make().read()
    assert target.exists() == exists
    assert not exists or target.read_text() == "mine"


def test_a_link_is_replaced_when_records_are_written(
    make: Open, folder: Path, tmp_path: Path
) -> None:
    """Neither the file itself nor the new one is written through a link."""
    store = make()
    store.write([ONE])
    target = tmp_path / "target"
    target.write_text("mine")
    path = written(folder)
    path.unlink()
    path.symlink_to(target)
    path.with_suffix(".new").symlink_to(target)
    store.write([TWO])
    store.close()
    assert target.read_text() == "mine"
    assert make().read() == [TWO]


def test_the_lock_keeps_what_is_in_it(make: Open, folder: Path) -> None:
    """A file that has the lock's name is not emptied."""
    store = make()
    store.write([ONE])
    store.close()
    lock = written(folder).with_suffix(".lock")
    lock.write_text("mine")
    assert make().read() == [ONE]
    assert lock.read_text() == "mine"
