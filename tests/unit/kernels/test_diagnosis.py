"""The steps of a diagnosis that start a kernel, talk to it, and stop it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection
from typing import Any

import pytest

from kernel_providers_ext.kernels import diagnosis
from kernel_providers_ext.kernels.diagnosis import KernelDiagnosis
from kernel_providers_ext.provider.config import parse
from kernel_providers_ext.provider.diagnosis import Outcome, StepResult
from kernel_providers_ext.provider.errors import ProviderError
from kernel_providers_ext.provider.interface import KernelChannels
from tests.support.client import LEGACY, V1, wait_until
from tests.support.scripted_kernel import ScriptedKernel
from tests.unit.running_provider import LATE, OFFLINE, RunningProvider

LOG = logging.getLogger("test_diagnosis")
NAMES = ["start", "websocket", "protocol", "binary message", "round trip"]


class Provider(RunningProvider):
    """A provider whose kernel is scripted."""

    def __init__(self, kernel: KernelChannels) -> None:
        config = parse("gpu", {"kind": "running", "options": {"kernels": ["py"]}}, "gpu.json")
        super().__init__(config, LOG)
        self._kernel = kernel

    async def open_channels(
        self, kernel_id: str, *, session_id: str | None, subprotocols: Collection[str]
    ) -> KernelChannels:
        await super().open_channels(kernel_id, session_id=session_id, subprotocols=subprotocols)
        return self._kernel


class Examination:
    """A diagnosis, its provider, and what it announced."""

    def __init__(self, kernel: KernelChannels | None = None) -> None:
        self.provider = Provider(kernel or ScriptedKernel())
        self.said: list[str] = []
        self.diagnosis = KernelDiagnosis(self.provider, "py", {"KERNEL_X": "1"}, self.said.append)

    async def steps(self) -> dict[str, StepResult]:
        """Take the steps until one fails, and return the results by name."""
        results: dict[str, StepResult] = {}
        for step in self.diagnosis.steps:
            results[step.name] = await step.take(self.provider.config, LOG)
            if results[step.name].outcome is Outcome.FAILED:
                break
        assert list(results) == NAMES[: len(results)]
        return results

    async def stop(self) -> StepResult:
        """Take the last step."""
        return await self.diagnosis.stop_step.take(self.provider.config, LOG)


@pytest.fixture(autouse=True)
def short_timeouts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing wait for long."""
    for name in ("READY_TIMEOUT", "REPLY_TIMEOUT", "START_WAIT"):
        monkeypatch.setattr(diagnosis, name, 0.3)
    for name in ("REPEAT_AFTER", "WATCH_INTERVAL"):
        monkeypatch.setattr(diagnosis, name, 0.05)
    monkeypatch.setattr(diagnosis, "STOP_PAUSE", 0.01)


@pytest.mark.parametrize("protocol", [V1, LEGACY], ids=["v1", "legacy"])
async def test_a_kernel_that_works(protocol: str) -> None:
    """It is announced, gets its variables, and is stopped at the end."""
    kernel = ScriptedKernel(protocol)
    examination = Examination(kernel)
    results = await examination.steps()
    assert [result.outcome for result in results.values()] == [Outcome.PASSED] * len(NAMES)
    assert results["start"].detail == "py"
    named = protocol or "the older JSON one"
    assert results["protocol"].detail == f"{named}, messages 5.3"
    assert results["binary message"].detail == "256 KiB there and back, unchanged"
    assert results["round trip"].detail.endswith(" ms, the median of 5")
    assert examination.said == ["Starting py at gpu. It is stopped at the end."]
    assert examination.provider.environments == [{"KERNEL_X": "1"}]
    assert len(examination.provider.models) == 1
    stopped = await examination.stop()
    assert (stopped.outcome, stopped.detail) == (Outcome.PASSED, "the kernel is stopped")
    assert examination.provider.models == {}
    assert kernel.is_closed
    assert not examination.diagnosis.may_run


async def test_a_new_kernel_may_lose_requests() -> None:
    """They are sent again, as JupyterLab does."""
    kernel = ScriptedKernel(loses=2)
    assert (await Examination(kernel).steps())["protocol"].outcome is Outcome.PASSED
    assert kernel.requests[:3] == ["kernel_info_request"] * 3


@pytest.mark.parametrize(
    ("kernel", "why"),
    [
        (ScriptedKernel(language="R"), "only a Python kernel can be asked for one"),
        (ScriptedKernel(error="NameError"), "the kernel is not ipykernel (NameError)"),
    ],
    ids=["R", "another Python"],
)
async def test_other_kernels_are_not_asked_for_binary_messages(
    kernel: ScriptedKernel, why: str
) -> None:
    """The step is skipped, and the next one passes."""
    results = await Examination(kernel).steps()
    binary = results["binary message"]
    assert (binary.outcome, binary.detail) == (Outcome.SKIPPED, why)
    assert results["round trip"].outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("kernel", "name", "reason", "cause"),
    [
        (
            ScriptedKernel(loses=1000),
            "protocol",
            "no_reply",
            "The kernel py of gpu does not reply.",
        ),
        (
            ScriptedKernel(ends_at="execute_request"),
            "binary message",
            "closed",
            "The connection to the kernel py of gpu was closed.",
        ),
        (
            ScriptedKernel(echo=b"?"),
            "binary message",
            "binary",
            "A binary message of gpu has changed on its way.",
        ),
    ],
    ids=["silent", "closed", "changed"],
)
async def test_a_kernel_that_does_not_work_is_stopped(
    kernel: ScriptedKernel, name: str, reason: str, cause: str
) -> None:
    """The step that fails says why, and what to do."""
    examination = Examination(kernel)
    *_, failed = (await examination.steps()).values()
    assert (failed.name, failed.reason_code, failed.cause) == (name, reason, cause)
    assert failed.remedy
    assert examination.diagnosis.may_run
    assert (await examination.stop()).outcome is Outcome.PASSED
    assert examination.provider.models == {}


