"""
The errors of kernel providers, each with a message for people.

    ConfigurationError            a provider's configuration cannot be used
    ProviderError                 status  raised when
    ├── ProviderUnavailable       503     the provider does not answer, or has a server error
    ├── SignInNeeded              503     the provider refuses our credentials
    ├── IncompatibleAnswer        502     the answer is not one of a Jupyter server
    ├── NoSuchProvider            404     no provider has this id
    ├── NoSuchKernelspec          404     the provider has no kernelspec of this name
    ├── RequestRefused            502     the provider refuses this one request
    ├── KernelStarting            503     the kernel is still starting
    └── KernelGone                404     the provider no longer has this kernel

Jupyter Server and JupyterLab show these messages verbatim, so they are part of the interface. A
remote server's status is never passed on: its 401 would look as if the user's own login had
expired.
"""

from __future__ import annotations

from typing import ClassVar

from tornado import web

#: The detail of an error with the reason ``websocket`` if the handshake got no answer at all.
NO_ANSWER = "no answer"
#: Reasons after which the provider may or may not have done what it was asked for.
_UNCERTAIN = ("timeout", "reset", "server_error", "incompatible")


class ConfigurationError(ValueError):
    """
    A provider's configuration cannot be used.

    Args:
        problem: What is wrong and what to do, as one or more sentences; the first one may begin in
            lower case, as it follows the source.
        field: The path of the field concerned, like ``auth.password``; empty if there is none.
        source: The path of a file or the name of a trait, with which the text begins.

    Subclasses fix `http_status` and `reason_code`, as in `ProviderError`.
    """

    http_status: ClassVar[int] = 400
    reason_code: ClassVar[str] = "invalid"

    def __init__(self, problem: str, *, field: str = "", source: str = "") -> None:
        super().__init__(f"{source}: {problem}" if source else problem)
        self.problem, self.field, self.source = problem, field, source

    @property
    def message(self) -> str:
        """The text; without a source, it begins in upper case."""
        return str(self) if self.source else self.problem[:1].upper() + self.problem[1:]

    def at(self, source: object) -> ConfigurationError:
        """Return the same error with a source."""
        return type(self)(self.problem, field=self.field, source=str(source))


class ProviderError(web.HTTPError):
    """
    A request to a provider failed.

    Args:
        provider_id: The provider's id.
        reason_code: A word for programs, such as ``refused``, ``dns`` or ``timeout``.
        message: One or more sentences for people: what failed, why, and what to do.
        detail: What differs from case to case with the same reason, such as a status.
        retry_after: Seconds for which the provider asks to be left alone; 0 if it did not say.
        remedy: The sentences that say what to do, if they are not part of ``message`` already; the
            attribute `message` ends with them.

    Subclasses fix `http_status`, the status of our own answer.
    """

    http_status: ClassVar[int]

    def __init__(
        self,
        provider_id: str,
        reason_code: str,
        message: str,
        detail: str = "",
        retry_after: float = 0.0,
        remedy: str = "",
    ) -> None:
        super().__init__(self.http_status, message)
        self.retry_after = retry_after
        self.provider_id = provider_id
        self.reason_code = reason_code
        self.message = f"{message} {remedy}".rstrip()
        self.cause, self.remedy = message, remedy
        self.detail = detail

    @property
    def log_message(self) -> str:
        """The message, unchanged; tornado doubles each % in its own."""
        return self.message

    @log_message.setter
    def log_message(self, _: str | None) -> None:
        """Accept what older versions of tornado assign."""

    @property
    def is_certain(self) -> bool:
        """Whether the provider has certainly not done what it was asked for."""
        return self.reason_code not in _UNCERTAIN

    def __str__(self) -> str:
        return self.message


class ProviderUnavailable(ProviderError):
    """The provider cannot be reached, does not answer in time, or answers with a server error."""

    http_status = 503


class SignInNeeded(ProviderError):
    """The provider refuses the credentials, or they cannot be read."""

    http_status = 503


class IncompatibleAnswer(ProviderError):
    """Something answers at the provider's address, but not like a Jupyter server."""

    http_status = 502


class RequestRefused(ProviderError):
    """The provider is available, but refuses this one request."""

    http_status = 502


class NoSuchProvider(ProviderError):
    """No remote provider has this id, or it is off or not loaded."""

    http_status = 404


class NoSuchKernelspec(ProviderError):
    """The provider has no kernelspec of this name, or does not offer it here."""

    http_status = 404


class KernelStarting(ProviderError):
    """The kernel is still starting; until it has, it can only be shut down."""

    http_status = 503


class KernelGone(ProviderError):
    """The provider answered that it has no kernel of this id, which proves that it is gone."""

    http_status = 404


def defect(provider_id: str) -> ProviderUnavailable:
    """Return the error for an exception in a provider's code, which the log has in full."""
    message = f"The code of the kernel provider {provider_id} failed. See the log."
    return ProviderUnavailable(provider_id, "defect", message)
