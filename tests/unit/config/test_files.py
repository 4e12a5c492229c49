"""The files of a user's own providers."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from kernel_providers_ext.config.files import ProviderFiles, StaleFile
from kernel_providers_ext.provider.errors import ConfigurationError

FARM = {"url": "https://gpu.example.org:8888", "label": "GPU-Farm Zürich"}


@pytest.fixture
def files(tmp_path: Path) -> ProviderFiles:
    """Return the files of a user who has none."""
    return ProviderFiles(tmp_path / "config" / "kernel_providers.d")


def written(files: ProviderFiles) -> list[str]:
    """Return the names of all files that were written, also of hidden ones."""
    return sorted(os.listdir(files.folder)) if files.folder.exists() else []


def test_a_new_file_is_the_users_alone(files: ProviderFiles) -> None:
    """Also if the umask is lax, since it may have a token."""
    before = os.umask(0)
    try:
        file = files.add("farm", FARM)
    finally:
        os.umask(before)
    assert json.loads(file.path.read_text("utf-8")) == FARM
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(files.folder.stat().st_mode) == 0o700
    assert written(files) == ["farm.json"]


def test_a_file_is_read_as_it_was_written(files: ProviderFiles) -> None:
    """What `add` returns and what `read` returns are the same."""
    assert files.read("farm") is None
    added = files.add("farm", FARM)
    assert files.read("farm") == added
    assert added.settings == FARM


def test_a_second_provider_of_the_same_id_is_refused(files: ProviderFiles) -> None:
    """The first one stays as it is."""
    files.add("farm", FARM)
    with pytest.raises(ConfigurationError, match="there is a provider 'farm' already, in "):
        files.add("farm", {"url": "http://elsewhere.example.org"})
    assert files.add("other", FARM).settings == FARM
    present = files.read("farm")
    assert present is not None
    assert present.settings == FARM


@pytest.mark.parametrize("provider_id", ["local", "Farm", "../farm", "", "a/b"])
def test_an_id_that_no_provider_can_have_is_refused(files: ProviderFiles, provider_id: str) -> None:
    """None of them leads out of the folder."""
    with pytest.raises(ConfigurationError, match="id"):
        files.add(provider_id, FARM)
    with pytest.raises(ConfigurationError, match="id"):
        files.read(provider_id)
    assert written(files) == []


def test_invalid_settings_are_not_written(files: ProviderFiles) -> None:
    """Neither as a new file nor over an old one."""
    with pytest.raises(ConfigurationError, match="url"):
        files.add("farm", {"url": 5})
    assert written(files) == []
    file = files.add("farm", FARM)
    with pytest.raises(ConfigurationError, match="lable"):
        files.change(file, {**FARM, "lable": "Farm"})
    assert files.read("farm") == file


def test_a_change_replaces_the_whole_file(files: ProviderFiles) -> None:
    """The revision is another one, and the permissions are the user's alone again."""
    file = files.add("farm", FARM)
    file.path.chmod(0o644)
    changed = files.change(file, {"url": "http://elsewhere.example.org"})
    assert changed.settings == {"url": "http://elsewhere.example.org"}
    assert changed.revision != file.revision
    assert files.read("farm") == changed
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert written(files) == ["farm.json"]


def test_a_stale_write_is_refused(files: ProviderFiles) -> None:
    """Two pages read the same file; the second one to write is told so."""
    first, second = files.add("farm", FARM), files.read("farm")
    assert second is not None
    changed = files.change(first, {**FARM, "label": "First"})
    with pytest.raises(StaleFile, match="has changed meanwhile"):
        files.change(second, {**FARM, "label": "Second"})
    with pytest.raises(StaleFile, match="has changed meanwhile"):
        files.remove(second)
    assert files.read("farm") == changed
    files.remove(changed)
    with pytest.raises(StaleFile):
        files.change(changed, FARM)
    assert written(files) == []


def test_a_broken_file_can_be_removed(files: ProviderFiles) -> None:
    """A person may have made a mistake in it."""
    files.add("farm", FARM).path.write_text("{,}")
    file = files.read("farm")
    assert file is not None
    with pytest.raises(ConfigurationError, match="line 1 is not JSON"):
        _ = file.settings
    files.remove(file)
    assert written(files) == []


def test_a_link_stays_a_link(files: ProviderFiles, tmp_path: Path) -> None:
    """Some people have their configuration in a repository elsewhere."""
    files.add("farm", FARM)
    elsewhere = tmp_path / "dotfiles" / "farm.json"
    elsewhere.parent.mkdir()
    path = files.path("farm")
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    file = files.read("farm")
    assert file is not None
    files.change(file, {**FARM, "enabled": False})
    assert path.is_symlink()
    assert json.loads(elsewhere.read_text("utf-8"))["enabled"] is False
    assert os.listdir(elsewhere.parent) == ["farm.json"]


def test_nothing_is_left_of_a_write_that_failed(
    files: ProviderFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For example because the disk is full."""

    def fail(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    file = files.add("farm", FARM)
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space"):
        files.change(file, {**FARM, "label": "Other"})
    with pytest.raises(OSError, match="No space"):
        files.add("other", FARM)
    assert files.read("farm") == file
    assert written(files) == ["farm.json"]
