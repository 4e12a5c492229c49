"""The providers of a soak run, with their faults."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.client import Client
from tests.support.fault_proxy import FaultProxy
from tests.support.faults import FAULTS
from tests.support.processes import free_port, kernel_gateway
from tests.support.tcp_proxy import TcpProxy

from .event_log import EventLog

#: Faults of a connection: it is cut; data arrives late; data never arrives, and then it is cut.
CONNECTION_FAULTS = ("cut", "delay", "dead end")
EXIT_TIMEOUT = 5.0  # seconds for a gateway to stop before it is killed


@dataclass
class Span:
    """A period, which may not have ended."""

    begin: float
    end: float = math.inf


@contextmanager
def recording(spans: list[Span]) -> Iterator[None]:
    """Add the period of this context to a list."""
    span = Span(time.time())
    spans.append(span)
    try:
        yield
    finally:
        span.end = time.time()


class Provider:
    """A provider of the server under test; this class is for the server's local kernels."""

    def __init__(self, name: str, kernel_name: str = "python3") -> None:
        self.name = name
        self.kernel_name = kernel_name
        #: The periods in which frames in transit may have been lost.
        self.losses: list[Span] = []
        #: The periods in which frames in transit, and the news of a cut, had to wait.
        self.delays: list[Span] = []
        #: The periods in which all kernels of this provider ended.
        self.kernel_ends: list[Span] = []
        self.faults: list[Span] = []
        #: A client of the server that runs the kernels.
        self.client: Client

    def had_fault(self, since: float) -> bool:
        """Return whether there was a fault since a time."""
        return any(fault.end >= since for fault in self.faults)

    async def counts_no_connection(self, kernel_id: str) -> bool:
        """
        Return whether the server counts no connection to a kernel that has just replied.

        Jupyter Server decrements the count when a websocket that was cut during the handshake
        ends, but has not incremented it. From then on it keeps no output for a kernel without
        connections.
        """
        model = await self.client.get(f"api/kernels/{kernel_id}")
        return bool(model["connections"] < 1)


class RemoteProvider(Provider):
    """A Kernel Gateway behind a proxy with faults, which is behind a TCP proxy."""

    def __init__(self, name: str, folder: Path, log: EventLog) -> None:
        super().__init__(name, f"{name}/python3")
        self.gateway = kernel_gateway(folder, name, token=f"token-of-{name}", listing=True)
        self._log = log

    async def open(self, stack: AsyncExitStack) -> None:
        """Start the gateway and the proxies."""
        stack.callback(self.gateway.stop)
        await asyncio.to_thread(self.gateway.start)
        self.client = Client(self.gateway.url, self.gateway.token)
        stack.push_async_callback(self.client.close)
        port = free_port()
        self._proxy = FaultProxy(self.gateway.url, port)
        await self._proxy.open()
        stack.push_async_callback(self._proxy.close)
        self.tcp_proxy = await TcpProxy.open(port)
        stack.push_async_callback(self.tcp_proxy.close)

    async def inject(self, fault: str, only: str, seconds: float) -> None:
        """Have a fault for some seconds; a faulty answer only for paths that contain ``only``."""
        self._log.add(self.name, f"{fault} {only} for {seconds:.1f} s")
        with recording(self.faults):
            if fault == "delay":
                with recording(self.delays):
                    self.tcp_proxy.stall()
                    await asyncio.sleep(seconds)
                    await self.tcp_proxy.restore()
            elif fault == "dead end":
                with recording(self.losses):
                    self.tcp_proxy.stall()
                    await asyncio.sleep(seconds)
                    await self.tcp_proxy.cut()
            else:
                with recording(self.losses):
                    await self._begin(fault, only)
                await asyncio.sleep(seconds)
            self._proxy.end()
            await self.tcp_proxy.restore()
        self._log.add(self.name, "fault has ended")

    async def _begin(self, fault: str, only: str) -> None:
        if fault == "cut":
            await self.tcp_proxy.cut()
        else:
            await self._proxy.begin(FAULTS[fault][0], only)

    async def restart(self, *, is_crash: bool) -> None:
        """Restart the gateway, which ends its kernels."""
        self._log.add(self.name, "is killed" if is_crash else "is stopped")
        with recording(self.faults), recording(self.kernel_ends):
            await self.tcp_proxy.cut()
            if is_crash:
                await asyncio.to_thread(self.gateway.kill)
            else:
                await asyncio.to_thread(self.gateway.stop, EXIT_TIMEOUT)
            await asyncio.to_thread(self.gateway.start)
            await self.tcp_proxy.restore()
        self._log.add(self.name, "has restarted")
