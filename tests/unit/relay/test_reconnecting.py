"""The relay: what it copies, and how it connects again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest
from tornado.websocket import WebSocketClosedError

from kernel_providers_ext.kernels.send_queue import SendBudget, SendQueue
from kernel_providers_ext.provider.errors import ProviderError, RequestRefused
from kernel_providers_ext.provider.interface import Frame
from kernel_providers_ext.relay import relay as relay_module
from kernel_providers_ext.relay.relay import Relay
from tests.support.client import V1, wait_until
from tests.unit.conftest import Place
from tests.unit.kernels.test_iopub import frame
from tests.unit.running_provider import END, OFFLINE, MemoryChannels

REFUSED = RequestRefused("gpu", "limit", "Gpu has too many websockets.")
BUSY = frame(V1, content={"execution_state": "busy"}, cause="execute_request")


class Browser:
    """A browser with one relay."""

    def __init__(self, place: Place, kernel: Any) -> None:
        self.place = place
        self.kernel = kernel
        self.relay = Relay(kernel, "session")
        self.queue = SendQueue(SendBudget(2**20))
        self.received: list[Frame] = []
        self.has_left = False
        self.running: asyncio.Task[str] | None = None

    async def connect(self, *protocols: str) -> None:
        await self.relay.open(protocols)
        self.running = asyncio.create_task(self.relay.run(self.queue, self.write))

    async def write(self, frame: Frame) -> None:
        if self.has_left:
            raise WebSocketClosedError
        self.received.append(frame)

    @property
    def channels(self) -> MemoryChannels:
        return self.place.gpu.channels[-1]

    @property
    def phases(self) -> list[str]:
        return [phase.name for phase in self.place.providers.phases.of_provider("gpu")]

    async def end(self) -> str:
        assert self.running is not None
        return await asyncio.wait_for(self.running, 10)


@pytest.fixture
async def browser(place: Place, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Browser]:
    """A browser of a running kernel, whose relay tries again at once."""
    monkeypatch.setattr(relay_module, "FIRST_PAUSE", 0.0)
    browser = Browser(place, kernel := await place.start())
    await until(lambda: kernel.activity.updated_at > 0)  # the poll after its start is over
    yield browser
    if browser.running is not None:
        browser.running.cancel()
        await asyncio.wait({browser.running})


async def until(condition: Any) -> None:
    """Wait until a function returns a true value."""

    async def is_met() -> Any:
        return condition()

    await wait_until(is_met, pause=0.01)


async def test_the_kernels_frames_are_copied_and_followed(browser: Browser) -> None:
    """They tell its state, without a poll."""
    await browser.connect(V1)
    assert (browser.relay.subprotocol, browser.channels.session_id) == (V1, "session")
    browser.channels.frames.put_nowait(BUSY)
    await until(lambda: browser.received == [BUSY])
    assert browser.kernel.execution_state == "busy"
    assert browser.kernel.needs_polling is False


async def test_a_lost_connection_is_opened_again(browser: Browser) -> None:
    """With the same session and protocol; frames of both sides go on, each once."""
    await browser.connect(V1)
    first = browser.channels
    first.frames.put_nowait(b"1")
    first.takes = False
    browser.queue.put("typed")
    await until(lambda: browser.received == [b"1"])
    first.frames.put_nowait(END)
    await until(lambda: browser.channels is not first)
    assert (browser.channels.session_id, browser.channels.offered) == ("session", [V1])
    browser.channels.frames.put_nowait(b"2")
    await until(lambda: browser.received == [b"1", b"2"])
    await until(lambda: browser.channels.sent == ["typed"])
    assert len(browser.queue) == 0


async def test_a_reconnecting_kernel_is_shown_as_such(browser: Browser) -> None:
    """Until its channels are open again."""
    await browser.connect(V1)
    browser.place.gpu.gate = asyncio.Event()
    browser.channels.frames.put_nowait(END)
    await until(lambda: browser.phases == ["reconnecting"])
    browser.place.gpu.gate.set()
    await until(lambda: browser.phases == [])


async def test_an_older_protocol_is_asked_for_again(browser: Browser) -> None:
    """The browser's handshake is over, so that no other protocol can be."""
    await browser.connect()
    browser.channels.frames.put_nowait(END)
    await until(lambda: len(browser.place.gpu.channels) == 2)
    assert browser.channels.offered == []


