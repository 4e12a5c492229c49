"""The steps by which a remote server is reached."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiohttp import web

from kernel_providers_ext.provider.closing import close_within
from kernel_providers_ext.provider.diagnosis import Outcome, StepResult
from tests.support.fake_provider import UNREACHABLE
from tests.support.fault_proxy import raw_response, respond
from tests.support.faults import PAGE
from tests.support.forward_proxy import ForwardProxy

from .conftest import LOG, Serve, provider

NAMES = ["address", "DNS", "TCP", "proxy", "TLS", "HTTP"]
SHORT = {"connect": 0.5, "request": 0.5}
OpenProxy = Callable[..., Awaitable[str]]


async def steps(url: str, **settings: Any) -> dict[str, StepResult]:
    """Return the results of all steps up to the first failure, by name."""
    gateway = provider(url, **settings)
    results: dict[str, StepResult] = {}
    for step in await gateway.connection_steps():
        results[step.name] = result = await step.take(gateway.config, LOG)
        if result.outcome is Outcome.FAILED:
            break
    await close_within(gateway.aclose(), 2.0)
    assert list(results) == NAMES[: len(results)]
    return results


async def failure(url: str, name: str, **settings: Any) -> StepResult:
    """Return the result of the step that fails, which is the one with this name."""
    *_, last = (await steps(url, **settings)).values()
    assert (last.name, last.outcome) == (name, Outcome.FAILED)
    assert last.cause
    assert last.remedy
    return last


async def version(_: web.Request) -> web.StreamResponse:
    """Answer as a Jupyter server."""
    return web.json_response({"version": "2.21.0"})


@pytest.fixture
async def open_proxy() -> AsyncIterator[OpenProxy]:
    """Open forward proxies, and return their addresses."""
    opened: list[ForwardProxy] = []

    async def start(**options: Any) -> str:
        opened.append(proxy := ForwardProxy(**options))
        return await proxy.open()

    yield start
    for proxy in opened:
        await proxy.close()


@pytest.fixture
def ca(tmp_path: Path) -> trustme.CA:
    """An authority of one's own, whose certificate is ``ca.pem``."""
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return ca


def secured(ca: trustme.CA, host: str = "localhost", days: float = 63.5) -> ssl.SSLContext:
    """Return a server's context with a certificate of so many days."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    end = datetime.now(timezone.utc) + timedelta(days=days)
    ca.issue_cert(host, common_name=host, not_after=end).configure_cert(context)
    return context


# -- address, DNS and TCP --------------------------------------------------------------------------


async def test_all_steps_of_a_plain_server(serve: Serve) -> None:
    """Those that do not apply say why."""
    url = await serve(version)
    found = {name: (result.outcome, result.detail) for name, result in (await steps(url)).items()}
    port = url.rpartition(":")[2]
    assert found["address"] == (Outcome.PASSED, url)
    assert found["DNS"][0] is Outcome.PASSED
    assert re.match(r"localhost is .*127\.0\.0\.1", found["DNS"][1])
    assert found["TCP"][0] is Outcome.PASSED
    assert f"127.0.0.1 accepts connections at port {port}" in found["TCP"][1]
    assert found["proxy"] == (Outcome.SKIPPED, "none is configured")
    assert found["TLS"] == (Outcome.SKIPPED, "the address begins with http://")
    assert found["HTTP"] == (Outcome.PASSED, "requests are answered")


async def test_an_address_of_which_no_request_can_be_made() -> None:
    """A backslash is one that the check of the configuration lets pass."""
    result = await failure("http://gpu\\farm", "address")
    assert result.cause == "The address of gpu is not a web address."
    assert "'url' in gpu.json" in result.remedy


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a..b", "a" * 64])
async def test_an_unknown_host(host: str) -> None:
    """Whether it is not known or cannot be a name at all."""
    result = await failure(f"http://{host}", "DNS")
    assert (result.reason_code, result.cause) == ("dns", "The host name of gpu was not found.")


async def test_an_ip_address_needs_no_dns(serve: Serve) -> None:
    """The step says so."""
    url = (await serve(version)).replace("localhost", "127.0.0.1")
    dns = (await steps(url))["DNS"]
    assert (dns.outcome, dns.detail) == (Outcome.SKIPPED, "127.0.0.1 is an IP address")


def resolve_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Let every host have these addresses."""

    async def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, port)) for a in addresses]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)


