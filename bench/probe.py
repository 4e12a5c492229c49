"""A Jupyter Server extension that tells what is in the memory of the server that it runs in."""

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
DELAYS = "bench/delays"
INTERVAL = 0.005  # seconds between two looks at the event loop's delay


class InsightHandler(APIHandler):
    """Answers with the number of Python's objects, and of asyncio's tasks by what they run."""

    @web.authenticated
    def get(self) -> None:
        """Count what is still in use."""
        gc.collect()
        running: Counter[str] = Counter()
        for task in asyncio.all_tasks():
            coroutine: Any = task.get_coro()
            # A library's awaitable, such as a handshake of aiohttp's, has only its class's name.
            named = coroutine if hasattr(coroutine, "__qualname__") else type(coroutine)
            running[named.__qualname__] += 1
        self.finish({"tasks": running, "objects": len(gc.get_objects())})


class Delays:
    """Looks all the time how late the event loop is, from the first question on."""

    def __init__(self) -> None:
        self._found: list[float] = []
        self._task: asyncio.Task[None] | None = None

    def take(self) -> list[float]:
        """Return the seconds of delay since the last time."""
        if self._task is None:
            self._task = asyncio.create_task(self._look())
        found, self._found = self._found, []
        return found

    async def _look(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due += INTERVAL
            await asyncio.sleep(max(due - loop.time(), 0))
            # By a fixed schedule: a loop that is blocked for long is late for many looks.
            self._found.append(loop.time() - due)


class DelaysHandler(APIHandler):
    """Answers with the seconds by which the event loop came late, since the last time."""

    def initialize(self, delays: Delays) -> None:
        """Take over what looks."""
        self._delays = delays

    @web.authenticated
    def get(self) -> None:
        """Return and forget what there is."""
        self.finish({"delays": self._delays.take()})


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": __name__}]


def _load_jupyter_server_extension(serverapp: ServerApp) -> None:
    rules: list[Any] = [
        (url_path_join(serverapp.base_url, PATH), InsightHandler),
        (url_path_join(serverapp.base_url, DELAYS), DelaysHandler, {"delays": Delays()}),
    ]
    serverapp.web_app.add_handlers(".*$", rules)
