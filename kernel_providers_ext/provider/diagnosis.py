"""
The steps of a diagnosis, which find out why a provider cannot be used.

A step is a name and a coroutine function. A diagnosis takes one step after the other, and ends with
the first one that fails.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from logging import Logger

from .config import ProviderConfig
from .errors import ProviderError, ProviderUnavailable
from .remedies import remedy_for
from .remote_text import one_line

LONGEST_DETAIL = 200  # characters of a detail, in which a remote server may have had a say
LONGEST_CAUSE = 1000  # characters of a cause or a remedy


class Outcome(str, Enum):
    """How a step ended."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


class StepSkipped(Exception):
    """A step does not apply; the message says why, in a few words for people."""


@dataclass(frozen=True)
class StepResult:
    """
    The result of one step.

    Args:
        name: The step's name.
        outcome: How it ended.
        seconds: How long it took.
        detail: What was found, or why the step was skipped; empty if it failed.
        reason_code: Why it failed, as in `ProviderError`; empty if it did not.
        cause: The same as sentences for people.
        remedy: What to do, as sentences for people; empty if that is not known.
    """

    name: str
    outcome: Outcome
    seconds: float
    detail: str = ""
    reason_code: str = ""
    cause: str = ""
    remedy: str = ""


@dataclass(frozen=True)
class DiagnosticStep:
    """
    One step of a diagnosis.

    Args:
        name: One or two words for people and programs, such as ``TLS``.
        run: Tries something, and returns what it found in a few words. It raises StepSkipped if the
            step does not apply, and ProviderError if it fails. If it is cancelled, it leaves no
            connection behind.
    """

    name: str
    run: Callable[[], Awaitable[str]]

    async def take(self, config: ProviderConfig, log: Logger) -> StepResult:
        """Take the step, and return its result; any exception of it is a failure of the step."""
        began = time.monotonic()
        outcome, detail, failure = Outcome.PASSED, "", None
        try:
            detail = await self.run()
        except StepSkipped as skipped:
            outcome, detail = Outcome.SKIPPED, str(skipped)
        except ProviderError as error:
            outcome, failure = Outcome.FAILED, error
        except Exception as error:
            log.debug("The step %r failed.", self.name, exc_info=error)
            outcome, failure = Outcome.FAILED, _defect(config, error)
        seconds = time.monotonic() - began
        if failure is None:
            return StepResult(self.name, outcome, seconds, one_line(detail, LONGEST_DETAIL))
        return StepResult(
            self.name,
            outcome,
            seconds,
            reason_code=failure.reason_code,
            cause=one_line(failure.cause, LONGEST_CAUSE),
            remedy=one_line(failure.remedy or remedy_for(failure, config), LONGEST_CAUSE),
        )


def _defect(config: ProviderConfig, error: Exception) -> ProviderUnavailable:
    """Return the error for an exception of a provider's code; its text may have a secret in it."""
    return ProviderUnavailable(
        config.id,
        "defect",
        f"The code of the kind {config.kind!r} failed: {type(error).__name__}.",
        remedy="Report it to those who maintain the package that provides this kind.",
    )
