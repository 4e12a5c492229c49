"""The steps of a diagnosis that every kind of provider has."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from kernel_providers_ext.provider.config import parse
from kernel_providers_ext.provider.diagnosis import Outcome, StepResult
from kernel_providers_ext.provider.errors import (
    IncompatibleAnswer,
    ProviderError,
    ProviderUnavailable,
    SignInNeeded,
)
from kernel_providers_ext.provider.interface import Snapshot
from kernel_providers_ext.registry.diagnosis import ProviderDiagnosis
from tests.support.fake_provider import FakeProvider

LOG = logging.getLogger("test_diagnosis")
TOKEN = {"token": {"value": "token-of-gpu"}}
REFUSED = SignInNeeded("gpu", "forbidden", "gpu refused the token.", remedy="Check 'token'.")
PAGE = IncompatibleAnswer("gpu", "incompatible", "gpu sent an HTML page.", remedy="Check 'url'.")


class Named(FakeProvider):
    """A provider that tells its name, or fails to."""

    name: str | ProviderError = "Gate 1.0"

    async def server_name(self) -> str:
        if isinstance(self.name, ProviderError):
            raise self.name
        return self.name


def provider(*kernels: str, **settings: Any) -> Named:
    """Return a provider with these kernels."""
    options = {"kernels": list(kernels), "default": settings.pop("default", "")}
    return Named(
        parse("gpu", {"kind": "scripted", "options": options, **settings}, "gpu.json"), LOG
    )


async def steps(diagnosis: ProviderDiagnosis, given: Named) -> dict[str, StepResult]:
    """Return the results of all steps up to the first failure, by name."""
    results: dict[str, StepResult] = {}
    for step in diagnosis.steps:
        results[step.name] = await step.take(given.config, LOG)
        if results[step.name].outcome is Outcome.FAILED:
            break
    return results


async def examine(given: Named, wanted: str = "") -> tuple[dict[str, StepResult], str]:
    """Return the results, and the kernelspec that was chosen."""
    diagnosis = ProviderDiagnosis(given, wanted)
    return await steps(diagnosis, given), diagnosis.kernel_name


@pytest.mark.parametrize(
    ("settings", "detail"),
    [
        (TOKEN, "the token is accepted"),
        (
            {"auth": {"user": "ada", "password": {"value": "token-of-ada"}}},
            "the password is accepted",
        ),
        ({"headers": {"X-Key": "token-of-x"}}, "the headers are accepted"),
        ({"cookies": {"key": "token-of-x"}}, "the cookies are accepted"),
    ],
    ids=["token", "password", "headers", "cookies"],
)
async def test_credentials_are_accepted(settings: dict[str, Any], detail: str) -> None:
    """Which ones is said, and not what they are."""
    results, _ = await examine(provider("py", **settings))
    assert (results["token"].outcome, results["token"].detail) == (Outcome.PASSED, detail)


async def test_no_token_is_needed() -> None:
    """That is known only after the server was asked."""
    results, _ = await examine(provider("py"))
    assert results["token"].outcome is Outcome.SKIPPED
    assert results["token"].detail == "none is configured, and none is asked for"


async def test_a_refused_token_fails_its_step() -> None:
    """With the provider's words."""
    given = provider("py", **TOKEN)
    given.answer = REFUSED
    results, _ = await examine(given)
    assert list(results) == ["token"]
    assert (results["token"].cause, results["token"].remedy) == (REFUSED.cause, REFUSED.remedy)


async def test_another_answer_is_no_matter_of_the_token() -> None:
    """The step that needs the answer fails, and says what came instead."""
    given = provider("py", **TOKEN)
    given.answer = given.name = PAGE
    results, _ = await examine(given)
    skipped, failed = Outcome.SKIPPED, Outcome.FAILED
    assert [result.outcome for result in results.values()] == [skipped, skipped, failed]
    assert results["kernelspecs"].cause == "gpu sent an HTML page."


@pytest.mark.parametrize(
    ("name", "outcome", "detail"),
    [
        ("Gate 1.0", Outcome.PASSED, "Gate 1.0"),
        ("", Outcome.SKIPPED, "the provider does not tell"),
        (ProviderUnavailable("gpu", "x", "Not now."), Outcome.SKIPPED, "not known: Not now."),
    ],
)
async def test_a_version_is_not_needed(
    name: str | ProviderError, outcome: Outcome, detail: str
) -> None:
    """A provider that gives its kernelspecs can be used without."""
    given = provider("py")
    given.name = name
    results, _ = await examine(given)
    assert (results["version"].outcome, results["version"].detail) == (outcome, detail)
    assert results["kernelspecs"].outcome is Outcome.PASSED


async def test_kernelspecs_are_counted() -> None:
    """Those that the configuration leaves out do not count."""
    assert (await examine(provider("py")))[0]["kernelspecs"].detail == "1 kernel"
    results, _ = await examine(provider("a", "b", "c", exclude=["b"]))
    assert results["kernelspecs"].detail == "2 kernels"


@pytest.mark.parametrize(
    ("settings", "remedy"),
    [
        ({}, "Install one there, for example with: pip install ipykernel"),
        ({"include": ["r*"]}, "Check 'include' and 'exclude' in gpu.json. Install one there"),
    ],
)
async def test_no_kernels(settings: dict[str, Any], remedy: str) -> None:
    """It may be the configuration that leaves all of them out."""
    results, _ = await examine(provider(*(["py"] if settings else []), **settings))
    failed = results["kernelspecs"]
    assert (failed.outcome, failed.cause) == (Outcome.FAILED, "gpu offers no kernels.")
    assert failed.remedy.startswith(remedy)


def listed(default: str = "", **languages: str) -> Snapshot:
    """Return a snapshot with kernelspecs by name and language."""
    specs = {
        name: {"name": name, "spec": {"display_name": name, "language": language}}
        for name, language in languages.items()
    }
    return Snapshot(specs, default)


@pytest.mark.parametrize(
    ("snapshot", "wanted", "chosen"),
    [
        (listed("ir", ir="R", py="python"), "", "ir"),
        (listed(ir="R", py="Python", py2="python"), "", "py"),
        (listed(ir="R", jl="julia"), "", "ir"),
        (listed("ir", ir="R", py="python"), "py", "py"),
    ],
    ids=["default", "Python", "first", "wanted"],
)
async def test_a_kernelspec_is_chosen(snapshot: Snapshot, wanted: str, chosen: str) -> None:
    """The wanted one, else the default, else the first one of Python, else the first one."""
    given = provider("py")
    given.answer = snapshot
    assert (await examine(given, wanted))[1] == chosen


async def test_an_unknown_kernelspec_fails_before_anything_starts() -> None:
    """The message has those that there are."""
    results, chosen = await examine(provider("py"), "pz")
    assert results["kernelspecs"].cause == "gpu offers no kernel called 'pz'. It has: py."
    assert chosen == ""
