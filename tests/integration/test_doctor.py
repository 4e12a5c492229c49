"""``jupyter kernel-providers doctor`` with real servers: each fault and the step that finds it."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import ssl
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiohttp import web

from tests.support.client import V1, Client, wait_until
from tests.support.fault_proxy import (
    KERNELS,
    FaultProxy,
    altered_response,
    delayed_response,
    no_response,
    respond,
)
from tests.support.faults import PAGE
from tests.support.forward_proxy import ForwardProxy
from tests.support.processes import ServerProcess, free_port, jupyter_server
from tests.support.proxies import Nginx

pytestmark = pytest.mark.server

COMMAND = [sys.executable, "-m", "kernel_providers_ext", "doctor"]
CONNECTION = ["address", "DNS", "TCP", "proxy", "TLS", "HTTP"]
ASKING = ["token", "version", "kernelspecs"]
TALKING = ["start", "websocket", "protocol", "binary message", "round trip"]
ALL = [*CONNECTION, *ASKING, *TALKING, "stop"]


@dataclass
class Run:
    """What a command has printed to both outputs, and its exit code."""

    out: str
    err: str
    code: int

    @property
    def steps(self) -> list[dict[str, Any]]:
        """The steps that it has printed as JSON."""
        steps: list[dict[str, Any]] = json.loads(self.out)
        return steps

    @property
    def failures(self) -> list[dict[str, Any]]:
        """The steps that have failed."""
        return [step for step in self.steps if step["outcome"] == "failed"]


class Scene:
    """A user, whose provider ``far`` is a gateway behind a proxy with faults."""

    def __init__(self, gateway: ServerProcess, folder: Path, stack: AsyncExitStack) -> None:
        self.gateway = gateway
        self.folder = folder
        self.stack = stack
        self.proxy = FaultProxy(gateway.url, free_port())
        self.settings: dict[str, Any] = {
            "url": f"http://localhost:{self.proxy.port}",
            "label": "Far",
            "token": {"value": gateway.token},
            "timeouts": {"request": 10, "start": 20},
        }
        self.ca = trustme.CA()

    async def open(self, *, is_secure: bool = False) -> None:
        """Open the proxy, with TLS if so wanted."""
        context = None
        if is_secure:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            self.ca.issue_cert("localhost", common_name="localhost").configure_cert(context)
            self.ca.cert_pem.write_to_path(str(self.folder / "ca.pem"))
            self.settings["url"] = f"https://localhost:{self.proxy.port}"
        await self.proxy.open(context)
        self.stack.push_async_callback(self.proxy.close)

    async def forward(self, **options: Any) -> ForwardProxy:
        """Open a proxy of a company, through which the provider is reached."""
        proxy = ForwardProxy(**options)
        self.settings["proxy"] = await proxy.open()
        self.stack.push_async_callback(proxy.close)
        return proxy

    async def launch(self, *arguments: str) -> asyncio.subprocess.Process:
        """Start the command in a process of its own, with an empty configuration but ``far``."""
        providers = self.folder / "config" / "kernel_providers.d"
        providers.mkdir(parents=True, exist_ok=True)
        file = providers / "far.json"
        file.touch(mode=0o600)
        file.write_text(json.dumps(self.settings))
        kept = {n: v for n, v in os.environ.items() if not n.startswith(("JUPYTER", "KERNEL_"))}
        folders = {
            "JUPYTER_CONFIG_DIR": str(self.folder / "config"),
            "JUPYTER_DATA_DIR": str(self.folder / "data"),
            "JUPYTER_RUNTIME_DIR": str(self.folder / "runtime"),
            "JUPYTER_PLATFORM_DIRS": "1",
        }
        return await asyncio.create_subprocess_exec(
            *COMMAND,
            *arguments,
            env={**kept, **folders},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def run(self, *arguments: str, stdin: str = "") -> Run:
        """Run the command; it leaves no kernel at the gateway, and prints no secret."""
        process = await self.launch(*arguments)
        return await self.result(process, stdin)

    async def result(self, process: asyncio.subprocess.Process, stdin: str = "") -> Run:
        """Wait until the command has ended."""
        out, err = await asyncio.wait_for(process.communicate(stdin.encode()), 90)
        assert process.returncode is not None
        run = Run(out.decode(), err.decode(), process.returncode)
        assert "Traceback" not in run.err
        assert self.gateway.token not in run.out + run.err
        assert await self.kernels() == []
        return run

    async def kernels(self) -> list[Any]:
        """Return the kernels at the gateway."""
        async with Client(self.gateway.url, self.gateway.token) as client:
            kernels: list[Any] = await client.get("api/kernels")
            return kernels


@pytest.fixture
async def scene(remote_servers: dict[str, ServerProcess], tmp_path: Path) -> AsyncIterator[Scene]:
    """A scene without kernels."""
    async with AsyncExitStack() as stack:
        scene = Scene(remote_servers["gate-b"], tmp_path, stack)

        async def is_empty() -> bool:  # other tests may have left some to be stopped
            return not await scene.kernels()

        await wait_until(is_empty)
        yield scene


# -- all is well -----------------------------------------------------------------------------------


async def test_a_gateway_passes_all_steps(scene: Scene) -> None:
    """Lines for people, with what was found."""
    await scene.open()
    run = await scene.run("far")
    assert (run.err, run.code) == ("", 0)
    found = dict(re.findall(r"^[✓–] (\w+(?: \w+)?) {2,}(\S.*?)(?: {2,}\d+ ms)?$", run.out, re.M))
    assert list(found) == ALL
    assert found["address"] == f"http://localhost:{scene.proxy.port}"
    assert found["proxy"] == "none is configured"
    assert found["TLS"] == "the address begins with http://"
    assert found["token"] == "the token is accepted"
    assert found["version"].startswith("Kernel Gateway, Jupyter Server ")
    assert found["kernelspecs"] == "1 kernel"
    assert found["protocol"].startswith(f"{V1}, messages 5.")
    assert found["binary message"] == "256 KiB there and back, unchanged"
    assert re.fullmatch(r"\d+\.\d ms, the median of 5", found["round trip"])
    assert "\nStarting python3 at Far. It is stopped at the end.\n" in run.out
    assert run.out.endswith("\n\nAll is well.\n")
    posts = [request for request in scene.proxy.requests if request == "POST /api/kernels"]
    assert len(posts) == 1


async def test_tls_and_a_proxy_on_the_way_pass(scene: Scene) -> None:
    """The whole conversation goes through the tunnel of the proxy."""
    await scene.open(is_secure=True)
    proxy = await scene.forward(user="ada:token-of-ada")
    address = f"127.0.0.1:{proxy.port}"
    scene.settings |= {
        "tls": {"ca": str(scene.folder / "ca.pem")},
        "proxy": f"http://ada:token-of-ada@{address}",
    }
    run = await scene.run("far", "--json")
    assert [step["name"] for step in run.steps] == ALL
    assert run.failures == []
    assert "token-of-ada" not in run.out + run.err
    details = {step["name"]: step["detail"] for step in run.steps}
    assert details["TCP"] == f"127.0.0.1 accepts connections at port {proxy.port}"
    assert re.fullmatch(r"TLSv1\.\d, certificate of localhost expires in \d+ days", details["TLS"])
    assert set(proxy.requests) == {f"CONNECT localhost:{scene.proxy.port} HTTP/1.1"}
    assert run.code == 0


async def test_a_jupyter_server_is_examined_before_it_is_added(
    scene: Scene, remote_servers: dict[str, ServerProcess]
) -> None:
    """By its address, with a token from the standard input, and without a kernel."""
    far = remote_servers["far"]
    run = await scene.run(
        f"{far.url}lab/tree/a.ipynb", "--token-stdin", "--no-start", "--json", stdin=far.token
    )
    assert [step["name"] for step in run.steps] == [*CONNECTION, *ASKING]
    details = {step["name"]: step["detail"] for step in run.steps}
    assert details["address"] == far.url.rstrip("/")
    assert details["version"].startswith("Jupyter Server ")
    assert (run.failures, run.code) == ([], 0)
    assert far.token not in run.out + run.err


@pytest.fixture(scope="module")
def odd_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A Jupyter Server with the older protocol, and with kernels that do not start."""
    folder = tmp_path_factory.mktemp("odd-server")
    for name, argv in {
        "missing": ["/no/such/program"],
        "dying": [sys.executable, "-c", ""],
    }.items():
        path = folder / "data" / "kernels" / name / "kernel.json"
        path.parent.mkdir(parents=True)
        spec = {"argv": [*argv, "{connection_file}"], "display_name": name, "language": "x"}
        path.write_text(json.dumps(spec))
    process = jupyter_server(
        folder,
        token="token-of-odd",
        arguments=["--ZMQChannelsWebsocketConnection.kernel_ws_protocol="],
        config={"ServerApp": {"jpserver_extensions": {"kernel_providers_ext": False}}},
    ).start()
    yield process
    process.stop(timeout=5)


