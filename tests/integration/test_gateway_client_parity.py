"""With ``--gateway-url``, a gateway gets the same requests as from Jupyter Server's own client."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.conftest import STOCK
from tests.support.client import Client
from tests.support.processes import ROOT, free_port, jupyter_server
from tests.support.web_runner import stop

pytestmark = [pytest.mark.server, pytest.mark.timeout(120)]

#: Headers that every HTTP client has, and those of one of the two clients only.
ORDINARY = {"host", "connection", "accept", "accept-encoding", "user-agent", "content-length"}
OURS_ONLY = {"x-xsrftoken"}
CASES: dict[str, list[str]] = {
    "token": [
        "--GatewayClient.auth_token=token-of-gateway",
        "--GatewayClient.auth_scheme=Bearer",
        "--GatewayClient.auth_header_key=X-Auth",
        '--GatewayClient.headers={{"X-Team": "blue", "X-Auth": "overruled"}}',
        "--GatewayClient.accept_cookies=True",
        "--GatewayClient.request_timeout=65",
        "--GatewayClient.launch_timeout_pad=5",
        "--GatewayClient.allowed_envs=WANTED,ALSO",
    ],
    "password": [
        "--GatewayClient.http_user=ada",
        "--GatewayClient.http_pwd=token-of-ada",
    ],
    "password and token": [
        "--GatewayClient.http_user=ada",
        "--GatewayClient.http_pwd=token-of-ada",
        "--GatewayClient.auth_token=token-of-gateway",
    ],
    "renewer": [
        "--GatewayClient.auth_token=token-of-gateway",
        "--GatewayClient.gateway_token_renewer_class=tests.support.token_renewer.Renewer",
    ],
}


class Recorder:
    """A scripted gateway that records the requests it gets."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self._kernels: dict[str, dict[str, str]] = {}

    async def answer(self, request: web.Request) -> web.Response:
        """Record a request, and answer as a gateway with one kernelspec."""
        headers = {n.lower(): v for n, v in request.headers.items()}
        body = await request.json() if request.method == "POST" and request.can_read_body else None
        self.requests.append(
            {
                "request": f"{request.method} {request.path_qs}",
                "headers": {n: v for n, v in headers.items() if n not in ORDINARY | OURS_ONLY},
                "body": body,
            }
        )
        response = self._answer(request)
        response.headers["Set-Cookie"] = "backend=s1; Path=/"
        return response

    def _answer(self, request: web.Request) -> web.Response:
        if request.path == "/api/kernelspecs":
            spec = {"argv": [], "display_name": "Py", "language": "python", "metadata": {}}
            model = {"name": "py", "spec": spec, "resources": {}}
            return web.json_response({"default": "py", "kernelspecs": {"py": model}})
        if request.method == "POST":
            kernel_id = str(uuid.uuid4())
            self._kernels[kernel_id] = {"id": kernel_id, "name": "py", "execution_state": "idle"}
            return web.json_response(self._kernels[kernel_id], status=201)
        kernel_id = request.path.split("/")[-1]
        if request.method == "DELETE":
            return web.Response(status=204)
        if request.path == "/api/kernels":
            return web.json_response([*self._kernels.values()])
        return web.json_response(self._kernels.get(kernel_id, {"message": ""}))

    def last(self, begin: str) -> dict[str, Any]:
        """Return the last request that begins with this text."""
        return [one for one in self.requests if one["request"].startswith(begin)][-1]


@pytest.fixture
async def recorders() -> AsyncIterator[dict[str, tuple[Recorder, str]]]:
    """Two such gateways with their addresses: for the stock client, and for ours."""
    async with AsyncExitStack() as stack:
        found = {}
        for name in ("stock", "ours"):
            recorder, app = Recorder(), web.Application()
            app.router.add_route("*", "/{path:.*}", recorder.answer)
            runner = web.AppRunner(app, shutdown_timeout=0.1)
            stack.push_async_callback(stop, runner)
            await runner.setup()
            port = free_port()
            await web.TCPSite(runner, "127.0.0.1", port).start()
            found[name] = (recorder, f"http://127.0.0.1:{port}")
        yield found


@pytest.mark.parametrize("case", CASES)
async def test_requests_equal_those_of_the_stock_client(
    recorders: dict[str, tuple[Recorder, str]], tmp_path: Path, case: str
) -> None:
    """Credentials, cookies, the user's kernelspecs, and all that a start says of the kernel."""
    seen: dict[str, dict[str, Any]] = {}
    for name, (recorder, url) in recorders.items():
        env = {"PYTHONPATH": str(ROOT), "WANTED": "1", "UNWANTED": "1", "KERNEL_X": "1"}
        if "password" not in case:  # a user sets it
            env["KERNEL_USERNAME"] = "eve"
        server = jupyter_server(
            tmp_path / name,
            token="token-of-server",
            arguments=[f"--gateway-url={url}", *CASES[case]],
            env=env,
            config=STOCK if name == "stock" else None,
        )
        (server.root / "folder").mkdir()
        server.start()
        async with Client(server.url, server.token) as client:
            await client.wait_for_kernelspec("py")
            await client.start_session("py", "folder/nb.ipynb")
            seen[name] = {
                "list": recorder.last("GET /api/kernelspecs"),
                "start": recorder.last("POST /api/kernels"),
            }
        await server.stop_async()
        server.log_path.unlink()  # the stock client logs the environment, with this server's token
        start = seen[name]["start"]
        environment = start["body"]["env"]
        folder = Path(environment["KERNEL_WORKING_DIR"])
        environment["KERNEL_WORKING_DIR"] = str(folder.relative_to(server.root))
        start["body"] = {"name": start["body"]["name"], "env": environment}
    ours, stock = seen["ours"], seen["stock"]
    assert ours["start"]["body"]["env"].pop("KERNEL_ID"), "for an Enterprise Gateway"
    for one in (*ours.values(), *stock.values()):
        one["headers"]["cookie"] = sorted(
            cookie
            for cookie in one["headers"].get("cookie", "").split("; ")
            if cookie and not cookie.startswith("_xsrf")
        )
    assert ours["start"] == stock["start"]
    if "password" in case:
        # The stock client knows the user only after the first start.
        assert ours["list"].pop("request") == "GET /api/kernelspecs?user=ada"
        stock["list"].pop("request")
    assert ours["list"] == stock["list"]
