"""The websocket of a kernel, as Jupyter Server sees it; a remote kernel's frames are relayed."""

from __future__ import annotations

import asyncio
import json
import re
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
#: The websocket protocols of kernels; a browser may offer its token for this server as another one.
KERNEL_PROTOCOL = re.compile(r"v\d+\.kernel\.websocket\.jupyter\.org")
MAX_REASON = 123  # bytes of the reason in a close frame (RFC 6455, 5.5)
NORMAL = 1000
TRY_AGAIN = 1013  # after 1000 and 1001, JupyterLab would not try to connect again
KEPT = 600.0  # seconds for which a send queue is kept after its client has left
LINGER = 10.0  # seconds to relay what the browser has sent before it closed its socket
STARTING_WAIT = 50.0  # seconds for a kernel to start; many proxies cut a request after 60
ABANDONED_AFTER = 10.0  # seconds from opening the channels to the end of the browser's handshake


class KernelProvidersWebsocketConnection(BaseKernelWebsocketConnection):
    """A mixin for the configured class, which stays responsible for local kernels."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        """Make a `RelayConnection` instead if the kernel is a remote one."""
        if isinstance(kwargs.get("parent"), RemoteKernelManager):
            return RelayConnection(*args, **kwargs)
        return super().__new__(cls, *args, **kwargs)

    def connect(self) -> Any:
        """Connect to a local kernel; TCP_NODELAY brings its replies in 3 ms instead of 44."""
        self.websocket_handler.set_nodelay(True)
        return super().connect()


class RelayConnection(BaseKernelWebsocketConnection):
    """
    The browser's end of a relay to a remote kernel.

    The browser and the provider negotiate the protocol: the provider is offered what the browser
    offers, and the browser is told what the provider has chosen.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        session_id = self.websocket_handler.get_argument("session_id", None)
        self._client = session_id or uuid.uuid4().hex
        remote = self.multi_kernel_manager.remote
        self._queue = SendQueue(remote.send_budgets[self.kernel_manager.provider_id])
        self._relay = Relay(self.kernel_manager, session_id)
        self._opening: asyncio.Task[None] | None = None
        self._relaying: asyncio.Task[None] | None = None
        self._connected = False

    # -- the handshake -----------------------------------------------------------------------------

    async def prepare(self) -> None:
        """
        Open the kernel's channels before the browser's handshake is answered.

        Raises ProviderError, whose status answers the handshake; after 503, JupyterLab tries again
        later. Raises HTTPError if the browser has left. If the kernel is removed meanwhile,
        `connect` tells the browser.
        """
        self._check_handshake()
        self._opening = asyncio.create_task(self._open())
        self.kernel_manager.on_removed.add(self._opening.cancel)
        await asyncio.wait({self._opening})
        self.kernel_manager.on_removed.discard(self._opening.cancel)
        if not self._opening.cancelled():
            self._opening.result()
        if not self._is_wanted:
            raise HTTPError(400, "The client left before it was connected to the kernel.")

    def _check_handshake(self) -> None:
        """
        Raise HTTPError unless this is the handshake of a websocket, from a page of this server.

        Tornado checks both only after `prepare`. Until then, a page of another site could have the
        provider contacted.
        """
        handler: Any = self.websocket_handler
        if handler.request.headers.get("Upgrade", "").lower() != "websocket":
            raise HTTPError(400, 'Can "Upgrade" only to "WebSocket".')
        if not handler.check_origin():
            raise HTTPError(403, "Cross origin websockets not allowed")

    async def _open(self) -> None:
        kernel = self.kernel_manager
        await kernel.until_started(STARTING_WAIT)
        # The client may have lost a connection that still looks open here.
        await kernel.clients.disconnect(self._client)
        offered = self.websocket_handler.request.headers.get("Sec-WebSocket-Protocol", "")
        words = (word.strip() for word in offered.split(","))
        await self._relay.open([word for word in words if KERNEL_PROTOCOL.fullmatch(word)])
        self.kernel_ws_protocol = self._relay.subprotocol
        # A request that is not a websocket's handshake never gets as far as `connect`.
        asyncio.get_running_loop().call_later(ABANDONED_AFTER, self._close_if_abandoned)

    async def connect(self) -> None:
        """Begin to relay; called when the browser's handshake is done."""
        kernel = self.kernel_manager
        await kernel.clients.disconnect(self._client)  # two may have come at once
        is_gone = self.kernel_id not in self.multi_kernel_manager  # removed during the handshake
        if is_gone:
            self._on_removed()
        if is_gone or not self._is_wanted:
            self._close_if_abandoned()
            return
        handler: Any = self.websocket_handler
        # Without it, each small write of a reply waits 40 ms for the browser's acknowledgement.
        handler.set_nodelay(True)
        # Tornado's default of 10 MiB is too little for widgets. It has no public way to set the
        # limit of one socket.
        handler.ws_connection.params.max_message_size = kernel.providers.message_limit
        self.multi_kernel_manager.notify_connect(self.kernel_id)
        kernel.on_removed.add(self._on_removed)
        self._connected = True
        self._queue = kernel.clients.connect(self._client, self, self._queue)
        self._relaying = asyncio.create_task(self._run())
        kernel.clients.relay(self._client, self._relaying)
        relays = self.multi_kernel_manager.remote.relays
        relays.add(self._relaying)
        self._relaying.add_done_callback(relays.discard)

    def _close_if_abandoned(self) -> None:
        if not self._connected and self._opening is not None and not self._opening.cancelled():
            self._closing = asyncio.ensure_future(self._relay.aclose())

    @property
    def _is_wanted(self) -> bool:
        """Whether the browser is still there."""
        handler: Any = self.websocket_handler
        return handler.connection is self

    # -- frames ------------------------------------------------------------------------------------

    def handle_incoming_message(self, incoming_msg: str | bytes) -> None:
        """Relay a frame of the browser."""
        if not self._queue.put(incoming_msg):
            self._end("Too much was sent while the kernel's provider did not take it.")

    async def _run(self) -> None:
        why = ""
        try:
            why = await self._relay.run(self._queue, self._write)
        finally:
            self._end(why)
            self._leave()

    async def _write(self, frame: Frame) -> None:
        if isinstance(frame, bytes) and is_large(self.websocket_handler, frame):
            await write_large(self.websocket_handler, frame)
        else:
            await self.websocket_handler.write_message(frame, isinstance(frame, bytes))

    # -- the end -----------------------------------------------------------------------------------

    def disconnect(self) -> None:  # type: ignore[override] # it is called without await
        """End the relay once all frames are sent; called when the browser's socket has closed."""
        if self._opening is not None:
            self._opening.cancel()
        if self._relaying is not None:
            if not self._relaying.done():
                self._queue.finish()
            asyncio.get_running_loop().call_later(LINGER, self._relaying.cancel)
            self._relaying = None
            self.kernel_manager.on_removed.discard(self._on_removed)
            self.multi_kernel_manager.notify_disconnect(self.kernel_id)

    def _leave(self) -> None:
        """Forget the client; if frames of it still wait, only after a while."""
        clients = self.kernel_manager.clients
        clients.relay_ended(self._client, asyncio.current_task())
        if self._queue:
            asyncio.get_running_loop().call_later(KEPT, clients.forget, self._client, self)
        else:
            clients.forget(self._client, self)

    def _on_removed(self) -> None:
        kernel = self.kernel_manager
        if kernel.execution_state != "dead":
            self._end("The kernel was shut down.")
            return
        frame = self._status("dead")
        with suppress(WebSocketClosedError):
            written = self.websocket_handler.write_message(frame, isinstance(frame, bytes))
            written.add_done_callback(_retrieve)
        self._end(f"{kernel.kernel_name} is gone from its provider.", NORMAL)

    def _status(self, execution_state: str) -> Frame:
        """Return a status message of the kernel, in the browser's protocol."""
        message = self.session.msg("status", {"execution_state": execution_state})
        if self.websocket_handler.selected_subprotocol == V1:
            frame: bytes = serialize_msg_to_ws_v1(message, "iopub", self.session.pack)
            return frame
        return json.dumps({**message, "channel": "iopub"}, default=json_default)

    def _end(self, why: str, code: int = TRY_AGAIN) -> None:
        reason = (why or "The connection to the kernel has ended.").encode()[:MAX_REASON]
        self.websocket_handler.close(code, reason.decode(errors="ignore"))


def _retrieve(written: asyncio.Future[None]) -> None:
    """Retrieve the exception, so that asyncio does not log it."""
    if not written.cancelled():
        written.exception()
