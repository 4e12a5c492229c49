"""The relay: how it ends."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest

from kernel_providers_ext.kernels.activity import KernelActivity
from kernel_providers_ext.kernels.send_queue import SendBudget, SendQueue
from kernel_providers_ext.provider.interface import Frame, KernelChannels
from kernel_providers_ext.registry.counters import Counters
from kernel_providers_ext.registry.phases import KernelPhases
from kernel_providers_ext.relay.relay import Relay


class SlowChannels(KernelChannels):
    """Channels whose close takes until the event is set."""

    subprotocol = ""

    def __init__(self) -> None:
        self.is_closing = asyncio.Event()
        self.may_close = asyncio.Event()
        self.is_closed = False

    async def receive(self) -> Frame | None:
        await self.may_close.wait()
        return None

    async def send(self, frame: Frame) -> bool:
        return True

    async def aclose(self) -> None:
        self.is_closing.set()
        await self.may_close.wait()
        self.is_closed = True


def relay_over(channels: KernelChannels) -> Relay:
    """Return a relay with open channels."""
    activity = Mock(spec=KernelActivity)
    providers = SimpleNamespace(phases=KernelPhases(lambda: None), counters={"gpu": Counters()})
    kernel: Any = SimpleNamespace(activity=activity, providers=providers, provider_id="gpu")
    relay = Relay(kernel, "session")
    relay._channels = channels
    return relay


async def write(frame: Frame) -> None:
    """Write no frame, as there is none."""


@pytest.mark.parametrize("has_left", [True, False])
async def test_a_cancelled_relay_closes_its_connection_to_the_end(has_left: bool) -> None:
    """
    It is over only once its connection is closed.

    A browser that reconnects cancels its former relay, which may be closing already. A provider
    loses frames of a client whose former connection is cut.
    """
    channels, queue = SlowChannels(), SendQueue(SendBudget(2**20))
    running = asyncio.create_task(relay_over(channels).run(queue, write))
    await asyncio.sleep(0)
    if has_left:
        queue.finish()
        await channels.is_closing.wait()
    running.cancel()
    await channels.is_closing.wait()
    for _ in range(10):  # turns of the loop, in any of which the relay could end
        await asyncio.sleep(0)
    assert not running.done()
    channels.may_close.set()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert channels.is_closed


class EndlessChannels(SlowChannels):
    """Channels that always have a next frame at once."""

    async def receive(self) -> Frame | None:
        return None if self.is_closed else b""

    async def aclose(self) -> None:
        self.is_closed = True


async def test_an_endless_stream_of_frames_leaves_others_their_turn() -> None:
    """A provider that sends empty frames without end does not stop this server."""
    queue = SendQueue(SendBudget(2**20))
    running = asyncio.create_task(relay_over(EndlessChannels()).run(queue, write))
    for _ in range(10):
        await asyncio.sleep(0.001)
    assert not running.done()
    queue.finish()
    await asyncio.wait_for(running, 10)


class StuckChannels(SlowChannels):
    """Channels that never say whether a frame was sent."""

    def __init__(self) -> None:
        super().__init__()
        self.is_sending = asyncio.Event()

    async def send(self, frame: Frame) -> bool:
        self.is_sending.set()
        await asyncio.Event().wait()
        return True


async def test_a_frame_whose_sending_is_cancelled_is_not_sent_again() -> None:
    """It may be on its way: the cell would run twice. The next one waits for the next relay."""
    channels, queue = StuckChannels(), SendQueue(SendBudget(2**20))
    queue.put(b"first")
    queue.put(b"second")
    running = asyncio.create_task(relay_over(channels).run(queue, write))
    await channels.is_sending.wait()
    channels.may_close.set()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await queue.first() == b"second"