@pytest.mark.parametrize("is_gone", [True, False])
async def test_a_kernel_that_ends_is_not_waited_for(is_gone: bool) -> None:
    """Its websocket would open only after a minute; what the provider says of it counts."""

    class Ending(Provider):
        opening_was_cancelled = False

        async def open_channels(self, kernel_id: str, **_: Any) -> KernelChannels:
            if is_gone:
                del self.models[kernel_id]
            else:
                self.run(kernel_id, execution_state="dead")
            try:
                await asyncio.Event().wait()
            finally:
                self.opening_was_cancelled = True
            raise AssertionError

    examination = Examination()
    examination.provider = provider = Ending(ScriptedKernel())
    examination.diagnosis = KernelDiagnosis(provider, "py", {}, examination.said.append)
    *_, failed = (await examination.steps()).values()
    assert (failed.name, failed.reason_code) == ("websocket", "kernel_ended")
    assert failed.cause == "The kernel py of gpu ended soon after its start."
    assert (await examination.stop()).outcome is Outcome.PASSED
    assert provider.opening_was_cancelled


async def test_a_kernel_that_ends_later_is_told_from_a_cut() -> None:
    """Its connection is closed in both cases."""
    examination = Examination(ScriptedKernel(ends_at="kernel_info_request"))
    assert (await examination.steps())["protocol"].reason_code == "closed"
    examination.provider.models.clear()
    protocol = examination.diagnosis.steps[2]
    result = await protocol.take(examination.provider.config, LOG)
    assert result.reason_code == "kernel_ended"


@pytest.mark.parametrize(("error", "may_run"), [(OFFLINE, False), (LATE, True)])
async def test_a_start_that_fails(error: ProviderError, may_run: bool) -> None:
    """If it may have started nevertheless, it is stopped by the id that it was to get."""
    examination = Examination()
    examination.provider.failures["start"] = error
    start = (await examination.steps())["start"]
    assert (start.outcome, start.cause) == (Outcome.FAILED, error.message)
    assert examination.diagnosis.may_run is may_run
    if may_run:
        assert (await examination.stop()).outcome is Outcome.PASSED
        stop = ("shutdown", examination.diagnosis.kernel_id)
        assert stop in examination.provider.requests


async def test_a_stop_is_tried_several_times() -> None:
    """Then the kernel is named, with what to do."""
    examination = Examination()
    await examination.steps()
    examination.provider.failures["shutdown"] = OFFLINE
    stopped = await examination.stop()
    kernel_id = examination.diagnosis.kernel_id
    assert stopped.outcome is Outcome.FAILED
    assert stopped.cause == f"The kernel {kernel_id} at gpu may still run: {OFFLINE.message}"
    assert stopped.remedy == "Stop it there."
    assert examination.provider.requests.count(("shutdown", kernel_id)) > 1
    del examination.provider.failures["shutdown"]
    assert (await examination.stop()).outcome is Outcome.PASSED


async def has_asked(examination: Examination) -> bool:
    """Return whether the provider has got the request for a start."""
    return bool(examination.provider.requests)


async def cancelled_start(examination: Examination) -> asyncio.Event:
    """Cancel a start that has been sent; return the event for which its answer waits."""
    examination.provider.gate = gate = asyncio.Event()
    starting = asyncio.create_task(examination.steps())
    await wait_until(lambda: has_asked(examination))
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    return gate


async def test_a_cancelled_start_is_waited_for_and_undone() -> None:
    """A kernel that starts late is not left behind."""
    examination = Examination()
    gate = await cancelled_start(examination)
    stopping = asyncio.create_task(examination.stop())
    await asyncio.sleep(0)
    gate.set()
    assert (await stopping).outcome is Outcome.PASSED
    assert [request for request, _ in examination.provider.requests] == ["start", "shutdown"]
    assert examination.provider.models == {}
    assert "Waiting" in examination.said[-1]


async def test_a_cancelled_start_that_is_not_answered_is_named() -> None:
    """It is not known whether it will start; its id is said."""
    examination = Examination()
    await cancelled_start(examination)
    examination.provider.gate = None
    stopped = await examination.stop()
    kernel_id = examination.diagnosis.kernel_id
    assert stopped.outcome is Outcome.FAILED
    assert stopped.cause.startswith(f"The kernel {kernel_id} at gpu may still run: ")


async def test_what_a_kernel_says_of_itself_is_not_trusted() -> None:
    """A reply of any form is read."""

    class Odd(ScriptedKernel):
        def _reply(self, channel, type, content, parent, buffers=None):
            odd = {"language_info": [], "protocol_version": {"x": "\n\x1b[31m"}}
            super()._reply(channel, type, {**content, **odd}, parent, buffers)

    results = await Examination(Odd()).steps()
    assert results["protocol"].detail == f"{V1}, messages {{'x': '\\n\\x1b[31m'}}"
    assert results["binary message"].outcome is Outcome.SKIPPED
