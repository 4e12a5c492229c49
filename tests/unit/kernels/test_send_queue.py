"""The frames that wait for a provider."""

from __future__ import annotations

import asyncio

import pytest

from kernel_providers_ext.kernels import send_queue
from kernel_providers_ext.kernels.clients import KernelClients
from kernel_providers_ext.kernels.send_queue import SendBudget, SendQueue


@pytest.fixture
async def queue() -> SendQueue:
    return SendQueue(SendBudget(100))


async def test_frames_stay_in_order_until_they_are_dropped(queue: SendQueue) -> None:
    """The first one is read as often as a connection breaks."""
    for frame in ("1", "2"):
        assert queue.put(frame)
    assert [await queue.first(), await queue.first(), len(queue)] == ["1", "1", 2]
    queue.drop("2")  # which is not the first
    assert len(queue) == 2
    queue.drop("1")
    assert [await queue.first(), len(queue)] == ["2", 1]


async def test_equal_frames_are_different_ones(queue: SendQueue) -> None:
    """Two cells with the same code are two frames, of which one was dropped."""
    one, other = (bytes(bytearray(b"same")) for _ in range(2))
    queue.put(one)
    queue.put(other)
    queue.drop(one)
    queue.drop(one)
    assert len(queue) == 1
    assert (queue.has(other), queue.has(one)) == (True, False)


async def test_a_budget_is_shared(queue: SendQueue) -> None:
    """What one client has waiting, another one cannot have; what is dropped is free again."""
    budget = SendBudget(10)
    one, other = SendQueue(budget), SendQueue(budget)
    frame = bytes(6)
    assert [one.put(frame), other.put(bytes(5)), other.put(bytes(4))] == [True, False, True]
    assert not other.put(b"1")
    one.drop(frame)
    assert [other.put(bytes(6)), other.put(b"1")] == [True, False]
    other.clear()
    assert len(other) == 0
    assert [one.put(bytes(10)), one.put(b"1")] == [True, False]


async def test_one_client_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Except for its first frame: a large one must be possible."""
    monkeypatch.setattr(send_queue, "LIMIT", 10)
    queue = SendQueue(SendBudget(1000))
    frame = bytes(20)
    assert queue.put(frame)
    assert not queue.put(b"1")
    queue.drop(frame)
    assert [queue.put(size * b"1") for size in (6, 4, 1)] == [True, True, False]
    queue.clear()
    assert [queue.put(size * b"1") for size in (6, 4, 1)] == [True, True, False]


async def test_a_reader_waits_for_a_frame(queue: SendQueue) -> None:
    """It ends once the queue is empty and finished, and not before."""
    reading = asyncio.ensure_future(queue.first())
    await asyncio.sleep(0)
    assert not reading.done()
    queue.put("1")
    assert await reading == "1"
    queue.finish()
    assert await queue.first() == "1"
    queue.drop("1")
    assert await queue.first() is None
    queue.begin()
    reading = asyncio.ensure_future(queue.first())
    await asyncio.sleep(0)
    assert not reading.done()
    queue.finish()
    assert await reading is None


async def test_a_client_that_comes_again_gets_its_queue(queue: SendQueue) -> None:
    """And keeps it when its former connection is forgotten."""
    clients, former, new = KernelClients(), object(), object()
    assert clients.connect("a", former, queue) is queue
    queue.put("typed")
    queue.finish()
    again = clients.connect("a", new, SendQueue(SendBudget(100)))
    assert again is queue
    clients.forget("a", former)
    assert clients.waiting == 1
    queue.drop("typed")
    reading = asyncio.ensure_future(queue.first())
    await asyncio.sleep(0)
    assert not reading.done()  # it waits for the new connection
    queue.put("typed")
    await reading
    clients.forget("a", new)
    assert (clients.waiting, len(queue)) == (0, 0)
    assert clients.connect("a", new, other := SendQueue(SendBudget(100))) is other


async def test_clients_do_not_share_queues(queue: SendQueue) -> None:
    """A restart of the kernel clears all."""
    clients = KernelClients()
    queues = [clients.connect(name, object(), SendQueue(SendBudget(100))) for name in "ab"]
    for one in queues:
        one.put("typed")
    assert clients.waiting == 2
    clients.clear_queues()
    assert (clients.waiting, [len(one) for one in queues]) == (0, [0, 0])


async def test_a_client_has_one_relay() -> None:
    """A new connection ends the former one first, and is not forgotten with it."""
    clients = KernelClients()
    is_ending = asyncio.Event()
    may_end = asyncio.Event()

    async def relay() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            is_ending.set()
            await may_end.wait()

    former = asyncio.create_task(relay())
    await asyncio.sleep(0)
    clients.relay("a", former)
    disconnecting = asyncio.create_task(clients.disconnect("a"))
    await is_ending.wait()
    await asyncio.sleep(0)
    assert not disconnecting.done()
    may_end.set()
    await disconnecting
    assert former.done()
    new = asyncio.create_task(asyncio.sleep(0))
    clients.relay("a", new)
    clients.relay_ended("a", former)
    assert list(clients.connected) == ["a"]
    clients.relay_ended("a", new)
    assert list(clients.connected) == []
    await clients.disconnect("a")  # it has no connection
    await new


def test_one_provider_leaves_room_for_the_others() -> None:
    """A provider may use half of the server's budget; a first frame may be larger than that."""
    server = SendBudget(100)
    stalled, healthy, huge = (server.of_provider() for _ in range(3))
    assert stalled.take(50)
    assert not stalled.take(1)
    assert healthy.take(40)
    assert not healthy.take(20)
    stalled.give_back(50)
    healthy.give_back(40)
    assert huge.take(300)
    assert not healthy.take(1)
