"""The websocket of a kernel, as Jupyter Server sees it: relayed frame by frame for remote ones."""

from __future__ import annotations

import asyncio
import json
import uuid
from contextlib import suppress
from typing import Any

from jupyter_client.jsonutil import json_default
from jupyter_server.services.kernels.connection.base import (
    BaseKernelWebsocketConnection,
    serialize_msg_to_ws_v1,
)
from tornado.web import HTTPError
from tornado.websocket import WebSocketClosedError

from ..kernels.kernel import RemoteKernelManager
from ..kernels.send_queue import SendQueue
from ..provider.interface import Frame
from ..relay.large_frame import is_large, write_large
from ..relay.relay import Relay

V1 = "v1.kernel.websocket.jupyter.org"
MAX_MESSAGE = 2**31  # bytes from the browser; the provider has its own limit
MAX_REASON = 123  # bytes of the reason for which a websocket is closed (RFC 6455, 5.5)
NORMAL = 1000
TRY_AGAIN = 1013  # after 1000 and 1001, JupyterLab would not try to connect again
KEPT = 600.0  # seconds for which what still waits is kept for a client that has left
LINGER = 10.0  # seconds to pass on what the browser has sent before it closed its socket
STARTING_WAIT = 50.0  # seconds for a kernel that starts; proxies often cut what takes 60
ABANDONED_AFTER = 10.0  # seconds from the channels' opening to the end of the browser's handshake


