"""The faults of a provider, by name."""

from __future__ import annotations

import gzip
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from functools import cache

from aiohttp import web

from tests.support.fault_proxy import (
    Fault,
    endless_response,
    gzip_response,
    no_response,
    raw_response,
    reset_connection,
    respond,
    stalled_response,
    truncated_response,
)

PAGE = "<!doctype html><title>Log in</title>"


async def too_many_requests(_: web.Request) -> web.StreamResponse:
    """Answer that there are too many requests, with a date as Retry-After."""
    then = datetime.now(timezone.utc) + timedelta(seconds=2)
    headers = {"Retry-After": format_datetime(then, usegmt=True)}
    return web.json_response({"message": "a reason"}, status=429, headers=headers)


@cache
def gzip_bomb() -> bytes:
    """Return 128 MiB, compressed to some kilobytes."""
    return gzip.compress(b" " * 2**27)


async def huge_response(request: web.Request) -> web.StreamResponse:
    """Answer with a small body that decompresses to a huge one."""
    return await gzip_response(gzip_bomb())(request)


#: name: (the provider's answer, the resulting state, its reason)
FAULTS: dict[str, tuple[Fault, str, str]] = {
    "401": (respond(401), "unauthorised", "unauthorised"),
    "403": (respond(403), "unauthorised", "forbidden"),
    "404 with a message": (respond(404), "incompatible", "incompatible"),
    "404 with an HTML page": (respond(404, PAGE, "text/html"), "incompatible", "incompatible"),
    "429": (respond(429, Retry_After="1"), "offline", "overloaded"),
    "429 with a date": (too_many_requests, "offline", "overloaded"),
    "500": (respond(500), "offline", "refused_request"),
    "500 with an HTML page": (respond(500, PAGE, "text/html"), "offline", "server_error"),
    "502": (respond(502, PAGE, "text/html"), "offline", "server_error"),
    "503": (respond(503), "offline", "server_error"),
    "504": (respond(504), "offline", "server_error"),
    "HTML page": (respond(200, PAGE, "text/html"), "incompatible", "incompatible"),
    "HTML page sent as JSON": (respond(200, PAGE), "incompatible", "incompatible"),
    "empty object": (respond(200, "{}"), "incompatible", "incompatible"),
    "list": (respond(200, "[]"), "incompatible", "incompatible"),
    "empty body": (respond(200, ""), "incompatible", "incompatible"),
    "endlessly nested lists": (respond(200, "[" * 10**6), "incompatible", "incompatible"),
    "redirect to another host": (
        respond(302, "", Location="http://elsewhere.invalid/log-in"),
        "incompatible",
        "incompatible",
    ),
    "no answer": (no_response, "offline", "timeout"),
    "stalled answer": (stalled_response, "offline", "timeout"),
    "truncated answer": (truncated_response, "incompatible", "incompatible"),
    "endless answer": (endless_response, "incompatible", "incompatible"),
    "no HTTP": (raw_response(b"SSH-2.0-OpenSSH_9.2p1\r\n"), "incompatible", "incompatible"),
    "invalid Content-Length": (
        raw_response(b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n{}"),
        "incompatible",
        "incompatible",
    ),
    "endless headers": (
        raw_response(b"HTTP/1.1 200 OK\r\n" + b"X-Header: x\r\n" * 10**5),
        "incompatible",
        "incompatible",
    ),
    "invalid gzip": (gzip_response(b"{}"), "incompatible", "incompatible"),
    "gzip bomb": (huge_response, "incompatible", "incompatible"),
    "reset connection": (reset_connection, "offline", "reset"),
}
