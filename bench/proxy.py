"""
A proxy with faults, in a separate process so that its CPU time does not affect measurements.

    python -m bench.proxy <address of the gateway> <port>

Each line of its input names the next fault; an empty line means no fault. It confirms each line
with an empty line. `ProxyProcess` starts it.
"""

from __future__ import annotations

import asyncio
import sys

from tests.support.fault_proxy import FaultProxy
from tests.support.faults import FAULTS
from tests.support.processes import ROOT, free_port

REFUSED = "refused connection"
NAMES = (REFUSED, *FAULTS)


class ProxyProcess:
    """The process with the proxy."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._port = free_port()
        self._process: asyncio.subprocess.Process
        self.url = f"http://127.0.0.1:{self._port}"

    async def open(self) -> None:
        """Start it."""
        command = (sys.executable, "-m", "bench.proxy", self._target, str(self._port))
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(
            *command, cwd=ROOT, stdin=pipe, stdout=pipe
        )
        await self.set_fault("")

    async def set_fault(self, fault: str) -> None:
        """Begin a fault, which ends the previous one; an empty name only ends it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{fault}\n".encode())
        await self._process.stdout.readline()

    async def close(self) -> None:
        """Stop it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()


async def run(target: str, port: int) -> None:
    """Serve one fault after the other, until the input ends."""
    proxy = FaultProxy(target, port)
    await proxy.open()
    fault = ""
    while line := await asyncio.to_thread(sys.stdin.readline):
        previous, fault = fault, line.strip()
        if previous == REFUSED:
            await proxy.open()
        proxy.end()
        if fault == REFUSED:
            await proxy.close()
        elif fault:
            await proxy.begin(FAULTS[fault][0])
        print(flush=True)
    await proxy.close()


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1], int(sys.argv[2])))
