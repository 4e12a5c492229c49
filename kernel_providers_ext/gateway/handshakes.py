"""The handshakes of websockets, which always come to their end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

import aiohttp

from .channels import GatewayChannels

ABANDONED_WAIT = 5.0  # seconds for an abandoned websocket to close before its client has another


class Handshakes:
    """
    The handshakes with one server.

    A Jupyter server whose handshake is cut counts one connection too few from then on, and buffers
    no messages for a client that is away. So a websocket whose client has left is closed after its
    handshake.
    """

    def __init__(self) -> None:
        self._abandoned: dict[object, asyncio.Future[None]] = {}

    async def finish(
        self,
        client: object,
        connect: Callable[[], Coroutine[Any, Any, aiohttp.ClientWebSocketResponse]],
        timeout: float,
    ) -> aiohttp.ClientWebSocketResponse | None:
        """
        Return the websocket that ``connect`` opens; None if there is no answer in time.

        If the caller is cancelled, the handshake goes on, and its websocket is closed then.

        Args:
            client: What the server takes for the same client.
            connect: Starts the handshake.
            timeout: Seconds to wait for the answer.
        """
        if (former := self._abandoned.get(client)) is not None:
            # A server closes one of two websockets with the same session id, and loses its frames.
            await asyncio.wait({former}, timeout=ABANDONED_WAIT)
        handshake = asyncio.ensure_future(connect())
        try:
            done, _ = await asyncio.wait({handshake}, timeout=timeout)
        except asyncio.CancelledError:
            self._abandon(client, handshake)
            raise
        if not done:
            self._abandon(client, handshake)
            return None
        return handshake.result()

    def _abandon(
        self, client: object, handshake: asyncio.Future[aiohttp.ClientWebSocketResponse]
    ) -> None:
        async def close() -> None:
            with suppress(Exception):  # the client has left, so that no error matters
                await GatewayChannels(await handshake).aclose()

        def forget(_: object) -> None:
            if self._abandoned.get(client) is closing:
                del self._abandoned[client]

        self._abandoned[client] = closing = asyncio.ensure_future(close())
        closing.add_done_callback(forget)
