"""The errors of one remote server: the only place that knows aiohttp's errors and ours."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import unquote, urlsplit

import aiohttp

from ..provider.config import ProviderConfig
from ..provider.errors import (
    ConfigurationError,
    IncompatibleAnswer,
    KernelGone,
    ProviderError,
    ProviderUnavailable,
    RequestRefused,
    SignInNeeded,
)
from ..provider.remote_text import one_line
from .response import KERNELSPECS, Response
from .tls import TlsFileError

#: The detail of an error for an answer that is not HTTP, or not all of it.
INCOMPLETE = "an incomplete answer"
LONGEST_PLACE = 120  # characters of another server's address
#: Ends of addresses of pages, which people copy from their browser.
PAGES = ("lab", "tree", "notebooks", "api", "hub")
#: Where a JupyterHub leads to if a user's server does not run.
HUB = re.compile(r"/hub/(user|spawn|spawn-pending)(/|$)")
#: What servers with TLS answer to a request without (nginx, Apache, Go).
NEEDS_TLS = re.compile(rb"plain HTTP|HTTP request to an HTTPS server|SSL-enabled server", re.I)
#: OpenSSL's reasons if the other end does not speak TLS.
NO_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG")
CHALLENGES = {
    "basic": "It asks for a user and a password: set 'user' and 'password' of the field 'auth'.",
    "bearer": "It asks for a Bearer token: set 'scheme' of the field 'auth' to \"Bearer\".",
    "negotiate": "It asks for Negotiate (Kerberos), which is not supported: use a token.",
}


class GatewayErrors:
    """Makes the errors of one remote server, with its label in their messages."""

    def __init__(self, config: ProviderConfig) -> None:
        self._config = config

    @asynccontextmanager
    async def mapped(self) -> AsyncIterator[None]:
        """Map the errors of aiohttp, the system and the configuration to ProviderError."""
        label = self._config.label
        try:
            yield
        except ProviderError:
            raise
        except ConfigurationError as error:
            raise self.no_secret(error) from error
        except TlsFileError as error:
            message = f"Cannot set up TLS for {label}: {error}."
            remedy = f"Check 'tls' in {self._config.source}."
            raise self.unavailable("tls_file", message, str(error), remedy=remedy) from error
        except (asyncio.TimeoutError, aiohttp.ServerTimeoutError) as error:
            raise self.unavailable("timeout", f"{label} did not answer in time.") from error
        except ssl.CertificateError as error:
            cause = getattr(error, "certificate_error", error)
            why = getattr(cause, "verify_message", "it is for another address").rstrip(".")
            message = f"The certificate of {label} was not accepted: {why}."
            raise self.unavailable("tls", message, why) from error
        except (aiohttp.ClientSSLError, ssl.SSLError) as error:
            raise self._no_handshake(error) from error
        except aiohttp.ClientProxyConnectionError as error:
            raise self.no_proxy("no connection") from error
        except aiohttp.ClientHttpProxyError as error:
            raise self.no_proxy(f"answered {error.status}") from error
        except aiohttp.ClientConnectorError as error:
            raise self.not_connected(error.os_error) from error
        except (aiohttp.ClientPayloadError, aiohttp.ClientResponseError) as error:
            raise self.incompatible(INCOMPLETE) from error
        except (aiohttp.ClientError, OSError) as error:
            raise self.unavailable("reset", f"{label} closed the connection.") from error

    # -- answers with an error ---------------------------------------------------------------------

    def refusal(self, response: Response) -> ProviderError:
        """
        Return the error for a response with a status of 300 or more.

        Its ``reason_code`` is ``forbidden`` if the server may not accept the credentials; whether
        it accepts them for reading is for the caller to find out.
        """
        config, status, path = self._config, response.status, response.path
        if status < 400:
            return self._redirect(response)
        if status == 407 and config.proxy is not None:
            return self.no_proxy("answered 407")
        if status == 424:  # of a JupyterHub, with a token
            return self._not_running()
        if config.url.startswith("http:") and NEEDS_TLS.search(response.body):
            return self.wrong_scheme("https", "http")
        if status == 401 or (status == 403 and path == KERNELSPECS):
            return self._sign_in_needed(response)
        if status == 404 and (path == KERNELSPECS or not response.is_jupyter_error):
            return self._not_found(path)
        if status == 404 and _kernel_in(path) in response.message:
            message = f"{config.label} has no such kernel any more."
            return KernelGone(config.id, "kernel_gone", message)
        if status == 429:
            message = f"{config.label} receives too many requests (429)."
            return self.unavailable("overloaded", message, retry_after=response.retry_after)
        if status in (502, 503, 504) or (status != 403 and not response.is_jupyter_error):
            detail = f"{status}: {response.words}" if response.words else str(status)
            message = f"{config.label} answered with an error ({detail})."
            return self.unavailable("server_error", message, detail, response.retry_after)
        reason = response.words or "no reason given"
        message = f"{config.label} answered {status} to {response.method} {path}: {reason}."
        code = "forbidden" if status == 403 and not response.words else "refused_request"
        return RequestRefused(config.id, code, message)

    def channels_refusal(self, response: Response) -> ProviderError:
        """Return the error for a refused handshake of a websocket."""
        config = self._config
        if response.status == 404:  # it does not prove anything
            message = f"{config.label} does not connect to this kernel (404). It may be gone."
            return RequestRefused(config.id, "no_channels", message)
        if response.status in (401, 429) or response.retry_after:
            return self.refusal(response)
        return self.blocked(str(response.status))

    def blocked(self, detail: str) -> ProviderUnavailable:
        """Return the error for a websocket that does not open, while requests may be answered."""
        message = (
            f"{self._config.label} answers requests, but its kernels cannot be reached ({detail}): "
            "websockets are blocked."
        )
        remedy = (
            "A proxy in front of it must pass the headers 'Upgrade' and 'Connection' of HTTP/1.1."
        )
        return self.unavailable("websocket", message, detail, remedy=remedy)

    def no_listing(self) -> RequestRefused:
        """Return the error for a server that does not list its kernels."""
        message = f"{self._config.label} does not list its kernels (403)."
        remedy = (
            "Start a Kernel Gateway with --JupyterWebsocketPersonality.list_kernels=True, or an "
            "Enterprise Gateway with --EnterpriseGatewayApp.list_kernels=True."
        )
        return RequestRefused(self._config.id, "no_listing", message, remedy=remedy)

    def several_servers(self) -> RequestRefused:
        """Return the error for a kernel that only some of the servers at one address have."""
        config = self._config
        message = f"Several servers answer for {config.label}, and some do not have this kernel."
        remedy = (
            f"If a load balancer is in front of them, set 'accept_cookies' to true in "
            f"{config.source}."
        )
        return RequestRefused(config.id, "several_servers", message, remedy=remedy)

    def no_secret(self, error: ConfigurationError) -> SignInNeeded:
        """Return the error for credentials that cannot be read."""
        config = self._config
        message = f"Cannot sign in to {config.label}: {error}"
        remedy = f"See {config.source}."
        return SignInNeeded(config.id, "no_secret", message, detail=str(error), remedy=remedy)

    def unavailable(
        self,
        reason_code: str,
        message: str,
        detail: str = "",
        retry_after: float = 0.0,
        remedy: str = "",
    ) -> ProviderUnavailable:
        """Return the error for a server that cannot be reached; arguments as in `ProviderError`."""
        return ProviderUnavailable(
            self._config.id, reason_code, message, detail, retry_after, remedy
        )

    def incompatible(self, what: str) -> IncompatibleAnswer:
        """Return the error for an answer, named by ``what``, that no Jupyter server gives."""
        config = self._config
        page = urlsplit(config.url.rstrip("/")).path.rpartition("/")[2]
        hint = (
            f"Leave out '/{page}' at its end, which is the address of a page."
            if page in PAGES
            else "Is a base URL like /user/ada/ missing, or is there a login page in front of the "
            "server?"
        )
        return IncompatibleAnswer(
            config.id,
            "incompatible",
            f"{config.label} does not answer like a Jupyter server: {what}.",
            detail=what,
            remedy=f"Check the field 'url' in {config.source}. {hint}",
        )

    def too_large(self, limit: int) -> IncompatibleAnswer:
        """Return the error for an answer of more than so many bytes."""
        config = self._config
        what = f"an answer of more than {limit >> 10} KiB"
        message = f"{config.label} sent {what}, which is not read."
        remedy = (
            "If that is a list of kernelspecs or a kernelspec's file, there must be fewer of them "
            "there, or smaller ones."
        )
        return IncompatibleAnswer(config.id, "incompatible", message, detail=what, remedy=remedy)

    def no_json(self, response: Response) -> IncompatibleAnswer:
        """Return the error for a response that is not the JSON of a Jupyter server."""
        page = "html" in response.headers.get("Content-Type", "")
        what = "an HTML page" if page else "no JSON, or not as expected,"
        return self.incompatible(f"{what} at {self._url(response.path)}")

    def _not_found(self, path: str) -> IncompatibleAnswer:
        return self.incompatible(f"there is no {self._url(path)} (404)")

    def _url(self, path: str) -> str:
        return f"{self._config.url.rstrip('/')}{path}"

    def _redirect(self, response: Response) -> ProviderError:
        """Return the error for a redirect, which may lead to a login page or to a hub."""
        try:
            target = urlsplit(response.headers.get("Location", ""))
        except ValueError:
            target = urlsplit("")
        if HUB.search(target.path):
            return self._not_running()
        place = one_line(f"{target.hostname or ''}{target.path}", LONGEST_PLACE)
        to = f" to {place}" if place else ""
        return self.incompatible(f"a redirect ({response.status}){to}")

    def _not_running(self) -> ProviderUnavailable:
        label = self._config.label
        message = f"The server of {label} is not running at its JupyterHub."
        return self.unavailable("not_running", message, remedy="Start it there.")

    def _sign_in_needed(self, response: Response) -> SignInNeeded:
        """Return the error for a 401, as of a Kernel Gateway, or a 403, as of a Jupyter Server."""
        config, status = self._config, response.status
        request = f"{response.method} {response.path}"
        has_password = config.auth.password is not None
        given = "the password" if has_password else "the token" if config.token else "a request"
        without = "" if has_password or config.token else " without a token"
        said = f": {response.words}" if response.words else ""
        field = "auth" if has_password else "token"
        sent = "basic" if has_password else config.auth.scheme.lower()
        asked = [CHALLENGES[c] for c in response.challenges if c in CHALLENGES and c != sent]
        return SignInNeeded(
            config.id,
            "unauthorised" if status == 401 else "forbidden",
            f"{config.label} refused {given}{without} ({status}) for {request}{said}.",
            detail=request,
            remedy=" ".join([f"Check the field '{field}' in {config.source}.", *asked]),
        )

    # -- connections -------------------------------------------------------------------------------

    def no_address(self) -> ProviderUnavailable:
        """Return the error for an address of which no request can be made."""
        config = self._config
        message = f"The address of {config.label} is not a web address."
        remedy = f"Check the field 'url' in {config.source}."
        return self.unavailable("address", message, remedy=remedy)

    def _no_handshake(self, error: Exception) -> ProviderUnavailable:
        cause = getattr(error, "os_error", error)
        if getattr(cause, "reason", "") in NO_TLS:
            return self.wrong_scheme("http", "https")
        return self.unavailable("tls", f"The TLS handshake with {self._config.label} failed.")

    def wrong_scheme(self, right: str, wrong: str) -> ProviderUnavailable:
        """Return the error for a server that speaks ``right``, and not ``wrong``."""
        config = self._config
        message = f"{config.label} does not speak {wrong} at its address."
        remedy = f"Is it {right}? Check the field 'url' in {config.source}."
        return self.unavailable("scheme", message, right, remedy=remedy)

    def not_connected(self, error: OSError) -> ProviderUnavailable:
        """Return the error for a connection, to the server or its proxy, that was not made."""
        label = self._config.label
        why = _words(error).lower()
        if self._config.proxy is not None:  # the connection was to the proxy
            return self.no_proxy(why)
        if isinstance(error, socket.gaierror):
            return self.unavailable("dns", f"The host name of {label} was not found.")
        if isinstance(error, ConnectionRefusedError):
            return self.unavailable("refused", f"{label} refuses connections.")
        return self.unavailable("unreachable", f"{label} cannot be reached: {why}.", why)

    def no_proxy(self, why: str) -> ProviderUnavailable:
        """Return the error for the proxy of the field 'proxy' that cannot be used."""
        message = f"The proxy for {self._config.label} cannot be used: {why}."
        return self.unavailable("proxy", message, detail=why)


def _words(error: OSError) -> str:
    """Return why a connection was not made; asyncio's own words have only the address in them."""
    if error.errno and (error.strerror or "").startswith("Connect call failed"):
        return os.strerror(error.errno)
    return error.strerror or "no connection"


def _kernel_in(path: str) -> str:
    """
    Return the id of the kernel that a request is about, or a text that is in no message.

    A Jupyter server names the kernel that it does not have. Any other 404, such as that of a proxy
    in front of a server that is starting, does not prove that the kernel is gone.
    """
    found = re.search(r"/api/kernels/([^/]+)", path)
    return unquote(found[1]) if found else "\0"
