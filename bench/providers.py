"""Where kernels run, and what goes wrong on the way there."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.integration.test_faults import FAULTS
from tests.support.client import Client
from tests.support.fault_proxy import FaultProxy
from tests.support.processes import free_port, kernel_gateway
from tests.support.tcp_proxy import TcpProxy

from .event_log import Diary

#: What may be wrong with the way: it is cut; what is on it comes late; what is on it never comes.
WAYS = ("cut", "delay", "dead end")
EXIT = 5.0  # seconds that a gateway has to stop, before it is killed


@dataclass
class Span:
    """A time, which may still go on."""

    begin: float
    end: float = math.inf


@contextmanager
def during(spans: list[Span]) -> Iterator[None]:
    """Add the time that this takes."""
    span = Span(time.time())
    spans.append(span)
    try:
        yield
    finally:
        span.end = time.time()


class Place:
    """Where kernels run; if it is nothing more than that, on this machine."""

    def __init__(self, name: str, kernel_name: str = "python3") -> None:
        self.name = name
        self.kernel_name = kernel_name
        #: When frames on the way may have been lost, whoever had sent them.
        self.losses: list[Span] = []
        #: When whatever was on the way had to wait, also the news that it was cut.
        self.delays: list[Span] = []
        #: When all kernels here have ended.
        self.ends: list[Span] = []
        self.troubles: list[Span] = []
        #: Talks to the server that the kernels run at.
        self.client: Client

    def was_troubled(self, since: float) -> bool:
        """Tell whether something was wrong with it at some time since then."""
        return any(trouble.end >= since for trouble in self.troubles)

    async def has_miscounted(self, kernel_id: str) -> bool:
        """
        Tell whether the server believes that nobody is connected to a kernel which has answered.

        Jupyter Server counts a websocket that is cut during the handshake when it ends, and not
        when it begins. From then on it keeps no output while nobody is connected.
        """
        model = await self.client.get(f"api/kernels/{kernel_id}")
        return bool(model["connections"] < 1)


class Remote(Place):
    """A Kernel Gateway behind a proxy with faults behind a tunnel."""

    def __init__(self, name: str, folder: Path, diary: Diary) -> None:
        super().__init__(name, f"{name}/python3")
        self.gateway = kernel_gateway(folder, name, token=f"token-of-{name}", listing=True)
        self._diary = diary

    async def open(self, stack: AsyncExitStack) -> None:
        """Start everything."""
        stack.callback(self.gateway.stop)
        await asyncio.to_thread(self.gateway.start)
        self.client = Client(self.gateway.url, self.gateway.token)
        stack.push_async_callback(self.client.close)
        port = free_port()
        self._proxy = FaultProxy(self.gateway.url, port)
        await self._proxy.open()
        stack.push_async_callback(self._proxy.close)
        self.tunnel = await TcpProxy.open(port)
        stack.push_async_callback(self.tunnel.close)

    async def suffer(self, fault: str, only: str, seconds: float) -> None:
        """Have a fault for so long; one that is an answer, on paths with ``only`` in them."""
        self._diary.note(self.name, f"{fault} {only} for {seconds:.1f} s")
        with during(self.troubles):
            if fault == "delay":
                with during(self.delays):
                    self.tunnel.swallow()
                    await asyncio.sleep(seconds)
                    await self.tunnel.mend()
            elif fault == "dead end":
                with during(self.losses):
                    self.tunnel.swallow()
                    await asyncio.sleep(seconds)
                    await self.tunnel.cut()
            else:
                with during(self.losses):
                    await self._break(fault, only)
                await asyncio.sleep(seconds)
            self._proxy.end()
            await self.tunnel.mend()
        self._diary.note(self.name, "is well")

    async def _break(self, fault: str, only: str) -> None:
        if fault == "cut":
            await self.tunnel.cut()
        else:
            await self._proxy.begin(FAULTS[fault][0], only)

    async def restart(self, *, is_crash: bool) -> None:
        """Start the gateway again, without its kernels."""
        self._diary.note(self.name, "is killed" if is_crash else "is stopped")
        with during(self.troubles), during(self.ends):
            await self.tunnel.cut()
            if is_crash:
                await asyncio.to_thread(self.gateway.kill)
            else:
                await asyncio.to_thread(self.gateway.stop, EXIT)
            await asyncio.to_thread(self.gateway.start)
            await self.tunnel.mend()
        self._diary.note(self.name, "is there again")
