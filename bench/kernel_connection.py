"""A notebook's connection to its kernel."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable
from typing import Any

import aiohttp

from tests.support.client import Client, KernelWebsocket, Reply

from .cell import Cell
from .providers import Span

PAUSE = 0.5  # seconds before the next attempt to connect


def is_gone(reply: Reply) -> bool:
    """Return whether a kernel is gone, according to the server's answer about it."""
    return reply.status == 404 or (reply.status == 200 and reply.body["execution_state"] == "dead")


class KernelConnection:
    """
    Stays connected to a kernel, as JupyterLab's page does.

    If the server closes the connection or is down, it connects again with the same session id,
    until the server says that the kernel is gone.
    """

    def __init__(
        self, client: Client, kernel_id: str, protocol: str, log: Callable[[str], None]
    ) -> None:
        self._client = client
        self.kernel_id = kernel_id
        self._protocol = protocol
        self._log = log
        self._session_id = uuid.uuid4().hex
        self._cells: dict[str, Cell] = {}
        self._kernel: KernelWebsocket | None = None
        self._changed = asyncio.Condition()
        #: The periods in which this side was closed, so that frames in transit may be lost.
        self.losses: list[Span] = []
        self.is_dead = False
        self.open()

    async def send(self, code: str, timeout: float, seconds: float = 0, lines: int = 0) -> Cell:
        """Run code when there is a connection; raise TimeoutError if there is none in time."""
        content = {"code": code, "silent": False, "store_history": False, "allow_stdin": False}
        while True:
            async with self._changed:
                is_settled = self._changed.wait_for(lambda: self._kernel or self.is_dead)
                await asyncio.wait_for(is_settled, timeout)
            cell = Cell(seconds, lines)
            if self._kernel is None:
                return cell
            try:
                self._cells[await self._kernel.send("execute_request", content)] = cell
            except ConnectionError:  # the request was not sent
                await asyncio.sleep(PAUSE)
            else:
                return cell

    def open(self, *, is_new: bool = False) -> None:
        """Connect; a new session receives nothing from before."""
        if is_new:
            self._session_id = uuid.uuid4().hex
        self._task = asyncio.create_task(self._stay_connected())

    async def close(self) -> None:
        """Close the connection."""
        self.losses.append(Span(time.time()))
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        if self._kernel is not None:
            await self._kernel.close()
            self._kernel = None
        self.losses[-1].end = time.time()

    async def _stay_connected(self) -> None:
        while not self.is_dead:
            try:
                await self._connect()
            except (aiohttp.ClientError, OSError, asyncio.TimeoutError) as error:
                self._log(f"no connection: {type(error).__name__}")
            await asyncio.sleep(PAUSE)

    async def _connect(self) -> None:
        try:
            kernel = await self._client.open(self.kernel_id, self._protocol, self._session_id)
        except aiohttp.WSServerHandshakeError as error:
            self._log(f"the handshake is answered with {error.status}")
            reply = await self._client.request("GET", f"api/kernels/{self.kernel_id}")
            await self._change(None, is_gone(reply))
            return
        self._log("connected")
        await self._change(kernel)
        async for message in kernel.messages():
            await self._receive(message)
        self._log(f"the connection was closed: {kernel.websocket.close_code}")
        await self._change(None, self.is_dead)

    async def _change(self, kernel: KernelWebsocket | None, is_dead: bool = False) -> None:
        async with self._changed:
            self._kernel, self.is_dead = kernel, is_dead
            self._changed.notify_all()

    async def _receive(self, message: dict[str, Any]) -> None:
        cell = self._cells.get(message["parent_header"].get("msg_id"))
        if cell is not None:
            cell.add(message)
        elif message["content"].get("execution_state") == "dead":
            await self._change(self._kernel, is_dead=True)
