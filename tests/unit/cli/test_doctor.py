"""``jupyter kernel-providers doctor``, with a provider in this process."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest

from kernel_providers_ext.cli.doctor import Doctor, DoctorApp
from kernel_providers_ext.cli.step_reports import StepLines
from kernel_providers_ext.provider.config import parse
from kernel_providers_ext.provider.interface import KernelChannels, KernelModel
from tests.support.client import wait_until
from tests.support.fake_provider import UNREACHABLE, add_distribution
from tests.support.scripted_kernel import ScriptedKernel
from tests.unit.cli.conftest import Run
from tests.unit.cli.test_check import declare
from tests.unit.running_provider import LATE, RunningProvider

KERNEL_STEPS = ["start", "websocket", "protocol", "binary message", "round trip", "stop"]
STEPS = ["token", "version", "kernelspecs", *KERNEL_STEPS]
GPU = {"kind": "talking", "label": "GPU farm", "options": {"kernels": ["py", "r"]}}


class TalkingProvider(RunningProvider):
    """A provider whose kernel replies; it keeps what runs for the test."""

    kind = "talking"
    #: The kernels that run after the command has ended.
    left: dict[str, KernelModel] = {}
    started: list[str] = []

    async def start_kernel(self, kernel_name: str, **options: Any) -> KernelModel:
        self.started.append(kernel_name)
        if self.config.options.get("fails"):
            self.failures["start"] = LATE
        return await super().start_kernel(kernel_name, **options)

    async def open_channels(
        self, kernel_id: str, *, session_id: str | None, subprotocols: Collection[str]
    ) -> KernelChannels:
        return ScriptedKernel()

    async def aclose(self) -> None:
        await super().aclose()
        self.left.update(self.models)


@pytest.fixture(autouse=True)
def talking_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install the kind ``talking``."""
    site = tmp_path / "site"
    add_distribution(site, "kind_talking", {"talking": f"{__name__}:TalkingProvider"})
    monkeypatch.syspath_prepend(site)
    monkeypatch.setattr(TalkingProvider, "left", {})
    monkeypatch.setattr(TalkingProvider, "started", [])


def names(out: str) -> list[str]:
    """Return the names of the steps in lines."""
    return re.findall(r"^[✓✗–] (\w+(?: \w+)?)  ", out, re.MULTILINE)


def test_all_steps_of_a_kind_without_a_connection(run: Run, folder: Path) -> None:
    """Each has its line; the kernel is announced and stopped."""
    declare(folder, "gpu", GPU)
    out, err, code = run(DoctorApp, "gpu")
    assert names(out) == STEPS
    assert re.search(r"^– token +none is configured, and none is asked for$", out, re.MULTILINE)
    assert re.search(r"^✓ kernelspecs +2 kernels +\d+ ms$", out, re.MULTILINE)
    assert "\nStarting py at GPU farm. It is stopped at the end.\n✓ start " in out
    assert out.endswith("\n\nAll is well.\n")
    assert (err, code) == ("", 0)
    assert TalkingProvider.left == {}


def test_no_kernel_is_started_if_so_wanted(run: Run, folder: Path) -> None:
    """The steps that need one are left out."""
    declare(folder, "gpu", GPU)
    out, _, code = run(DoctorApp, "gpu", "--no-start")
    assert names(out) == STEPS[:3]
    assert out.endswith("\n\nAll is well. No kernel was started.\n")
    assert code == 0
    assert TalkingProvider.started == []


def test_a_kernelspec_is_chosen(run: Run, folder: Path) -> None:
    """By its name there."""
    declare(folder, "gpu", GPU)
    assert run(DoctorApp, "gpu", "--kernel=r")[2] == 0
    assert TalkingProvider.started == ["r"]
    out, _, code = run(DoctorApp, "gpu", "--kernel=jl")
    assert "Cause:  GPU farm offers no kernel called 'jl'. It has: py, r." in out
    assert code == 1


