"""The HTTP client for one remote Jupyter server: requests and websockets."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from typing import Any, TypeVar
from urllib.parse import urlencode

import aiohttp
from yarl import URL

from ..provider.closing import CLOSE_TIMEOUT, close_within
from ..provider.config import ProviderConfig
from ..provider.errors import NO_ANSWER, IncompatibleAnswer, ProviderError
from ..provider.interface import KernelModel
from .channels import GatewayChannels
from .credentials import Credentials, Headers
from .errors import GatewayErrors
from .handshakes import Handshakes
from .response import KERNELSPECS, Response
from .tls import speaks_tls, ssl_context
from .url import encoded

NO_CONTENT = 204
NO_HTTP = ("reset", "incompatible")  # what a request to a server with TLS may lead to
#: Seconds that a Jupyter server waits for a kernel's kernel_info_reply before it answers the
#: handshake of a websocket (`MappingKernelManager.kernel_info_timeout`).
KERNEL_INFO_TIMEOUT = 60.0
MAX_COOKIES = 50  # that one server may set
MAX_BODY = 256 * 2**10  # bytes of an answer that is parsed at once

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
        #: Makes the errors for answers that are not as they should be.
        self.errors = GatewayErrors(config)
        self._credentials = Credentials(config)
        self._base = encoded(config.url)
        self._proxy = str(config.proxy.source) if config.proxy is not None else None
        self._session: aiohttp.ClientSession | None = None
        self._closed = False
        self._channels: set[GatewayChannels] = set()
        self._handshakes = Handshakes()

    def reconfigure(self, config: ProviderConfig) -> None:
        """Adopt a configuration with the same `ProviderConfig.connection`."""
        self._config = config
        self.errors = GatewayErrors(config)

    async def get(
        self,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        limit: int = MAX_BODY,
    ) -> Response:
        """
        GET a path below the server's base URL; its segments are already encoded.

        An answer of more than ``limit`` bytes raises IncompatibleAnswer.
        """
        return await self._request("GET", path, headers=headers, query=query, limit=limit)

    async def post(self, path: str, body: object, *, timeout: float | None = None) -> Response:
        """POST a JSON body; ``timeout`` is in seconds."""
        return await self._request("POST", path, body=body, timeout=timeout)

    async def delete(self, path: str) -> Response:
        """DELETE the resource at the path."""
        return await self._request("DELETE", path)

    async def open_channels(
        self, path: str, query: Mapping[str, str], subprotocols: Collection[str]
    ) -> GatewayChannels:
        """Open a kernel's websocket below the server's base URL."""

        async def connect(credentials: Headers) -> aiohttp.ClientWebSocketResponse | Response:
            try:
                return await self._connect(path, query, subprotocols, credentials)
            except aiohttp.WSServerHandshakeError as error:
                return Response.received("GET", path, error.status, error.headers)
            except aiohttp.ServerDisconnectedError as error:
                raise self.errors.blocked("connection closed") from error

        async with self.errors.mapped():
            found = await self._with_credentials(connect)
        if isinstance(found, Response):
            raise self.errors.channels_refusal(found)
        config = self._config
        too_large = (
            f"A message of {config.label} had more than {config.max_message_size >> 20} MiB, and "
            "was not received. The limit is c.KernelProviders.max_message_size."
        )
        channels = GatewayChannels(found, too_large, self._channels.discard)
        self._channels.add(channels)
        return channels

    async def aclose(self) -> None:
        """Close all connections, within two seconds whatever the server does."""
        self._closed = True
        session, self._session = self._session, None
        await asyncio.gather(*(channels.aclose() for channels in list(self._channels)))
        if session is not None:
            await close_within(session.close(), CLOSE_TIMEOUT)

    # -- requests ----------------------------------------------------------------------------------

    async def _request(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        timeout: float | None = None,
        limit: int = MAX_BODY,
    ) -> Response:
        timeouts = self._config.timeouts

        async def send(credentials: Headers) -> Response:
            async with self._open().request(
                method,
                self._url(path, query or {}),
                json=body,
                # A compressed answer could be a thousand times as large as what is received of it.
                headers={"Accept-Encoding": "identity", **(headers or {}), **credentials},
                timeout=aiohttp.ClientTimeout(
                    total=timeout or timeouts.request, sock_connect=timeouts.connect
                ),
                proxy=self._proxy,
                # A redirect leads to a login page or to another host: neither may get our token.
                allow_redirects=False,
            ) as found:
                content = await self._read(found, limit)
                return Response.received(method, path, found.status, found.headers, content)

        response = await self._answer(send)
        if response.status == 304 or 200 <= response.status < 300:
            return response
        raise await self._refusal(response)

    async def _answer(self, send: Callable[[Headers], Awaitable[Response]]) -> Response:
        try:
            async with self.errors.mapped():
                return await self._with_credentials(send)
        except ProviderError as error:
            has_failed = error.reason_code in NO_HTTP and self._proxy is None
            if has_failed and await speaks_tls(self._base, self._config.timeouts.connect):
                raise self.errors.wrong_scheme("https", "http") from error
            raise

    async def _refusal(self, response: Response) -> ProviderError:
        error = self.errors.refusal(response)
        if error.reason_code == "forbidden" and response.path != KERNELSPECS:
            # The credentials are to blame only if they may not read, either.
            with suppress(IncompatibleAnswer):  # such as a long list
                await self.get(KERNELSPECS)
        return error

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

    async def _read(self, response: aiohttp.ClientResponse, limit: int) -> bytes:
        self._forget_cookies()
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            response.close()
            raise self.errors.incompatible("a compressed answer, which was not asked for")
        body = bytearray()
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > limit:
                response.close()
                raise self.errors.too_large(limit)
        return bytes(body)

    def _forget_cookies(self) -> None:
        """Forget all cookies if the server sets ever new ones."""
        jar = self._open().cookie_jar
        if len(jar) > MAX_COOKIES:
            jar.clear()

    def _url(self, path: str, query: Mapping[str, str]) -> URL:
        """Return the URL of a path as it is: aiohttp would undo the encoding of some characters."""
        search = f"?{urlencode(query)}" if query else ""
        return URL(f"{self._base}{path}{search}", encoded=True)

    # -- websockets --------------------------------------------------------------------------------

    async def _connect(
        self,
        path: str,
        query: Mapping[str, str],
        subprotocols: Collection[str],
        credentials: Headers,
    ) -> aiohttp.ClientWebSocketResponse:
        async def connect() -> Any:  # newer versions of aiohttp have another type
            # No heartbeat: aiohttp would take a reader that pauses for a dead connection. The
            # remote server pings, and TCP keep-alive detects the rest.
            return await self._open().ws_connect(
                self._url(path, query),
                protocols=tuple(subprotocols),
                headers=credentials,
                proxy=self._proxy,
                max_msg_size=self._config.max_message_size,
                timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_TIMEOUT),
            )

        client, timeouts = (path, *sorted(query.items())), self._config.timeouts
        longest = timeouts.connect + KERNEL_INFO_TIMEOUT + timeouts.request
        websocket = await self._handshakes.finish(client, connect, longest)
        if websocket is None:
            raise self.errors.blocked(NO_ANSWER)
        return websocket

    def _open(self) -> aiohttp.ClientSession:
        if self._closed:
            message = (
                f"The connection to {self._config.label} was closed: its configuration changed."
            )
            raise self.errors.unavailable("closed", message)
        if self._session is None or self._session.closed:
            context = ssl_context(self._config.tls) if self._base.startswith("https:") else True
            self._session = aiohttp.ClientSession(
                # Without a jar, the cookies of the server are dropped; ours are sent as a header.
                cookie_jar=(
                    aiohttp.CookieJar(unsafe=True)  # also for a host that is an IP address
                    if self._config.accept_cookies
                    else aiohttp.DummyCookieJar()
                ),
                connector=aiohttp.TCPConnector(ssl=context, limit=0),
                timeout=aiohttp.ClientTimeout(
                    total=None, sock_connect=self._config.timeouts.connect
                ),
                auto_decompress=False,
                # aiohttp has no option against redirects for websockets.
                trace_configs=[self._no_redirects()],
            )
        return self._session

    def _no_redirects(self) -> aiohttp.TraceConfig:
        async def refuse(_: object, __: object, found: aiohttp.TraceRequestRedirectParams) -> None:
            found.response.close()
            answer = found.response
            path = found.url.raw_path
            raise self.errors.refusal(Response.received("GET", path, answer.status, answer.headers))

        trace = aiohttp.TraceConfig()
        trace.on_request_redirect.append(refuse)
        return trace

    # -- what a response must be -------------------------------------------------------------------

    def check_done(self, response: Response) -> None:
        """Raise IncompatibleAnswer unless the status is 204: a login page answers 200."""
        if response.status != NO_CONTENT:
            raise self.errors.incompatible(f"{response.status} instead of {NO_CONTENT}")

    def parse_kernel(self, response: Response, kernel_id: str) -> KernelModel:
        """Return the kernel in a response; raises IncompatibleAnswer unless it has this id."""
        model = self.parse_object(response)
        if model.get("id") != kernel_id:
            raise self.errors.incompatible("another kernel")
        return model

    def parse_object(self, response: Response) -> dict[str, Any]:
        """Return the JSON object in a response; raises IncompatibleAnswer if there is none."""
        try:
            value = response.json()
        except ValueError as error:
            raise self.errors.no_json(response) from error
        if not isinstance(value, dict):
            raise self.errors.no_json(response)
        return value
