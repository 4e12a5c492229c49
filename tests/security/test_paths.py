"""Names, file names and ids that are none: they leave no path, and cause no error."""

from __future__ import annotations

import json
import posixpath
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import aiohttp
import pytest
from yarl import URL

from tests.support.client import Client
from tests.support.fault_proxy import FaultProxy
from tests.support.processes import ServerProcess, declare, free_port, jupyter_server

pytestmark = pytest.mark.server

#: Segments of a path, as they are sent.
SEGMENTS = [
    "..",
    ".",
    "%2e%2e",
    "%2E",
    "..%2f..",
    "%2e%2e%2f%2e%2e%2flab",
    "../../lab",
    "%2f",
    "%2f%2felsewhere.example",
    "%252e%252e%252f",
    "%5c..%5c..",
    "%00",
    "python3%00.png",
    "%0d%0aX-Header:%20x",
    "%ff%fe",
    "%ed%a0%80",  # a lone surrogate
    "%e2%80%ae",  # turns the direction of text
    "%",
    "%zz",
    ";x",
    "%3Fx=%23",
    "a" * 5000,
]
#: Names in the JSON of a body, as they are written there.
NAMES = [
    "..",
    ".",
    "../..",
    "../../lab",
    "/",
    "",
    "\\u0000",
    "\\ud800",
    "\\udfff",
    "\\r\\nX-Header: x",
    "\\u202e",
    "%2e%2e",
    "?x=#",
    "a" * 5000,
]
PATHS = [
    ("GET", "api/kernelspecs/far/{}"),
    ("GET", "api/kernelspecs/far%2F{}"),
    ("GET", "api/kernelspecs/{}/python3"),
    ("GET", "kernelspecs/far/python3/{}"),
    ("GET", "kernelspecs/far%2Fpython3/{}"),
    ("GET", "kernelspecs/far%2Fpython3%2F{}"),
    ("GET", "kernelspecs/far/{}/logo-64x64.png"),
    ("GET", "kernelspecs/far%2F{}/logo-64x64.png"),
    ("HEAD", "kernelspecs/far%2F{}/logo-64x64.png"),
    ("POST", "api/kernel-providers/{}/retry"),
    ("POST", "api/kernel-providers/far{}/retry"),
    ("GET", "api/kernel-providers/{}/kernels"),
    ("POST", "api/kernel-providers/{}/kernels"),
    ("GET", "api/kernels/{}"),
    ("DELETE", "api/kernels/{}"),
    ("POST", "api/kernels/{}/restart"),
    ("POST", "api/kernels/{}/interrupt"),
    ("GET", "api/kernels/{}/channels"),
]
BODIES = [
    ("api/kernels", '{{"name": "far/{}"}}', {400, 404}),
    # Jupyter Server's handler answers each failure of a start with 500 and its message.
    (
        "api/sessions",
        '{{"path": "x", "type": "notebook", "kernel": {{"name": "far/{}"}}}}',
        {400, 404, 500},
    ),
    # A gateway, too, has no such kernel, but a page that says so.
    ("api/kernel-providers/far/kernels", '{{"id": "{}"}}', {400, 404, 502}),
]
#: Bodies that are no JSON of the expected shape.
SHAPES = ["", "null", "[]", "5", '"x"', "{", '{"id": null}', '{"id": 5}', '{"id": ["x"]}', "\xff"]
#: Jupyter Server answers 403 for a file name that leaves the folder of a local kernelspec.
REFUSED = {400, 403, 404}


@pytest.fixture(scope="module")
def far_port() -> int:
    """The port of the proxy before the provider."""
    return free_port()


