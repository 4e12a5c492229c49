"""``jupyter kernel-providers test``."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from kernel_providers_ext.cli.check import CheckApp
from tests.support.fake_provider import UNREACHABLE
from tests.unit.cli.conftest import Run

pytestmark = pytest.mark.usefixtures("running_kind")


def declare(folder: Path, provider_id: str, settings: dict[str, Any]) -> None:
    """Write a provider's file."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{provider_id}.json").write_text(json.dumps(settings))


def test_a_provider_that_can_be_used_says_what_it_has(run: Run, folder: Path) -> None:
    """The exit code is 0."""
    fields = {"kind": "running", "url": "http://gpu.test", "options": {"kernels": ["py", "r"]}}
    declare(folder, "gpu", fields)
    out, err, code = run(CheckApp, "gpu")
    assert out.startswith("Online: 2 kernels, ")
    assert (err, code) == ("", 0)


def test_a_provider_that_cannot_be_used_says_why(run: Run, folder: Path) -> None:
    """The exit code is 1, for scripts."""
    declare(folder, "gpu", {"url": UNREACHABLE, "label": "GPU farm"})
    assert run(CheckApp, "gpu") == ("Offline: GPU farm refuses connections.\n", "", 1)
    declare(folder, "off", {"url": UNREACHABLE, "enabled": False})
    assert run(CheckApp, "off")[1:] == (
        f"The kernel provider off is off. See {folder}/off.json.\n",
        1,
    )
    assert "There is no remote kernel provider 'cpu'." in run(CheckApp, "cpu")[1]


def test_a_token_is_for_an_address(run: Run, folder: Path) -> None:
    """A provider has its own, and an empty one is none."""
    declare(folder, "gpu", {"url": UNREACHABLE})
    out, err, code = run(CheckApp, "gpu", "--token-env=GPU_TOKEN")
    assert (out, code) == ("", 1)
    assert "The token of gpu is in its settings." in err


def test_an_empty_token_is_refused(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be a mistake of a script."""
    monkeypatch.setattr("sys.stdin", io.StringIO("\n"))
    assert run(CheckApp, UNREACHABLE, "--token-stdin") == ("", "The token is empty.\n", 1)


def test_an_address_is_tested_before_it_is_added(run: Run, folder: Path) -> None:
    """Nothing is written."""
    out, err, code = run(CheckApp, f"{UNREACHABLE}/lab/tree/a.ipynb")
    host = UNREACHABLE.removeprefix("http://")
    assert (out, err, code) == (f"Offline: {host} refuses connections.\n", "", 1)
    assert not folder.exists()
    assert "is not a web address" in run(CheckApp, "ftp://gpu.example.org")[1]
