"""What the failures of a remote server mean: the one place that knows aiohttp's errors and ours."""

from __future__ import annotations

import asyncio
import json
import math
import re
import socket
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any
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


@dataclass(frozen=True)
class Answer:
    """What came back: the status, the headers and the whole body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """
        Return the body's JSON; raises ValueError where it is none.

        ``NaN`` and the like, which Python writes and no browser reads, are null.
        """
        try:
            return json.loads(self.body, parse_float=_number, parse_constant=_number)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error


class GatewayErrors:
    """The errors of one remote server, with its name and address in their sentences."""

    def __init__(self, config: ProviderConfig) -> None:
        self._config = config

    @asynccontextmanager
    async def mapped(self) -> AsyncIterator[None]:
        """Map the errors of aiohttp and the system to ours: the one place that knows both."""
        try:
            yield
        except ProviderError:
            raise
        except (asyncio.TimeoutError, aiohttp.ServerTimeoutError) as error:
            raise self.unavailable("timeout", f"{self._label} did not answer in time.") from error
        except aiohttp.ClientConnectorCertificateError as error:
            why = getattr(error.certificate_error, "verify_message", "it is for another address")
            message = f"The certificate of {self._label} was not accepted: {why}."
            raise self.unavailable("tls", message, why) from error
        except (aiohttp.ClientSSLError, ssl.SSLError) as error:
            raise self.unavailable(
                "tls", f"The TLS handshake with {self._label} failed."
            ) from error
        except aiohttp.ClientProxyConnectionError as error:
            raise self._no_proxy("no connection") from error
        except aiohttp.ClientHttpProxyError as error:
            raise self._no_proxy(f"answered {error.status}") from error
        except aiohttp.ClientConnectorError as error:
            raise self._not_connected(error.os_error) from error
        except (aiohttp.ClientPayloadError, aiohttp.ClientResponseError) as error:
            raise self.incompatible("an answer that is not whole") from error
        except (aiohttp.ClientError, OSError) as error:
            raise self.unavailable("reset", f"{self._label} closed the connection.") from error

    def refusal(self, answer: Answer, what: str) -> ProviderError:
        """Return the error that an answer with a status of 300 and above means."""
        config, status = self._config, answer.status
        if status in (401, 403):
            # Kernel Gateway says 401 where a Jupyter Server says 403.
            token = f"the token ({status}) for {what}"
            nothing = f"a request without a token ({status})"
            return SignInNeeded(
                config.id,
                "unauthorised" if status == 401 else "forbidden",
                f"{config.label} refused {token if config.token else nothing}. Check the field "
                f"'token' in {config.source}.",
                detail=what if config.token else "",
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
        if status == 429:
            message = f"{config.label} receives too many requests (429)."
            return self.unavailable("overloaded", message, retry_after=_retry_after(answer))
        if status in (502, 503, 504) or said is None:
            return self.unavailable(
                "server_error",
                f"{config.label} answered with an error ({status}).",
                detail=str(status),
                retry_after=_retry_after(answer),
            )
        said = said[:300].rstrip(".") or "no reason given"
        return RequestRefused(
            config.id, "refused_request", f"{config.label} answered {status} to {what}: {said}."
        )

    def no_channels(self) -> RequestRefused:
        """Return the error for a kernel that cannot be connected to; a handshake tells no more."""
        config = self._config
        message = f"{config.label} does not connect to this kernel (404). It may be gone."
        return RequestRefused(config.id, "no_channels", message)

    def no_listing(self) -> RequestRefused:
        """Return the error for a server that does not tell which kernels it runs."""
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
        """Return the error for a server that cannot be reached; its address is no part of it."""
        return ProviderUnavailable(self._config.id, reason_code, message, detail, retry_after)

    def _not_connected(self, error: OSError) -> ProviderUnavailable:
        why = (error.strerror or "no connection").lower()
        if self._config.proxy is not None:  # the proxy is what we connect to
            return self._no_proxy(why)
        if isinstance(error, socket.gaierror):
            return self.unavailable("dns", f"The host name of {self._label} was not found.")
        if isinstance(error, ConnectionRefusedError):
            return self.unavailable("refused", f"{self._label} refuses connections.")
        return self.unavailable("unreachable", f"{self._label} cannot be reached: {why}.", why)

    def _no_proxy(self, why: str) -> ProviderUnavailable:
        message = f"The proxy for {self._label} cannot be used: {why}."
        return self.unavailable("proxy", message, detail=why)

    @property
    def _label(self) -> str:
        return self._config.label

    def incompatible(self, what: str) -> IncompatibleAnswer:
        """Return the error for an answer that no Jupyter server gives."""
        config = self._config
        return IncompatibleAnswer(
            config.id,
            "incompatible",
            f"{config.label} does not answer like a Jupyter server: {what}. Check the field 'url' "
            f"in {config.source}: is a base URL like /user/ada/ missing, or is there a login page "
            "in front of the server?",
            detail=what,
        )


def _kernel_in(what: str) -> str:
    """
    Return the id of the kernel that a request is about, or what is in no message.

    A Jupyter server names the kernel that it does not have. Any other 404, such as that of a proxy
    in front of a server that is starting, is no proof that a kernel is gone.
    """
    found = re.search(r"/api/kernels/([^/]+)", what)
    return unquote(found[1]) if found else "\0"


def _number(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None


def _message(answer: Answer) -> str | None:
    """Return the message of a Jupyter server's error answer; None if it is not one."""
    try:
        value = answer.json()
    except ValueError:
        return None
    if not isinstance(value, dict):
        return None
    return " ".join(str(value.get("message") or "").split())  # for the log, it is one line


def _retry_after(answer: Answer) -> float:
    """Return the seconds of a Retry-After header (RFC 9110, 10.2.3); 0 where it makes no sense."""
    value = answer.headers.get("Retry-After", "")
    if value.isdecimal():
        return float(value)
    try:
        then = parsedate_to_datetime(value)
        return max((then - datetime.now(timezone.utc)).total_seconds(), 0.0)
    except (TypeError, ValueError):  # the former for a date without a time zone
        return 0.0
