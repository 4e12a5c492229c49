"""Faults of a provider: no other provider is affected, and nothing is lost."""

from __future__ import annotations

import asyncio
import json
import re
import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path

import pytest
import trustme
from aiohttp import web

from tests.conftest import StartServer
from tests.support.client import LEGACY, V1, Client, wait_until
from tests.support.fault_proxy import (
    KERNELS,
    Fault,
    FaultProxy,
    delayed_response,
    no_response,
    reset_connection,
    respond,
    truncated_response,
)
from tests.support.faults import FAULTS, PAGE
from tests.support.processes import ServerProcess, declare, free_port

pytestmark = pytest.mark.server

SPECS = "api/kernelspecs"
LISTS = ("api", SPECS, "api/kernels", "api/sessions", "api/status", "api/kernel-providers")

#: Seconds that an answer may take, while a hanging provider has a hundred.
TIMEOUT = 5

#: Configuration of a server that resolves ``gpu.test`` as long as a file exists.
NAME_SERVICE = """
import socket
from pathlib import Path

original = socket.getaddrinfo


def getaddrinfo(host, *args, **kwargs):
    if host == "gpu.test":
        if not Path("vpn").exists():
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        host = "127.0.0.1"
    return original(host, *args, **kwargs)


socket.getaddrinfo = getaddrinfo
"""


@dataclass
class UserKernels:
    """A user's kernels: local, at the provider with the fault, and at one without."""

    client: Client
    ids: dict[str, str]
    session: str
    kernelspecs: Mapping[str, object]

    @classmethod
    async def start(cls, client: Client, faulty: str = "faulty") -> UserKernels:
        """Start a kernel at each provider, and a notebook at the provider with the fault."""
        specs = await client.kernelspecs()
        assert {"python3", "healthy/python3", f"{faulty}/python3"} <= set(specs)
        session = await client.start_session(f"{faulty}/python3", "far.ipynb")
        local, healthy = await asyncio.gather(
            client.start_kernel("python3"), client.start_kernel("healthy/python3")
        )
        ids = {"local": local, "healthy": healthy, "faulty": session["kernel"]["id"]}
        assert await client.run(ids["faulty"], "x = 42") == ""
        return cls(client, ids, session["id"], specs)

    async def check_unaffected(self) -> None:
        """Check that all lists are unchanged and fast, and that the other kernels work."""
        for path in LISTS:
            await asyncio.wait_for(self.client.get(path), TIMEOUT)
        assert await self.client.kernelspecs() == self.kernelspecs
        kernels = await self.client.get("api/kernels")
        assert {kernel["id"] for kernel in kernels} == set(self.ids.values())
        assert [one["id"] for one in await self.client.get("api/sessions")] == [self.session]
        faulty = self.ids["faulty"]
        assert (await self.client.get(f"api/kernels/{faulty}"))["id"] == faulty
        for provider_id in ("local", "healthy"):
            printed = self.client.run(self.ids[provider_id], "print(1 + 1)")
            assert await asyncio.wait_for(printed, 4 * TIMEOUT) == "2\n"

    async def check_survived(self) -> None:
        """Check that the kernel is the same as before the fault."""
        assert await self.client.run(self.ids["faulty"], "print(x)") == "42\n"

    async def stop(self) -> None:
        """Stop all kernels."""
        for kernel_id in self.ids.values():
            await self.client.request("DELETE", f"api/kernels/{kernel_id}")


@pytest.mark.parametrize("name", FAULTS)
async def test_fault_affects_only_its_provider(
    fault_client: Client, proxy: FaultProxy, name: str
) -> None:
    """All lists are complete, other cells run, and the provider's kernel survives."""
    fault, state, reason = FAULTS[name]
    kernels = await UserKernels.start(fault_client)
    await proxy.begin(fault)
    known = await fault_client.wait_for_state("faulty", state)
    assert known["reason"] == reason
    assert known["message"]
    await kernels.check_unaffected()
    for path in ("api/kernels", f"api/kernels/{kernels.ids['faulty']}/interrupt"):
        refused = await fault_client.request("POST", path, {"name": "faulty/python3"})
        assert refused.status in (502, 503), "a remote's 401 would look like the user's own"
        assert "faulty" in refused.body["message"]
    proxy.end()
    await fault_client.wait_for_state("faulty", "online")
    await kernels.check_survived()


