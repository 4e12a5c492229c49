"""Faults of a provider: no other provider is affected, and nothing is lost."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
import trustme
from aiohttp import web

from tests.conftest import Start
from tests.support.client import LEGACY, V1, Client, until
from tests.support.fault_proxy import (
    KERNELS,
    Fault,
    FaultProxy,
    answering,
    delayed,
    endless,
    half_an_answer,
    packed,
    raw,
    reset,
    silence,
    truncated,
)
from tests.support.processes import Process, declare, free_port

pytestmark = pytest.mark.server

PAGE = "<!doctype html><title>Log in</title>"
SPECS = "api/kernelspecs"
LISTS = ("api", SPECS, "api/kernels", "api/sessions", "api/status", "api/kernel-providers")

#: Seconds that an answer may take, while a hanging provider has a hundred.
PATIENCE = 5

#: Configuration of a server that resolves ``gpu.test`` as long as a file exists.
NAME_SERVICE = """
import socket
from pathlib import Path

look_up = socket.getaddrinfo


def getaddrinfo(host, *args, **kwargs):
    if host == "gpu.test":
        if not Path("vpn").exists():
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        host = "127.0.0.1"
    return look_up(host, *args, **kwargs)


socket.getaddrinfo = getaddrinfo
"""


async def later(_: web.Request) -> web.StreamResponse:
    """Answer that there are too many requests, with a date as Retry-After."""
    then = datetime.now(timezone.utc) + timedelta(seconds=2)
    headers = {"Retry-After": format_datetime(then, usegmt=True)}
    return web.json_response({"message": "a reason"}, status=429, headers=headers)


@cache
def a_lot() -> bytes:
    """Return 128 MiB, compressed to some kilobytes."""
    return gzip.compress(b" " * 2**27)


async def unpacks_to_a_lot(request: web.Request) -> web.StreamResponse:
    """Answer with more data than fits into memory."""
    return await packed(a_lot())(request)


#: name: (the provider's answer, the resulting state, its reason)
FAULTS: dict[str, tuple[Fault, str, str]] = {
    "401": (answering(401), "unauthorised", "unauthorised"),
    "403": (answering(403), "unauthorised", "forbidden"),
    "404 with a message": (answering(404), "offline", "refused_request"),
    "404 with a page": (answering(404, PAGE, "text/html"), "incompatible", "incompatible"),
    "429": (answering(429, Retry_After="1"), "offline", "overloaded"),
    "429 until a time of day": (later, "offline", "overloaded"),
    "500": (answering(500), "offline", "refused_request"),
    "500 with a page": (answering(500, PAGE, "text/html"), "offline", "server_error"),
    "502": (answering(502, PAGE, "text/html"), "offline", "server_error"),
    "503": (answering(503), "offline", "server_error"),
    "504": (answering(504), "offline", "server_error"),
    "a page": (answering(200, PAGE, "text/html"), "incompatible", "incompatible"),
    "a page that claims to be JSON": (answering(200, PAGE), "incompatible", "incompatible"),
    "another object": (answering(200, "{}"), "incompatible", "incompatible"),
    "a list": (answering(200, "[]"), "incompatible", "incompatible"),
    "nothing": (answering(200, ""), "incompatible", "incompatible"),
    "lists in lists without end": (answering(200, "[" * 10**6), "incompatible", "incompatible"),
    "a redirect to another host": (
        answering(302, "", Location="http://elsewhere.invalid/log-in"),
        "incompatible",
        "incompatible",
    ),
    "no answer": (silence, "offline", "timeout"),
    "half an answer": (half_an_answer, "offline", "timeout"),
    "an answer that is cut": (truncated, "incompatible", "incompatible"),
    "an answer without an end": (endless, "incompatible", "incompatible"),
    "no HTTP": (raw(b"SSH-2.0-OpenSSH_9.2p1\r\n"), "incompatible", "incompatible"),
    "a length that is none": (
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n{}"),
        "incompatible",
        "incompatible",
    ),
    "headers without an end": (
        raw(b"HTTP/1.1 200 OK\r\n" + b"X-Header: x\r\n" * 10**5),
        "incompatible",
        "incompatible",
    ),
    "what cannot be unpacked": (packed(b"{}"), "incompatible", "incompatible"),
    "what unpacks to a lot": (unpacks_to_a_lot, "incompatible", "incompatible"),
    "a connection that is reset": (reset, "offline", "reset"),
}


@dataclass
class Work:
    """A user's kernels: local, at the provider with the fault, and at one without."""

    user: Client
    ids: dict[str, str]
    session: str
    kernelspecs: Mapping[str, object]

    @classmethod
    async def begin(cls, user: Client, faulty: str = "faulty") -> Work:
        """Start a kernel at each provider, and a notebook at the provider with the fault."""
        specs = await user.kernelspecs()
        assert {"python3", "well/python3", f"{faulty}/python3"} <= set(specs)
        session = await user.start_session(f"{faulty}/python3", "far.ipynb")
        near, well = await asyncio.gather(
            user.start_kernel("python3"), user.start_kernel("well/python3")
        )
        ids = {"near": near, "well": well, "far": session["kernel"]["id"]}
        assert await user.run(ids["far"], "x = 42") == ""
        return cls(user, ids, session["id"], specs)

    async def goes_on(self) -> None:
        """Check that all lists are unchanged and fast, and that the other kernels work."""
        for path in LISTS:
            await asyncio.wait_for(self.user.get(path), PATIENCE)
        assert await self.user.kernelspecs() == self.kernelspecs
        kernels = await self.user.get("api/kernels")
        assert {kernel["id"] for kernel in kernels} == set(self.ids.values())
        assert [one["id"] for one in await self.user.get("api/sessions")] == [self.session]
        assert (await self.user.get(f"api/kernels/{self.ids['far']}"))["id"] == self.ids["far"]
        for place in ("near", "well"):
            printed = self.user.run(self.ids[place], "print(1 + 1)")
            assert await asyncio.wait_for(printed, 4 * PATIENCE) == "2\n"

    async def is_there_again(self) -> None:
        """Check that the kernel is the same as before the fault."""
        assert await self.user.run(self.ids["far"], "print(x)") == "42\n"

    async def end(self) -> None:
        """Stop all kernels."""
        for kernel_id in self.ids.values():
            await self.user.request("DELETE", f"api/kernels/{kernel_id}")


