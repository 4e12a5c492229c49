"""The configuration files that a Jupyter server reads."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from traitlets.config import Config

from kernel_providers_ext.config.jupyter_config import NAMES, config_files, merged, section

URL = "c.GatewayClient.url = 'http://{}'\n"


@pytest.fixture
def folders(tmp_path: Path) -> list[Path]:
    """Return the folders of a user and of the system, which are empty."""
    folders = [tmp_path / "user", tmp_path / "system"]
    for folder in folders:
        folder.mkdir()
    return folders


def url(folders: list[Path], config_file: Path | None = None) -> str:
    """Return the URL that counts in these folders."""
    files = config_files([*map(str, folders)], str(config_file or ""))
    found: str = merged(files)["GatewayClient"]["url"]
    return found


def test_files_count_as_for_a_server(folders: list[Path]) -> None:
    """The server's own before JupyterLab's, the user's before the system's, JSON before Python."""
    user, system = folders
    for name in NAMES:
        (user / f"{name}.py").write_text(URL.format(name))
        assert url(folders) == f"http://{name}"
        (user / f"{name}.json").write_text(json.dumps({"GatewayClient": {"url": "http://json"}}))
        assert url(folders) == "http://json"
    assert NAMES[-1] == "jupyter_server_config"
    (system / f"{NAMES[-1]}.py").write_text(URL.format("system"))
    assert url(folders) == "http://json"
    assert url([system, user]) == "http://system"


def test_a_given_file_replaces_the_servers_own(folders: list[Path], tmp_path: Path) -> None:
    """As with ``--config``."""
    (folders[0] / "jupyter_server_config.py").write_text(URL.format("own"))
    (folders[0] / "jupyter_config.py").write_text(URL.format("base"))
    (tmp_path / "mine.py").write_text(URL.format("mine"))
    assert url(folders, tmp_path / "mine.py") == "http://mine"
    assert url(folders, tmp_path / "missing.py") == "http://base"


def test_each_file_has_its_own_settings(folders: list[Path]) -> None:
    """So that a person can be told where to look."""
    (folders[0] / "jupyter_lab_config.py").write_text(URL.format("lab"))
    (folders[1] / "jupyter_server_config.json").write_text('{"GatewayClient": {"ws_url": "ws://"}}')
    found = {
        file.path: section(file.config, "GatewayClient")
        for file in config_files([*map(str, folders)])
    }
    assert found == {
        folders[0] / "jupyter_lab_config.py": {"url": "http://lab"},
        folders[1] / "jupyter_server_config.json": {"ws_url": "ws://"},
    }


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("jupyter_lab_config.py", "secret = 1 / 0", "ZeroDivisionError"),
        ("jupyter_lab_config.py", "raise ValueError('secret')", "ValueError"),
        ("jupyter_lab_config.py", "import no_such_module", r"ModuleNotFoundError \(no_such_module"),
        ("jupyter_lab_config.py", "raise SystemExit('secret')", "SystemExit"),
        ("jupyter_lab_config.json", '{"secret"', "JSONDecodeError"),
        ("jupyter_lab_config.json", '["secret"]', "Error"),
    ],
)
def test_a_broken_file_is_named(folders: list[Path], name: str, content: str, error: str) -> None:
    """Without what is in it. The other files are read."""
    (folders[0] / name).write_text(content)
    (folders[0] / "jupyter_config.py").write_text(URL.format("base"))
    [broken, good] = config_files([*map(str, folders)])
    assert str(folders[0] / name) in broken.problem
    assert re.search(rf"it fails with \w*{error}", broken.problem)
    assert "secret" not in broken.problem
    assert good.problem == ""
    assert url(folders) == "http://base"


def test_a_section_that_is_none_is_empty() -> None:
    """A mistake in a file does no harm."""
    assert section(Config({"GatewayClient": 5}), "GatewayClient") == {}
    assert section(Config(), "GatewayClient") == {}