async def test_refused_connections(fault_client: Client, proxy: FaultProxy) -> None:
    """A server that is not running is handled like any other fault."""
    kernels = await UserKernels.start(fault_client)
    await proxy.close()
    assert (await fault_client.wait_for_state("faulty", "offline"))["reason"] == "refused"
    await kernels.check_unaffected()
    await proxy.open()
    await fault_client.wait_for_state("faulty", "online")
    await kernels.check_survived()


async def test_unresolvable_host_name(
    start_server: StartServer, remote_servers: dict[str, ServerProcess], tmp_path: Path
) -> None:
    """For example without a VPN: its kernels cannot be reached, but are not gone."""
    (config := tmp_path / "server" / "config").mkdir(parents=True)
    (config / "jupyter_server_config.py").write_text(NAME_SERVICE)
    (vpn := tmp_path / "server" / "root" / "vpn").parent.mkdir()
    vpn.touch()
    gateway, healthy = remote_servers["gate-b"], remote_servers["gate-a"]
    proxy = FaultProxy(gateway.url, free_port())
    await proxy.open()
    url = f"http://gpu.test:{proxy.port}"
    _, fault_client = start_server(
        {
            "gpu": {"url": url, "token": {"value": gateway.token}},
            "healthy": {"url": healthy.url, "token": {"value": healthy.token}},
        }
    )
    await fault_client.wait_for_kernelspec("healthy/python3")
    await fault_client.wait_for_kernelspec("gpu/python3")
    kernels = await UserKernels.start(fault_client, "gpu")
    vpn.unlink()
    await proxy.close()  # an open connection needs no host name
    known = await fault_client.wait_for_state("gpu", "offline")
    while known["reason"] != "dns":  # the address is cached for some seconds
        known = await fault_client.wait_for_state("gpu", "offline")
    assert known["message"] == "The host name of gpu was not found."
    await kernels.check_unaffected()
    vpn.touch()
    await proxy.open()
    await fault_client.wait_for_state("gpu", "online")
    await kernels.check_survived()
    await kernels.stop()
    await proxy.close()


async def test_expired_certificate(
    fault_client: Client,
    server_with_fault: ServerProcess,
    remote_servers: dict[str, ServerProcess],
    tmp_path: Path,
) -> None:
    """The message names it as the reason, and the kernels are back once it has been renewed."""
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    gateway = remote_servers["gate-b"]
    proxy = FaultProxy(gateway.url, free_port())

    async def open_for(days: int) -> None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        end = datetime.now(timezone.utc) + timedelta(days=days)
        ca.issue_cert("localhost", not_after=end).configure_cert(context)
        await proxy.open(context)

    await open_for(1)
    settings = {
        "url": f"https://localhost:{proxy.port}",
        "token": {"value": gateway.token},
        "tls": {"ca": str(tmp_path / "ca.pem")},
    }
    declared = declare(server_with_fault, "secured", settings)
    await fault_client.wait_for_kernelspec("secured/python3")
    kernels = await UserKernels.start(fault_client, "secured")
    await proxy.close()
    await open_for(-1)
    known = await fault_client.wait_for_state("secured", "offline")
    assert known["reason"] == "tls"
    refused = "The certificate of secured was not accepted: certificate has expired"
    assert refused in known["message"]
    await kernels.check_unaffected()
    await proxy.close()
    await open_for(1)
    await fault_client.wait_for_state("secured", "online")
    await kernels.check_survived()
    await kernels.stop()
    declared.unlink()
    await proxy.close()

    async def is_removed() -> bool:
        return "secured/python3" not in await fault_client.kernelspecs()

    await wait_until(is_removed)


async def test_slow_provider_delays_no_other(fault_client: Client, proxy: FaultProxy) -> None:
    """Its state is slow, and its requests are still done."""
    kernels = await UserKernels.start(fault_client)
    await proxy.begin(delayed_response(proxy.forward, 2.2))
    await fault_client.wait_for_state("faulty", "slow")
    await kernels.check_unaffected()
    kernel_id = await fault_client.start_kernel("faulty/python3")
    assert await fault_client.run(kernel_id, "print(1)") == "1\n"
    await kernels.check_survived()


@pytest.mark.parametrize("type", ["text/html", "text/plain", "application/octet-stream"])
async def test_content_type_is_ignored(fault_client: Client, proxy: FaultProxy, type: str) -> None:
    """A proxy with a wrong content type does not hide the kernels."""
    await proxy.begin(respond(200, kernelspecs("good"), type))
    await fault_client.wait_for_state("faulty", "online")
    await fault_client.wait_for_kernelspec("faulty/good")


