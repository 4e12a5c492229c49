"""The circuit breaker of one provider."""

from __future__ import annotations

import asyncio

import pytest

from kernel_providers_ext.provider.errors import ProviderError, ProviderUnavailable, SignInNeeded
from kernel_providers_ext.registry.circuit_breaker import LONGEST_REST, CircuitBreaker

REFUSED = ProviderUnavailable("gpu", "refused", "gpu refuses connections.")
BUSY = ProviderUnavailable("gpu", "overloaded", "gpu is busy.", retry_after=1000)
UNAUTHORISED = SignInNeeded("gpu", "unauthorised", "gpu refused the token.")


class Attempts:
    """Attempts to reach a provider, with one result for each."""

    def __init__(self, breaker: CircuitBreaker, *results: ProviderError | None) -> None:
        self._breaker = breaker
        self._results = list(results)
        self.count = 0

    async def __call__(self) -> None:
        self.count += 1
        result = self._results.pop(0)
        if result is None:
            self._breaker.succeeded()
        else:
            self._breaker.failed(result)


async def test_a_closed_breaker_admits_without_an_attempt() -> None:
    """A request to a provider that is not known to be unavailable is sent at once."""
    breaker = CircuitBreaker()
    attempts = Attempts(breaker)
    await breaker.admit(attempts)
    breaker.failed(UNAUTHORISED)  # it answers, so that requests may be sent
    await breaker.admit(attempts)
    assert (attempts.count, repr(breaker)) == (0, "<CircuitBreaker closed>")


async def test_an_open_breaker_makes_one_attempt() -> None:
    """A request waits for an attempt: it fails if that fails, and is sent if that succeeds."""
    breaker = CircuitBreaker()
    breaker.failed(REFUSED)
    assert repr(breaker) == "<CircuitBreaker open>"
    attempts = Attempts(breaker, REFUSED, None)
    with pytest.raises(ProviderUnavailable, match="refuses connections"):
        await breaker.admit(attempts)
    await breaker.admit(attempts)
    await breaker.admit(attempts)
    assert attempts.count == 2


async def test_a_resting_breaker_fails_at_once() -> None:
    """While a provider asks to be left alone, no attempt is made, and its own reason is raised."""
    breaker = CircuitBreaker()
    breaker.failed(BUSY)
    attempts = Attempts(breaker, None)
    assert repr(breaker) == "<CircuitBreaker resting>"
    with pytest.raises(ProviderUnavailable, match="gpu is busy"):
        await breaker.admit(attempts)
    assert attempts.count == 0
    breaker.end_rest()
    await breaker.admit(attempts)
    assert attempts.count == 1


async def test_a_rest_is_bounded() -> None:
    """A provider that asks for days is left alone for an hour."""
    breaker = CircuitBreaker()
    breaker.rest(ProviderUnavailable("gpu", "overloaded", "429", retry_after=10**9))
    loop = asyncio.get_running_loop()
    assert breaker.is_resting
    assert breaker.rests_until <= loop.time() + LONGEST_REST


def test_check_raises_the_last_failure_of_a_kind() -> None:
    """`check` raises what failed last, of any kind or of one."""
    breaker = CircuitBreaker()
    breaker.check()
    breaker.failed(UNAUTHORISED)
    breaker.check(ProviderUnavailable)
    with pytest.raises(SignInNeeded):
        breaker.check()