@pytest.mark.parametrize("name", FAULTS)
async def test_a_fault_is_the_providers_own(user: Client, proxy: FaultProxy, name: str) -> None:
    """All lists are complete, other cells run, and the provider's kernel survives."""
    fault, state, reason = FAULTS[name]
    work = await Work.begin(user)
    await proxy.begin(fault)
    known = await user.wait_for_state("faulty", state)
    assert known["reason"] == reason
    assert known["message"]
    await work.goes_on()
    for path in ("api/kernels", f"api/kernels/{work.ids['far']}/interrupt"):
        refused = await user.request("POST", path, {"name": "faulty/python3"})
        assert refused.status in (502, 503), "a remote's 401 would look like the user's own"
        assert "faulty" in refused.body["message"]
    proxy.end()
    await user.wait_for_state("faulty", "online")
    await work.is_there_again()


async def test_a_provider_that_refuses_connections(user: Client, proxy: FaultProxy) -> None:
    """A server that is not running is handled like any other fault."""
    work = await Work.begin(user)
    await proxy.close()
    assert (await user.wait_for_state("faulty", "offline"))["reason"] == "refused"
    await work.goes_on()
    await proxy.open()
    await user.wait_for_state("faulty", "online")
    await work.is_there_again()


async def test_a_provider_whose_name_is_not_known_for_a_while(
    start: Start, places: dict[str, Process], tmp_path: Path
) -> None:
    """For example without a VPN: its kernels cannot be reached, but are not gone."""
    (config := tmp_path / "server" / "config").mkdir(parents=True)
    (config / "jupyter_server_config.py").write_text(NAME_SERVICE)
    (vpn := tmp_path / "server" / "root" / "vpn").parent.mkdir()
    vpn.touch()
    gateway, well = places["gate-b"], places["gate-a"]
    proxy = FaultProxy(gateway.url, free_port())
    await proxy.open()
    url = f"http://gpu.test:{proxy.port}"
    _, user = start(
        {
            "gpu": {"url": url, "token": {"value": gateway.token}},
            "well": {"url": well.url, "token": {"value": well.token}},
        }
    )
    await user.wait_for_kernelspec("well/python3")
    await user.wait_for_kernelspec("gpu/python3")
    work = await Work.begin(user, "gpu")
    vpn.unlink()
    await proxy.close()  # an open connection needs no host name
    known = await user.wait_for_state("gpu", "offline")
    while known["reason"] != "dns":  # the address is cached for some seconds
        known = await user.wait_for_state("gpu", "offline")
    assert known["message"] == "The host name of gpu was not found."
    await work.goes_on()
    vpn.touch()
    await proxy.open()
    await user.wait_for_state("gpu", "online")
    await work.is_there_again()
    await work.end()
    await proxy.close()


