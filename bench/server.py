"""The server that is put to the test."""

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
from .event_log import Diary
from .providers import Place, Remote, Span, during

TOKEN = "token-of-the-server"
WRITTEN = 3.0  # seconds until a session is written down, to be found again after a crash


class Server:
    """A Jupyter Server with providers, the last of which has its kernels stopped at the exit."""

    def __init__(self, folder: Path, local: Place, remotes: Sequence[Remote], diary: Diary) -> None:
        self._places = (local, *remotes)
        self._ending = (local, remotes[-1])
        self._diary = diary
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
                "url": f"http://127.0.0.1:{remote.tunnel.port}/",
                "token": {"value": remote.gateway.token},
                "refresh_interval": 2,
                "timeouts": {"connect": 2, "request": 5, "start": 20},
                "on_server_exit": "shutdown" if remote in self._ending else "keep",
            }
            declare(self.process, remote.name, settings)
        #: When it could not be reached.
        self.absences: list[Span] = []
        self.crashes: list[float] = []
        #: The exits: seconds that they took, and codes.
        self.exits: list[tuple[float, int]] = []

    async def restart(self, *, is_crash: bool) -> None:
        """End and start again."""
        self._diary.note("server", "is killed" if is_crash else "is stopped")
        if is_crash:
            self.crashes.append(time.time())
        with ExitStack() as stack:
            stack.enter_context(during(self.absences))
            for place in self._places:
                if place in self._ending[: 1 if is_crash else 2]:
                    stack.enter_context(during(place.ends))
            await self._end(is_crash)
            await asyncio.to_thread(self.process.start)
        self._diary.note("server", "is there again")

    async def _end(self, is_crash: bool) -> None:
        with ExitStack() as stack:
            for place in self._places:
                stack.enter_context(during(place.losses))
            await (asyncio.to_thread(self.process.kill) if is_crash else self.exit())

    async def exit(self) -> None:
        """Stop as a service manager has it stop."""
        begun = time.monotonic()
        code = await asyncio.to_thread(self.process.stop)
        self.exits.append((time.monotonic() - begun, code))

    def was_away(self, since: float) -> bool:
        """Tell whether it could not be reached at some time since then."""
        return any(absence.end > since for absence in self.absences)

    def may_have_forgotten(self, session: float) -> bool:
        """Tell whether a session of this time was so new at a crash that it was lost."""
        return any(abs(crash - session) < WRITTEN for crash in self.crashes)

    async def measure(self, client: Client) -> dict[str, Any]:
        """Return what must not grow."""
        assert self.process.process is not None
        process = psutil.Process(self.process.process.pid)
        inside = await client.get(probe.PATH)
        return {
            "MiB of memory": process.memory_info().rss // 2**20,
            "descriptors": process.num_fds(),
            "connections": len(process.net_connections()),
            "threads": process.num_threads(),
            "processes": len(process.children(recursive=True)),
            "tasks": sum(inside["tasks"].values()),
            "objects": inside["objects"],
        }
