"""A Jupyter Server extension that reports objects, tasks and event loop delays of its server."""

from __future__ import annotations

import asyncio
import gc
from collections import Counter
from typing import Any

from jupyter_server.base.handlers import APIHandler
from jupyter_server.serverapp import ServerApp
from jupyter_server.utils import url_path_join
from tornado import web

PATH = "bench/probe"
DELAYS_PATH = "bench/delays"
INTERVAL = 0.005  # seconds between two measurements of the event loop's delay


class ObjectsHandler(APIHandler):
    """Returns the number of Python objects, and the number of asyncio tasks by coroutine."""

    @web.authenticated
    def get(self) -> None:
        """Collect garbage, then count."""
        gc.collect()
        running: Counter[str] = Counter()
        for task in asyncio.all_tasks():
            coroutine: Any = task.get_coro()
            # An awaitable of a library, such as aiohttp's handshake, has no name but its class's.
            named = coroutine if hasattr(coroutine, "__qualname__") else type(coroutine)
            running[named.__qualname__] += 1
        self.finish({"tasks": running, "objects": len(gc.get_objects())})


class DelayMonitor:
    """Measures the event loop's delay continuously, from the first request on."""

    def __init__(self) -> None:
        self._delays: list[float] = []
        self._task: asyncio.Task[None] | None = None

    def take(self) -> list[float]:
        """Return the delays since the last call, in seconds."""
        if self._task is None:
            self._task = asyncio.create_task(self._measure())
        delays, self._delays = self._delays, []
        return delays

    async def _measure(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due += INTERVAL
            await asyncio.sleep(max(due - loop.time(), 0))
            # The schedule is fixed: a loop that is blocked for long adds many delays.
            self._delays.append(loop.time() - due)


class DelaysHandler(APIHandler):
    """Returns the event loop's delays since the last request, in seconds."""

    def initialize(self, monitor: DelayMonitor) -> None:
        """Store the monitor."""
        self._monitor = monitor

    @web.authenticated
    def get(self) -> None:
        """Return the delays and remove them."""
        self.finish({"delays": self._monitor.take()})


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": __name__}]


def _load_jupyter_server_extension(serverapp: ServerApp) -> None:
    rules: list[Any] = [
        (url_path_join(serverapp.base_url, PATH), ObjectsHandler),
        (
            url_path_join(serverapp.base_url, DELAYS_PATH),
            DelaysHandler,
            {"monitor": DelayMonitor()},
        ),
    ]
    serverapp.web_app.add_handlers(".*$", rules)
