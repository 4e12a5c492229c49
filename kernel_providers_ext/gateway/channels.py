"""The channels of a kernel on a remote Jupyter server: the frames of its websocket, unchanged."""

from __future__ import annotations

import socket
from contextlib import suppress

import aiohttp

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


class GatewayChannels(KernelChannels):
    """A websocket to ``/api/kernels/<id>/channels`` of a remote server."""

    def __init__(self, websocket: aiohttp.ClientWebSocketResponse) -> None:
        self._websocket = websocket
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
        if message.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
            frame: Frame = message.data
            return frame
        return None

    async def send(self, frame: Frame) -> bool:
        """Send a frame; return False if the connection had ended before."""
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

    async def aclose(self) -> None:
        """Close the websocket."""
        await self._websocket.close()