class KernelProvidersWebsocketConnection(BaseKernelWebsocketConnection):
    """Mixed into the configured websocket class, which stays in charge of local kernels."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        """Make a relay instead where the kernel is a remote one."""
        if isinstance(kwargs.get("parent"), RemoteKernelManager):
            return RelayConnection(*args, **kwargs)
        return super().__new__(cls, *args, **kwargs)

    def connect(self) -> Any:
        """Connect to a local kernel, and have its replies in 3 ms instead of 44, as below."""
        self.websocket_handler.set_nodelay(True)
        return super().connect()


class RelayConnection(BaseKernelWebsocketConnection):
    """
    The browser's end of a relay to a remote kernel.

    Browser and provider agree on a protocol with each other: what the browser offers is offered on,
    and what the provider chose is what the browser is told.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        session_id = self.websocket_handler.get_argument("session_id", None)
        self._client = session_id or uuid.uuid4().hex
        self._send_queue = SendQueue()
        self._relay = Relay(self.kernel_manager, session_id)
        self._opening: asyncio.Task[None] | None = None
        self._relaying: asyncio.Task[None] | None = None
        self._connected = False

    async def prepare(self) -> None:
        """
        Open the kernel's channels before the browser's handshake is answered.

        Raises ProviderError, whose status then answers the handshake; with 503, JupyterLab tries
        again after a while, also where the kernel has not started by then. Raises HTTPError where
        the browser leaves meanwhile. Where the kernel goes, `connect` tells the browser.
        """
        self._opening = asyncio.create_task(self._open())
        self.kernel_manager.on_removed.add(self._opening.cancel)
        await asyncio.wait({self._opening})
        self.kernel_manager.on_removed.discard(self._opening.cancel)
        if not self._opening.cancelled():
            self._opening.result()
        if not self._is_wanted:
            raise HTTPError(400, "The client left before it was connected to the kernel.")

    async def _open(self) -> None:
        await self.kernel_manager.until_started(STARTING_WAIT)
        await self._replace()
        offered = self.websocket_handler.request.headers.get("Sec-WebSocket-Protocol", "")
        await self._relay.open([word.strip() for word in offered.split(",") if word.strip()])
        self.kernel_ws_protocol = self._relay.subprotocol
        # A request that is no websocket handshake after all never gets as far as `connect`.
        asyncio.get_running_loop().call_later(ABANDONED_AFTER, self._close_if_abandoned)

    async def connect(self) -> None:
        """Begin to relay; called when the browser's handshake is done."""
        await self._replace()  # two may have come at once
        handler: Any = self.websocket_handler
        is_gone = self.kernel_id not in self.multi_kernel_manager  # it went while we connected
        if is_gone:
            self._on_removed()
        if is_gone or not self._is_wanted:
            self._close_if_abandoned()
            return
        # Without this, a reply's small writes wait for the browser to acknowledge each: 40 ms.
        handler.set_nodelay(True)
        # Jupyter Server's limit of 10 MiB is for its own kernels. There is no public way to have
        # another one for a single socket.
        handler.ws_connection.params.max_message_size = MAX_MESSAGE
        self.multi_kernel_manager.notify_connect(self.kernel_id)
        self.kernel_manager.on_removed.add(self._on_removed)
        self._connected = True
        self._send_queue = self.kernel_manager.send_queues.setdefault(
            self._client, self._send_queue
        )
        self._send_queue.user = self
        self._send_queue.begin()
        self._relaying = asyncio.create_task(self._run())
        self.kernel_manager.relaying[self._client] = self._relaying
        relays = self.kernel_manager.owner.relays
        relays.add(self._relaying)
        self._relaying.add_done_callback(relays.discard)

    def handle_incoming_message(self, incoming_msg: str | bytes) -> None:
        """Pass on a frame of the browser."""
        if not self._send_queue.put(incoming_msg):
            self._end("Too much was sent while the kernel's provider did not take it.")

    def disconnect(self) -> None:  # type: ignore[override] # it is called without await
        """End the relay when all has been passed on; called when the browser's socket is closed."""
        if self._opening is not None:
            self._opening.cancel()
        if self._relaying is not None:
            if not self._relaying.done():
                self._send_queue.finish()
            asyncio.get_running_loop().call_later(LINGER, self._relaying.cancel)
            self._relaying = None
            self.kernel_manager.on_removed.discard(self._on_removed)
            self.multi_kernel_manager.notify_disconnect(self.kernel_id)

    @property
    def _is_wanted(self) -> bool:
        """Whether the browser has not left yet."""
        handler: Any = self.websocket_handler
        return handler.connection is self

    async def _replace(self) -> None:
        """
        End a connection of the same client, whose browser has lost it and comes again.

        There may be no sign of that yet but this one. The provider would close one of two with the
        same session id, and each would be opened again for ever.
        """
        former = self.kernel_manager.relaying.get(self._client)
        if former is not None:
            former.cancel()
            await asyncio.wait({former})

    async def _run(self) -> None:
        why = ""
        try:
            why = await self._relay.run(self._send_queue, self._write)
        finally:
            self._end(why)
            self._leave()

    def _leave(self) -> None:
        """Forget what the client has sent; after a while, where some of it still waits."""
        kernel = self.kernel_manager
        if kernel.relaying.get(self._client) is asyncio.current_task():
            del kernel.relaying[self._client]
        if self._send_queue:
            asyncio.get_running_loop().call_later(KEPT, self._forget)
        else:
            self._forget()

    def _forget(self) -> None:
        if self._send_queue.user is self:  # the client has not come again
            self.kernel_manager.send_queues.pop(self._client, None)

    async def _write(self, frame: Frame) -> None:
        if isinstance(frame, bytes) and is_large(self.websocket_handler, frame):
            await write_large(self.websocket_handler, frame)
        else:
            await self.websocket_handler.write_message(frame, isinstance(frame, bytes))

    def _on_removed(self) -> None:
        kernel = self.kernel_manager
        if kernel.execution_state != "dead":
            self._end("The kernel was shut down.")
            return
        frame = self._status("dead")
        with suppress(WebSocketClosedError):
            told = self.websocket_handler.write_message(frame, isinstance(frame, bytes))
            told.add_done_callback(_retrieve)
        self._end(f"{kernel.kernel_name} is gone from its provider.", NORMAL)

    def _status(self, execution_state: str) -> Frame:
        """Return a message about the kernel, in the protocol that the browser speaks."""
        message = self.session.msg("status", {"execution_state": execution_state})
        if self.websocket_handler.selected_subprotocol == V1:
            frame: bytes = serialize_msg_to_ws_v1(message, "iopub", self.session.pack)
            return frame
        return json.dumps({**message, "channel": "iopub"}, default=json_default)

    def _end(self, why: str, code: int = TRY_AGAIN) -> None:
        reason = (why or "The connection to the kernel has ended.").encode()[:MAX_REASON]
        self.websocket_handler.close(code, reason.decode(errors="ignore"))

    def _close_if_abandoned(self) -> None:
        if not self._connected and self._opening is not None and not self._opening.cancelled():
            self._closing = asyncio.ensure_future(self._relay.aclose())


def _retrieve(written: asyncio.Future[None]) -> None:
    """Take notice of what became of a frame that nobody waits for."""
    if not written.cancelled():
        written.exception()
