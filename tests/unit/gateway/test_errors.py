"""The messages of failures, which the front end translates."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import aiohttp
import pytest

from kernel_providers_ext.gateway.errors import GatewayErrors
from kernel_providers_ext.gateway.response import Response
from kernel_providers_ext.provider.config import Auth, ProviderConfig
from kernel_providers_ext.provider.errors import (
    IncompatibleAnswer,
    KernelGone,
    ProviderError,
    RequestRefused,
    SignInNeeded,
)
from kernel_providers_ext.provider.secrets import Secret
from tests.support.processes import ROOT

FAILURES = json.loads((ROOT / "tests/shared/failures.json").read_text())

#: What aiohttp's errors are about, of which no sentence tells.
NOTHING: Any = None


def errors(token: bool = False) -> GatewayErrors:
    return GatewayErrors(
        ProviderConfig(
            "gpu",
            "/etc/gpu.json",
            url="https://gpu.example.org",
            label="GPU farm",
            token=Secret.parse("token-of-gpu") if token else None,
        )
    )


async def mapped(error: Exception) -> ProviderError:
    with pytest.raises(ProviderError) as raised:
        async with errors().mapped():
            raise error
    return raised.value


def not_connected(error: OSError) -> aiohttp.ClientConnectorError:
    return aiohttp.ClientConnectorError(NOTHING, error)


async def failure(reason: str, detail: str) -> ProviderError:
    """Cause the failure that has this message."""
    expired = ssl.SSLCertVerificationError()
    expired.verify_message = detail
    raised = {
        "refused": not_connected(ConnectionRefusedError()),
        "dns": not_connected(socket.gaierror()),
        "unreachable": not_connected(OSError(113, "No route to host")),
        "timeout": asyncio.TimeoutError(),
        "reset": ConnectionResetError(),
        "proxy": aiohttp.ClientHttpProxyError(NOTHING, (), status=407),
        "tls": aiohttp.ClientConnectorCertificateError(NOTHING, expired)
        if detail
        else ssl.SSLError("wrong version"),
    }.get(reason)
    if raised is not None:
        return await mapped(raised)
    if reason == "overloaded":
        return errors().refusal(Response(429, {}, b'{"message": ""}'))
    if reason == "server_error":
        return errors().refusal(Response(502, {}, b""))
    assert reason == "websocket"
    return errors().blocked(detail)


@pytest.mark.parametrize("row", FAILURES, ids=lambda row: f"{row['reason']} {row['detail']}")
async def test_a_failure_has_the_message_that_the_front_end_translates(
    row: dict[str, str],
) -> None:
    """Reason, detail and message are those of the shared table."""
    error = await failure(row["reason"], row["detail"])
    assert (error.reason_code, error.detail, error.message) == (
        row["reason"],
        row["detail"],
        row["message"],
    )


@pytest.mark.parametrize(
    ("value", "least", "most"),
    [
        ("30", 30, 30),
        pytest.param(
            format_datetime(datetime.now(timezone.utc) + timedelta(hours=10), usegmt=True),
            30_000,
            36_000,
            id="in ten hours",
        ),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 0, 0),
        ("Sun, 06 Nov 1994 08:49:37", 0, 0),
        ("soon", 0, 0),
        ("-1", 0, 0),
        ("²", 0, 0),
        ("", 0, 0),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_read_from_the_header(
    status: int, value: str, least: float, most: float
) -> None:
    """Retry-After has seconds or a date; any other value counts as 0."""
    error = errors().refusal(Response(status, {"Retry-After": value}, b""))
    assert least <= error.retry_after <= most


def refusal(
    status: int,
    error: dict[str, Any] | bytes,
    request: str = "POST /api/kernels",
    *,
    headers: dict[str, str] | None = None,
    challenges: Sequence[str] = (),
    **config: Any,
) -> ProviderError:
    """Return the error for an answer to a request."""
    body = error if isinstance(error, bytes) else json.dumps(error).encode()
    url = config.pop("url", "https://gpu.example.org/user/ada/")
    settings = ProviderConfig("gpu", "/etc/gpu.json", url=url, label="GPU farm", **config)
    method, path = request.split(" ", 1)
    return GatewayErrors(settings).refusal(
        Response(status, headers or {}, body, challenges, method, path)
    )


TOKEN = Secret.parse("token-of-gpu")
READING = "GET /api/kernelspecs"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ({"message": "Too many kernels.", "reason": None}, "Too many kernels"),
        ({"message": "", "reason": "Too many kernels"}, "Too many kernels"),
        (
            {"message": "Forbidden", "reason": "User ada may not start it."},
            "User ada may not start it",
        ),
        (
            {"message": "", "reason": None, "traceback": "Trace…\n  x\nOSError: no GPU\n"},
            "OSError: no GPU",
        ),
        ({"message": "two\nlines \x1b[31m\u202e"}, "two lines \\x1b[31m\\u202e"),
        ({"message": "x" * 1000}, "x" * 299 + "…"),
        ({"message": {"a": 1}}, "{'a': 1}"),
    ],
)
@pytest.mark.parametrize("status", [400, 403, 409, 500])
def test_the_servers_own_words_are_quoted(status: int, error: dict[str, Any], said: str) -> None:
    """A limit of kernels or a quota is said as the server says it, as one line of text."""
    failure = refusal(status, error, token=TOKEN)
    message = f"GPU farm answered {status} to POST /api/kernels: {said}."
    assert (type(failure), failure.reason_code) == (RequestRefused, "refused_request")
    assert failure.message == message


@pytest.mark.parametrize("error", [{"message": "Forbidden"}, {"message": ""}, b"<html>", b""])
def test_a_403_without_words_is_forbidden(error: dict[str, Any] | bytes) -> None:
    """Whether the credentials are to blame depends on whether they may read."""
    failure = refusal(403, error, token=TOKEN)
    assert (type(failure), failure.reason_code) == (RequestRefused, "forbidden")
    assert failure.message == "GPU farm answered 403 to POST /api/kernels: no reason given."


@pytest.mark.parametrize(
    ("config", "refused", "field"),
    [
        ({}, "a request without a token", "token"),
        ({"token": TOKEN}, "the token", "token"),
        ({"auth": Auth(user="ada", password=TOKEN)}, "the password", "auth"),
    ],
)
@pytest.mark.parametrize("status", [401, 403])
def test_refused_credentials_are_named(
    status: int, config: dict[str, Any], refused: str, field: str
) -> None:
    """A 401, and a 403 to the request for kernelspecs, are about the credentials."""
    failure = refusal(status, {"message": "Forbidden"}, READING, **config)
    assert (type(failure), failure.detail) == (SignInNeeded, READING)
    assert failure.reason_code == {401: "unauthorised", 403: "forbidden"}[status]
    assert failure.message == (
        f"GPU farm refused {refused} ({status}) for {READING}. Check the field '{field}' in "
        "/etc/gpu.json."
    )
    said = refusal(status, {"message": "Token expired."}, READING, **config)
    assert f"({status}) for {READING}: Token expired. Check the field" in said.message


@pytest.mark.parametrize(
    ("challenges", "remedy"),
    [
        (["basic"], "It asks for a user and a password: set 'user' and 'password'"),
        (["bearer"], "It asks for a Bearer token: set 'scheme' of the field 'auth' to \"Bearer\"."),
        (["negotiate", "basic"], "It asks for Negotiate (Kerberos), which is not supported"),
        (["unknown"], ""),
    ],
)
def test_what_the_server_asks_for_is_named(challenges: list[str], remedy: str) -> None:
    """WWW-Authenticate says which kind of credentials the server, or a proxy, wants."""
    failure = refusal(401, b"", READING, token=TOKEN, challenges=challenges)
    assert remedy in failure.message
    bearer = refusal(401, b"", READING, token=TOKEN, auth=Auth("Bearer"), challenges=["bearer"])
    assert "It asks" not in bearer.message


@pytest.mark.parametrize("error", [{"message": "Not Found"}, {"detail": "Not Found"}, b"<html>"])
@pytest.mark.parametrize(
    ("url", "hint"),
    [
        (
            "https://gpu.example.org/user/ada/",
            "Is a base URL like /user/ada/ missing, or is there a login page",
        ),
        ("https://gpu.example.org/lab", "Leave out '/lab' at its end"),
        ("https://gpu.example.org/x/tree/", "Leave out '/tree' at its end"),
        ("https://gpu.example.org/api", "Leave out '/api' at its end"),
    ],
)
def test_a_wrong_path_is_not_compatible(error: dict[str, Any] | bytes, url: str, hint: str) -> None:
    """Whatever a 404 looks like, the full URL and the file are named."""
    failure = refusal(404, error, READING, url=url)
    assert type(failure) is IncompatibleAnswer
    assert f"there is no {url.rstrip('/')}/api/kernelspecs (404)" in failure.message
    assert "Check the field 'url' in /etc/gpu.json." in failure.message
    assert hint in failure.message


@pytest.mark.parametrize(
    ("headers", "what"),
    [
        ({"Content-Type": "text/html; charset=utf-8"}, "an HTML page at"),
        ({"Content-Type": "application/json"}, "no JSON, or not as expected, at"),
        ({}, "no JSON, or not as expected, at"),
    ],
)
def test_what_comes_instead_of_json_is_named(headers: dict[str, str], what: str) -> None:
    """A page of a login or of a proxy, for example."""
    response = Response(200, headers, b"<html>", path="/api/kernelspecs")
    assert what in errors().no_json(response).message


def test_json_that_is_nested_without_end_is_no_json() -> None:
    """As any other text that is not JSON."""
    with pytest.raises(ValueError, match="nested too deeply"):
        Response(200, {}, b"[" * 100_000).json()


def test_a_404_that_names_the_kernel_proves_that_it_is_gone() -> None:
    """Any other 404 does not."""
    request = "DELETE /api/kernels/a%2Fb"
    assert type(refusal(404, {"message": "Kernel does not exist: a/b"}, request)) is KernelGone
    assert type(refusal(404, {"message": "No such thing"}, request)) is RequestRefused
    assert type(refusal(404, b"<html>", request)) is IncompatibleAnswer


@pytest.mark.parametrize(
    ("status", "headers", "reason", "words"),
    [
        (
            302,
            {"Location": "https://login.example.org/oauth?next=x"},
            "incompatible",
            "(302) to login.example.org/oauth.",
        ),
        (301, {"Location": "/user/ada/tree\x1b"}, "incompatible", "(301) to /user/ada/tree"),
        (307, {}, "incompatible", "a redirect (307)."),
        (
            302,
            {"Location": "/hub/user/ada/api/kernelspecs"},
            "not_running",
            "not running at its JupyterHub",
        ),
        (302, {"Location": "https://h/x/hub/spawn-pending/ada"}, "not_running", "Start it there."),
        (302, {"Location": "/hub/login?next=x"}, "incompatible", "to /hub/login"),
        (302, {"Location": "/hub/api/kernelspecs"}, "incompatible", "to /hub/api/kernelspecs"),
        (302, {"Location": "http://[::1"}, "incompatible", "a redirect (302)."),
        (424, {}, "not_running", "not running at its JupyterHub"),
    ],
)
def test_where_a_redirect_leads_is_named(
    status: int, headers: dict[str, str], reason: str, words: str
) -> None:
    """Host and path of the target are named; a hub without the user's server is recognised."""
    failure = refusal(status, b"", READING, headers=headers)
    assert failure.reason_code == reason
    assert words in failure.message


