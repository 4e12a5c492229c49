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

PATH = "bench/insight"
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
            running[coroutine.__qualname__] += 1
        self.finish({"tasks": running, "objects": len(gc.get_objects())})


class DelaysHandler(APIHandler):
    """Answers with the seconds by which the event loop came late, since the last time."""

    def initialize(self, delays: list[float]) -> None:
        """Take over where the delays are collected."""
        self._delays = delays

    @web.authenticated
    def get(self) -> None:
        """Return and forget what there is."""
        self.finish({"delays": self._delays[:]})
        self._delays.clear()


async def _watch(delays: list[float]) -> None:
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + INTERVAL
        await asyncio.sleep(INTERVAL)
        delays.append(loop.time() - due)


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": __name__}]


def _load_jupyter_server_extension(serverapp: ServerApp) -> None:
    delays: list[float] = []
    serverapp.io_loop.add_callback(_watch, delays)
    rules: list[Any] = [
        (url_path_join(serverapp.base_url, PATH), InsightHandler),
        (url_path_join(serverapp.base_url, DELAYS), DelaysHandler, {"delays": delays}),
    ]
    serverapp.web_app.add_handlers(".*$", rules)
