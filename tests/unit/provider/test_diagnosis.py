"""The steps of a diagnosis, and what to do about a failure."""

from __future__ import annotations

import logging

import pytest

from kernel_providers_ext.provider.config import ProviderConfig
from kernel_providers_ext.provider.diagnosis import (
    LONGEST_CAUSE,
    LONGEST_DETAIL,
    DiagnosticStep,
    Outcome,
    StepResult,
    StepSkipped,
)
from kernel_providers_ext.provider.errors import ProviderUnavailable
from kernel_providers_ext.provider.remedies import remedy_for

CONFIG = ProviderConfig("gpu", "/etc/gpu.json", label="GPU farm")
LOG = logging.getLogger("test_diagnosis")


async def result_of(found: str | Exception) -> StepResult:
    """Return the result of a step that finds or raises something."""

    async def run() -> str:
        if isinstance(found, Exception):
            raise found
        return found

    result = await DiagnosticStep("DNS", run).take(CONFIG, LOG)
    assert result.name == "DNS"
    assert result.seconds >= 0
    return result


async def test_a_step_passes_is_skipped_or_fails() -> None:
    """What it found, or why, is in the result."""
    passed = await result_of("10.0.0.7")
    assert (passed.outcome, passed.detail, passed.cause) == (Outcome.PASSED, "10.0.0.7", "")
    skipped = await result_of(StepSkipped("none is configured"))
    assert (skipped.outcome, skipped.detail) == (Outcome.SKIPPED, "none is configured")
    error = ProviderUnavailable(
        "gpu", "scheme", "It is not https.", remedy="Check the field 'url'."
    )
    assert error.message == "It is not https. Check the field 'url'."
    failed = await result_of(error)
    assert (failed.outcome, failed.reason_code) == (Outcome.FAILED, "scheme")
    assert (failed.cause, failed.remedy) == ("It is not https.", "Check the field 'url'.")


async def test_an_exception_of_a_kind_is_a_failure_without_its_text() -> None:
    """The text of an exception may have a secret in it; the log has it if it is asked to."""
    failed = await result_of(KeyError("perhaps a secret"))
    assert (failed.outcome, failed.reason_code) == (Outcome.FAILED, "defect")
    assert failed.cause == "The code of the kind 'gateway' failed: KeyError."
    assert failed.remedy


async def test_what_a_remote_says_is_one_line_of_limited_length() -> None:
    """It can neither forge lines of the output nor fill it."""
    passed = await result_of("a\n✓ b \x1b[31m" + "x" * 1000)
    assert passed.detail.startswith("a ✓ b \\x1b[31mx")
    assert len(passed.detail) == LONGEST_DETAIL
    failed = await result_of(ProviderUnavailable("gpu", "x", "a\nb" * 1000, remedy="c\nd" * 1000))
    assert failed.cause.startswith("a ba b")
    assert failed.remedy.startswith("c dc d")
    assert len(failed.cause) == len(failed.remedy) == LONGEST_CAUSE


@pytest.mark.parametrize(
    ("reason", "detail", "words"),
    [
        ("dns", "", "the field 'url' in /etc/gpu.json"),
        ("refused", "", "that the server is running"),
        ("proxy", "name not known", "the field 'proxy' in /etc/gpu.json"),
        ("proxy", "answered 407", "asks for a user and a password"),
        ("proxy", "answered 504", "cannot reach the server"),
        ("tls", "", "client's certificate"),
        ("tls", "certificate has expired", "needs a new certificate"),
        ("tls", "certificate is not yet valid", "clocks"),
        ("tls", "Hostname mismatch, certificate is not valid for 'x'", "name in the certificate"),
        ("tls", "unable to get local issuer certificate", "set 'ca' of the field 'tls'"),
    ],
)
def test_a_failure_has_a_remedy(reason: str, detail: str, words: str) -> None:
    """It depends on the reason, and names the file."""
    remedy = remedy_for(ProviderUnavailable("gpu", reason, "It failed.", detail), CONFIG)
    assert words in remedy
    assert "{" not in remedy


def test_an_unknown_failure_has_none() -> None:
    """A kind of another package may have reasons of its own."""
    assert remedy_for(ProviderUnavailable("gpu", "quota", "The quota is used up."), CONFIG) == ""
