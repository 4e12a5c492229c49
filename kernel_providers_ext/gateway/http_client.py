"""The connections to one remote Jupyter server: requests, JSON, websockets, credentials."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Any

import aiohttp

from ..provider.config import ProviderConfig, Tls
from ..provider.errors import ConfigurationError, IncompatibleAnswer, ProviderError, RequestRefused
from ..provider.interface import KernelModel
from .channels import GatewayChannels
from .errors import Answer, GatewayErrors

DONE = 204
#: Seconds that a Jupyter server waits for a kernel to say who it is, before it answers the
#: handshake of a websocket (`MappingKernelManager.kernel_info_timeout`).
KERNEL_INFO_TIMEOUT = 60.0
UNWANTED_WAIT = 5.0  # seconds for a connection that its client has given up, before it has another
CLOSE_TIMEOUT = 2.0  # seconds to wait for a server to agree to a websocket's end
MAX_BODY = 32 * 2**20  # bytes; a list of 10,000 kernelspecs has about 10 MB


class GatewayHttpClient:
    """
    The connections to one remote server.

    One aiohttp session holds the pool and TLS for requests and websockets alike, so that nothing of
    one provider can get to another. It is opened by the first request. The credentials are read
    then, too, and again once the server has refused them.
    """

    def __init__(self, config: ProviderConfig) -> None:
        self._config = config
        self._errors = GatewayErrors(config)
        self._base = config.url.rstrip("/")
        self._session: aiohttp.ClientSession | None = None
        self._closed = False
        #: Connections that nobody waits for any more, by path and query, until they are closed.
        self._unwanted: dict[object, asyncio.Future[None]] = {}
        self._credentials: dict[str, str] | None = None
        self._reading = asyncio.Lock()
        self._proxy = str(config.proxy.source) if config.proxy is not None else None

    def reconfigure(self, config: ProviderConfig) -> None:
        """Take over a configuration with the same `connection`."""
        self._config = config
        self._errors = GatewayErrors(config)

    async def get(
        self, path: str, *, headers: Mapping[str, str] | None = None, seconds: float | None = None
    ) -> Answer:
        """GET a path below the server's base URL, its parts already encoded."""
        return await self._request("GET", path, headers=headers, seconds=seconds)

    async def post(self, path: str, body: object, *, seconds: float | None = None) -> Answer:
        """POST a JSON body, waiting for so many seconds at most."""
        return await self._request("POST", path, body=body, seconds=seconds)

    async def delete(self, path: str) -> Answer:
        """DELETE what is at the path."""
        return await self._request("DELETE", path)

    async def open_channels(
        self, path: str, query: Mapping[str, str], subprotocols: Collection[str]
    ) -> GatewayChannels:
        """Open a kernel's websocket below the server's base URL; a message may have any size."""
        async with self._errors.mapped():
            credentials = await self._read_credentials()
            try:
                return GatewayChannels(await self._connect(path, query, subprotocols, credentials))
            except aiohttp.WSServerHandshakeError as error:
                renewed = credentials
                if error.status in (401, 403):
                    renewed = await self._renew(credentials)
                if renewed == credentials:
                    raise self._refused(path, error) from error
            try:
                return GatewayChannels(await self._connect(path, query, subprotocols, renewed))
            except aiohttp.WSServerHandshakeError as error:
                raise self._refused(path, error) from error

    async def _connect(
        self,
        path: str,
        query: Mapping[str, str],
        subprotocols: Collection[str],
        credentials: dict[str, str],
    ) -> aiohttp.ClientWebSocketResponse:
        client = path, *sorted(query.items())
        if (former := self._unwanted.get(client)) is not None:
            # A server closes one of two with the same session id, whatever is on its way there.
            await asyncio.wait({former}, timeout=UNWANTED_WAIT)
        # No heartbeat: aiohttp would take a reader that pauses for a dead connection. The remote
        # server pings, and TCP keep-alive finds out the rest.
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
            # A Jupyter server whose handshake is cut counts one connection too few from then on,
            # and keeps nothing for a client that is away. So it is closed when it is open.
            self._unwanted[client] = closing = asyncio.ensure_future(_close(handshake))
            closing.add_done_callback(lambda _: self._closed_unwanted(client, closing))
            raise

    def _closed_unwanted(self, client: object, closing: asyncio.Future[None]) -> None:
        if self._unwanted.get(client) is closing:
            del self._unwanted[client]

    def _refused(self, path: str, error: aiohttp.WSServerHandshakeError) -> ProviderError:
        if error.status == 404:
            return self._errors.no_channels()
        return self._errors.refusal(Answer(error.status, error.headers or {}, b""), f"GET {path}")

    async def aclose(self) -> None:
        """Close all connections."""
        self._closed = True
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _request(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        seconds: float | None = None,
    ) -> Answer:
        credentials = await self._read_credentials()
        answer = await self._send(method, path, body, {**(headers or {}), **credentials}, seconds)
        if answer.status in (401, 403):
            # Refused is not done, so that it may be repeated where there is a new token by now.
            renewed = await self._renew(credentials)
            if renewed != credentials:
                answer = await self._send(
                    method, path, body, {**(headers or {}), **renewed}, seconds
                )
        if answer.status == 304 or 200 <= answer.status < 300:
            return answer
        raise self._errors.refusal(answer, f"{method} {path}")

    async def _send(
        self, method: str, path: str, body: object, headers: dict[str, str], seconds: float | None
    ) -> Answer:
        timeouts = self._config.timeouts
        timeout = aiohttp.ClientTimeout(
            total=seconds or timeouts.request, sock_connect=timeouts.connect
        )
        async with (
            self._errors.mapped(),
            self._open().request(
                method,
                self._base + path,
                json=body,
                headers=headers,
                timeout=timeout,
                proxy=self._proxy,
                # A redirect leads to a log-in page or to another host: neither may get our token.
                allow_redirects=False,
            ) as response,
        ):
            return Answer(response.status, response.headers, await self._read(response))

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        body = bytearray()
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > MAX_BODY:
                response.close()
                raise self._errors.incompatible(f"an answer of more than {MAX_BODY >> 20} MiB")
        return bytes(body)

    def _open(self) -> aiohttp.ClientSession:
        if self._closed:
            raise self._errors.unavailable(
                "closed", "This connection was closed, as the configuration changed."
            )
        if self._session is None or self._session.closed:
            https = self._base.startswith("https:")
            try:
                context = _ssl_context(self._config.tls) if https else True
            except ConfigurationError as error:
                raise self._errors.no_secret(error) from error
            self._session = aiohttp.ClientSession(
                # A jar would collect cookies of the server: we send those configured, as a header.
                cookie_jar=aiohttp.DummyCookieJar(),
                connector=aiohttp.TCPConnector(ssl=context, limit=0),
                timeout=aiohttp.ClientTimeout(
                    total=None, sock_connect=self._config.timeouts.connect
                ),
                # aiohttp has no option for this where it opens a websocket.
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

    async def _read_credentials(self) -> dict[str, str]:
        async with self._reading:  # requests at the same time share what was read
            if self._credentials is None:
                self._credentials = await self._read_all()
            return self._credentials

    async def _renew(self, refused: dict[str, str]) -> dict[str, str]:
        """Read the credentials again, unless another request has had that done already."""
        if self._credentials is refused:
            self._credentials = None
        return await self._read_credentials()

    async def _read_all(self) -> dict[str, str]:
        config = self._config
        try:
            headers = {name: await secret.reveal() for name, secret in config.headers.items()}
            cookies = [f"{k}={await secret.reveal()}" for k, secret in config.cookies.items()]
            if config.token is not None:
                headers["Authorization"] = f"token {await config.token.reveal()}"
        except ConfigurationError as error:
            raise self._errors.no_secret(error) from error
        if cookies:
            headers["Cookie"] = "; ".join(cookies)
        return headers

    def incompatible(self, what: str) -> IncompatibleAnswer:
        """Return the error for an answer that no Jupyter server gives."""
        return self._errors.incompatible(what)

    def no_listing(self) -> RequestRefused:
        """Return the error for a server that does not tell which kernels it runs."""
        return self._errors.no_listing()

    def check_done(self, answer: Answer) -> None:
        """Raise IncompatibleAnswer unless it is one that means "done": a log-in page says 200."""
        if answer.status != DONE:
            raise self.incompatible(f"{answer.status} where a Jupyter server says {DONE}")

    def parse_kernel(self, answer: Answer, kernel_id: str) -> KernelModel:
        """Return the kernel of an answer; raises IncompatibleAnswer unless it is this one."""
        model: dict[str, Any] = self.parse(answer, dict)
        if model.get("id") != kernel_id:
            raise self.incompatible("a kernel that is another one")
        return model

    def parse(self, answer: Answer, kind: type) -> Any:
        """Return an answer's JSON, which must be of this type; raises IncompatibleAnswer."""
        try:
            value = answer.json()
        except ValueError as error:
            page = "html" in answer.headers.get("Content-Type", "")
            raise self._errors.incompatible("an HTML page" if page else "no JSON") from error
        if not isinstance(value, kind):
            raise self._errors.incompatible(f"JSON, but no {'list' if kind is list else 'object'}")
        return value


async def _close(handshake: asyncio.Future[aiohttp.ClientWebSocketResponse]) -> None:
    """Close a websocket that nobody wants any more, when it is open."""
    with suppress(Exception):  # nobody wants to know either
        await (await handshake).close()


def _ssl_context(tls: Tls) -> ssl.SSLContext:
    """Return a context for TLS; raises ConfigurationError where a file cannot be used."""
    try:
        context = ssl.create_default_context(cafile=tls.ca)
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(f"The file of 'tls.ca', {tls.ca}, cannot be used.") from error
    if tls.certificate is not None:
        try:
            # Without a password given, one would be asked for on the terminal.
            context.load_cert_chain(tls.certificate, tls.key, password="")
        except (OSError, ssl.SSLError) as error:
            raise ConfigurationError(
                f"The client's certificate, {tls.certificate}, or its key cannot be used."
            ) from error
    if not tls.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