@pytest.mark.parametrize("protocol", [V1, LEGACY], ids=["v1", "legacy"])
async def test_kernel_gone_during_connect_is_dead(
    fault_client: Client, proxy: FaultProxy, remote_servers: dict[str, ServerProcess], protocol: str
) -> None:
    """The notebook is told, even if the provider sends nothing on the connection."""
    kernel_id = await fault_client.start_kernel("faulty/python3")
    await proxy.begin(no_response, only="/channels")
    opening = asyncio.create_task(fault_client.open(kernel_id, protocol))

    async def is_connecting() -> bool:
        return f"GET /api/kernels/{kernel_id}/channels" in proxy.requests

    await wait_until(is_connecting)
    async with Client(remote_servers["gate-b"].url, remote_servers["gate-b"].token) as remote:
        await remote.request("DELETE", f"api/kernels/{kernel_id}")

    async def is_gone() -> bool:
        await fault_client.request("POST", "api/kernel-providers/faulty/retry")
        return (await fault_client.request("GET", f"api/kernels/{kernel_id}")).status == 404

    await wait_until(is_gone)
    last, code, _ = await (await opening).wait_closed()
    assert '"execution_state":"dead"' in last.replace(" ", "")
    assert code == 1000


class UnknownStarts:
    """Answers each start request so that its result is unknown."""

    def __init__(self, proxy: FaultProxy, answer: Fault, delay: float) -> None:
        self._proxy, self._answer, self._delay = proxy, answer, delay
        self._starting: list[asyncio.Task[web.StreamResponse]] = []
        self.count = 0

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        if request.method != "POST":
            return await self._proxy.forward(request)
        self.count += 1
        await request.read()
        self._starting.append(asyncio.create_task(self._start(request)))
        return await self._answer(request)

    async def _start(self, request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(self._delay)
        return await self._proxy.forward(request)


@pytest.fixture
async def gateway(remote_servers: dict[str, ServerProcess]) -> AsyncIterator[Client]:
    """A client of the gateway behind the proxy; no other kernel runs there."""
    async with Client(remote_servers["gate-b"].url, remote_servers["gate-b"].token) as client:

        async def is_empty() -> bool:
            return not await client.get("api/kernels")

        await wait_until(is_empty)
        yield client


@pytest.mark.parametrize(
    ("answer", "delay"),
    [
        (respond(504, PAGE, "text/html"), 5.2),
        (truncated_response, 0),
        (reset_connection, 0),
        (respond(502), 1),
    ],
    ids=["proxy timeout", "truncated answer", "reset", "proxy error"],
)
async def test_start_without_answer_is_found(
    fault_client: Client, proxy: FaultProxy, gateway: Client, answer: Fault, delay: float
) -> None:
    """The user gets the kernel, and only one was started."""
    starts = UnknownStarts(proxy, answer, delay)
    await proxy.begin(starts, only=KERNELS)
    kernel_id = await fault_client.start_kernel("faulty/python3")
    assert starts.count == 1, "a request that may have been processed is not repeated"
    assert [kernel["id"] for kernel in await gateway.get("api/kernels")] == [kernel_id]
    assert [kernel["id"] for kernel in await fault_client.get("api/kernels")] == [kernel_id]
    proxy.end()
    assert await fault_client.run(kernel_id, "print(1)") == "1\n"


async def test_kernel_that_starts_too_late_is_stopped(
    fault_client: Client, proxy: FaultProxy, gateway: Client
) -> None:
    """The user was told that it did not start, so it is stopped."""
    await proxy.begin(UnknownStarts(proxy, no_response, 12), only=KERNELS)
    reply = await fault_client.request("POST", "api/kernels", {"name": "faulty/python3"})
    assert reply.status == 503
    assert "did not answer in time" in reply.body["message"]
    assert await fault_client.get("api/kernels") == []
    seen = []

    async def has_started_and_stopped() -> bool:
        seen.append(len(await gateway.get("api/kernels")))
        return 1 in seen and seen[-1] == 0

    await wait_until(has_started_and_stopped)


def kernelspecs(*names: str, **more: object) -> str:
    """Return the body of a list of kernelspecs."""
    specs = {n: {"name": n, "spec": {"display_name": n, "language": "x"}} for n in names}
    return json.dumps({"default": "nowhere", "kernelspecs": specs, **more})


async def test_invalid_kernelspecs_are_skipped(
    fault_client: Client, proxy: FaultProxy, server_with_fault: ServerProcess
) -> None:
    """A list with some invalid entries has the valid ones, completed, and a warning says so."""
    body = json.loads(kernelspecs("good"))
    body["kernelspecs"] |= {
        "null": None,
        "text": "text",
        "bare": {},
        "no-name": {"spec": {"display_name": None, "language": None}, "resources": None},
    }
    await proxy.begin(respond(200, json.dumps(body)))
    await fault_client.wait_for_state("faulty", "online")

    async def is_listed() -> bool:
        return "faulty/good" in await fault_client.kernelspecs()

    await wait_until(is_listed)
    specs = await fault_client.kernelspecs()
    assert {"python3", "faulty/good"} <= set(specs)
    # JupyterLab refuses the whole list if one of these fields is missing or null.
    assert specs["faulty/no-name"]["spec"]["display_name"] == "no-name (faulty)"
    assert specs["faulty/no-name"]["spec"]["language"] == ""
    assert specs["faulty/no-name"]["resources"] == {}
    [warning] = (await fault_client.wait_for_state("faulty", "online"))["warnings"]
    assert "3 kernelspecs that cannot be used: 'null' (it has no 'spec')" in warning
    assert warning in server_with_fault.log()


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
async def test_invalid_json_numbers_are_not_passed_on(
    fault_client: Client, proxy: FaultProxy, number: str
) -> None:
    """Numbers that Python writes but that are invalid JSON do not break the list."""
    body = kernelspecs("good").replace('"language"', f'"metadata": {{"x": {number}}}, "language"')
    await proxy.begin(respond(200, body))
    await fault_client.wait_for_state("faulty", "online")
    await fault_client.wait_for_kernelspec("faulty/good")
    answer = await fault_client.request("GET", SPECS, Accept="text/plain")
    assert not re.search(r"NaN|Infinity", json.dumps(answer.body))


async def test_provider_text_is_one_log_line(
    fault_client: Client, proxy: FaultProxy, server_with_fault: ServerProcess
) -> None:
    """The provider's reason cannot forge a line of this server's log."""
    await proxy.begin(respond(400, json.dumps({"message": "no\n[C 2026] received signal 15"})))
    known = await fault_client.wait_for_state("faulty", "offline")
    assert known["message"].endswith(": no [C 2026] received signal 15.")
    assert "no [C 2026] received signal 15." in server_with_fault.log()


async def test_very_long_list_delays_no_other(fault_client: Client, proxy: FaultProxy) -> None:
    """The first of 10,000 kernelspecs are listed, a warning says so, and all else stays fast."""
    names = [f"kernel-{number}" for number in range(10_000)]
    kernel_id = await fault_client.start_kernel("python3")
    await proxy.begin(respond(200, kernelspecs(*names)))
    await fault_client.wait_for_state("faulty", "online")

    async def is_listed() -> bool:
        return f"faulty/{names[1999]}" in await fault_client.kernelspecs()

    await wait_until(is_listed)
    assert f"faulty/{names[2000]}" not in await fault_client.kernelspecs()
    [warning] = (await fault_client.wait_for_state("faulty", "online"))["warnings"]
    assert "more kernels than the first 2000, which are listed" in warning
    assert await asyncio.wait_for(fault_client.run(kernel_id, "print(1)"), 4 * TIMEOUT) == "1\n"


async def test_flapping_provider_changes_no_list(
    server_with_fault: ServerProcess, fault_client: Client, proxy: FaultProxy
) -> None:
    """The kernelspecs do not change by a byte; the log has a line per change, not per poll."""
    seen = {json.dumps(await fault_client.get(SPECS))}
    before = len(server_with_fault.log())
    for _ in range(5):
        await proxy.begin(respond(503))
        for _ in range(3):
            await fault_client.wait_for_state("faulty", "offline")
        seen.add(json.dumps(await fault_client.get(SPECS)))
        proxy.end()
        for _ in range(3):
            await fault_client.wait_for_state("faulty", "online")
        seen.add(json.dumps(await fault_client.get(SPECS)))
    assert len(seen) == 1
    offline = r"Offline since 2\d{3}-.* faulty answered with an error \(503"
    logged = re.findall(r"Kernel provider faulty: (.*)", server_with_fault.log()[before:])
    assert sum(bool(re.match(offline, line)) for line in logged) == 5
    assert all(line != after for line, after in pairwise(logged)), logged
