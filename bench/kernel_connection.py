"""A notebook's page in a browser, and the cells that it has run."""

from __future__ import annotations

import asyncio
import math
import time
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

import aiohttp

from tests.support.client import Client, Kernel, Reply

from .providers import Span

OVERDUE = 20.0  # seconds after which one begins to wonder
PAUSE = 0.5  # seconds before the connection is opened again


class Cell:
    """Code that was sent to a kernel, and what has come of it."""

    def __init__(self, seconds: float = 0, lines: int = 0) -> None:
        self.seconds = seconds
        self.lines = lines
        self.sent = time.time()
        self.interrupted = math.inf  # when the kernel was asked to interrupt it
        self.begun: float | None = None  # when the kernel has taken it up, by the same clock
        self.pieces: list[tuple[float, str]] = []  # what it has printed, and when that has come
        self.error = ""
        self.replies = 0
        self.done = asyncio.Event()
        self._is_idle = False

    def take(self, message: dict[str, Any]) -> None:
        """Take a message that has come of it."""
        kind, content = message["header"]["msg_type"], message["content"]
        if kind == "stream":
            self.pieces.append((time.time(), content["text"]))
        elif kind == "execute_reply":
            self.replies += 1
            self.error = content.get("ename", "")
        elif content.get("execution_state") == "busy":
            date = message["header"]["date"].replace("Z", "+00:00")
            self.begun = datetime.fromisoformat(date).timestamp()
        elif content.get("execution_state") == "idle":
            self._is_idle = True
        if self.replies and self._is_idle:
            self.done.set()

    def __repr__(self) -> str:
        return f"<cell sent at {self.sent}: {self.text[-40:]!r} {self.error} {self.replies}>"

    @property
    def is_interrupted(self) -> bool:
        """Whether the kernel was asked to interrupt it."""
        return self.interrupted < math.inf

    @property
    def due(self) -> float:
        """When its end may be on the way at the earliest."""
        return min((self.begun or self.sent) + self.seconds, self.interrupted)

    @property
    def is_overdue(self) -> bool:
        """Whether it should have ended long ago."""
        return time.time() > self.due + OVERDUE

    @property
    def text(self) -> str:
        """What it has printed."""
        return "".join(text for _, text in self.pieces)

    @property
    def output(self) -> tuple[list[int], str]:
        """The numbers that it has printed, and its last line."""
        return _parse(self.text)

    def came_after(self, number: int) -> float:
        """Return when something has come that it has printed after a number; now, if nothing."""
        for when, text in self.pieces:
            numbers, end = _parse(text)
            if end or any(one > number for one in numbers):
                return when
        return time.time()

    @property
    def has_run(self) -> bool:
        """Whether anything has come of it, so that the kernel must have got it."""
        return self.begun is not None or bool(self.text) or self.replies > 0


def _parse(text: str) -> tuple[list[int], str]:
    numbers, _, end = text.partition("end")
    return [int(number) for number in numbers.split()], end.strip()


def tells_of_end(reply: Reply) -> bool:
    """Tell whether a kernel is gone by what the server says of it."""
    return reply.status == 404 or (reply.status == 200 and reply.body["execution_state"] == "dead")


class Page:
    """
    A page that stays connected to a kernel, as JupyterLab does.

    Where the server closes the connection or is away, it is opened again with the same session id,
    until the kernel is said to be gone.
    """

    def __init__(
        self, client: Client, kernel_id: str, protocol: str, note: Callable[[str], None]
    ) -> None:
        self._client = client
        self.kernel_id = kernel_id
        self._protocol = protocol
        self._note = note
        self._session_id = uuid.uuid4().hex
        self._cells: dict[str, Cell] = {}
        self._kernel: Kernel | None = None
        self._changed = asyncio.Condition()
        #: When frames on the way may have been lost, because the page was closed.
        self.losses: list[Span] = []
        self.is_dead = False
        self.come_back()

    async def send(self, code: str, patience: float, seconds: float = 0, lines: int = 0) -> Cell:
        """Run code once there is a connection; raises TimeoutError where none comes."""
        content = {"code": code, "silent": False, "store_history": False, "allow_stdin": False}
        while True:
            async with self._changed:
                is_settled = self._changed.wait_for(lambda: self._kernel or self.is_dead)
                await asyncio.wait_for(is_settled, patience)
            cell = Cell(seconds, lines)
            if self._kernel is None:
                return cell
            try:
                self._cells[await self._kernel.send("execute_request", content)] = cell
            except ConnectionError:  # it was not sent
                await asyncio.sleep(PAUSE)
            else:
                return cell

    def come_back(self, *, is_new: bool = False) -> None:
        """Connect, perhaps as another session, to which nothing of before is delivered."""
        if is_new:
            self._session_id = uuid.uuid4().hex
        self._staying = asyncio.create_task(self._stay_connected())

    async def leave(self) -> None:
        """Close the connection."""
        self.losses.append(Span(time.time()))
        self._staying.cancel()
        await asyncio.gather(self._staying, return_exceptions=True)
        if self._kernel is not None:
            await self._kernel.close()
            self._kernel = None
        self.losses[-1].end = time.time()

    async def _stay_connected(self) -> None:
        while not self.is_dead:
            try:
                await self._connect()
            except (aiohttp.ClientError, OSError, asyncio.TimeoutError) as error:
                self._note(f"no connection: {type(error).__name__}")
            await asyncio.sleep(PAUSE)

    async def _connect(self) -> None:
        try:
            kernel = await self._client.open(self.kernel_id, self._protocol, self._session_id)
        except aiohttp.WSServerHandshakeError as error:
            self._note(f"the handshake is answered with {error.status}")
            reply = await self._client.request("GET", f"api/kernels/{self.kernel_id}")
            await self._become(None, tells_of_end(reply))
            return
        self._note("connected")
        await self._become(kernel)
        async for message in kernel.messages():
            await self._take(message)
        self._note(f"the connection was closed: {kernel.websocket.close_code}")
        await self._become(None, self.is_dead)

    async def _become(self, kernel: Kernel | None, is_dead: bool = False) -> None:
        async with self._changed:
            self._kernel, self.is_dead = kernel, is_dead
            self._changed.notify_all()

    async def _take(self, message: dict[str, Any]) -> None:
        cell = self._cells.get(message["parent_header"].get("msg_id"))
        if cell is not None:
            cell.take(message)
        elif message["content"].get("execution_state") == "dead":
            await self._become(self._kernel, is_dead=True)
