"""The steps by which a remote Jupyter server is reached: from its address to an answer by HTTP."""

from __future__ import annotations

import asyncio
import errno
import re
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from ipaddress import ip_address
from typing import Any
from urllib.parse import SplitResult, urlsplit

import aiohttp
from yarl import URL

from ..provider.config import ProviderConfig
from ..provider.diagnosis import DiagnosticStep, StepSkipped
from ..provider.errors import ProviderError, ProviderUnavailable
from ..provider.remote_text import one_line
from .errors import INCOMPLETE, GatewayErrors
from .http_client import GatewayHttpClient
from .tls import ssl_context
from .url import encoded

PORTS = {"http": 80, "https": 443}
MOST_ADDRESSES = 4  # of a host that are shown and tried
LONGEST_SUBJECT = 100  # characters of a certificate's subject
DAY = 86400.0  # seconds
STATUS_LINE = re.compile(rb"HTTP/1\.[01] (\d{3})\b")

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class ConnectionDiagnosis:
    """
    The steps of a connection to a remote server, each of which relies on the ones before.

    A step opens and closes a connection of its own. With a proxy, DNS and TCP are about the proxy.

    Args:
        config: The provider's configuration.
        http: Returns the provider's HTTP client; raises ValueError if its address is none.
    """

    def __init__(
        self, config: ProviderConfig, http: Callable[[], Awaitable[GatewayHttpClient]]
    ) -> None:
        self._config = config
        self._http = http
        self._errors = GatewayErrors(config)
        self._server = urlsplit(config.url)
        self._proxy = str(config.proxy.source) if config.proxy is not None else ""
        #: The addresses of the server, or of its proxy, and the one that accepts connections.
        self._addresses: Sequence[str] = ()
        self._address = ""

    @property
    def steps(self) -> Sequence[DiagnosticStep]:
        """All steps, in order; the proxy comes before TLS, which goes through it."""
        return [
            DiagnosticStep("address", self.address),
            DiagnosticStep("DNS", self.dns),
            DiagnosticStep("TCP", self.tcp),
            DiagnosticStep("proxy", self.proxy),
            DiagnosticStep("TLS", self.tls),
            DiagnosticStep("HTTP", self.http),
        ]

    async def address(self) -> str:
        """Check that requests can be made of the address."""
        try:
            await self._http()
            address = encoded(self._config.url)
        except ValueError as error:  # such as a backslash in the host
            raise self._errors.no_address() from error
        self._server = urlsplit(address)
        return address

    async def dns(self) -> str:
        """Look up the host's addresses."""
        host, port = _host_and_port(self._peer)
        if _is_ip_address(host):
            self._addresses = [host]
            raise StepSkipped(f"{host} is an IP address")
        looking_up = asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        try:
            found = await asyncio.wait_for(looking_up, self._config.timeouts.connect)
        except asyncio.TimeoutError as error:
            raise self._errors.not_connected(_no_name("the name server is silent")) from error
        except UnicodeError as error:  # such as two dots in a row
            raise self._errors.not_connected(_no_name("it cannot be a host name")) from error
        except OSError as error:
            raise self._errors.not_connected(error) from error
        self._addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        more = len(self._addresses) - MOST_ADDRESSES
        shown = ", ".join(self._addresses[:MOST_ADDRESSES])
        return f"{host} is {shown}{f' and {more} more' if more > 0 else ''}"

    async def tcp(self) -> str:
        """Connect to the first of the addresses that accepts connections."""
        _, port = _host_and_port(self._peer)
        failures: dict[str, OSError] = {}
        for address in self._addresses[:MOST_ADDRESSES]:
            try:
                _, writer = await self._connect(address)
            except OSError as error:
                failures[address] = error
            else:
                writer.transport.abort()
                self._address = address
                others = f" ({', '.join(failures)} did not)" if failures else ""
                return f"{address} accepts connections at port {port}{others}"
        raise self._errors.not_connected(next(iter(failures.values())))

    async def proxy(self) -> str:
        """Ask the proxy for a way to the server."""
        if not self._proxy:
            raise StepSkipped("none is configured")
        host, port = _host_and_port(urlsplit(self._proxy))
        if self._server.scheme == "https":
            _, writer = await self._open()
            writer.transport.abort()
        else:  # it passes on request by request
            _, writer = connection = await self._open_to_peer()
            try:
                status = await self._ask_proxy(connection, f"HEAD {encoded(self._config.url)}/")
            finally:
                writer.transport.abort()
            if status == 407:  # any other answer may be the server's
                raise self._errors.no_proxy(f"answered {status}")
        return f"{host} at port {port}"

    async def tls(self) -> str:
        """Shake hands, and check the server's certificate."""
        if self._server.scheme != "https":
            raise StepSkipped("the address begins with http://")
        async with self._errors.mapped():
            context = await asyncio.to_thread(ssl_context, self._config.tls)
            handshake = self._shake_hands(context)
            return await asyncio.wait_for(handshake, 2 * self._config.timeouts.connect)

    async def http(self) -> str:
        """Send a request; whether the answer is that of a Jupyter server is for later steps."""
        http = await self._http()
        try:
            await http.get("/api")
        except ProviderError as error:
            if error.reason_code == "no_secret":
                raise StepSkipped("no request can be sent without the token") from error
            if isinstance(error, ProviderUnavailable) or error.detail == INCOMPLETE:
                raise
        return "requests are answered"

    # -- connections -------------------------------------------------------------------------------

    @property
    def _peer(self) -> SplitResult:
        """The address of the server, or of its proxy."""
        return urlsplit(self._proxy) if self._proxy else self._server

    async def _connect(self, address: str) -> Connection:
        """Connect to an address of the peer; raises OSError."""
        connecting = asyncio.open_connection(address, _host_and_port(self._peer)[1])
        try:
            return await asyncio.wait_for(connecting, self._config.timeouts.connect)
        except asyncio.TimeoutError as error:
            raise OSError(errno.ETIMEDOUT, "no answer") from error

    async def _open_to_peer(self) -> Connection:
        try:
            return await self._connect(self._address)
        except OSError as error:
            raise self._errors.not_connected(error) from error

    async def _open(self) -> Connection:
        """Open a connection to the server, through a tunnel (RFC 9110, 9.3.6) if need be."""
        _, writer = connection = await self._open_to_peer()
        if self._proxy:
            host, port = _host_and_port(self._server)
            place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
            try:
                status = await self._ask_proxy(connection, f"CONNECT {place}")
                if status // 100 != 2:
                    raise self._errors.no_proxy(f"answered {status}")
            except BaseException:
                writer.transport.abort()
                raise
        return connection

    async def _ask_proxy(self, connection: Connection, request: str) -> int:
        """Send the proxy a request like ``CONNECT gpu.example.org:443``, and return the status."""
        reader, writer = connection
        credentials = aiohttp.BasicAuth.from_url(URL(self._proxy))
        authorization = f"Proxy-Authorization: {credentials.encode()}\r\n" if credentials else ""
        head = f"{request} HTTP/1.1\r\nHost: {self._server.netloc}\r\n{authorization}\r\n"
        writer.write(head.encode("latin-1"))
        try:
            answer = await asyncio.wait_for(
                reader.readuntil(b"\r\n\r\n"), self._config.timeouts.request
            )
        except asyncio.TimeoutError as error:
            raise self._errors.no_proxy("no answer") from error
        except (OSError, EOFError, asyncio.LimitOverrunError) as error:
            raise self._errors.no_proxy("it does not answer like a proxy") from error
        status = STATUS_LINE.match(answer)
        if status is None:
            raise self._errors.no_proxy("it does not answer like a proxy")
        return int(status[1])

    async def _shake_hands(self, context: ssl.SSLContext) -> str:
        _, writer = await self._open()
        transport: Any = writer.transport
        try:
            secured: Any = await asyncio.get_running_loop().start_tls(
                transport,
                transport.get_protocol(),
                context,
                server_hostname=self._server.hostname,
            )
            shaken: ssl.SSLObject = secured.get_extra_info("ssl_object")
            checked = shaken.getpeercert()  # empty if it was not checked
            certificate = _describe(checked) if checked else "the certificate is not checked"
            return f"{shaken.version()}, {certificate}"
        finally:
            transport.abort()


def _host_and_port(parts: SplitResult) -> tuple[str, int]:
    return parts.hostname or "", parts.port or PORTS[parts.scheme]


def _is_ip_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _no_name(why: str) -> socket.gaierror:
    return socket.gaierror(socket.EAI_NONAME, why)


def _describe(certificate: Mapping[str, Any]) -> str:
    """Return whose a certificate is, and until when, as `ssl.SSLSocket.getpeercert` has it."""
    subject = {key: value for part in certificate.get("subject", ()) for key, value in part}
    names = [value for _, value in certificate.get("subjectAltName", ())]
    owner = subject.get("commonName") or next(iter(names), "") or subject.get("organizationName")
    ends = ssl.cert_time_to_seconds(certificate["notAfter"])
    days = int((ends - time.time()) // DAY)
    expires = "1 day" if days == 1 else f"{days} days"
    return f"certificate of {one_line(owner or '?', LONGEST_SUBJECT)} expires in {expires}"
