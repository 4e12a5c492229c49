"""Running a command as its user would."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from kernel_providers_ext.cli.provider_app import ProviderApp

#: Runs a command with arguments; returns what it prints to both outputs, and its exit code.
Run = Callable[..., tuple[str, str, int]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a user's providers, which does not exist yet."""
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    without_servers(tmp_path, monkeypatch)
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", str(tmp_path / "admin"))
    return tmp_path / "config" / "kernel_providers.d"


def without_servers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the servers of this user, and of demos, from commands."""
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs a command as its user would."""

    def run_app(kind: type[ProviderApp], *arguments: str) -> tuple[str, str, int]:
        app = kind()
        code = 0
        try:
            app.initialize(list(arguments))
            app.start()
        except SystemExit as ended:
            code = int(ended.code or 0)
        printed = capsys.readouterr()
        return printed.out, printed.err, code

    return run_app