def test_json_has_all_steps(run: Run, folder: Path) -> None:
    """And nothing else is on the standard output."""
    declare(folder, "gpu", GPU)
    out, err, code = run(DoctorApp, "gpu", "--json")
    found = json.loads(out)
    assert [step["name"] for step in found] == STEPS
    assert {step["outcome"] for step in found} == {"passed", "skipped"}
    assert set(found[0]) == {
        "name",
        "outcome",
        "seconds",
        "detail",
        "reason_code",
        "cause",
        "remedy",
    }
    assert err == "Starting py at GPU farm. It is stopped at the end.\n"
    assert code == 0


def test_the_first_failure_is_the_last_step_but_the_stop(run: Run, folder: Path) -> None:
    """A start that may have been done is undone."""
    declare(folder, "gpu", {**GPU, "options": {"kernels": ["py"], "fails": True}})
    out, _, code = run(DoctorApp, "gpu", "--json")
    *_, start, stop = json.loads(out)
    assert (start["name"], start["outcome"], start["reason_code"]) == ("start", "failed", "timeout")
    assert (start["cause"], bool(start["remedy"])) == (LATE.message, True)
    assert (stop["name"], stop["outcome"]) == ("stop", "passed")
    assert code == 1


@pytest.mark.parametrize("url", ["http://", "https:///lab", "ftp://gpu.example.org"])
def test_an_address_that_is_none_fails_the_first_step(run: Run, folder: Path, url: str) -> None:
    """On the command line, and in a file."""
    out, err, code = run(DoctorApp, url)
    assert names(out) == ["address"]
    assert "\nCause:  The field 'url' is not a web address. Expected: the address of" in out
    assert (err, code) == ("", 1)
    declare(folder, "gpu", {"url": url})
    out, err, code = run(DoctorApp, "gpu")
    assert names(out) == ["address"]
    assert f"\nCause:  {folder}/gpu.json: the field 'url' is not a web address." in out
    assert (err, code) == ("", 1)


def test_another_mistake_is_a_sentence(run: Run, folder: Path) -> None:
    """As with the other commands, on the standard error."""
    declare(folder, "gpu", {"url": UNREACHABLE, "tokn": "x"})
    declare(folder, "off", {"url": UNREACHABLE, "enabled": False})
    for name, words in {
        "gpu": "the field 'tokn' is not known",
        "off": "The kernel provider off is off.",
        "cpu": "There is no remote kernel provider 'cpu'.",
    }.items():
        out, err, code = run(DoctorApp, name)
        assert words in err
        assert (out, code) == ("", 1)
    assert run(DoctorApp)[1] == "Usage: jupyter kernel-providers doctor NAME|URL\n"


async def test_a_second_interruption_leaves_a_kernel_and_says_so() -> None:
    """A user who is in a hurry knows which kernel to stop."""
    provider = TalkingProvider(parse("gpu", GPU, "gpu.json"), logging.getLogger("test_doctor"))
    stream = io.StringIO()
    doctor = asyncio.create_task(
        Doctor(provider, StepLines(stream)).run({}, "py", starts_kernel=True)
    )

    async def is_asked_to(name: str) -> bool:
        return any(request == name for request, _ in provider.requests)

    provider.gate = asyncio.Event()
    await wait_until(lambda: is_asked_to("start"))
    doctor.cancel()
    provider.gate.set()
    provider.gate = asyncio.Event()
    await wait_until(lambda: is_asked_to("shutdown"))
    doctor.cancel()
    with pytest.raises(asyncio.CancelledError):
        await doctor
    [kernel_id] = TalkingProvider.left
    assert f"The kernel {kernel_id} at GPU farm may still run.\n" in stream.getvalue()
    assert provider.closed


def test_a_server_that_is_down_is_found_step_by_step(run: Run) -> None:
    """Of an address that is not configured, with words about the command line."""
    out, _, code = run(DoctorApp, f"{UNREACHABLE}/lab/tree/a.ipynb")
    assert names(out) == ["address", "DNS", "TCP"]
    host = UNREACHABLE.removeprefix("http://")
    assert f"\nCause:  {host} refuses connections.\nRemedy: Check that" in out
    assert "the field 'url' in its settings" in out
    assert code == 1