async def examine(scene: Scene, server: ServerProcess, *arguments: str) -> Run:
    """Examine a server, which has no kernels then."""
    scene.settings |= {"url": server.url, "token": {"value": server.token}}
    run = await scene.run("far", "--json", *arguments)
    async with Client(server.url, server.token) as client:
        assert await client.get("api/kernels") == []
    return run


async def test_the_older_protocol_passes(scene: Scene, odd_server: ServerProcess) -> None:
    """Binary messages included."""
    run = await examine(scene, odd_server)
    assert [step["name"] for step in run.steps] == ALL
    details = {step["name"]: step["detail"] for step in run.steps}
    assert details["protocol"].startswith("the older JSON one, messages 5.")
    assert details["binary message"] == "256 KiB there and back, unchanged"
    assert (run.failures, run.code) == ([], 0)


@pytest.mark.parametrize(
    ("kernel", "step", "words"),
    [
        ("missing", "start", "Far answered 500 to POST /api/kernels"),
        ("dying", "websocket", "The kernel dying of Far ended soon after its start."),
    ],
)
async def test_a_kernel_that_does_not_start(
    scene: Scene, odd_server: ServerProcess, kernel: str, step: str, words: str
) -> None:
    """The step and the server's words say why; nothing is left there."""
    run = await examine(scene, odd_server, f"--kernel={kernel}")
    [failed] = run.failures
    assert failed["name"] == step
    assert words in failed["cause"]
    assert failed["remedy"]
    assert run.code == 1


