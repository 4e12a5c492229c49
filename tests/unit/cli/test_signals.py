"""Signals that end a command, which first tidies up."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator

import pytest

from kernel_providers_ext.cli.signals import Interrupted, run_until_signal


@pytest.fixture(autouse=True)
def default_handlers() -> Iterator[None]:
    """The tests may run below a shell that ignores signals."""
    before = {
        n: signal.signal(n, signal.default_int_handler) for n in (signal.SIGINT, signal.SIGHUP)
    }
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_a_result_is_returned() -> None:
    """And an exception is raised, if there is no signal."""

    async def work(number: int) -> float:
        return 1 / number

    assert run_until_signal(work(2)) == 0.5
    with pytest.raises(ZeroDivisionError):
        run_until_signal(work(0))


@pytest.mark.parametrize(
    ("number", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_cancels_and_is_reported(number: signal.Signals, exit_code: int) -> None:
    """What must be done at the end is done, and the handlers are as before."""
    before = signal.getsignal(number)
    done: list[str] = []

    async def work() -> None:
        try:
            signal.raise_signal(number)
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.01)
            done.append("tidied up")

    with pytest.raises(Interrupted, match=number.name) as raised:
        run_until_signal(work())
    assert raised.value.exit_code == exit_code
    assert done == ["tidied up"]
    assert signal.getsignal(number) == before


def test_a_second_signal_ends_the_tidying_up() -> None:
    """A user who is in a hurry does not wait."""
    done: list[str] = []

    async def work() -> None:
        try:
            signal.raise_signal(signal.SIGINT)
            await asyncio.Event().wait()
        finally:
            signal.raise_signal(signal.SIGINT)
            await asyncio.Event().wait()
            done.append("tidied up")

    with pytest.raises(Interrupted):
        run_until_signal(work())
    assert done == []


def test_an_ignored_hangup_stays_ignored() -> None:
    """As below nohup."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)

    async def work() -> str:
        signal.raise_signal(signal.SIGHUP)
        await asyncio.sleep(0.01)
        return "done"

    assert run_until_signal(work()) == "done"
