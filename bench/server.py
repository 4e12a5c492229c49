"""The server under test in a soak run."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psutil

from tests.support.client import Client
from tests.support.processes import ROOT, declare, jupyter_server

from . import probe
from .event_log import EventLog
from .providers import Provider, RemoteProvider, Span, recording

TOKEN = "token-of-the-server"
STORE_DELAY = 3.0  # seconds until a session is stored, so that it is found after a crash


class Server:
    """A Jupyter Server with providers; the kernels of the last one are stopped at its exit."""

    def __init__(
        self, folder: Path, local: Provider, remotes: Sequence[RemoteProvider], log: EventLog
    ) -> None:
        self._providers = (local, *remotes)
        self._stopped_at_exit = (local, remotes[-1])
        self._log = log
        self.process = jupyter_server(
            folder,
            token=TOKEN,
            env={"PYTHONPATH": str(ROOT)},
            config={
                "ServerApp": {"jpserver_extensions": {probe.__name__: True}},
                "KernelProviders": {"start_patience": 3},
            },
        )
        for remote in remotes:
            settings = {
                "url": f"http://127.0.0.1:{remote.tcp_proxy.port}/",
                "token": {"value": remote.gateway.token},
                "refresh_interval": 2,
                "timeouts": {"connect": 2, "request": 5, "start": 20},
                "on_server_exit": "shutdown" if remote in self._stopped_at_exit else "keep",
            }
            declare(self.process, remote.name, settings)
        self.downtimes: list[Span] = []
        self.crashes: list[float] = []
        #: The seconds and the exit code of each exit.
        self.exits: list[tuple[float, int]] = []

    async def restart(self, *, is_crash: bool) -> None:
        """Kill or stop the server, and start it again."""
        self._log.add("server", "is killed" if is_crash else "is stopped")
        if is_crash:
            self.crashes.append(time.time())
        with ExitStack() as stack:
            stack.enter_context(recording(self.downtimes))
            for provider in self._providers:
                if provider in self._stopped_at_exit[: 1 if is_crash else 2]:
                    stack.enter_context(recording(provider.kernel_ends))
            await self._end(is_crash)
            await asyncio.to_thread(self.process.start)
        self._log.add("server", "has restarted")

    async def _end(self, is_crash: bool) -> None:
        with ExitStack() as stack:
            for provider in self._providers:
                stack.enter_context(recording(provider.losses))
            await (asyncio.to_thread(self.process.kill) if is_crash else self.exit())

    async def exit(self) -> None:
        """Stop the server as a service manager does."""
        start = time.monotonic()
        code = await asyncio.to_thread(self.process.stop)
        self.exits.append((time.monotonic() - start, code))

    def was_down(self, since: float) -> bool:
        """Return whether the server was down at some time since then."""
        return any(downtime.end > since for downtime in self.downtimes)

    def may_have_lost(self, session: float) -> bool:
        """Return whether a session that was created at a time was too new to survive a crash."""
        return any(abs(crash - session) < STORE_DELAY for crash in self.crashes)

    async def measure(self, client: Client) -> dict[str, Any]:
        """Return the numbers that must not grow."""
        assert self.process.process is not None
        process = psutil.Process(self.process.process.pid)
        objects = await client.get(probe.PATH)
        return {
            "MiB of memory": process.memory_info().rss // 2**20,
            "descriptors": process.num_fds(),
            "connections": len(process.net_connections()),
            "threads": process.num_threads(),
            "processes": len(process.children(recursive=True)),
            "tasks": sum(objects["tasks"].values()),
            "objects": objects["objects"],
        }