async def test_what_a_server_says_forges_no_line(scene: Scene) -> None:
    """Neither a step nor a colour."""
    await scene.open()
    words = {"version": "9\n✓ stop \x1b[31m"}
    altered = altered_response(scene.proxy.forward, lambda found: {**found, **words})
    await scene.proxy.begin(altered, only="/api$")
    run = await scene.run("far", "--no-start")
    assert "\x1b" not in run.out
    assert re.search(r"^✓ version .*9 ✓ stop \\x1b\[31m", run.out, re.MULTILINE)


# -- faults ----------------------------------------------------------------------------------------


async def bad_address(scene: Scene) -> None:
    """There is no host."""
    scene.settings["url"] = "http:///lab"


async def unknown_host(scene: Scene) -> None:
    """A name that no name server knows (RFC 6761, 6.4)."""
    scene.settings["url"] = "http://gpu.invalid:8888"


async def refused_port(scene: Scene) -> None:
    """The gateway does not run."""


async def untrusted_certificate(scene: Scene) -> None:
    """It is of an authority that this machine does not know."""
    await scene.open(is_secure=True)


async def https_for_http(scene: Scene) -> None:
    """The server has no TLS."""
    await scene.open()
    scene.settings["url"] = f"https://localhost:{scene.proxy.port}"


