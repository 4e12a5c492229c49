"""
The loader of files: which file counts, how mistakes are explained, and when files are read again.
"""

from __future__ import annotations

import asyncio
import errno
import json
import os
from pathlib import Path

import pytest
from jupyter_core import paths
from traitlets import List, Unicode
from traitlets.config import LoggingConfigurable

from kernel_providers_ext.config.loader import FOLDER, Declaration, FileLoader
from tests.support.client import wait_until


@pytest.fixture(autouse=True)
def levels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """The configuration folders of user, environment and system; the user's does not exist yet."""
    folders = {level: tmp_path / level for level in ("user", "environment", "system")}
    for name in ("JUPYTER_NO_CONFIG", "JUPYTER_CONFIG_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(folders["user"]))
    monkeypatch.setattr(paths, "ENV_CONFIG_PATH", [str(folders["environment"])])
    monkeypatch.setattr(paths, "SYSTEM_CONFIG_PATH", [str(folders["system"])])
    return {level: folder / FOLDER for level, folder in folders.items()}


def write(folder: Path, name: str, content: object) -> Path:
    """Write a file: text unchanged, anything else as JSON."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def load() -> dict[str, Declaration]:
    """Return the declarations that a loader finds now, by id."""
    found = list(FileLoader().load())
    assert len({declaration.id for declaration in found}) == len(found)
    return {declaration.id: declaration for declaration in found}


def test_no_folder_no_providers() -> None:
    """Without configuration there are no providers and no warnings."""
    assert load() == {}


def test_a_file_is_a_provider(levels: dict[str, Path]) -> None:
    """The id is the file's name without .json; other files and hidden files are ignored."""
    path = write(levels["user"], "gpu.example.json", {"url": "http://gpu"})
    for name in ("README.md", "gpu.json~", ".gpu.json", "gpu.json.bak"):
        write(levels["user"], name, "not JSON")
    declared = Declaration("gpu.example", str(path), {"url": "http://gpu"}, origin="user")
    assert load() == {"gpu.example": declared}


@pytest.mark.parametrize("prefer_environment", ["0", "1"])
def test_the_user_wins_over_environment_over_system(
    levels: dict[str, Path], monkeypatch: pytest.MonkeyPatch, prefer_environment: str
) -> None:
    """Of several files for one id, the user's counts, then the environment's."""
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", prefer_environment)
    for level, names in {"user": "a", "environment": "ab", "system": "abc"}.items():
        for name in names:
            write(levels[level], f"{name}.json", {"label": level})
    found = {name: (d.settings, d.origin) for name, d in load().items()}
    assert found == {
        "a": ({"label": "user"}, "user"),
        "b": ({"label": "environment"}, "administrator"),
        "c": ({"label": "system"}, "administrator"),
    }


@pytest.mark.parametrize("is_enabled", [True, False])
def test_a_user_can_switch_a_system_provider(levels: dict[str, Path], is_enabled: bool) -> None:
    """A file with this one field changes nothing else; it still is the administrator's provider."""
    theirs = {"url": "http://gpu", "enabled": not is_enabled}
    path = write(levels["system"], "gpu.json", theirs)
    write(levels["user"], "gpu.json", {"enabled": is_enabled})
    declared = load()["gpu"]
    assert declared.settings == {"url": "http://gpu", "enabled": is_enabled}
    assert (declared.source, declared.origin) == (str(path), "administrator")


def test_a_switch_of_nothing_is_no_provider(levels: dict[str, Path]) -> None:
    """The administrator may have removed the provider."""
    write(levels["user"], "gpu.json", {"enabled": False})
    write(levels["user"], "cpu.json", {"enabled": True})
    assert load() == {}


class App(LoggingConfigurable):
    """What a loader reads of its application."""

    config_file_paths = List(Unicode())


def test_the_applications_folders_count(levels: dict[str, Path], tmp_path: Path) -> None:
    """An application with its own folders uses the files in these, and no others."""
    own = tmp_path / "own"
    write(own / FOLDER, "gpu.json", {"label": "own"})
    write(levels["user"], "gpu.json", {"label": "user"})
    write(levels["system"], "other.json", {})
    loader = FileLoader(parent=App(config_file_paths=[str(own)]))
    assert [declaration.settings for declaration in loader.load()] == [{"label": "own"}]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "line 1 is not JSON"),
        ('{\n  "url": "http://gpu",\n  token-of-gpu\n}', "line 3 is not JSON"),
        ("{'token': 'token-of-gpu'}", "line 1 is not JSON"),
        ('{"url": "http://gpu"} token-of-gpu', "line 1 is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("9" * 5_000, "is not JSON"),
    ],
)
def test_a_file_that_is_not_json_is_explained(
    levels: dict[str, Path], content: str, words: str
) -> None:
    """The message names the line and quotes nothing; the other files still count."""
    write(levels["user"], "bad.json", content)
    write(levels["user"], "good.json", {"url": "http://gpu"})
    found = load()
    problem = found["bad"].problem
    assert words in problem
    assert problem.endswith(".")
    assert "token-of-gpu" not in problem
    assert (found["good"].settings, found["good"].problem) == ({"url": "http://gpu"}, "")


