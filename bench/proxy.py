"""
A proxy with faults as a process of its own, so that its work costs those who measure nothing.

    python -m bench.proxy <address of the gateway> <port>

Each line of its input names the fault to have from now on; an empty one is for none. It answers
each with an empty line when that is so. `Proxy` starts it.
"""

from __future__ import annotations

import asyncio
import sys

from tests.integration.test_faults import FAULTS
from tests.support.fault_proxy import FaultProxy
from tests.support.processes import ROOT, free_port

REFUSED = "a connection that is refused"
NAMES = (REFUSED, *FAULTS)


class Proxy:
    """The process."""

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
        await self.have("")

    async def have(self, fault: str) -> None:
        """Have a fault from now on, or none."""
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
    """Have one fault after another, until there is no more input."""
    proxy = FaultProxy(target, port)
    await proxy.open()
    fault = ""
    while line := await asyncio.to_thread(sys.stdin.readline):
        before, fault = fault, line.strip()
        if before == REFUSED:
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