async def http_for_https(scene: Scene) -> None:
    """The server has TLS."""
    await scene.open(is_secure=True)
    scene.settings["url"] = f"http://localhost:{scene.proxy.port}"


async def proxy_down(scene: Scene) -> None:
    """Nothing listens where the company's proxy should be."""
    await scene.open()
    await (await scene.forward()).close()


async def proxy_with_password(scene: Scene) -> None:
    """The company's proxy asks for a password."""
    await scene.open(is_secure=True)
    await scene.forward(user="ada:token-of-ada")


async def proxy_without_a_way(scene: Scene) -> None:
    """The company's proxy does not reach the server."""
    await scene.open(is_secure=True)
    await scene.forward(status=504)


async def server_behind_it_down(scene: Scene) -> None:
    """A reverse proxy answers in its place."""
    await scene.open()
    await scene.proxy.begin(respond(502, PAGE, "text/html"))


async def wrong_token(scene: Scene) -> None:
    """The server refuses it."""
    await scene.open()
    scene.settings["token"] = {"value": "token-of-another"}


async def no_token(scene: Scene) -> None:
    """The server asks for one."""
    await scene.open()
    del scene.settings["token"]


async def unreadable_token(scene: Scene) -> None:
    """Its file is not there."""
    await scene.open()
    scene.settings["token"] = {"file": "/no/such/file"}


async def web_site(scene: Scene) -> None:
    """Every address is that of a page."""
    await scene.open()
    await scene.proxy.begin(respond(200, PAGE, "text/html"))


async def wrong_path(scene: Scene) -> None:
    """The server does not know the address."""
    await scene.open()
    await scene.proxy.begin(respond(404, PAGE, "text/html"))


async def no_kernelspecs(scene: Scene) -> None:
    """The server has no kernels."""
    await scene.open()
    empty = altered_response(scene.proxy.forward, lambda found: {**found, "kernelspecs": {}})
    await scene.proxy.begin(empty, only="kernelspecs")


async def failing_start(scene: Scene) -> None:
    """The server has words for it."""
    await scene.open()
    words = json.dumps({"message": "No GPU is free."})
    await scene.proxy.begin(respond(500, words), only=f"{KERNELS}")


async def blocked_websocket(scene: Scene) -> None:
    """NGINX as it is passes no websockets."""
    folder = scene.folder / "nginx"
    nginx = Nginx(folder, f"location / {{ proxy_pass {scene.gateway.url.rstrip('/')}; }}")
    scene.stack.callback(nginx.close)
    scene.settings["url"] = nginx.url


async def closed_websocket(scene: Scene) -> None:
    """It opens, and is closed at once."""
    await scene.open()

    async def drop(request: web.Request) -> web.StreamResponse:
        websocket = web.WebSocketResponse(protocols=[V1])
        await websocket.prepare(request)
        await websocket.close()
        return websocket

    await scene.proxy.begin(drop, only="/channels")