@pytest.fixture(scope="module")
def far_server(
    remote_servers: dict[str, ServerProcess],
    far_port: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[ServerProcess]:
    """A server with the provider ``far``, which has a path before those of its API."""
    folder: Path = tmp_path_factory.mktemp("far-server")
    server = jupyter_server(folder, token="token-of-far-server", base_url="/user/y/")
    far = remote_servers["far"]
    url = f"http://127.0.0.1:{far_port}{far.base_url}"
    declare(server, "far", {"url": url, "token": {"value": far.token}})
    server.start()
    yield server
    server.stop()
    assert "/kernel_providers_ext/" not in server.log(), "a traceback of this package"


@dataclass
class Sender:
    """Sends requests as they are, and knows what the provider has received."""

    server: ServerProcess
    proxy: FaultProxy
    session: aiohttp.ClientSession
    base: str

    async def status(self, method: str, path: str, body: str = "{}") -> int:
        """Send a request, and return its status."""
        url = URL(self.server.url + path, encoded=True)
        data = None if method in ("GET", "HEAD") else body.encode("latin-1")
        async with self.session.request(method, url, data=data, allow_redirects=False) as response:
            text = await response.text(errors="replace")
        assert "Traceback" not in text
        return response.status

    def check_paths(self) -> None:
        """Check that no path that the provider has received leaves its own."""
        received = [line for line in self.proxy.received.splitlines() if line.startswith("/")]
        assert received
        for path in received:
            decoded = posixpath.normpath(unquote(path.partition("?")[0]))
            allowed = (f"{self.base}api/kernel", f"{self.base}kernelspecs/")
            assert decoded.startswith(allowed), path
        assert "\nX-Header" not in self.proxy.received


@pytest.fixture
async def sender(
    far_server: ServerProcess, remote_servers: dict[str, ServerProcess], far_port: int
) -> AsyncIterator[Sender]:
    """A sender of requests with a token, while the provider is online."""
    far = remote_servers["far"]
    proxy = FaultProxy(far.url.removesuffix(far.base_url), far_port)
    await proxy.open()
    headers = {"Authorization": f"token {far_server.token}", "Content-Type": "application/json"}
    async with (
        Client(far_server.url, far_server.token) as client,
        aiohttp.ClientSession(headers=headers) as session,
    ):
        await client.wait_for_state("far", "online")
        await client.wait_for_kernelspec("far/python3")
        yield Sender(far_server, proxy, session, far.base_url)
        assert await client.get("api/kernels") == []
        _, model = (await client.get("api/kernel-providers"))["providers"]
        assert model["state"] == "online", "a client's mistakes are not the provider's"
    await proxy.close()


@pytest.mark.parametrize(("method", "path"), PATHS)
async def test_segments_that_are_no_names(sender: Sender, method: str, path: str) -> None:
    """They are not found, whatever is written in a path."""
    statuses = {s: await sender.status(method, path.format(s)) for s in SEGMENTS}
    assert set(statuses.values()) <= REFUSED, statuses
    sender.check_paths()


@pytest.mark.parametrize(("path", "body", "refused"), BODIES)
async def test_names_that_are_none(sender: Sender, path: str, body: str, refused: set[int]) -> None:
    """A kernel cannot be started or attached by such a name or id."""
    statuses = {name: await sender.status("POST", path, body.format(name)) for name in NAMES}
    assert set(statuses.values()) <= refused, statuses
    sender.check_paths()


async def test_bodies_of_other_shapes(sender: Sender) -> None:
    """A body without an id attaches nothing."""
    path = "api/kernel-providers/far/kernels"
    statuses = {body: await sender.status("POST", path, body) for body in SHAPES}
    assert set(statuses.values()) == {400}, statuses
    retries = {b: await sender.status("POST", "api/kernel-providers/far/retry", b) for b in SHAPES}
    assert set(retries.values()) == {200}, "a retry needs no body"
    sender.check_paths()


async def test_session_ids_of_a_websocket(sender: Sender) -> None:
    """What a client calls itself stays one argument of the address."""
    async with Client(sender.server.url, sender.server.token) as client:
        kernel_id = await client.start_kernel("far/python3")
        for session_id in (
            "../../x",
            "a%26token%3Db",
            "%0d%0aX-Header:%20x",
            "%00",
            "%23",
            "x" * 200,
        ):
            kernel = await client.connect(kernel_id, session_id=session_id)
            await kernel.close()
        await client.request("DELETE", f"api/kernels/{kernel_id}")
    handshakes = [line for line in sender.proxy.received.splitlines() if "/channels" in line]
    for line in handshakes:
        assert line.count("?") <= 1, line
        assert "&" not in line, line
    sender.check_paths()


def test_the_names_are_json() -> None:
    """The bodies of these tests are JSON, so that the names are what is refused."""
    for name in NAMES:
        for _, body, _ in BODIES:
            json.loads(body.format(name))
