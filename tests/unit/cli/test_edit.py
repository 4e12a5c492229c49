"""``jupyter kernel-providers add``, ``enable``, ``disable`` and ``remove``."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from kernel_providers_ext.cli.edit import AddApp, DisableApp, EnableApp, RemoveApp
from tests.support.fake_provider import UNREACHABLE
from tests.unit.cli.conftest import Run

FARM = {"url": UNREACHABLE, "label": "GPU farm"}


def settings(folder: Path, provider_id: str) -> Any:
    """Return what is in a provider's file."""
    return json.loads((folder / f"{provider_id}.json").read_text("utf-8"))


def test_a_provider_is_added_and_asked(run: Run, folder: Path) -> None:
    """It stays if it cannot be reached, and the command says why."""
    out, err, code = run(AddApp, "gpu", f"{UNREACHABLE}/lab", "--label=GPU farm")
    assert settings(folder, "gpu") == {"url": f"{UNREACHABLE}/", "label": "GPU farm"}
    assert out == f"Added {folder / 'gpu.json'}.\nGPU farm refuses connections.\n"
    assert (err, code) == ("", 0)


@pytest.mark.parametrize(
    ("option", "token"),
    [
        ("--token-env=GPU_TOKEN", {"env": "GPU_TOKEN"}),
        ("--token-file=/etc/token", {"file": "/etc/token"}),
        ("--token-command=vault read 'a b'", {"command": ["vault", "read", "a b"]}),
        ("--token-stdin", {"value": "from-stdin"}),
    ],
)
def test_a_token_comes_from_its_source(
    run: Run,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    option: str,
    token: dict[str, object],
) -> None:
    """None of these shows it to others, so there is no warning."""
    monkeypatch.setattr("sys.stdin", io.StringIO("from-stdin\n"))
    _, err, code = run(AddApp, "gpu", UNREACHABLE, option)
    assert settings(folder, "gpu")["token"] == token
    assert (err, code) == ("", 0)


@pytest.mark.parametrize(
    "arguments",
    [(UNREACHABLE, "--token=abc"), (f"{UNREACHABLE}/lab?token=abc",)],
)
def test_a_token_on_the_command_line_is_warned_about(
    run: Run, folder: Path, arguments: tuple[str, ...]
) -> None:
    """Others see the arguments of a process."""
    out, err, code = run(AddApp, "gpu", *arguments)
    assert settings(folder, "gpu")["token"] == {"value": "abc"}
    assert "Use --token-stdin instead." in err
    assert "abc" not in out + err
    assert code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("gpu",), "Usage: jupyter kernel-providers add NAME URL"),
        (("gpu", UNREACHABLE, "more"), "Usage: jupyter kernel-providers add NAME URL"),
        (("GPU", UNREACHABLE), "cannot be used"),
        (("gpu", "gpu.example.org"), "The field 'url' is not a web address"),
        (("gpu", UNREACHABLE, "--token=a", "--token-env=B"), "Give one token only"),
        (("gpu", UNREACHABLE, "--token-command=a 'b"), "is not complete"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_written(
    run: Run, folder: Path, arguments: tuple[str, ...], message: str
) -> None:
    """The exit code is 1."""
    out, err, code = run(AddApp, *arguments)
    assert message in err
    assert (out, code) == ("", 1)
    assert not folder.exists()


def test_a_provider_is_switched_off_and_on(run: Run, folder: Path) -> None:
    """Its other settings stay; a second time changes nothing."""
    folder.mkdir(parents=True)
    (folder / "gpu.json").write_text(json.dumps(FARM))
    assert run(DisableApp, "gpu") == ("gpu is off. Its kernels keep running.\n", "", 0)
    assert settings(folder, "gpu") == {**FARM, "enabled": False}
    assert run(DisableApp, "gpu")[2] == 0
    assert run(EnableApp, "gpu") == ("gpu is on.\n", "", 0)
    assert settings(folder, "gpu") == FARM
    assert run(EnableApp, "gpu")[2] == 0


@pytest.mark.parametrize(("answer", "is_removed"), [("y", True), ("n", False), ("", False)])
def test_a_removal_is_asked_for(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch, answer: str, is_removed: bool
) -> None:
    """The question names the file; it is not part of the output, which may be JSON."""
    folder.mkdir(parents=True)
    (folder / "gpu.json").write_text(json.dumps(FARM))
    monkeypatch.setattr("sys.stdin", io.StringIO(answer))
    out, err, code = run(RemoveApp, "gpu")
    assert str(folder / "gpu.json") in err
    assert out == (f"Removed {folder / 'gpu.json'}.\n" if is_removed else "Nothing was removed.\n")
    assert (folder / "gpu.json").exists() is not is_removed
    assert code == 0


def test_a_broken_file_is_removed_without_a_question(run: Run, folder: Path) -> None:
    """It cannot be switched off, as its settings are not known."""
    folder.mkdir(parents=True)
    (folder / "gpu.json").write_text("{")
    assert "line 1 is not JSON" in run(DisableApp, "gpu")[1]
    assert run(RemoveApp, "gpu", "--yes")[2] == 0
    assert not (folder / "gpu.json").exists()


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """Return the file of a provider that an administrator has declared."""
    path = tmp_path / "admin" / "kernel_providers.d" / "gpu.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(FARM))
    return path


def test_others_providers_are_not_removed(run: Run, theirs: Path) -> None:
    """The message says where an administrator has declared it, or which providers there are."""
    _, err, code = run(RemoveApp, "gpu")
    assert f"The provider gpu is not your own. It is declared in {theirs}." in err
    assert code == 1
    _, err, code = run(RemoveApp, "cpu")
    assert "There is no provider 'cpu'. There are: gpu." in err
    assert code == 1
    assert json.loads(theirs.read_text()) == FARM


def test_an_administrators_provider_is_switched_off_for_one_user(
    run: Run, folder: Path, theirs: Path
) -> None:
    """And on again, which leaves nothing behind."""
    out, _, code = run(DisableApp, "gpu")
    assert (out, code) == ("gpu is off. Its kernels keep running.\n", 0)
    assert settings(folder, "gpu") == {"enabled": False}
    assert run(EnableApp, "gpu")[0] == "gpu is on.\n"
    assert list(folder.iterdir()) == []
    assert json.loads(theirs.read_text()) == FARM
    assert "There is no provider 'cpu'." in run(DisableApp, "cpu")[1]
