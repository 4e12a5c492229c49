"""The start of one remote kernel."""

from __future__ import annotations

import asyncio
import time

from ..provider.closing import CLOSE_TIMEOUT
from ..provider.errors import KernelStarting, ProviderError

#: The task of a start; its result is why it failed, or None.
StartTask = asyncio.Task[ProviderError | None]


class KernelStart:
    """
    Whether a kernel has started.

    A kernel whose start is not confirmed is *expected* for a while: if its provider does not have
    it, it may be late.
    """

    def __init__(self) -> None:
        self.task: StartTask | None = None
        #: The session that moves to the kernel once it has started; empty if there is none.
        self.session_id = ""
        #: Until then, by the monotonic clock, the kernel is expected.
        self.expected_until = 0.0

    @property
    def is_running(self) -> bool:
        """Whether the start is under way."""
        return self.task is not None and not self.task.done()

    @property
    def is_for_switch(self) -> bool:
        """Whether the start is under way, and no session has the kernel until it is done."""
        return self.is_running and self.session_id != ""

    @property
    def is_expected(self) -> bool:
        """Whether a kernel that is not there may still appear."""
        return time.monotonic() < self.expected_until

    def expect(self, timeout: float) -> None:
        """Expect the kernel for so many seconds from now on."""
        self.expected_until = time.monotonic() + timeout

    def confirm(self) -> None:
        """Record that the kernel is there."""
        self.expected_until = 0.0

    def check(self, provider_id: str, kernel_name: str) -> None:
        """Raise KernelStarting while the start is under way."""
        if self.is_running:
            message = f"{kernel_name} is still starting. Wait for it, or shut it down."
            raise KernelStarting(provider_id, "starting", message)

    async def cancel(self) -> None:
        """Cancel the start, and wait until it has ended, at most two seconds."""
        if self.task is not None:
            self.task.cancel()
            await asyncio.wait({self.task}, timeout=2 * CLOSE_TIMEOUT)