async def test_a_certificate_that_expires(
    user: Client, troubled: Process, places: dict[str, Process], tmp_path: Path
) -> None:
    """The message names it as the reason, and the kernels are back once it has been renewed."""
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    gateway = places["gate-b"]
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
    declared = declare(troubled, "secured", settings)
    await user.wait_for_kernelspec("secured/python3")
    work = await Work.begin(user, "secured")
    await proxy.close()
    await open_for(-1)
    known = await user.wait_for_state("secured", "offline")
    assert known["reason"] == "tls"
    refused = "The certificate of secured was not accepted: certificate has expired"
    assert refused in known["message"]
    await work.goes_on()
    await proxy.close()
    await open_for(1)
    await user.wait_for_state("secured", "online")
    await work.is_there_again()
    await work.end()
    declared.unlink()
    await proxy.close()

    async def forgotten() -> bool:
        return "secured/python3" not in await user.kernelspecs()

    await until(forgotten)


async def test_a_provider_that_is_slow_slows_nobody(user: Client, proxy: FaultProxy) -> None:
    """Its state is slow, and its requests are still done."""
    work = await Work.begin(user)
    await proxy.begin(delayed(proxy.pass_on, 2.2))
    await user.wait_for_state("faulty", "slow")
    await work.goes_on()
    kernel_id = await user.start_kernel("faulty/python3")
    assert await user.run(kernel_id, "print(1)") == "1\n"
    await work.is_there_again()


@pytest.mark.parametrize("type", ["text/html", "text/plain", "application/octet-stream"])
async def test_the_type_of_an_answer_does_not_matter(
    user: Client, proxy: FaultProxy, type: str
) -> None:
    """A proxy with a wrong content type does not hide the kernels."""
    await proxy.begin(answering(200, kernelspecs("good"), type))
    await user.wait_for_state("faulty", "online")
    await user.wait_for_kernelspec("faulty/good")


@pytest.mark.parametrize("protocol", [V1, LEGACY], ids=["v1", "legacy"])
async def test_a_kernel_that_goes_while_it_is_connected_to_is_dead(
    user: Client, proxy: FaultProxy, places: dict[str, Process], protocol: str
) -> None:
    """The notebook is told, even if the provider sends nothing on the connection."""
    kernel_id = await user.start_kernel("faulty/python3")
    await proxy.begin(silence, only="/channels")
    opening = asyncio.create_task(user.open(kernel_id, protocol))

    async def is_asked() -> bool:
        return f"GET /api/kernels/{kernel_id}/channels" in proxy.asked

    await until(is_asked)
    async with Client(places["gate-b"].url, places["gate-b"].token) as remote:
        await remote.request("DELETE", f"api/kernels/{kernel_id}")

    async def gone() -> bool:
        await user.request("POST", "api/kernel-providers/faulty/retry")
        return (await user.request("GET", f"api/kernels/{kernel_id}")).status == 404

    await until(gone)
    last, code, _ = await (await opening).until_closed()
    assert '"execution_state":"dead"' in last.replace(" ", "")
    assert code == 1000


