"""REST of one remote Jupyter server: requests out, JSON in, every failure as one of our errors."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import ssl
from collections.abc import Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import aiohttp

from .errors import (
    ConfigurationError,
    IncompatibleAnswer,
    KernelGone,
    ProviderError,
    ProviderUnavailable,
    RequestRefused,
    SignInNeeded,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from .provider_config import ProviderConfig, Tls

MAX_BODY = 64 * 2**20  # bytes; a list of 10,000 kernelspecs has about 10 MB


@dataclass(frozen=True)
class Answer:
    """What came back: the status, the headers and the whole body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class GatewayHttp:
    """
    The connections to one remote server.

    One aiohttp session holds the pool and TLS for requests and websockets alike, so that nothing of
    one provider can get to another. It is opened by the first request. The credentials are read
    then, too, and again once the server has refused them.
    """

    def __init__(self, config: ProviderConfig) -> None:
        self._config = config
        self._base = config.url.rstrip("/")
        self._session: aiohttp.ClientSession | None = None
        self._credentials: dict[str, str] | None = None
        self._reading = asyncio.Lock()
        self._proxy = str(config.proxy.where) if config.proxy is not None else None

    def reconfigure(self, config: ProviderConfig) -> None:
        """Take over a configuration with the same `connection`."""
        self._config = config

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

    async def open_websocket(
        self, path: str, query: Mapping[str, str], subprotocols: Collection[str]
    ) -> aiohttp.ClientWebSocketResponse:
        """Open a websocket below the server's base URL; a message may have any size."""
        timeouts = self._config.timeouts
        async with self._errors():
            credentials = await self._read_credentials()
            # No heartbeat: aiohttp would take a reader that pauses for a dead connection. The
            # remote server pings, and TCP keep-alive finds out the rest.
            connecting: Any = self._open().ws_connect(
                self._base + path,
                params=query,
                protocols=tuple(subprotocols),
                headers=credentials,
                proxy=self._proxy,
                max_msg_size=0,
            )
            try:
                opened: aiohttp.ClientWebSocketResponse = await asyncio.wait_for(
                    connecting, timeouts.connect + timeouts.request
                )
                return opened
            except aiohttp.WSServerHandshakeError as error:
                if error.status in (401, 403):
                    self._forget(credentials)
                answer = Answer(error.status, error.headers or {}, b"")
                raise self._refusal(answer, f"GET {path}") from error

    async def aclose(self) -> None:
        """Close all connections."""
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
            self._forget(credentials)
            renewed = await self._read_credentials()
            if renewed != credentials:
                answer = await self._send(
                    method, path, body, {**(headers or {}), **renewed}, seconds
                )
        if answer.status == 304 or 200 <= answer.status < 300:
            return answer
        raise self._refusal(answer, f"{method} {path}")

    async def _send(
        self, method: str, path: str, body: object, headers: dict[str, str], seconds: float | None
    ) -> Answer:
        timeouts = self._config.timeouts
        timeout = aiohttp.ClientTimeout(
            total=seconds or timeouts.request, sock_connect=timeouts.connect
        )
        async with (
            self._errors(),
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
                raise self.incompatible(f"an answer of more than {MAX_BODY >> 20} MiB")
        return bytes(body)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            https = self._base.startswith("https:")
            try:
                context = _ssl_context(self._config.tls) if https else True
            except ConfigurationError as error:
                raise self._no_secret(error) from error
            self._session = aiohttp.ClientSession(
                # A jar would collect cookies of the server: we send those configured, as a header.
                cookie_jar=aiohttp.DummyCookieJar(),
                connector=aiohttp.TCPConnector(ssl=context, limit=0),
                # aiohttp has no option for this where it opens a websocket.
                trace_configs=[self._no_redirects()],
            )
        return self._session

    def _no_redirects(self) -> aiohttp.TraceConfig:
        async def refuse(_: object, __: object, found: aiohttp.TraceRequestRedirectParams) -> None:
            found.response.close()
            raise self.incompatible(f"a redirect ({found.response.status})")

        trace = aiohttp.TraceConfig()
        trace.on_request_redirect.append(refuse)
        return trace

    async def _read_credentials(self) -> dict[str, str]:
        async with self._reading:  # requests at the same time share what was read
            if self._credentials is None:
                self._credentials = await self._read_all()
            return self._credentials

    def _forget(self, refused: dict[str, str]) -> None:
        """Have the credentials read again, unless another request has had that done already."""
        if self._credentials is refused:
            self._credentials = None

    async def _read_all(self) -> dict[str, str]:
        config = self._config
        try:
            headers = {name: await secret.read() for name, secret in config.headers.items()}
            cookies = [f"{k}={await secret.read()}" for k, secret in config.cookies.items()]
            if config.token is not None:
                headers["Authorization"] = f"token {await config.token.read()}"
        except ConfigurationError as error:
            raise self._no_secret(error) from error
        if cookies:
            headers["Cookie"] = "; ".join(cookies)
        return headers

    @asynccontextmanager
    async def _errors(self) -> AsyncIterator[None]:
        """Map the errors of aiohttp and the system to ours: the one place that knows both."""
        try:
            yield
        except ProviderError:
            raise
        except (asyncio.TimeoutError, aiohttp.ServerTimeoutError) as error:
            raise self._unavailable("timeout", "it did not answer in time") from error
        except aiohttp.ClientConnectorCertificateError as error:
            why = getattr(error.certificate_error, "verify_message", "it does not fit the address")
            raise self._unavailable("tls", f"its certificate is not accepted ({why})") from error
        except (aiohttp.ClientSSLError, ssl.SSLError) as error:
            raise self._unavailable("tls", "it does not speak TLS as we do") from error
        except aiohttp.ClientProxyConnectionError as error:
            raise self._unavailable("proxy", "the proxy cannot be reached") from error
        except aiohttp.ClientHttpProxyError as error:
            raise self._unavailable("proxy", f"the proxy answered {error.status}") from error
        except aiohttp.ClientConnectorError as error:
            reason_code, why = _why_not_connected(error)
            if self._proxy is not None:  # it is the proxy that we connect to
                reason_code, why = "proxy", f"the proxy cannot be reached: {why}"
            raise self._unavailable(reason_code, why) from error
        except (aiohttp.ClientPayloadError, aiohttp.ClientResponseError) as error:
            raise self.incompatible("an answer that is not whole") from error
        except (aiohttp.ClientError, OSError) as error:
            raise self._unavailable("reset", "it closed the connection") from error

    def _refusal(self, answer: Answer, what: str) -> ProviderError:
        """Return the error that an answer with a status of 300 and above means."""
        config, status = self._config, answer.status
        if status in (401, 403):
            # Kernel Gateway says 401 where a Jupyter Server says 403.
            token = "the token" if config.token else "a request without a token"
            return SignInNeeded(
                config.id,
                "unauthorised" if status == 401 else "forbidden",
                f"{config.label} refused {token} ({status}) for {what}. Check the field 'token' in "
                f"{config.source}.",
            )
        said = _message(answer)
        if status == 404 and said is not None and _kernel_in(what) in said:
            return KernelGone(
                config.id, "kernel_gone", f"{config.label} has no such kernel any more."
            )
        if status < 400 or (status == 404 and said is None):
            return self.incompatible(
                f"a redirect ({status})" if status < 400 else "a page that is not there (404)"
            )
        if status in (502, 503, 504) or said is None:
            return self._unavailable("server_error", f"it answered with an error ({status})")
        said = said[:300].rstrip(".") or "no reason given"
        return RequestRefused(
            config.id, "refused_request", f"{config.label} answered {status} to {what}: {said}."
        )

    def _no_secret(self, error: ConfigurationError) -> SignInNeeded:
        config = self._config
        sentence = f"Cannot sign in to {config.label}: {error} See {config.source}."
        return SignInNeeded(config.id, "no_secret", sentence)

    def _unavailable(self, reason_code: str, why: str) -> ProviderUnavailable:
        sentence = f"Cannot reach {self._config.label} at {self._config.url}: {why}."
        return ProviderUnavailable(self._config.id, reason_code, sentence)

    def incompatible(self, what: str) -> IncompatibleAnswer:
        """Return the error for an answer that no Jupyter server gives."""
        config = self._config
        return IncompatibleAnswer(
            config.id,
            "incompatible",
            f"{config.label} answered, but not as a Jupyter server: {what}. Check the field 'url' "
            f"in {config.source}, or a log-in proxy in front of the server.",
        )

    def parse(self, answer: Answer, kind: type) -> Any:
        """Return an answer's JSON, which must be of this type; raises IncompatibleAnswer."""
        try:
            value = json.loads(answer.body)
        except ValueError as error:
            page = "html" in answer.headers.get("Content-Type", "")
            raise self.incompatible("an HTML page" if page else "no JSON") from error
        if not isinstance(value, kind):
            raise self.incompatible(f"JSON, but no {'list' if kind is list else 'object'}")
        return value


def _kernel_in(what: str) -> str:
    """
    Return the id of the kernel that a request is about, or what is in no message.

    A Jupyter server names the kernel that it does not have. Any other 404, such as that of a proxy
    in front of a server that is starting, is no proof that a kernel is gone.
    """
    found = re.search(r"/api/kernels/([^/]+)", what)
    return unquote(found[1]) if found else "\0"


def _message(answer: Answer) -> str | None:
    """Return the message of a Jupyter server's error answer; None if it is not one."""
    try:
        value = json.loads(answer.body)
    except ValueError:
        return None
    return str(value.get("message") or "") if isinstance(value, dict) else None


def _why_not_connected(error: aiohttp.ClientConnectorError) -> tuple[str, str]:
    if isinstance(error.os_error, socket.gaierror):
        return "dns", "its name is not known (DNS)"
    if isinstance(error.os_error, ConnectionRefusedError):
        return "refused", "connection refused"
    return "unreachable", (error.os_error.strerror or "no connection").lower()


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
