"""Fails requests to one provider fast while it is unavailable."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from ..provider.errors import ProviderError, ProviderUnavailable

LONGEST_REST = 3600.0  # seconds; a provider that asks for more is left alone for this long


class CircuitBreaker:
    """
    The circuit breaker of one provider.

    It is open if the last attempt to reach the provider failed with ProviderUnavailable. While it
    rests, because the provider sent Retry-After, no request may reach the provider.
    """

    def __init__(self) -> None:
        #: Why the last attempt failed; None if it succeeded.
        self.failure: ProviderError | None = None
        #: When the rest ends, by the monotonic clock.
        self.rests_until = 0.0
        self._rest_reason: ProviderError | None = None

    @property
    def is_open(self) -> bool:
        """Whether the provider is known to be unavailable."""
        return isinstance(self.failure, ProviderUnavailable)

    @property
    def is_resting(self) -> bool:
        """Whether the provider has asked to be left alone."""
        return time.monotonic() < self.rests_until

    async def admit(self, attempt: Callable[[], Awaitable[None]]) -> None:
        """
        Return if a request may be sent; else raise the ProviderError that it would get.

        ``attempt`` tries to reach the provider once; requests at the same time share one attempt.

        1. While the provider rests, the request fails at once, with the provider's own reason.
        2. If the breaker is open, the request waits for an attempt, and fails if that does.
        3. Otherwise it may be sent.
        """
        if self.is_resting and self._rest_reason is not None:
            raise self._rest_reason.with_traceback(None)
        if self.is_open:
            await attempt()
        self.check(ProviderUnavailable)

    def check(self, kind: type[ProviderError] = ProviderError) -> None:
        """Raise the last attempt's failure if it is of this kind."""
        if isinstance(self.failure, kind):
            raise self.failure.with_traceback(None)

    def succeeded(self) -> None:
        """Record that an attempt succeeded."""
        self.failure = None

    def failed(self, error: ProviderError) -> None:
        """Record that an attempt failed."""
        self.failure = error
        self.rest(error)

    def rest(self, error: ProviderError) -> None:
        """Leave the provider alone for as long as the error asks, or no longer if it does not."""
        self._rest_reason = error if error.retry_after else None
        self.rests_until = time.monotonic() + min(error.retry_after, LONGEST_REST)

    def end_rest(self) -> None:
        """Let the next attempt be made."""
        self.rests_until = 0.0

    def __repr__(self) -> str:
        state = "resting" if self.is_resting else "open" if self.is_open else "closed"
        return f"<CircuitBreaker {state}>"