def test_a_file_that_cannot_be_read_is_explained(levels: dict[str, Path]) -> None:
    """The message says what is wrong, and what to do."""
    folder = levels["user"]
    write(folder, "bytes.json", "").write_bytes(b'{"token": "\xff"}')
    (folder / "folder.json").mkdir()
    (folder / "link.json").symlink_to(folder / "nowhere")
    problems = {name: declaration.problem for name, declaration in load().items()}
    assert problems == {
        "bytes": "the file is not text. Save it as JSON in UTF-8.",
        "folder": "the file cannot be read: Is a directory. Check its permissions.",
        "link": "the file cannot be read: No such file or directory. Check its permissions.",
    }


def test_a_byte_order_mark_is_ignored(levels: dict[str, Path]) -> None:
    """A file that begins with a UTF-8 byte order mark is read like any other."""
    write(levels["user"], "gpu.json", "").write_text("{}", encoding="utf-8-sig")
    declaration = load()["gpu"]
    assert (declaration.settings, declaration.problem) == ({}, "")


class CountingLoader(FileLoader):
    """A loader that counts how often it has read its folders."""

    looks = 0

    def folders(self) -> list[Path]:
        self.looks += 1
        return super().folders()


async def test_changes_of_files_are_noticed(levels: dict[str, Path]) -> None:
    """A file that is added, changed, replaced or removed is noticed, and nothing else is."""
    loader = CountingLoader(watch_interval=0.1)
    changes = loader.changes()
    noticed: asyncio.Future[None]
    path = levels["user"] / "gpu.json"

    async def looked_again(before: int) -> bool:
        return loader.looks >= before + 3  # the first may have been under way

    async def quiet() -> None:
        nonlocal noticed
        noticed = asyncio.ensure_future(anext(changes))
        before = loader.looks
        await wait_until(lambda: looked_again(before), pause=0.01)
        assert not noticed.done()

    await quiet()
    write(levels["user"], "gpu.json", {"url": "http://gpu"})
    await asyncio.wait_for(noticed, 30)
    await quiet()
    write(levels["user"], "gpu.json", {"url": "http://gpu2"})
    await asyncio.wait_for(noticed, 30)
    await quiet()
    write(levels["user"], "gpu.new", {"url": "http://gpu3"}).replace(path)
    await asyncio.wait_for(noticed, 30)
    await quiet()
    path.unlink()
    await asyncio.wait_for(noticed, 30)
    await changes.aclose()  # type: ignore[attr-defined] # it is a generator


async def test_files_on_an_unavailable_drive_stay(
    levels: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a folder cannot be read, its providers stay."""
    write(levels["user"], "gpu.json", {"url": "http://gpu"})
    loader = CountingLoader(watch_interval=0.1)
    assert [declaration.id for declaration in loader.load()] == ["gpu"]
    noticed = asyncio.ensure_future(anext(loader.changes()))

    async def looked(times: int) -> bool:
        return loader.looks >= times

    def away(_: object) -> list[str]:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(os, "listdir", away)
        before = loader.looks
        await wait_until(lambda: looked(before + 3), pause=0.01)
        with pytest.raises(OSError, match="Input/output"):
            list(loader.load())  # so that what it said before still holds
    before = loader.looks
    await wait_until(lambda: looked(before + 3), pause=0.01)
    assert not noticed.done()
    noticed.cancel()
