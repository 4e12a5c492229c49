"""The messages of failures, which the front end translates."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import aiohttp
import pytest

from kernel_providers_ext.gateway.errors import GatewayErrors
from kernel_providers_ext.gateway.response import Response
from kernel_providers_ext.provider.config import ProviderConfig
from kernel_providers_ext.provider.errors import ConfigurationError, ProviderError
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
        return errors().refusal(Response(429, {}, b'{"message": ""}'), "GET /api")
    if reason == "server_error":
        return errors().refusal(Response(502, {}, b""), "GET /api")
    if reason == "unauthorised":
        return errors().refusal(Response(401, {}, b""), "GET /api/kernels")
    if reason == "forbidden":
        return errors(token=True).refusal(Response(403, {}, b""), "GET /api/kernels")
    if reason == "no_secret":
        return errors().no_secret(ConfigurationError(detail))
    return errors().incompatible(detail)


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
        (
            format_datetime(datetime.now(timezone.utc) + timedelta(hours=10), usegmt=True),
            30_000,
            36_000,
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
    error = errors().refusal(Response(status, {"Retry-After": value}, b""), "GET /api")
    assert least <= error.retry_after <= most