async def test_another_protocol_ends_the_relay(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The browser connects again, and negotiates anew."""
    await browser.connect(V1)
    monkeypatch.setattr("tests.unit.running_provider.V1", "v2")
    browser.channels.frames.put_nowait(END)
    assert await browser.end() == "gpu now speaks another protocol."
    assert browser.channels.is_closed
    assert browser.phases == []


@pytest.mark.parametrize("reason", ["removed", "stopping"])
async def test_a_provider_that_is_gone_ends_the_relay_at_once(
    browser: Browser, reason: str
) -> None:
    """With its reason."""
    await browser.connect(V1)
    browser.place.gpu.failures["open"] = type(OFFLINE)("gpu", reason, "It is gone.")
    browser.channels.frames.put_nowait(END)
    assert await browser.end() == "It is gone."
    assert [name for name, _ in browser.place.gpu.requests].count("open") == 2


async def test_refusals_end_the_relay_after_ten_attempts(browser: Browser) -> None:
    """A provider that is available and refuses each time will not change its mind."""
    await browser.connect(V1)
    browser.place.gpu.failures["open"] = REFUSED
    browser.channels.frames.put_nowait(END)
    assert await browser.end() == REFUSED.message
    assert [name for name, _ in browser.place.gpu.requests].count("open") == 11


async def test_an_unavailable_provider_is_waited_for(browser: Browser) -> None:
    """Only its monitor tries to reach it."""
    await browser.connect(V1)
    gpu, monitor = browser.place.gpu, browser.place.providers.monitor("gpu")
    gpu.failures["open"], well, gpu.answer = OFFLINE, gpu.answer, OFFLINE
    browser.channels.frames.put_nowait(END)
    await until(lambda: not monitor.status.is_available)
    for is_settled in (False, True):
        before = len(gpu.requests) if is_settled else 0
        for _ in range(20):  # turns in which it could be asked
            await asyncio.sleep(0)
    assert len(gpu.requests) == before
    gpu.answer = well
    del gpu.failures["open"]
    await monitor.refresh()
    await until(lambda: len(gpu.channels) == 2)


async def test_pauses_become_longer(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """Doubled for each attempt, up to half a minute; relays spread out at random."""
    monkeypatch.setattr(relay_module, "FIRST_PAUSE", 1.0)
    longest: list[float] = []

    def uniform(least: float, most: float) -> float:
        longest.append(most)
        return least

    monkeypatch.setattr(f"{relay_module.__name__}.random", SimpleNamespace(uniform=uniform))
    await browser.connect(V1)
    browser.place.gpu.failures["open"] = REFUSED
    browser.channels.frames.put_nowait(END)
    await browser.end()
    assert longest == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0, 30.0]


@pytest.mark.parametrize("has_worked", [True, False])
async def test_only_a_connection_that_has_worked_is_opened_again_at_once(
    browser: Browser, monkeypatch: pytest.MonkeyPatch, has_worked: bool
) -> None:
    """One that is cut each time is opened again after a pause."""
    waited: list[int] = []

    async def wait(attempt: int) -> None:
        waited.append(attempt)

    monkeypatch.setattr(browser.relay, "_wait", wait)
    monkeypatch.setattr(relay_module, "FIRST_PAUSE", 0.0 if has_worked else 60.0)
    await browser.connect(V1)
    for count in (1, 2, 3):
        browser.channels.frames.put_nowait(BUSY)
        await until(lambda count=count: len(browser.received) == count)
        browser.channels.frames.put_nowait(END)
        await until(lambda count=count: len(browser.place.gpu.channels) == count + 1)
    assert waited == ([] if has_worked else [1, 2])


async def test_how_a_connection_ended_is_said(browser: Browser) -> None:
    """If people should know of it; once."""
    await browser.connect(V1)
    monitor = browser.place.providers.monitor("gpu")
    browser.channels.frames.put_nowait(END)
    await until(lambda: len(browser.place.gpu.channels) == 2)
    assert monitor.warnings == []
    browser.channels.failure = "A frame was too large."
    browser.channels.frames.put_nowait(END)
    await until(lambda: len(browser.place.gpu.channels) == 3)
    assert monitor.warnings == ["A frame was too large."]


@pytest.mark.parametrize("by_writing", [True, False])
async def test_a_browser_that_has_left_ends_the_relay(browser: Browser, by_writing: bool) -> None:
    """Without a reason; nothing stays open, and its kernel is not followed any more."""
    await browser.connect(V1)
    if by_writing:
        browser.has_left = True
        browser.channels.frames.put_nowait(BUSY)
    else:
        browser.queue.finish()
    assert await browser.end() == ""
    assert browser.channels.is_closed
    assert len(browser.place.gpu.channels) == 1


async def test_a_frame_that_may_be_on_its_way_is_not_sent_again(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cell that is sent twice would run twice; the next frame waits for the next connection."""
    await browser.connect(V1)
    is_sending = asyncio.Event()

    async def send(frame: Frame) -> bool:
        is_sending.set()
        await asyncio.Event().wait()
        return True

    monkeypatch.setattr(browser.channels, "send", send)
    browser.queue.put("sent")
    browser.queue.put("not sent")
    await is_sending.wait()
    browser.has_left = True
    browser.channels.frames.put_nowait(BUSY)
    await browser.end()
    assert [len(browser.queue), await browser.queue.first()] == [1, "not sent"]


async def test_a_kernel_that_starts_long_is_shown_as_starting(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From `start_patience` on, until its first frame."""
    browser.place.providers.start_patience = 0.1
    browser.kernel.set_state("starting")
    browser.place.gpu.gate = asyncio.Event()
    opening = asyncio.create_task(browser.connect(V1))
    await until(lambda: browser.phases == ["starting"])
    browser.place.gpu.gate.set()
    await opening
    assert browser.phases == ["starting"]
    browser.channels.frames.put_nowait(BUSY)
    await until(lambda: browser.phases == [])


@pytest.mark.parametrize("state", ["idle", "starting"])
async def test_a_failed_handshake_leaves_no_phase(browser: Browser, state: str) -> None:
    """Nor does a kernel that has started have one."""
    browser.place.providers.start_patience = 0.1
    browser.kernel.set_state(state)
    browser.place.gpu.gate = asyncio.Event()
    browser.place.gpu.failures["open"] = REFUSED
    opening = asyncio.create_task(browser.relay.open([V1]))
    if state == "starting":
        await until(lambda: browser.phases == ["starting"])
    else:
        await asyncio.sleep(0.15)  # longer than that patience
        assert browser.phases == []
    browser.place.gpu.gate.set()
    with pytest.raises(ProviderError, match="too many websockets"):
        await opening
    assert browser.phases == []


async def test_a_refused_websocket_blocks_its_provider(browser: Browser) -> None:
    """The first one that opens ends that."""
    blocked = type(OFFLINE)("gpu", "websocket", "A proxy passes no websockets.")
    browser.place.gpu.failures["open"] = blocked
    for _ in range(3):
        with pytest.raises(ProviderError, match="passes no websockets"):
            await browser.relay.open([V1])
    monitor = browser.place.providers.monitor("gpu")
    await until(lambda: monitor.status.reachable.value == "blocked")
    assert monitor.status.message == blocked.message
    del browser.place.gpu.failures["open"]
    await browser.relay.open([V1])
    await until(lambda: monitor.status.reachable.value == "online")
    assert monitor.status.message == ""
    browser.place.gpu.failures["open"] = blocked
    with pytest.raises(ProviderError, match="passes no websockets"):
        await browser.relay.open([V1])
    await monitor.refresh()
    assert monitor.status.reachable.value == "online"  # one refusal proves nothing