class Starts:
    """Answers each start request so that its result is unknown."""

    def __init__(self, proxy: FaultProxy, answer: Fault, delay: float) -> None:
        self._proxy, self._answer, self._delay = proxy, answer, delay
        self._starting: list[asyncio.Task[web.StreamResponse]] = []
        self.count = 0

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        if request.method != "POST":
            return await self._proxy.pass_on(request)
        self.count += 1
        await request.read()
        self._starting.append(asyncio.create_task(self._start(request)))
        return await self._answer(request)

    async def _start(self, request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(self._delay)
        return await self._proxy.pass_on(request)


@pytest.fixture
async def gateway(places: dict[str, Process]) -> AsyncIterator[Client]:
    """A client of the gateway behind the proxy; no other kernel runs there."""
    async with Client(places["gate-b"].url, places["gate-b"].token) as made:

        async def is_empty() -> bool:
            return not await made.get("api/kernels")

        await until(is_empty)
        yield made


@pytest.mark.parametrize(
    ("answer", "delay"),
    [(answering(504, PAGE, "text/html"), 5.2), (truncated, 0), (reset, 0), (answering(502), 1)],
    ids=["a proxy that gives up", "an answer that is cut", "a reset", "an error of a proxy"],
)
async def test_a_start_that_nobody_has_answered_is_found(
    user: Client, proxy: FaultProxy, gateway: Client, answer: Fault, delay: float
) -> None:
    """The user gets the kernel, and only one was started."""
    starts = Starts(proxy, answer, delay)
    await proxy.begin(starts, only=KERNELS)
    kernel_id = await user.start_kernel("faulty/python3")
    assert starts.count == 1, "what may have been done is not done again"
    assert [kernel["id"] for kernel in await gateway.get("api/kernels")] == [kernel_id]
    assert [kernel["id"] for kernel in await user.get("api/kernels")] == [kernel_id]
    proxy.end()
    assert await user.run(kernel_id, "print(1)") == "1\n"


async def test_a_kernel_that_comes_too_late_is_stopped(
    user: Client, proxy: FaultProxy, gateway: Client
) -> None:
    """The user was told that it did not start, so it is stopped."""
    await proxy.begin(Starts(proxy, silence, 12), only=KERNELS)
    reply = await user.request("POST", "api/kernels", {"name": "faulty/python3"})
    assert reply.status == 503
    assert "did not answer in time" in reply.body["message"]
    assert await user.get("api/kernels") == []
    seen = []

    async def has_come_and_gone() -> bool:
        seen.append(len(await gateway.get("api/kernels")))
        return 1 in seen and seen[-1] == 0

    await until(has_come_and_gone)


def kernelspecs(*names: str, **more: object) -> str:
    """Return the body of a list of kernelspecs."""
    specs = {n: {"name": n, "spec": {"display_name": n, "language": "x"}} for n in names}
    return json.dumps({"default": "nowhere", "kernelspecs": specs, **more})


async def test_what_is_no_kernelspec_hides_none_that_is(user: Client, proxy: FaultProxy) -> None:
    """A list with some invalid entries has the valid ones."""
    body = json.loads(kernelspecs("good"))
    body["kernelspecs"] |= {
        "null": None,
        "text": "text",
        "bare": {},
        "no-name": {"spec": {"display_name": None, "language": None}, "resources": None},
    }
    await proxy.begin(answering(200, json.dumps(body)))
    await user.wait_for_state("faulty", "online")

    async def listed() -> bool:
        return "faulty/good" in await user.kernelspecs()

    await until(listed)
    assert {"python3", "faulty/good"} <= set(await user.kernelspecs())


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
async def test_what_no_browser_can_read_is_not_passed_on(
    user: Client, proxy: FaultProxy, number: str
) -> None:
    """Numbers that Python writes but that are invalid JSON do not break the list."""
    body = kernelspecs("good").replace('"language"', f'"metadata": {{"x": {number}}}, "language"')
    await proxy.begin(answering(200, body))
    await user.wait_for_state("faulty", "online")
    await user.wait_for_kernelspec("faulty/good")
    answer = await user.request("GET", SPECS, Accept="text/plain")
    assert not re.search(r"NaN|Infinity", json.dumps(answer.body))


async def test_a_providers_words_are_one_line_of_the_log(
    user: Client, proxy: FaultProxy, troubled: Process
) -> None:
    """The provider's reason cannot forge a line of this server's log."""
    await proxy.begin(answering(400, json.dumps({"message": "no\n[C 2026] received signal 15"})))
    known = await user.wait_for_state("faulty", "offline")
    assert known["message"].endswith(": no [C 2026] received signal 15.")
    assert "no [C 2026] received signal 15." in troubled.log()


async def test_a_very_long_list_delays_nobody(user: Client, proxy: FaultProxy) -> None:
    """10,000 kernelspecs of one provider are listed, and everything else stays fast."""
    names = [f"kernel-{number}" for number in range(10_000)]
    near = await user.start_kernel("python3")
    await proxy.begin(answering(200, kernelspecs(*names)))
    await user.wait_for_state("faulty", "online")

    async def listed() -> bool:
        return len(await user.kernelspecs()) > len(names)

    await until(listed)
    assert await asyncio.wait_for(user.run(near, "print(1)"), 4 * PATIENCE) == "1\n"


async def test_a_provider_that_comes_and_goes_changes_no_list(
    troubled: Process, user: Client, proxy: FaultProxy
) -> None:
    """The kernelspecs do not change by a byte; the log has a line per change, not per poll."""
    seen = {json.dumps(await user.get(SPECS))}
    before = len(troubled.log())
    for _ in range(5):
        await proxy.begin(answering(503))
        for _ in range(3):
            await user.wait_for_state("faulty", "offline")
        seen.add(json.dumps(await user.get(SPECS)))
        proxy.end()
        for _ in range(3):
            await user.wait_for_state("faulty", "online")
        seen.add(json.dumps(await user.get(SPECS)))
    assert len(seen) == 1
    offline = (
        r"Offline since 2\d{3}-.* faulty answered with an error \(503\)"
    )
    said = re.findall(r"Kernel provider faulty: (.*)", troubled.log()[before:])
    assert sum(bool(re.match(offline, line)) for line in said) == 5
    assert all(line != after for line, after in pairwise(said)), said
