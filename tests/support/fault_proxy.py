"""What can go wrong between us and a remote server, in front of a real one."""

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

#: Answers a request in the remote server's place.
Fault = Callable[[web.Request], Awaitable[web.StreamResponse]]

#: Of requests, those that concern kernels, all or one of them.
KERNELS = "/api/kernels(/|$)"
HOP_BY_HOP = ("Connection", "Content-Encoding", "Content-Length", "Host", "Transfer-Encoding")


class FaultProxy:
    """
    Passes requests on to a real server, but for those that a fault answers.

    Websockets are passed on frame by frame, and are cut when a fault begins.
    """

    def __init__(self, target: str, port: int) -> None:
        self._target = target.rstrip("/")
        self.port = port
        self._fault: Fault | None = None
        self._only = ""
        self._runner: web.AppRunner | None = None
        self._client: aiohttp.ClientSession | None = None
        self._sockets: set[web.WebSocketResponse] = set()
        self.asked: list[str] = []
        #: All addresses and headers that came, as one text.
        self.told = ""

    async def open(self, context: ssl.SSLContext | None = None) -> None:
        """Begin to listen, with TLS where a context for it is given."""
        app = web.Application(client_max_size=2**30)
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._client = aiohttp.ClientSession(auto_decompress=False)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port, ssl_context=context).start()

    async def close(self) -> None:
        """Stop to listen, and cut all connections."""
        if self._runner is not None and self._client is not None:
            await self._cut()
            await self._runner.cleanup()
            await self._client.close()

    async def begin(self, fault: Fault, only: str = "") -> None:
        """Have a fault answer everything from now on, or paths that ``only`` is found in."""
        self._fault, self._only = fault, only
        await self._cut()

    def end(self) -> None:
        """Have the real server answer again."""
        self._fault = None

    async def _cut(self) -> None:
        for socket in list(self._sockets):
            with suppress(ConnectionError):
                await socket.close(code=aiohttp.WSCloseCode.GOING_AWAY)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(f"{request.method} {request.path}")
        headers = [f"{name}: {value}" for name, value in request.headers.items()]
        self.told += "\n".join([request.raw_path, *headers, ""])
        fault = self._fault if re.search(self._only, request.path) else None
        try:
            return await (fault or self.pass_on)(request)
        except aiohttp.WSServerHandshakeError as refused:
            return web.Response(status=refused.status)
        except aiohttp.ClientError:
            return web.Response(status=502)

    async def pass_on(self, request: web.Request, path: str = "") -> web.StreamResponse:
        """Return what the real server answers, under another path if one is given."""
        path = path or request.raw_path
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._pass_on_socket(request, path)
        return await self.ask(request, path, await request.read())

    async def ask(self, request: web.Request, path: str, body: bytes) -> web.Response:
        """Ask the real server for something else than the request does, and return its answer."""
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

    async def _pass_on_socket(self, request: web.Request, path: str) -> web.StreamResponse:
        assert self._client is not None
        words = request.headers.get("Sec-WebSocket-Protocol", "")
        offered = [word.strip() for word in words.split(",") if word.strip()]
        async with self._client.ws_connect(
            URL(self._target + path, encoded=True),
            protocols=offered,
            headers={"Authorization": request.headers.get("Authorization", "")},
            max_msg_size=0,
        ) as far:
            chosen = (far.protocol,) if far.protocol else ()
            near = web.WebSocketResponse(protocols=chosen, max_msg_size=0)
            await near.prepare(request)
            self._sockets.add(near)
            ways = [asyncio.create_task(_copy(*way)) for way in ((near, far), (far, near))]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                self._sockets.discard(near)
                for way in ways:
                    way.cancel()
            await near.close()
            return near


def answering(
    status: int,
    body: str = '{"message": "a reason"}',
    type: str = "application/json",
    **headers: str,
) -> Fault:
    """Answer with this status and body; an underscore in a header's name is a hyphen."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    async def fault(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text=body, content_type=type, headers=named)

    return fault


def delayed(answer: Fault, seconds: float) -> Fault:
    """Answer like another one, but late."""

    async def fault(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(seconds)
        return await answer(request)

    return fault


def altered(answer: Fault, change: Callable[[Any], Any]) -> Fault:
    """Answer like another one, but with other JSON, unless that is an error."""

    async def fault(request: web.Request) -> web.StreamResponse:
        headers = request.headers.copy()
        headers.popall("If-None-Match", None)  # "not modified" would not be true
        response = await answer(request.clone(headers=headers))
        if not isinstance(response, web.Response) or response.status >= 300:
            return response
        if response.content_type != "application/json":
            return response
        return web.json_response(change(json.loads(response.text or "")), status=response.status)

    return fault


async def silence(_: web.Request) -> web.StreamResponse:
    """Never answer."""
    await asyncio.Event().wait()
    raise AssertionError


async def half_an_answer(request: web.Request) -> web.StreamResponse:
    """Begin an answer, and then never go on."""
    await _begin(request, 1000)
    return await silence(request)


async def truncated(request: web.Request) -> web.StreamResponse:
    """Close the connection in the middle of an answer."""
    response = await _begin(request, 1000)
    _reset(request)
    return response


async def reset(request: web.Request) -> web.StreamResponse:
    """Close the connection without an answer."""
    _reset(request)
    return web.Response()


def raw(data: bytes) -> Fault:
    """Answer with these bytes, whether they are HTTP or not, and close the connection."""

    async def fault(request: web.Request) -> web.StreamResponse:
        if request.transport is not None:
            request.transport.write(data)
            request.transport.close()
        return web.Response()

    return fault


def packed(data: bytes) -> Fault:
    """Answer with these bytes, and say that they are packed with gzip."""

    async def fault(_: web.Request) -> web.StreamResponse:
        return web.Response(body=data, headers={"Content-Encoding": "gzip"})

    return fault


async def endless(request: web.Request) -> web.StreamResponse:
    """Answer without an end."""
    response = await _begin(request, None)
    with suppress(ConnectionError):  # the client has had enough
        while True:
            await response.write(b" " * 2**20)
    return response


async def _begin(request: web.Request, length: int | None) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    response.content_length = length
    await response.prepare(request)
    await response.write(b'{"kernelspecs": {')
    return response


def _reset(request: web.Request) -> None:
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
