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