async def test_the_first_address_that_accepts_is_used(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others are named: they make each connection slower."""
    url = await serve(version)
    resolve_to(monkeypatch, "127.0.0.2", "127.0.0.1")
    found = await steps(url)
    assert found["DNS"].detail == "localhost is 127.0.0.2, 127.0.0.1"
    assert found["TCP"].outcome is Outcome.PASSED
    assert found["TCP"].detail.startswith("127.0.0.1 accepts connections")
    assert found["TCP"].detail.endswith("(127.0.0.2 did not)")


async def test_many_addresses_are_not_all_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """The output stays readable."""
    resolve_to(monkeypatch, *(f"127.0.0.{n}" for n in range(1, 10)))
    found = await steps("http://gpu.test:9")
    assert found["DNS"].detail == (
        "gpu.test is 127.0.0.1, 127.0.0.2, 127.0.0.3, 127.0.0.4 and 5 more"
    )


async def test_a_refused_connection() -> None:
    """Nothing listens at the port."""
    result = await failure(UNREACHABLE, "TCP")
    assert (result.reason_code, result.cause) == ("refused", "gpu refuses connections.")


# -- TLS -------------------------------------------------------------------------------------------


async def test_a_certificate_is_shown(serve: Serve, ca: trustme.CA, tmp_path: Path) -> None:
    """With its subject, and how long it lasts."""
    url = await serve(version, secured(ca))
    found = await steps(url, tls={"ca": str(tmp_path / "ca.pem")})
    assert found["TLS"].outcome is Outcome.PASSED
    assert found["TLS"].detail == ("TLSv1.3, certificate of localhost expires in 63 days")
    assert found["HTTP"].outcome is Outcome.PASSED


async def test_a_certificate_that_is_not_checked(serve: Serve, ca: trustme.CA) -> None:
    """The step says so, and passes."""
    found = await steps(await serve(version, secured(ca)), tls={"verify": False})
    assert found["TLS"].detail == "TLSv1.3, the certificate is not checked"


@pytest.mark.parametrize(
    ("host", "days", "cause", "remedy"),
    [
        ("localhost", -1, "certificate has expired", "needs a new certificate"),
        ("gpu.example.org", 1, "not valid for 'localhost'", "Use the name in the certificate"),
    ],
)
async def test_a_certificate_that_is_not_right(
    serve: Serve, ca: trustme.CA, tmp_path: Path, host: str, days: float, cause: str, remedy: str
) -> None:
    """The remedy depends on what is wrong."""
    url = await serve(version, secured(ca, host, days))
    result = await failure(url, "TLS", tls={"ca": str(tmp_path / "ca.pem")})
    assert cause in result.cause
    assert not result.cause.endswith("..")
    assert remedy in result.remedy


async def test_a_certificate_of_an_unknown_authority(serve: Serve, ca: trustme.CA) -> None:
    """The field for that authority is named."""
    result = await failure(await serve(version, secured(ca)), "TLS")
    assert result.cause.startswith("The certificate of gpu was not accepted: ")
    assert "set 'ca' of the field 'tls' in gpu.json" in result.remedy


async def test_a_file_for_tls_that_cannot_be_read(serve: Serve, ca: trustme.CA) -> None:
    """It is named."""
    url = await serve(version, secured(ca))
    result = await failure(url, "TLS", tls={"ca": "/no/such/file.pem"})
    assert "/no/such/file.pem" in result.cause


async def test_http_and_https_are_mixed_up(serve: Serve, ca: trustme.CA) -> None:
    """The step that finds it says which one is right."""
    plain, secure = await serve(version), await serve(version, secured(ca))
    result = await failure(plain.replace("http:", "https:"), "TLS")
    assert (result.reason_code, result.cause) == (
        "scheme",
        "gpu does not speak https at its address.",
    )
    assert "Is it http?" in result.remedy
    result = await failure(secure.replace("https:", "http:"), "HTTP")
    assert result.cause == "gpu does not speak http at its address."
    assert "Is it https?" in result.remedy


@pytest.mark.parametrize(("scheme", "name"), [("https", "TLS"), ("http", "HTTP")])
async def test_a_server_that_says_nothing(scheme: str, name: str) -> None:
    """Neither the handshake nor the answer is waited for without end."""

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    result = await failure(f"{scheme}://127.0.0.1:{port}", name, timeouts=SHORT)
    assert (result.reason_code, result.cause) == ("timeout", "gpu did not answer in time.")
    server.close()


# -- HTTP ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [respond(401), respond(403), respond(404, PAGE, "text/html"), respond(200, PAGE, "text/html")],
    ids=["401", "403", "404", "page"],
)
async def test_any_answer_by_http_passes(serve: Serve, answer: Any) -> None:
    """What it means is for the next steps to tell."""
    assert (await steps(await serve(answer)))["HTTP"].outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (respond(502, PAGE, "text/html"), "gpu answered with an error (502)."),
        (respond(429), "gpu receives too many requests (429)."),
        (
            raw_response(b"SSH-2.0-OpenSSH_9.2p1\r\n"),
            "gpu does not answer like a Jupyter server: an incomplete answer.",
        ),
    ],
    ids=["502", "429", "SSH"],
)
async def test_no_answer_by_http(serve: Serve, answer: Any, cause: str) -> None:
    """A proxy whose server is down, or another service at the port."""
    assert (await failure(await serve(answer), "HTTP")).cause == cause


async def test_without_its_token_no_request_is_sent(serve: Serve) -> None:
    """The next step says why it cannot be read."""
    http = (await steps(await serve(version), token={"env": "NO_SUCH_VARIABLE"}))["HTTP"]
    assert http.outcome is Outcome.SKIPPED
    assert "token" in http.detail


# -- through a proxy -------------------------------------------------------------------------------


@pytest.mark.parametrize("is_secure", [True, False])
async def test_steps_through_a_proxy(
    serve: Serve, open_proxy: OpenProxy, ca: trustme.CA, tmp_path: Path, is_secure: bool
) -> None:
    """DNS and TCP are the proxy's, TLS is the server's, and no password is shown."""
    url = await serve(version, secured(ca) if is_secure else None)
    at = await open_proxy(user="ada:token-of-ada@home")
    proxy = at.replace("//", "//ada:token-of-ada%40home@")
    found = await steps(url, proxy=proxy, tls={"ca": str(tmp_path / "ca.pem")})
    port = at.rpartition(":")[2]
    assert found["DNS"].detail == "127.0.0.1 is an IP address"
    assert found["TCP"].detail == f"127.0.0.1 accepts connections at port {port}"
    assert (found["proxy"].outcome, found["proxy"].detail) == (
        Outcome.PASSED,
        f"127.0.0.1 at port {port}",
    )
    assert found["TLS"].outcome is (Outcome.PASSED if is_secure else Outcome.SKIPPED)
    assert found["HTTP"].outcome is Outcome.PASSED
    assert "token-of-ada" not in str(found)


@pytest.mark.parametrize("is_secure", [True, False])
async def test_a_proxy_that_asks_for_a_password(
    serve: Serve, open_proxy: OpenProxy, ca: trustme.CA, is_secure: bool
) -> None:
    """The remedy says where to put it."""
    url = await serve(version, secured(ca) if is_secure else None)
    result = await failure(url, "proxy", proxy=await open_proxy(user="ada:token-of-ada"))
    assert result.cause == "The proxy for gpu cannot be used: answered 407."
    assert "user:password@" in result.remedy


async def test_a_proxy_that_cannot_reach_the_server(
    serve: Serve, open_proxy: OpenProxy, ca: trustme.CA
) -> None:
    """The address is to be checked, not the proxy."""
    url = await serve(version, secured(ca))
    result = await failure(url, "proxy", proxy=await open_proxy(status=502))
    assert result.cause == "The proxy for gpu cannot be used: answered 502."
    assert "cannot reach the server: check the field 'url'" in result.remedy


async def test_a_proxy_that_is_down(serve: Serve) -> None:
    """It is the proxy that refuses connections."""
    result = await failure(await serve(version), "TCP", proxy=UNREACHABLE)
    assert result.cause == "The proxy for gpu cannot be used: connection refused."
    result = await failure(await serve(version), "DNS", proxy="http://no-such-host.invalid:3128")
    assert result.cause.startswith("The proxy for gpu cannot be used: ")


@pytest.mark.parametrize("is_secure", [True, False])
@pytest.mark.parametrize(
    ("said", "why"),
    [
        (b"SSH-2.0-OpenSSH_9.2p1\r\n\r\n", "it does not answer like a proxy"),
        (b"HTTP/1.1 ", "it does not answer like a proxy"),
        (b"x" * 2**17, "it does not answer like a proxy"),
    ],
    ids=["SSH", "cut off", "endless"],
)
async def test_a_proxy_that_is_none(is_secure: bool, said: bytes, why: str) -> None:
    """Another service at its port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    proxy = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    url = f"http{'s' if is_secure else ''}://gpu.test"
    result = await failure(url, "proxy", proxy=proxy)
    assert result.cause == f"The proxy for gpu cannot be used: {why}."
    server.close()
