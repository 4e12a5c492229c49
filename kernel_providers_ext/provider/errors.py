"""
What can go wrong with a kernel provider, each as one sentence for a person.

    ConfigurationError            a provider's configuration cannot be used
    ProviderError                 status  raised when
    ├── ProviderUnavailable       503     there is no answer, or a server error
    ├── SignInNeeded              503     the provider refuses our credentials
    ├── IncompatibleAnswer        502     the answer is not a Jupyter server's
    ├── NoSuchProvider            404     there is no provider of that id
    ├── NoSuchKernelspec          404     the provider has no kernel of that name
    ├── RequestRefused            502     the provider refuses this one request
    ├── KernelStarting            503     the kernel is not there yet
    └── KernelGone                404     the provider no longer has that kernel

Jupyter Server and JupyterLab show these sentences verbatim, so they are part of the interface. A
status of a remote server never becomes our own: its 401 would look like the user's own log-in
having expired.
"""

from __future__ import annotations

from typing import ClassVar

from tornado import web

#: Reasons for which nobody can tell whether the provider has done what it was asked for.
_UNCERTAIN = ("timeout", "reset", "server_error", "incompatible")


class ConfigurationError(ValueError):
    """A provider is configured in a way that cannot be used; the message names field and remedy."""


class ProviderError(web.HTTPError):
    """
    A request to a provider failed.

    ``reason_code`` is a word for programs (``refused``, ``dns``, ``timeout``, …), ``detail`` what
    differs from case to case with the same word (a status, what the system says), ``sentence`` all
    of it for people. ``retry_after`` are the seconds for which the provider wants to be left alone,
    0 where it has not said. Subclasses fix the HTTP status that our own answer carries.
    """

    http_status: ClassVar[int]

    def __init__(
        self,
        provider_id: str,
        reason_code: str,
        message: str,
        detail: str = "",
        retry_after: float = 0.0,
    ) -> None:
        super().__init__(self.http_status, message)
        self.retry_after = retry_after
        self.provider_id = provider_id
        self.reason_code = reason_code
        self.message = message
        self.detail = detail

    @property
    def log_message(self) -> str:
        """The sentence as it is; tornado's own doubles each % in it."""
        return self.message

    @log_message.setter
    def log_message(self, _: str | None) -> None:
        """Accept what older tornado sets."""

    @property
    def is_certain(self) -> bool:
        """Tell whether what was asked for was surely not done."""
        return self.reason_code not in _UNCERTAIN

    def __str__(self) -> str:
        return self.message


class ProviderUnavailable(ProviderError):
    """The provider cannot be reached, does not answer in time, or answers with a server error."""

    http_status = 503


class SignInNeeded(ProviderError):
    """The provider refuses the token, or the token could not be read."""

    http_status = 503


class IncompatibleAnswer(ProviderError):
    """Something answers at the provider's address, but not as a Jupyter server."""

    http_status = 502


class RequestRefused(ProviderError):
    """The provider is well, but refuses this one request."""

    http_status = 502


class NoSuchProvider(ProviderError):
    """There is no remote provider of this id, or it is not on offer."""

    http_status = 404


class NoSuchKernelspec(ProviderError):
    """The provider has no kernelspec of this name, or it is not offered here."""

    http_status = 404


class KernelStarting(ProviderError):
    """The kernel is still starting, and can do nothing yet but be shut down."""

    http_status = 503


class KernelGone(ProviderError):
    """The provider answered that it has no kernel with this id: the proof that it is gone."""

    http_status = 404
