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


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": __name__}]


def _load_jupyter_server_extension(serverapp: ServerApp) -> None:
    path = url_path_join(serverapp.base_url, PATH)
    serverapp.web_app.add_handlers(".*$", [(path, InsightHandler)])
