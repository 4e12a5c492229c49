"""What commands print."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from kernel_providers_ext.cli.config_app import ConfigApp
from kernel_providers_ext.cli.list_app import ListApp
from kernel_providers_ext.cli.output import progress, state_word, table
from kernel_providers_ext.provider.config import SCHEMA
from tests.support.fake_provider import UNREACHABLE
from tests.unit.cli.conftest import Run


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the standard output a terminal."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)


@pytest.mark.usefixtures("terminal")
def test_a_terminal_has_colours_in_aligned_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Colours take no width; NO_COLOR switches them off."""
    online, off = state_word("online"), state_word("off")
    assert online == "\x1b[32mOnline\x1b[0m"
    assert off == "Off"
    lines = table(("A", "B"), [(online, "x"), (off, "y")]).splitlines()
    assert lines == ["A       B", f"{online}  x", "Off     y"]
    monkeypatch.setenv("NO_COLOR", "1")
    assert state_word("online") == "Online"


def test_a_terminal_shows_what_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And nothing of it stays; programs do not get it."""
    with progress("Asking gpu…"):
        assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with progress("Asking gpu…"):
        assert capsys.readouterr().err == "Asking gpu…\r"
    assert capsys.readouterr().err == " " * len("Asking gpu…") + "\r"


def test_a_file_has_no_colours() -> None:
    """Programs read it."""
    assert state_word("offline") == "Offline"


def test_the_schema_is_printed(run: Run) -> None:
    """As it is in the package, with and without --json."""
    out, _, code = run(ConfigApp, "--schema")
    assert (json.loads(out), code) == (SCHEMA, 0)
    assert run(ConfigApp, "--schema", "--json")[0] == out


def test_the_folders_are_printed(run: Run) -> None:
    """The user's own is marked."""
    out, _, _ = run(ConfigApp)
    assert "config/kernel_providers.d  (your own)" in out


def test_what_an_encoding_does_not_have_is_escaped(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For example, in a pipe on Windows; JSON is ASCII anyway."""
    folder.mkdir(parents=True)
    settings = {"url": UNREACHABLE, "label": "研究所", "enabled": False}
    (folder / "lab.json").write_text(json.dumps(settings))
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, "cp1252", write_through=True))
    assert run(ListApp)[2] == 0
    assert rb"\u7814\u7a76\u6240" in written.getvalue()
    assert run(ListApp, "--json")[2] == 0
