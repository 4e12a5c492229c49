"""The channels of a kernel on a remote Jupyter server: the frames of its websocket, unchanged."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import aiohttp

from ..provider.closing import CLOSE_TIMEOUT, close_within
from ..provider.interface import Frame, KernelChannels

#: After a minute of silence, probe the connection, and give up after another minute. The same holds
#: for data that is not acknowledged, for which Linux alone would wait a quarter of an hour.
KEEP_ALIVE = {
    "TCP_KEEPIDLE": 60,
    "TCP_KEEPINTVL": 15,
    "TCP_KEEPCNT": 4,
    "TCP_USER_TIMEOUT": 120_000,  # milliseconds
}
TCP_QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)  # Linux only
SMALL = 16 * 2**10  # bytes of a frame that a server may hold back
PONGS = 16  # for each frame that is sent; a cell's first answers are fewer


class GatewayChannels(KernelChannels):
    """
    A websocket to ``/api/kernels/<id>/channels`` of a remote server.

    Args:
        websocket: The open websocket.
        too_large: What to say if the server sends a message that is too large.
        on_end: Called with the channels once they have ended.
    """

    def __init__(
        self,
        websocket: aiohttp.ClientWebSocketResponse,
        too_large: str = "",
        on_end: Callable[[Any], None] = lambda channels: None,
    ) -> None:
        self._websocket = websocket
        self._too_large = too_large
        self._on_end = on_end
        self._pongs = PONGS
        self._pong: asyncio.Future[None] | None = None
        self.subprotocol = websocket.protocol or ""
        self._socket: socket.socket | None = websocket.get_extra_info("socket")
        if self._socket is not None:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for name, value in KEEP_ALIVE.items():
                if hasattr(socket, name):
                    self._socket.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
        self._acknowledge_at_once()

    async def receive(self) -> Frame | None:
        """Return the next frame; None once the connection has ended, for whatever reason."""
        message = await self._websocket.receive()
        self._acknowledge_at_once()
        if message.type not in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
            if self._websocket.close_code == aiohttp.WSCloseCode.MESSAGE_TOO_BIG:
                self.failure = self._too_large
            self._on_end(self)
            return None
        frame: Frame = message.data
        self._acknowledge_through_proxies(frame)
        return frame

    async def send(self, frame: Frame) -> bool:
        """Send a frame; return False if the connection had ended before."""
        self._pongs = PONGS
        try:
            if isinstance(frame, str):
                await self._websocket.send_str(frame)
            else:
                await self._websocket.send_bytes(frame)
        except ConnectionResetError:  # aiohttp checks the connection before it writes
            return False
        except (aiohttp.ClientError, ConnectionError):
            await self.aclose()  # part of it may have arrived: a second time, it could run twice
        return True

    def _acknowledge_at_once(self) -> None:
        """
        Turn off delayed acknowledgement, if the system can; it turns itself on again.

        A server writes a reply in several small pieces, and Nagle's algorithm holds back each one
        until the one before is acknowledged: 40 of the 48 ms that a round trip takes otherwise.
        """
        if self._socket is not None and TCP_QUICKACK is not None:
            with suppress(OSError):  # it may be closed by now
                self._socket.setsockopt(socket.IPPROTO_TCP, TCP_QUICKACK, 1)

    def _acknowledge_through_proxies(self, frame: Frame) -> None:
        """
        Send a pong that was not asked for (RFC 6455, 5.5.3), after a small frame.

        `_acknowledge_at_once` reaches only as far as the next proxy, which delays its own
        acknowledgement to the server until it has something to send there. Only the first frames
        after one that was sent get a pong, so that a long output is as fast as without. Nothing
        waits for it: a server that reads nothing until its frames are taken would never go on.
        """
        if self._pongs and len(frame) <= SMALL and (self._pong is None or self._pong.done()):
            self._pongs -= 1
            self._pong = asyncio.ensure_future(self._websocket.pong())
            # Retrieve the exception, so that asyncio does not log it if the connection has ended.
            self._pong.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def aclose(self) -> None:
        """Close the websocket, and after a second cut the connection."""
        if self._pong is not None:
            self._pong.cancel()
        if not await close_within(self._websocket.close(), CLOSE_TIMEOUT) and self._socket:
            # What the server does not read would stay in the socket's buffer for ever.
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
        self._on_end(self)