#: The fault: the step that fails, words of its cause and of its remedy.
FAULTS: dict[Callable[[Scene], Awaitable[None]], tuple[str, str, str]] = {
    bad_address: ("address", "far.json: the field 'url' is not a web address.", ""),
    unknown_host: ("DNS", "The host name of Far was not found.", "the host in the field 'url'"),
    refused_port: ("TCP", "Far refuses connections.", "Check that the server is running"),
    proxy_down: ("TCP", "The proxy for Far cannot be used: connection refused.", "'proxy'"),
    proxy_with_password: ("proxy", "cannot be used: answered 407.", "user:password@"),
    proxy_without_a_way: ("proxy", "cannot be used: answered 504.", "cannot reach the server"),
    untrusted_certificate: ("TLS", "The certificate of Far was not accepted", "'ca' of the field"),
    https_for_http: ("TLS", "Far does not speak https at its address.", "Is it http?"),
    http_for_https: ("HTTP", "Far does not speak http at its address.", "Is it https?"),
    server_behind_it_down: ("HTTP", "Far answered with an error (502).", "the proxy in front"),
    wrong_token: ("token", "Far refused the token (401)", "Check the field 'token'"),
    no_token: ("token", "Far refused a request without a token (401)", "Check the field 'token'"),
    unreadable_token: ("token", "The file /no/such/file cannot be read", "far.json"),
    web_site: ("kernelspecs", "not answer like a Jupyter server: an HTML page", "a login page"),
    wrong_path: ("kernelspecs", "there is no http://localhost:", "a base URL like /user/ada/"),
    no_kernelspecs: ("kernelspecs", "Far offers no kernels.", "pip install ipykernel"),
    failing_start: ("start", "500 to POST /api/kernels: No GPU is free.", "the server's log"),
    blocked_websocket: ("websocket", "websockets are blocked", "'Upgrade' and 'Connection'"),
    closed_websocket: ("protocol", "The connection to the kernel python3 of Far was closed", "log"),
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
async def test_a_fault_fails_its_step(
    scene: Scene, fault: Callable[[Scene], Awaitable[None]]
) -> None:
    """No step before it fails, none but the stop follows, and cause and remedy are said."""
    await fault(scene)
    run = await scene.run("far", "--json")
    step, cause, remedy = FAULTS[fault]
    names = [found["name"] for found in run.steps]
    tail = ["stop"] if ALL.index(step) > ALL.index("start") else []
    assert names == [*ALL[: ALL.index(step) + 1], *tail], run
    [failed] = run.failures
    assert failed["name"] == step
    assert cause in failed["cause"]
    assert remedy in failed["remedy"]
    assert failed["reason_code"]
    assert run.code == 1


# -- Ctrl-C ----------------------------------------------------------------------------------------


async def interrupt(
    scene: Scene, request: str, number: signal.Signals = signal.SIGINT, *arguments: str
) -> Run:
    """Send a signal to the command once the proxy has got a request."""
    process = await scene.launch("far", *arguments)

    async def is_asked() -> bool:
        return any(re.fullmatch(request, asked) for asked in scene.proxy.requests)

    await wait_until(is_asked)
    process.send_signal(number)
    return await scene.result(process)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
async def test_ctrl_c_during_a_start_leaves_no_kernel(
    scene: Scene, number: signal.Signals, code: int
) -> None:
    """The start is waited for, and then undone."""
    await scene.open()

    async def slow_start(request: web.Request) -> web.StreamResponse:
        if request.method == "POST":
            return await delayed_response(scene.proxy.forward, 1.0)(request)
        return await scene.proxy.forward(request)

    await scene.proxy.begin(slow_start, only=KERNELS)
    run = await interrupt(scene, "POST /api/kernels", number)
    assert run.code == code
    assert "Waiting for the kernel to start, so that it can be stopped." in run.out
    assert re.search(r"^✓ stop +the kernel is stopped", run.out, re.MULTILINE)
    assert any(request.startswith("DELETE") for request in scene.proxy.requests)


async def test_ctrl_c_while_a_kernel_runs_leaves_none(scene: Scene) -> None:
    """It is stopped at once; programs get the steps so far."""
    await scene.open()
    await scene.proxy.begin(no_response, only="/channels")
    run = await interrupt(scene, "GET /api/kernels/.*/channels", signal.SIGINT, "--json")
    assert [step["name"] for step in run.steps] == [*CONNECTION, *ASKING, "start", "stop"]
    assert run.code == 130


async def test_ctrl_c_before_a_kernel_runs_ends_at_once(scene: Scene) -> None:
    """There is nothing to stop."""
    await scene.open()
    await scene.proxy.begin(no_response)
    run = await interrupt(scene, "GET /api", signal.SIGINT)
    assert "stop" not in run.out
    assert run.out.endswith("\n\nEnded by SIGINT.\n")
    assert run.code == 130