@pytest.mark.parametrize(
    "body",
    [
        b"<center>The plain HTTP request was sent to HTTPS port</center>",
        b"Client sent an HTTP request to an HTTPS server.\n",
        b"You're speaking plain HTTP to an SSL-enabled server port.",
    ],
)
def test_a_server_that_wants_tls_is_recognised(body: bytes) -> None:
    """NGINX, Go and Apache say so to a request without TLS."""
    failure = refusal(400, body, READING, url="http://gpu.example.org")
    assert failure.reason_code == "scheme"
    assert "Is it https? Check the field 'url' in /etc/gpu.json." in failure.message
    # Behind a proxy with TLS, another server may say so.
    assert refusal(400, body, READING, url="https://gpu.example.org").reason_code != "scheme"


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (400, "websocket"),
        (200, "websocket"),
        (403, "websocket"),
        (502, "websocket"),
        (404, "no_channels"),
        (401, "unauthorised"),
        (429, "overloaded"),
    ],
)
def test_a_refused_handshake(status: int, reason: str) -> None:
    """A websocket that does not open is a reason of its own, unless the status says why."""
    failure = errors(token=True).channels_refusal(Response(status, {}))
    assert failure.reason_code == reason
    assert str(status) in failure.message


def test_words_of_an_unavailable_server_are_quoted() -> None:
    """A gateway without resources answers 503, and may say so."""
    failure = refusal(503, {"message": "", "reason": "No GPU is free."})
    assert (failure.reason_code, failure.detail) == ("server_error", "503: No GPU is free")
    assert failure.message == "GPU farm answered with an error (503: No GPU is free)."
