"""The channels of a kernel on a remote Jupyter server: frames of its websocket, untouched."""

from __future__ import annotations

import socket

import aiohttp

from .provider import KernelChannels


class GatewayChannels(KernelChannels):
    """A websocket to ``/api/kernels/<id>/channels`` of a remote server."""

    def __init__(self, websocket: aiohttp.ClientWebSocketResponse) -> None:
        self._websocket = websocket
        self.subprotocol = websocket.protocol or ""
        connected = websocket.get_extra_info("socket")
        if connected is not None:
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

    async def receive(self) -> str | bytes | None:
        """Return the next frame; None when the connection has ended, for whatever reason."""
        message = await self._websocket.receive()
        if message.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
            frame: str | bytes = message.data
            return frame
        return None

    async def send(self, frame: str | bytes) -> None:
        """Send a frame; one for a connection that has ended is dropped."""
        try:
            if isinstance(frame, str):
                await self._websocket.send_str(frame)
            else:
                await self._websocket.send_bytes(frame)
        except (aiohttp.ClientError, ConnectionError):
            await self.aclose()

    async def aclose(self) -> None:
        """Close the websocket."""
        await self._websocket.close()
