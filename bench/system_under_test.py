"""A server with kernels at a gateway, and its response times."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import Any

import aiohttp

from tests.support.client import LEGACY, Client, KernelWebsocket, wait_until
from tests.support.processes import ServerProcess

TIMEOUT = 10.0  # seconds to wait for an answer
LISTS = ("/api", "/api/kernelspecs", "/api/kernels", "/api/sessions", "/api/status")
CELL = "a local cell"
RETRY = "api/kernel-providers/faulty/retry"  # only this package has it

#: Seconds, or the failure that replaces an answer.
Sample = float | str


class SystemUnderTest:
    """
    A server that is measured.

    It has an open notebook with a kernel at the gateway. If it supports local kernels, it has a
    local kernel as well.
    """

    def __init__(self, name: str, process: ServerProcess, remote: str, local: str = "") -> None:
        self.name = name
        self.process = process
        self.requests = (*LISTS, CELL) if local else LISTS
        self._remote = remote
        self._local = local
        self._client: Client
        self._session: Any
        self._reader: asyncio.Task[None]
        self._kernel: KernelWebsocket | None = None

    async def open(self) -> None:
        """Start the server and its kernels."""
        await asyncio.to_thread(self.process.start)
        self._client = Client(self.process.url, self.process.token)
        await self._client.wait_for_kernelspec(self._remote)
        self._session = await self._client.start_session(self._remote)
        kernel = await self._client.connect(self._session["kernel"]["id"], LEGACY)
        self._reader = asyncio.create_task(_read(kernel))
        if self._local:
            self._kernel = await self._client.connect(await self._client.start_kernel(self._local))

    async def close(self) -> None:
        """Stop the server."""
        self._reader.cancel()
        await self._client.close()
        await asyncio.to_thread(self.process.stop, TIMEOUT)

    async def retry(self) -> str:
        """Let the server ask the gateway now and return the state; empty if it cannot."""
        with suppress(aiohttp.ClientError, asyncio.TimeoutError):
            reply = await asyncio.wait_for(self._client.request("POST", RETRY), TIMEOUT)
            return str(reply.body["state"]) if reply.status == 200 else ""
        return ""

    async def recover(self) -> bool:
        """Return whether everything works again; if it does not, start the server again."""
        with suppress(AssertionError):
            await wait_until(self._works, TIMEOUT)
            return True
        await self.close()
        await self.open()
        return False

    async def _works(self) -> bool:
        if await self.retry() not in ("", "online"):
            return False
        samples = await asyncio.gather(*map(self.sample, self.requests))
        return not any(isinstance(sample, str) for sample in samples)

    async def sample(self, request: str) -> Sample:
        """Return the seconds that a request takes, or its failure."""
        start = time.perf_counter()
        try:
            failure = await asyncio.wait_for(self._send(request), TIMEOUT)
        except asyncio.TimeoutError:
            return "hangs"
        except (aiohttp.ClientError, AssertionError) as error:
            return type(error).__name__
        return failure or time.perf_counter() - start

    async def _send(self, request: str) -> str:
        if request == CELL:
            assert self._kernel is not None
            await self._kernel.execute("1 + 1")
            return ""
        reply = await self._client.request("GET", request.removeprefix("/"))
        if reply.status != 200:
            return str(reply.status)
        return "" if self._is_complete(request, reply.body) else "incomplete"

    def _is_complete(self, path: str, body: Any) -> bool:
        if path == "/api/kernelspecs":
            return self._remote in body["kernelspecs"]
        if path == "/api/kernels":
            return self._session["kernel"]["id"] in [kernel["id"] for kernel in body]
        if path == "/api/sessions":
            return self._session["id"] in [session["id"] for session in body]
        return True


async def _read(kernel: KernelWebsocket) -> None:
    async for _ in kernel.messages():
        pass
