"""A provider's status: two axes, and their transitions."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import pytest

from kernel_providers_ext.provider.errors import (
    IncompatibleAnswer,
    NoSuchKernelspec,
    ProviderError,
    ProviderUnavailable,
    RequestRefused,
    SignInNeeded,
)
from kernel_providers_ext.provider.status import SLOW_AFTER, WORDS, Kernelspecs, Reachable, Status
from tests.support.processes import ROOT

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
LATER = START + timedelta(minutes=1)
LAST = START + timedelta(minutes=2)
ONLINE = Status(START).answered(START, 0.1)
REFUSED = ProviderUnavailable("gpu", "refused", "gpu refuses connections.")


@pytest.mark.parametrize(
    ("latency", "reachable", "word"),
    [
        (0.1, Reachable.ONLINE, "Online"),
        (SLOW_AFTER, Reachable.ONLINE, "Online"),
        (SLOW_AFTER + 0.1, Reachable.SLOW, "Slow"),
    ],
)
@pytest.mark.parametrize("before", [Status(START), ONLINE.failed(START, REFUSED)])
def test_an_answer_makes_it_available(
    before: Status, latency: float, reachable: Reachable, word: str
) -> None:
    """After an answer, kernelspecs are fresh and there is no failure, whatever the state was."""
    after = before.answered(LATER, latency)
    assert after == Status(LATER, reachable, Kernelspecs.FRESH, last_seen=LATER, latency=latency)
    assert (after.is_available, after.word) == (True, word)


@pytest.mark.parametrize(
    ("kind", "reachable", "word"),
    [
        (ProviderUnavailable, Reachable.OFFLINE, "Offline"),
        (SignInNeeded, Reachable.UNAUTHORISED, "Sign-in needed"),
        (IncompatibleAnswer, Reachable.INCOMPATIBLE, "Not compatible"),
        (RequestRefused, Reachable.OFFLINE, "Offline"),
        (NoSuchKernelspec, Reachable.OFFLINE, "Offline"),
    ],
)
@pytest.mark.parametrize(
    ("before", "kernelspecs"),
    [
        (Status(START), Kernelspecs.NONE),
        (ONLINE, Kernelspecs.STALE),
        (ONLINE.failed(START, REFUSED), Kernelspecs.STALE),
    ],
)
def test_a_failure_keeps_known_kernelspecs(
    before: Status,
    kernelspecs: Kernelspecs,
    kind: type[ProviderError],
    reachable: Reachable,
    word: str,
) -> None:
    """After a failure there is a reason, and known kernelspecs are stale."""
    after = before.failed(LATER, kind("gpu", "reason", "A sentence."))
    assert (after.reachable, after.word, after.is_available) == (reachable, word, False)
    assert after.kernelspecs is kernelspecs
    assert (after.last_seen, after.latency) == (before.last_seen, before.latency)
    assert (after.reason_code, after.message) == ("reason", "A sentence.")


def test_since_is_when_the_state_last_changed() -> None:
    """Further answers or failures do not change the time."""
    assert ONLINE.answered(LATER, 0.2).since == START
    offline = ONLINE.failed(LATER, REFUSED)
    assert offline.failed(LAST, REFUSED).since == LATER
    assert offline.failed(LAST, SignInNeeded("gpu", "unauthorised", "No.")).since == LAST
    assert offline.answered(LAST, 0.1).since == LAST


def test_every_state_has_a_word() -> None:
    """Each state has a word, and no two states share one."""
    assert set(WORDS) == set(Reachable)
    assert len(set(WORDS.values())) == len(WORDS)


def test_the_words_are_those_of_the_front_end() -> None:
    """The server and the front end share one list of words for states."""
    words = json.loads((ROOT / "tests/shared/states.json").read_text("utf-8"))
    assert words == {state.value: word for state, word in WORDS.items()}
