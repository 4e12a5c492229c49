"""Handshakes that are given up."""

from __future__ import annotations

import asyncio
from typing import Any
from unittest.mock import Mock

from kernel_providers_ext.gateway.handshakes import Handshakes
from tests.support.client import wait_until


async def test_a_handshake_that_was_given_up_is_closed_and_forgotten() -> None:
    """A provider that answers no handshake does not fill this server."""
    handshakes, answered, closed = Handshakes(), asyncio.Event(), asyncio.Event()

    async def close() -> None:
        closed.set()

    async def connect() -> Any:
        await answered.wait()
        return Mock(close=close)

    assert await handshakes.finish("client", connect, 0.01) is None
    answered.set()

    async def is_forgotten() -> bool:
        return not handshakes._abandoned

    await wait_until(is_forgotten, pause=0.01)
    assert closed.is_set()


async def test_a_client_that_comes_again_waits_for_its_former_handshake() -> None:
    """A server closes one of two websockets with the same session id, and loses its frames."""
    handshakes, may_answer = Handshakes(), asyncio.Event()
    order: list[str] = []

    async def close() -> None:
        order.append("former closed")

    async def slow() -> Any:
        await may_answer.wait()
        return Mock(close=close)

    async def fast() -> Any:
        order.append("next opened")
        return Mock(close=close)

    assert await handshakes.finish("client", slow, 0.01) is None
    coming = asyncio.create_task(handshakes.finish("client", fast, 10))
    other = asyncio.create_task(handshakes.finish("another", fast, 10))
    await other
    may_answer.set()
    await coming
    assert order == ["next opened", "former closed", "next opened"]
