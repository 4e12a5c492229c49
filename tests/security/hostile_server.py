"""A remote server whose answers a test chooses."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from tests.support.web_runner import stop

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]

KERNELSPEC = {
    "name": "py",
    "spec": {"argv": [], "display_name": "Py", "language": "python", "metadata": {}},
    "resources": {"logo-svg": "/kernelspecs/py/logo-svg.svg"},
}


class HostileServer:
    """Answers as a Jupyter server with one kernelspec, ``py``, unless it is told otherwise."""

    def __init__(self, port: int) -> None:
        self.port = port
        #: What a test chooses: "METHOD /path" as a regular expression, and the answer.
        self.answers: dict[str, Answer] = {}
        #: All requests, with their paths as they are received.
        self.requests: list[str] = []
        self.kernels: set[str] = set()
        self._runner: web.AppRunner | None = None

    async def open(self) -> None:
        """Listen."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()

    async def close(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await stop(self._runner)

    def kernelspecs(self, kernelspecs: object) -> None:
        """Answer with these kernelspecs."""
        body = json.dumps({"default": "py", "kernelspecs": kernelspecs})
        self.answers["GET /api/kernelspecs"] = respond(200, body)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        asked = f"{request.method} {request.raw_path}"
        self.requests.append(asked)
        for pattern, answer in self.answers.items():
            if re.fullmatch(pattern, asked):
                return await answer(request)
        return await self._ordinary(request)

    async def _ordinary(self, request: web.Request) -> web.StreamResponse:
        match request.method, request.path.rstrip("/").split("/")[1:]:
            case "GET", ["api", "kernelspecs"]:
                listed = {"default": "py", "kernelspecs": {"py": KERNELSPEC}}
                return web.json_response(listed)
            case "GET", ["api", "kernels"]:
                return web.json_response([model(kernel_id) for kernel_id in self.kernels])
            case "POST", ["api", "kernels"]:
                kernel_id = (await request.json())["kernel_id"]
                self.kernels.add(kernel_id)
                return web.json_response(model(kernel_id), status=201)
            case "GET", ["api", "kernels", kernel_id] if kernel_id in self.kernels:
                return web.json_response(model(kernel_id))
            case "DELETE", ["api", "kernels", *rest]:
                self.kernels.discard("/".join(rest))
                return web.Response(status=204)
            case "GET", ["kernelspecs", *_]:
                return web.Response(body=b"<svg/>", content_type="image/svg+xml")
        return web.json_response({"message": "There is no such thing."}, status=404)


def model(kernel_id: str, **more: Any) -> dict[str, Any]:
    """Return a kernel's model."""
    times = {"last_activity": "2026-01-01T00:00:00Z", "connections": 0}
    return {"id": kernel_id, "name": "py", "execution_state": "idle", **times, **more}


def respond(status: int, body: str = "", **headers: str) -> Answer:
    """Answer with JSON text; an underscore in a header's name becomes a hyphen."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(
            status=status,
            body=body.encode("utf-8", "surrogatepass"),
            headers={"Content-Type": "application/json", **named},
        )

    return answer
