"""A proxy with faults, for a real remote server."""

from __future__ import annotations

import asyncio
import json
import re
import ssl
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

import aiohttp
from aiohttp import web
from yarl import URL

from tests.support.web_runner import stop

#: Answers a request instead of the remote server.
Fault = Callable[[web.Request], Awaitable[web.StreamResponse]]

#: Matches the paths of the list of kernels and of one kernel.
KERNELS = "/api/kernels(/|$)"
HOP_BY_HOP = ("Connection", "Content-Encoding", "Content-Length", "Host", "Transfer-Encoding")


class FaultProxy:
    """
    Forwards requests to a real server, except for those that a fault answers.

    It forwards websockets frame by frame, and closes them when a fault begins.
    """

    def __init__(self, target: str, port: int) -> None:
        self._target = target.rstrip("/")
        self.port = port
        self._fault: Fault | None = None
        self._only = ""
        self._runner: web.AppRunner | None = None
        self._client: aiohttp.ClientSession | None = None
        self._websockets: set[web.WebSocketResponse] = set()
        self.requests: list[str] = []
        #: All received paths and headers, as one text.
        self.received = ""

    async def open(self, context: ssl.SSLContext | None = None) -> None:
        """Listen, with TLS if there is a context."""
        app = web.Application(client_max_size=2**30)
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._client = aiohttp.ClientSession(auto_decompress=False)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port, ssl_context=context).start()

    async def close(self) -> None:
        """Stop listening, and close all connections."""
        if self._runner is not None and self._client is not None:
            await self._close_websockets()
            await stop(self._runner)
            await self._client.close()

    async def begin(self, fault: Fault, only: str = "") -> None:
        """Let a fault answer all requests, or only paths that match ``only``."""
        self._fault, self._only = fault, only
        await self._close_websockets()

    def end(self) -> None:
        """End the fault, so that the real server answers again."""
        self._fault = None

    async def _close_websockets(self) -> None:
        for websocket in list(self._websockets):
            with suppress(ConnectionError):
                await websocket.close(code=aiohttp.WSCloseCode.GOING_AWAY)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(f"{request.method} {request.path}")
        headers = [f"{name}: {value}" for name, value in request.headers.items()]
        self.received += "\n".join([request.raw_path, *headers, ""])
        fault = self._fault if re.search(self._only, request.path) else None
        try:
            return await (fault or self.forward)(request)
        except aiohttp.WSServerHandshakeError as error:
            return web.Response(status=error.status)
        except aiohttp.ClientError:
            return web.Response(status=502)

    async def forward(self, request: web.Request, path: str = "") -> web.StreamResponse:
        """Forward a request, under another path if one is given, and return the answer."""
        path = path or request.raw_path
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._forward_websocket(request, path)
        return await self.send(request, path, await request.read())

    async def send(self, request: web.Request, path: str, body: bytes) -> web.Response:
        """Send a request with another path and body to the real server, and return its answer."""
        assert self._client is not None
        async with self._client.request(
            request.method,
            URL(self._target + path, encoded=True),
            headers=_end_to_end(request.headers),
            data=body,
            allow_redirects=False,
        ) as answer:
            headers = _end_to_end(answer.headers)
            return web.Response(status=answer.status, headers=headers, body=await answer.read())

    async def _forward_websocket(self, request: web.Request, path: str) -> web.StreamResponse:
        assert self._client is not None
        header = request.headers.get("Sec-WebSocket-Protocol", "")
        offered = [protocol.strip() for protocol in header.split(",") if protocol.strip()]
        async with self._client.ws_connect(
            URL(self._target + path, encoded=True),
            protocols=offered,
            headers={"Authorization": request.headers.get("Authorization", "")},
            max_msg_size=0,
        ) as remote:
            accepted = (remote.protocol,) if remote.protocol else ()
            client = web.WebSocketResponse(protocols=accepted, max_msg_size=0)
            await client.prepare(request)
            self._websockets.add(client)
            pairs = ((client, remote), (remote, client))
            copying = [asyncio.create_task(_copy(*pair)) for pair in pairs]
            try:
                await asyncio.wait(copying, return_when=asyncio.FIRST_COMPLETED)
            finally:
                self._websockets.discard(client)
                for task in copying:
                    task.cancel()
            await client.close()
            return client


def respond(
    status: int,
    body: str = '{"message": "a reason"}',
    type: str = "application/json",
    **headers: str,
) -> Fault:
    """Answer with a status and a body; an underscore in a header's name becomes a hyphen."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    async def fault(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text=body, content_type=type, headers=named)

    return fault


def delayed_response(answer: Fault, seconds: float) -> Fault:
    """Answer like another fault, but some seconds later."""

    async def fault(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(seconds)
        return await answer(request)

    return fault


def altered_response(answer: Fault, change: Callable[[Any], Any]) -> Fault:
    """Answer like another fault, but with changed JSON, unless the answer is an error."""

    async def fault(request: web.Request) -> web.StreamResponse:
        headers = request.headers.copy()
        headers.popall("If-None-Match", None)  # so that the answer is not 304
        response = await answer(request.clone(headers=headers))
        if not isinstance(response, web.Response) or response.status >= 300:
            return response
        if response.content_type != "application/json":
            return response
        return web.json_response(change(json.loads(response.text or "")), status=response.status)

    return fault


async def no_response(_: web.Request) -> web.StreamResponse:
    """Never answer."""
    await asyncio.Event().wait()
    raise AssertionError


async def stalled_response(request: web.Request) -> web.StreamResponse:
    """Begin an answer, and never complete it."""
    await _begin(request, 1000)
    return await no_response(request)


async def truncated_response(request: web.Request) -> web.StreamResponse:
    """Close the connection in the middle of an answer."""
    response = await _begin(request, 1000)
    _abort(request)
    return response


async def reset_connection(request: web.Request) -> web.StreamResponse:
    """Close the connection without an answer."""
    _abort(request)
    return web.Response()


def raw_response(data: bytes) -> Fault:
    """Write bytes, which need not be HTTP, and close the connection."""

    async def fault(request: web.Request) -> web.StreamResponse:
        if request.transport is not None:
            request.transport.write(data)
            request.transport.close()
        return web.Response()

    return fault


def gzip_response(data: bytes) -> Fault:
    """Answer with bytes that the headers declare as gzip."""

    async def fault(_: web.Request) -> web.StreamResponse:
        return web.Response(body=data, headers={"Content-Encoding": "gzip"})

    return fault


async def endless_response(request: web.Request) -> web.StreamResponse:
    """Answer with endless data."""
    response = await _begin(request, None)
    with suppress(ConnectionError):  # the client disconnects
        while True:
            await response.write(b" " * 2**20)
    return response


async def _begin(request: web.Request, length: int | None) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    response.content_length = length
    await response.prepare(request)
    await response.write(b'{"kernelspecs": {')
    return response


def _abort(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


def _end_to_end(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.title() not in HOP_BY_HOP}


async def _copy(source: Any, sink: Any) -> None:
    async for message in source:
        if message.type is aiohttp.WSMsgType.TEXT:
            await sink.send_str(message.data)
        elif message.type is aiohttp.WSMsgType.BINARY:
            await sink.send_bytes(message.data)
