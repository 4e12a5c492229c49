"""The HTTP client for one remote Jupyter server: requests and websockets."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from typing import Any, TypeVar

import aiohttp

from ..provider.config import ProviderConfig
from ..provider.errors import IncompatibleAnswer, RequestRefused
from ..provider.interface import KernelModel
from .channels import GatewayChannels
from .credentials import Credentials, Headers
from .errors import GatewayErrors
from .response import Response
from .tls import ssl_context

NO_CONTENT = 204
#: Seconds that a Jupyter server waits for a kernel's kernel_info_reply before it answers the
#: handshake of a websocket (`MappingKernelManager.kernel_info_timeout`).
KERNEL_INFO_TIMEOUT = 60.0
ABANDONED_WAIT = 5.0  # seconds for an abandoned websocket to close before its client has another
CLOSE_TIMEOUT = 2.0  # seconds for a server to answer a websocket's close frame
MAX_BODY = 32 * 2**20  # bytes; a list of 10,000 kernelspecs has about 10 MB

T = TypeVar("T")


class GatewayHttpClient:
    """
    The connections to one remote server.

    One aiohttp session holds the connection pool and the TLS context for requests and websockets,
    so that nothing of one provider reaches another. The first request opens it. All methods raise
    ProviderError if the server does not answer as it should.
    """

    def __init__(self, config: ProviderConfig) -> None:
        self._config = config
        self._errors = GatewayErrors(config)
        self._credentials = Credentials(config)
        self._base = config.url.rstrip("/")
        self._proxy = str(config.proxy.source) if config.proxy is not None else None
        self._session: aiohttp.ClientSession | None = None
        self._closed = False
        #: Websockets whose client has left during the handshake, by path and query.
        self._abandoned: dict[object, asyncio.Future[None]] = {}

    def reconfigure(self, config: ProviderConfig) -> None:
        """Adopt a configuration with the same `ProviderConfig.connection`."""
        self._config = config
        self._errors = GatewayErrors(config)

    async def get(
        self, path: str, *, headers: Mapping[str, str] | None = None, timeout: float | None = None
    ) -> Response:
        """GET a path below the server's base URL; its segments are already encoded."""
        return await self._request("GET", path, headers=headers, timeout=timeout)

    async def post(self, path: str, body: object, *, timeout: float | None = None) -> Response:
        """POST a JSON body; ``timeout`` is in seconds."""
        return await self._request("POST", path, body=body, timeout=timeout)

    async def delete(self, path: str) -> Response:
        """DELETE the resource at the path."""
        return await self._request("DELETE", path)

    async def open_channels(
        self, path: str, query: Mapping[str, str], subprotocols: Collection[str]
    ) -> GatewayChannels:
        """Open a kernel's websocket below the server's base URL; messages may have any size."""

        async def connect(credentials: Headers) -> aiohttp.ClientWebSocketResponse | Response:
            try:
                return await self._connect(path, query, subprotocols, credentials)
            except aiohttp.WSServerHandshakeError as error:
                return Response(error.status, error.headers or {}, b"")

        async with self._errors.mapped():
            found = await self._with_credentials(connect)
            if not isinstance(found, Response):
                return GatewayChannels(found)
            if found.status == 404:
                raise self._errors.no_channels()
            raise self._errors.refusal(found, f"GET {path}")

    async def aclose(self) -> None:
        """Close all connections."""
        self._closed = True
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    # -- requests ----------------------------------------------------------------------------------

    async def _request(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> Response:
        async def send(credentials: Headers) -> Response:
            all_headers = {**(headers or {}), **credentials}
            return await self._send(method, path, body, all_headers, timeout)

        async with self._errors.mapped():
            response = await self._with_credentials(send)
        if response.status == 304 or 200 <= response.status < 300:
            return response
        raise self._errors.refusal(response, f"{method} {path}")

    async def _with_credentials(self, send: Callable[[Headers], Awaitable[T]]) -> T:
        """Send a request, and once more if the server refuses a token that has been renewed."""
        credentials = await self._credentials.headers()
        response = await send(credentials)
        # A refused request was not done, so that it may be repeated.
        if isinstance(response, Response) and response.status in (401, 403):
            renewed = await self._credentials.renewed(credentials)
            if renewed is not None:
                return await send(renewed)
        return response

    async def _send(
        self, method: str, path: str, body: object, headers: Headers, timeout: float | None
    ) -> Response:
        timeouts = self._config.timeouts
        limits = aiohttp.ClientTimeout(
            total=timeout or timeouts.request, sock_connect=timeouts.connect
        )
        async with self._open().request(
            method,
            self._base + path,
            json=body,
            headers=headers,
            timeout=limits,
            proxy=self._proxy,
            # A redirect leads to a login page or to another host: neither may get our token.
            allow_redirects=False,
        ) as response:
            return Response(response.status, response.headers, await self._read(response))

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        body = bytearray()
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > MAX_BODY:
                response.close()
                raise self._errors.incompatible(f"an answer of more than {MAX_BODY >> 20} MiB")
        return bytes(body)

    # -- websockets --------------------------------------------------------------------------------

    async def _connect(
        self,
        path: str,
        query: Mapping[str, str],
        subprotocols: Collection[str],
        credentials: Headers,
    ) -> aiohttp.ClientWebSocketResponse:
        client = path, *sorted(query.items())
        if (former := self._abandoned.get(client)) is not None:
            # A server closes one of two websockets with the same session id, and loses its frames.
            await asyncio.wait({former}, timeout=ABANDONED_WAIT)
        # No heartbeat: aiohttp would take a reader that pauses for a dead connection. The remote
        # server pings, and TCP keep-alive detects the rest.
        connecting: Any = self._open().ws_connect(
            self._base + path,
            params=query,
            protocols=tuple(subprotocols),
            headers=credentials,
            proxy=self._proxy,
            max_msg_size=0,
            timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_TIMEOUT),
        )
        timeouts = self._config.timeouts
        longest = timeouts.connect + KERNEL_INFO_TIMEOUT + timeouts.request
        handshake: asyncio.Future[aiohttp.ClientWebSocketResponse] = asyncio.ensure_future(
            connecting
        )
        try:
            await asyncio.wait({handshake}, timeout=longest)
            if handshake.done():
                return handshake.result()
            raise asyncio.TimeoutError
        except (asyncio.TimeoutError, asyncio.CancelledError):
            self._abandon(client, handshake)
            raise

    def _abandon(
        self, client: object, handshake: asyncio.Future[aiohttp.ClientWebSocketResponse]
    ) -> None:
        """
        Close a websocket as soon as its handshake is done.

        A Jupyter server whose handshake is cut counts one connection too few from then on, and
        buffers no messages for a client that is away.
        """

        async def close() -> None:
            with suppress(Exception):  # the client has left, so that no error matters
                await (await handshake).close()

        def forget(_: object) -> None:
            if self._abandoned.get(client) is closing:
                del self._abandoned[client]

        self._abandoned[client] = closing = asyncio.ensure_future(close())
        closing.add_done_callback(forget)

    def _open(self) -> aiohttp.ClientSession:
        if self._closed:
            message = (
                f"The connection to {self._config.label} was closed: its configuration changed."
            )
            raise self._errors.unavailable("closed", message)
        if self._session is None or self._session.closed:
            context = ssl_context(self._config.tls) if self._base.startswith("https:") else True
            self._session = aiohttp.ClientSession(
                # A jar would collect the server's cookies; ours are sent as a header.
                cookie_jar=aiohttp.DummyCookieJar(),
                connector=aiohttp.TCPConnector(ssl=context, limit=0),
                timeout=aiohttp.ClientTimeout(
                    total=None, sock_connect=self._config.timeouts.connect
                ),
                # aiohttp has no option against redirects for websockets.
                trace_configs=[self._no_redirects()],
            )
        return self._session

    def _no_redirects(self) -> aiohttp.TraceConfig:
        async def refuse(_: object, __: object, found: aiohttp.TraceRequestRedirectParams) -> None:
            found.response.close()
            raise self._errors.incompatible(f"a redirect ({found.response.status})")

        trace = aiohttp.TraceConfig()
        trace.on_request_redirect.append(refuse)
        return trace

    # -- what a response must be -------------------------------------------------------------------

    def incompatible(self, what: str) -> IncompatibleAnswer:
        """Return the error for an answer, named by ``what``, that no Jupyter server gives."""
        return self._errors.incompatible(what)

    def no_listing(self) -> RequestRefused:
        """Return the error for a server that does not list its kernels."""
        return self._errors.no_listing()

    def check_done(self, response: Response) -> None:
        """Raise IncompatibleAnswer unless the status is 204: a login page answers 200."""
        if response.status != NO_CONTENT:
            raise self.incompatible(f"{response.status} instead of {NO_CONTENT}")

    def parse_kernel(self, response: Response, kernel_id: str) -> KernelModel:
        """Return the kernel in a response; raises IncompatibleAnswer unless it has this id."""
        model: dict[str, Any] = self.parse(response, dict)
        if model.get("id") != kernel_id:
            raise self.incompatible("another kernel")
        return model

    def parse(self, response: Response, kind: type) -> Any:
        """Return a response's JSON; raises IncompatibleAnswer unless it is of this type."""
        try:
            value = response.json()
        except ValueError as error:
            page = "html" in response.headers.get("Content-Type", "")
            raise self._errors.incompatible("an HTML page" if page else "no JSON") from error
        if not isinstance(value, kind):
            raise self._errors.incompatible(f"JSON, but no {'list' if kind is list else 'object'}")
        return value
