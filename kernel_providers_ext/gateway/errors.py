"""The errors of one remote server: the only place that knows aiohttp's errors and ours."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import unquote

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
from .response import Response

LONGEST_QUOTE = 300  # characters of a remote server's own message


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
        except (asyncio.TimeoutError, aiohttp.ServerTimeoutError) as error:
            raise self.unavailable("timeout", f"{label} did not answer in time.") from error
        except aiohttp.ClientConnectorCertificateError as error:
            why = getattr(error.certificate_error, "verify_message", "it is for another address")
            message = f"The certificate of {label} was not accepted: {why}."
            raise self.unavailable("tls", message, why) from error
        except (aiohttp.ClientSSLError, ssl.SSLError) as error:
            raise self.unavailable("tls", f"The TLS handshake with {label} failed.") from error
        except aiohttp.ClientProxyConnectionError as error:
            raise self._no_proxy("no connection") from error
        except aiohttp.ClientHttpProxyError as error:
            raise self._no_proxy(f"answered {error.status}") from error
        except aiohttp.ClientConnectorError as error:
            raise self._not_connected(error.os_error) from error
        except (aiohttp.ClientPayloadError, aiohttp.ClientResponseError) as error:
            raise self.incompatible("an incomplete answer") from error
        except (aiohttp.ClientError, OSError) as error:
            raise self.unavailable("reset", f"{label} closed the connection.") from error

    def refusal(self, response: Response, request: str) -> ProviderError:
        """
        Return the error for a response with a status of 300 or more.

        ``request`` is the method and the path, such as ``GET /api/kernels``.
        """
        status, message = response.status, response.message
        if status in (401, 403):
            return self._sign_in_needed(status, request)
        if status < 400:
            return self.incompatible(f"a redirect ({status})")
        if status == 404 and message is None:
            return self.incompatible("a page that is not there (404)")
        if status == 404 and message is not None and _kernel_in(request) in message:
            text = f"{self._config.label} has no such kernel any more."
            return KernelGone(self._config.id, "kernel_gone", text)
        if status == 429:
            text = f"{self._config.label} receives too many requests (429)."
            return self.unavailable("overloaded", text, retry_after=response.retry_after)
        if status in (502, 503, 504) or message is None:
            text = f"{self._config.label} answered with an error ({status})."
            return self.unavailable("server_error", text, str(status), response.retry_after)
        reason = message[:LONGEST_QUOTE].rstrip(".") or "no reason given"
        text = f"{self._config.label} answered {status} to {request}: {reason}."
        return RequestRefused(self._config.id, "refused_request", text)

    def no_channels(self) -> RequestRefused:
        """Return the error for a 404 to a websocket's handshake, which does not prove anything."""
        config = self._config
        message = f"{config.label} does not connect to this kernel (404). It may be gone."
        return RequestRefused(config.id, "no_channels", message)

    def no_listing(self) -> RequestRefused:
        """Return the error for a server that does not list its kernels."""
        message = (
            f"{self._config.label} does not list its kernels (403). A Kernel Gateway does with "
            "--JupyterWebsocketPersonality.list_kernels=True."
        )
        return RequestRefused(self._config.id, "no_listing", message)

    def no_secret(self, error: ConfigurationError) -> SignInNeeded:
        """Return the error for credentials that cannot be read."""
        config = self._config
        message = f"Cannot sign in to {config.label}: {error} See {config.source}."
        return SignInNeeded(config.id, "no_secret", message, detail=str(error))

    def unavailable(
        self, reason_code: str, message: str, detail: str = "", retry_after: float = 0.0
    ) -> ProviderUnavailable:
        """Return the error for a server that cannot be reached; arguments as in `ProviderError`."""
        return ProviderUnavailable(self._config.id, reason_code, message, detail, retry_after)

    def incompatible(self, what: str) -> IncompatibleAnswer:
        """Return the error for an answer, named by ``what``, that no Jupyter server gives."""
        config = self._config
        return IncompatibleAnswer(
            config.id,
            "incompatible",
            f"{config.label} does not answer like a Jupyter server: {what}. Check the field 'url' "
            f"in {config.source}: is a base URL like /user/ada/ missing, or is there a login page "
            "in front of the server?",
            detail=what,
        )

    def _sign_in_needed(self, status: int, request: str) -> SignInNeeded:
        """Return the error for a 401, as of a Kernel Gateway, or a 403, as of a Jupyter Server."""
        config = self._config
        has_token = config.token is not None
        token = f"the token ({status}) for {request}"
        nothing = f"a request without a token ({status})"
        return SignInNeeded(
            config.id,
            "unauthorised" if status == 401 else "forbidden",
            f"{config.label} refused {token if has_token else nothing}. Check the field 'token' in "
            f"{config.source}.",
            detail=request if has_token else "",
        )

    def _not_connected(self, error: OSError) -> ProviderUnavailable:
        label = self._config.label
        why = (error.strerror or "no connection").lower()
        if self._config.proxy is not None:  # the connection was to the proxy
            return self._no_proxy(why)
        if isinstance(error, socket.gaierror):
            return self.unavailable("dns", f"The host name of {label} was not found.")
        if isinstance(error, ConnectionRefusedError):
            return self.unavailable("refused", f"{label} refuses connections.")
        return self.unavailable("unreachable", f"{label} cannot be reached: {why}.", why)

    def _no_proxy(self, why: str) -> ProviderUnavailable:
        message = f"The proxy for {self._config.label} cannot be used: {why}."
        return self.unavailable("proxy", message, detail=why)


def _kernel_in(request: str) -> str:
    """
    Return the id of the kernel that a request is about, or a text that is in no message.

    A Jupyter server names the kernel that it does not have. Any other 404, such as that of a proxy
    in front of a server that is starting, does not prove that the kernel is gone.
    """
    found = re.search(r"/api/kernels/([^/]+)", request)
    return unquote(found[1]) if found else "\0"
