"""A server with kernels at a gateway, and how long it takes to answer."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import Any

import aiohttp

from tests.support.client import LEGACY, Client, Kernel, until
from tests.support.processes import Process

PATIENCE = 10.0  # seconds, after which an answer is not waited for any more
LISTS = ("/api", "/api/kernelspecs", "/api/kernels", "/api/sessions", "/api/status")
CELL = "a local cell"
RETRY = "api/kernel-providers/faulty/retry"  # of ours

#: Seconds, or what has come instead of an answer.
Sample = float | str


class Subject:
    """
    A server that is measured.

    It has a notebook with a kernel at the gateway, whose page is open, and a kernel of its own if
    it can have one.
    """

    def __init__(self, name: str, process: Process, remote: str, local: str = "") -> None:
        self.name = name
        self.process = process
        self.measured = (*LISTS, CELL) if local else LISTS
        self._remote = remote
        self._local = local
        self._client: Client
        self._session: Any
        self._page: asyncio.Task[None]
        self._kernel: Kernel | None = None

    async def open(self) -> None:
        """Start the server, and all that is used of it."""
        await asyncio.to_thread(self.process.start)
        self._client = Client(self.process.url, self.process.token)
        await self._client.wait_for_kernelspec(self._remote)
        self._session = await self._client.start_session(self._remote)
        kernel = await self._client.connect(self._session["kernel"]["id"], LEGACY)
        self._page = asyncio.create_task(_read(kernel))
        if self._local:
            self._kernel = await self._client.connect(await self._client.start_kernel(self._local))

    async def close(self) -> None:
        """Stop the server."""
        self._page.cancel()
        await self._client.close()
        await asyncio.to_thread(self.process.stop, PATIENCE)

    async def ask_again(self) -> str:
        """Have the gateway asked now, where the server can be told to; return what it then is."""
        with suppress(aiohttp.ClientError, asyncio.TimeoutError):
            reply = await asyncio.wait_for(self._client.request("POST", RETRY), PATIENCE)
            return str(reply.body["state"]) if reply.status == 200 else ""
        return ""

    async def recover(self) -> bool:
        """Wait for all to be as before; where that is in vain, make it so, and return False."""
        with suppress(AssertionError):
            await until(self._is_whole, PATIENCE)
            return True
        await self.close()
        await self.open()
        return False

    async def _is_whole(self) -> bool:
        if await self.ask_again() not in ("", "online"):
            return False
        samples = await asyncio.gather(*map(self.sample, self.measured))
        return not any(isinstance(sample, str) for sample in samples)

    async def sample(self, what: str) -> Sample:
        """Return how long something takes."""
        begun = time.perf_counter()
        try:
            wrong = await asyncio.wait_for(self._do(what), PATIENCE)
        except asyncio.TimeoutError:
            return "hangs"
        except (aiohttp.ClientError, AssertionError) as error:
            return type(error).__name__
        return wrong or time.perf_counter() - begun

    async def _do(self, what: str) -> str:
        if what == CELL:
            assert self._kernel is not None
            await self._kernel.execute("1 + 1")
            return ""
        reply = await self._client.request("GET", what.removeprefix("/"))
        if reply.status != 200:
            return str(reply.status)
        return "" if self._is_complete(what, reply.body) else "incomplete"

    def _is_complete(self, what: str, body: Any) -> bool:
        if what == "/api/kernelspecs":
            return self._remote in body["kernelspecs"]
        if what == "/api/kernels":
            return self._session["kernel"]["id"] in [kernel["id"] for kernel in body]
        if what == "/api/sessions":
            return self._session["id"] in [session["id"] for session in body]
        return True


async def _read(kernel: Kernel) -> None:
    async for _ in kernel.messages():
        pass
