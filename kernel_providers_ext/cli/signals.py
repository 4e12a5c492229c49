"""Signals that end a command, which first tidies up."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

#: Ctrl-C, a service manager, a terminal that is closed. Windows has no SIGHUP.
SIGNALS = [getattr(signal, n) for n in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, n)]


class Interrupted(Exception):
    """A signal has ended a command; ``exit_code`` is what a shell makes of it, such as 130."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.exit_code = 128 + number


def run_until_signal(work: Coroutine[Any, Any, T]) -> T:
    """
    Run a coroutine in an event loop of its own, and return its result.

    A signal cancels it, and so does each further one. Raises Interrupted if that ended it.
    """
    return asyncio.run(_run(work))


async def _run(work: Coroutine[Any, Any, T]) -> T:
    loop = asyncio.get_running_loop()
    received: list[int] = []
    task = loop.create_task(work)

    def cancel(number: int, _: object) -> None:
        received.append(number)
        loop.call_soon_threadsafe(task.cancel)

    before = {number: signal.getsignal(number) for number in SIGNALS}
    # A shell may ignore SIGINT for what it runs in the background, and nohup ignores SIGHUP.
    for number, handler in before.items():
        if number == signal.SIGINT or handler != signal.SIG_IGN:
            signal.signal(number, cancel)
    try:
        await asyncio.wait({task})
    finally:
        for number, handler in before.items():
            signal.signal(number, handler or signal.SIG_DFL)
    if received:
        if not task.cancelled():
            task.exception()  # retrieved, so that asyncio does not log it
        raise Interrupted(received[0])
    return task.result()
