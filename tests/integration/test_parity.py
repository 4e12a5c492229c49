"""Installed but without a provider, a server answers every request like a stock server."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import STOCK
from tests.support.client import Client, Reply
from tests.support.processes import ServerProcess, jupyter_server

pytestmark = pytest.mark.server

Answers = list[tuple[str, int, Mapping[str, str], Any]]
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
HEADERS = ("Content-Type", "Location", "Cache-Control", "Content-Security-Policy", "Etag")


def normalised(value: Any, server: ServerProcess) -> Any:
    """Return a value without parts that differ between runs: ids, times, ports, folders."""
    if isinstance(value, dict):
        return {key: normalised(item, server) for key, item in value.items()}
    if isinstance(value, list):
        return [normalised(item, server) for item in value]
    if isinstance(value, str):
        value = value.replace(str(server.folder), "FOLDER").replace(str(server.port), "PORT")
        return TIME.sub("TIME", UUID.sub("UUID", value))
    return value


async def answers(server: ServerProcess) -> Answers:
    """Send valid and invalid requests to all four APIs, and return the answers."""
    client = Client(server.url, server.token)
    found: Answers = []

    async def send(method: str, path: str, body: object = None) -> Reply:
        reply = await client.request(method, path, body)
        headers = {name: reply.headers[name] for name in HEADERS if name in reply.headers}
        if path.startswith("api/"):
            headers.pop("Etag", None)  # a hash of a body with ids and times
        label = f"{method} {UUID.sub('UUID', path)}"
        found.append((label, reply.status, normalised(headers, server), reply.body))
        return reply

    for path in (
        "api/kernelspecs",
        "api/kernelspecs/python3",
        "api/kernelspecs/PYTHON3",
        "api/kernelspecs/nothing",
        "api/kernelspecs/a%2Fb",
        "kernelspecs/python3/logo-64x64.png",
        "kernelspecs/python3/logo-svg.svg",
        "kernelspecs/python3/nothing.png",
        "kernelspecs/nothing/logo-64x64.png",
        "api/kernels",
        "api/sessions",
        "api/status",
    ):
        await send("GET", path)
    await send("HEAD", "kernelspecs/python3/logo-svg.svg")

    start_stock_or_ours = await send("POST", "api/kernels", {"name": "python3"})
    kernel = f"api/kernels/{start_stock_or_ours.body['id']}"
    await send("POST", "api/kernels")
    await send("POST", "api/kernels", {"name": "nothing"})
    await client.run(start_stock_or_ours.body["id"], "print(1)")
    for path in (kernel, "api/kernels", "api/status"):
        await send("GET", path)
    await send("POST", f"{kernel}/interrupt")
    await send("POST", f"{kernel}/restart")
    await client.run(start_stock_or_ours.body["id"], "print(1)")
    await send("GET", kernel)
    await send("DELETE", kernel)
    await send("DELETE", kernel)
    await send("GET", kernel)
    await send("POST", f"{kernel}/restart")

    wanted = {"path": "a.ipynb", "name": "a.ipynb", "type": "notebook"}
    created = await send("POST", "api/sessions", {**wanted, "kernel": {"name": "python3"}})
    session = f"api/sessions/{created.body['id']}"
    await send("POST", "api/sessions", {**wanted, "kernel": {"name": "python3"}})
    await send("POST", "api/sessions", {**wanted, "path": "b", "kernel": {"name": "nothing"}})
    await send("POST", "api/sessions", {"path": "c"})
    await send("PATCH", session, {"path": "d.ipynb"})
    await send("PATCH", session, {"kernel": {"name": "python3"}})
    await send("PATCH", session, {"kernel": {"name": "nothing"}})
    await send("PATCH", session, {"kernel": {"id": "no-such-kernel-is-here"}})
    await client.run((await client.get(session))["kernel"]["id"], "print(1)")
    for path in (session, "api/sessions", "api/kernels", "api/status"):
        await send("GET", path)
    await send("DELETE", session)
    await send("GET", session)
    await send("GET", "api/sessions")
    await client.close()
    return [(a, b, c, _without_state(normalised(d, server))) for a, b, c, d in found]


def _without_state(body: Any) -> Any:
    """Remove a kernel's state: whether it is already idle depends on the machine's load."""
    if isinstance(body, dict):
        return {k: _without_state(v) for k, v in body.items() if k != "execution_state"}
    return [_without_state(item) for item in body] if isinstance(body, list) else body


@pytest.fixture
def start_stock_or_ours(
    tmp_path: Path, request: pytest.FixtureRequest
) -> Callable[..., ServerProcess]:
    """Return a function that starts a server, which is stopped after the test."""

    def start(name: str, **options: Any) -> ServerProcess:
        process = jupyter_server(tmp_path / name, token="token-of-server", **options)
        # A stock server hangs at its exit after a request for a kernel that does not exist.
        request.addfinalizer(process.kill)
        return process.start()

    return start


@pytest.mark.parametrize("base_url", ["/", "/user/y/"])
async def test_every_answer_equals_stock(
    start_stock_or_ours: Callable[..., ServerProcess], base_url: str
) -> None:
    """The kernels, kernelspecs, sessions and status APIs give the same answers, errors included."""
    stock = await answers(start_stock_or_ours("stock", base_url=base_url, config=STOCK))
    ours = await answers(start_stock_or_ours("ours", base_url=base_url))
    for expected, found in zip(stock, ours, strict=True):
        assert found == expected
