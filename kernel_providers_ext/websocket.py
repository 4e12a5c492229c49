"""The websocket of a kernel, as Jupyter Server sees it: relayed frame by frame for remote ones."""

from __future__ import annotations

import asyncio
from typing import Any

from jupyter_server.services.kernels.connection.base import BaseKernelWebsocketConnection
from tornado.websocket import WebSocketClosedError

from .errors import ProviderError
from .provider import KernelChannels
from .remote_kernel import RemoteKernelManager

MAX_MESSAGE = 2**31  # bytes from the browser; the provider has its own limit
TRY_AGAIN = 1013  # after 1000 and 1001, JupyterLab would not try to connect again
LINGER = 10.0  # seconds to pass on what the browser has sent before it closed its socket
ABANDONED_AFTER = 10.0  # seconds from the channels' opening to the end of the browser's handshake


class KernelProvidersWebsocketConnection(BaseKernelWebsocketConnection):
    """Mixed into the configured websocket class, which stays in charge of local kernels."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        """Make a relay instead where the kernel is a remote one."""
        if isinstance(kwargs.get("parent"), RemoteKernelManager):
            return RelayConnection(*args, **kwargs)
        return super().__new__(cls, *args, **kwargs)


class RelayConnection(BaseKernelWebsocketConnection):
    """
    Copies frames between a browser and a remote kernel, as they are.

    Browser and provider agree on a protocol with each other: what the browser offers is offered on,
    and what the provider chose is what the browser is told.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._channels: KernelChannels | None = None
        self._outbox: asyncio.Queue[str | bytes | None] = asyncio.Queue()
        self._relaying: asyncio.Task[None] | None = None
        self._connected = False

    async def prepare(self) -> None:
        """
        Open the kernel's channels before the browser's handshake is answered.

        Raises ProviderError, whose status then answers the handshake.
        """
        kernel, request = self.kernel_manager, self.websocket_handler.request
        offered = request.headers.get("Sec-WebSocket-Protocol", "")
        try:
            self._channels = await kernel.provider.open_channels(
                kernel.remote_id,
                session_id=self.websocket_handler.get_argument("session_id", None),
                subprotocols=[word.strip() for word in offered.split(",") if word.strip()],
            )
        except ProviderError:
            kernel.providers.wake(kernel.provider_id)  # the kernel may be gone, or the provider
            raise
        self.kernel_ws_protocol = self._channels.subprotocol
        # A request that is no websocket handshake after all never gets as far as `connect`.
        asyncio.get_running_loop().call_later(ABANDONED_AFTER, self._close_if_abandoned)

    async def connect(self) -> None:
        """Begin to relay; called when the browser's handshake is done."""
        handler = self.websocket_handler
        # Without this, a reply's several small writes wait for the browser's acknowledgement.
        handler.set_nodelay(True)
        # Jupyter Server's limit of 10 MiB is for its own kernels. There is no public way to have
        # another one for a single socket.
        handler.ws_connection.params.max_message_size = MAX_MESSAGE  # type: ignore[union-attr]
        self.multi_kernel_manager.notify_connect(self.kernel_id)
        self.kernel_manager.on_removed.add(self._end)
        assert self._channels is not None
        self._connected = True
        self._relaying = asyncio.create_task(self._relay(self._channels))

    def handle_incoming_message(self, incoming_msg: str | bytes) -> None:
        """Pass on a frame of the browser."""
        self._outbox.put_nowait(incoming_msg)

    def disconnect(self) -> None:  # type: ignore[override] # it is called without await
        """End the relay when all has been passed on; called when the browser's socket is closed."""
        if self._relaying is not None:
            self._outbox.put_nowait(None)
            asyncio.get_running_loop().call_later(LINGER, self._relaying.cancel)
            self._relaying = None
            self.kernel_manager.on_removed.discard(self._end)
            self.multi_kernel_manager.notify_disconnect(self.kernel_id)

    async def _relay(self, channels: KernelChannels) -> None:
        sending = asyncio.create_task(self._send(channels))
        receiving = asyncio.create_task(self._receive(channels))
        try:
            await asyncio.wait((sending, receiving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            sending.cancel()
            # This ends the receiving, too. To cancel it would cut the connection before the
            # provider has read what was sent last.
            await channels.aclose()
            await asyncio.gather(sending, receiving, return_exceptions=True)
            self._end()

    async def _send(self, channels: KernelChannels) -> None:
        while (frame := await self._outbox.get()) is not None:
            await channels.send(frame)

    async def _receive(self, channels: KernelChannels) -> None:
        while (frame := await channels.receive()) is not None:
            self.kernel_manager.touch()
            try:
                # Awaiting the write is what slows the provider down to the browser's pace.
                await self.websocket_handler.write_message(frame, isinstance(frame, bytes))
            except WebSocketClosedError:
                return
        if self._relaying is not None:  # it was not the browser that ended it
            kernel = self.kernel_manager
            kernel.providers.wake(kernel.provider_id)

    def _end(self) -> None:
        self.websocket_handler.close(TRY_AGAIN, "The connection to the kernel has ended.")

    def _close_if_abandoned(self) -> None:
        if not self._connected and self._channels is not None:
            self._closing = asyncio.ensure_future(self._channels.aclose())
