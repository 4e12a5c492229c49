"""
The cells that run on one kernel, and the check of their output.

Each cell increments a counter in the kernel and prints it, so that a lost cell and a cell that has
run twice both show.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress

from .cell import Cell
from .kernel_connection import KernelConnection
from .providers import Provider, Span

NOTICE = 1.0  # seconds from a cut until both ends have noticed it
TIMEOUT = 120.0  # seconds after which a missing message counts as lost
LINE_INTERVAL = 0.1  # seconds between two lines of a cell's output
COUNT = """
import os, time
n, printed = globals().get("n", 0) + 1, 0
begun = time.time()
for i in range({lines}):
    time.sleep(max(0.0, begun + i * {interval} - time.time()))
    print(f"{{i}}\\n", end="", flush=True)
    printed += 1
time.sleep(max(0.0, begun + {seconds} - time.time()))
print("end", n, os.getpid())
"""
READ_COUNT = """
import os
print(globals().get("n", 0), os.getpid(), globals().get("printed", 0))
"""


class KernelEnded(Exception):
    """The server says that the kernel is gone."""


class Workload:
    """The cells on one kernel, from its start until it is shut down or gone."""

    def __init__(
        self,
        provider: Provider,
        connection: KernelConnection,
        session_id: str,
        requested_at: float,
        log: Callable[[str], None],
        done: Counter[str],
    ) -> None:
        self.provider = provider
        self.connection = connection
        self.session_id = session_id
        self.kernel_id = connection.kernel_id
        self.requested_at = requested_at
        self.created_at = time.time()
        self._pid = ""
        self._count = 0
        self._log = log
        self._done = done

    @property
    def has_started(self) -> bool:
        """Whether the kernel has ever replied."""
        return bool(self._pid)

    @property
    def has_ended(self) -> bool:
        """Whether all kernels of its provider have ended since the kernel was requested."""
        return any(end.end >= self.requested_at for end in self.provider.kernel_ends)

    async def start_cell(self, seconds: float = 0, lines: int = 0) -> Cell:
        """Run a cell that takes some seconds and prints some lines."""
        self._count += 1
        self._log(f"runs cell {self._count} for {seconds:.1f} s, {lines} lines")
        code = COUNT.format(seconds=seconds, lines=lines, interval=LINE_INTERVAL)
        return await self.connection.send(code, TIMEOUT, seconds, lines)

    async def finish_cell(self, cell: Cell) -> None:
        """Wait for a cell's reply and check the output; messages in a cut may be lost."""
        while not (cell.done.is_set() or self._may_be_lost(cell) or cell.is_overdue):
            self._check_alive()
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(cell.done.wait(), 1)
        if cell.is_interrupted or not cell.done.is_set():
            await self.check_count(cell)  # its reply comes after all messages of the cell
        self._log(f"has {cell}")
        missing = self._missing(cell)
        if missing and await self.provider.counts_no_connection(self.kernel_id):
            self._done["output not kept by a server with a wrong connection count"] += 1
            return
        assert not missing, missing
        if not cell.done.is_set():
            self._done["reply lost in a cut"] += 1
        elif self.provider.had_fault(cell.sent_at):
            self._done["reply received despite a fault"] += 1

    async def check_count(self, unsure: Cell | None = None) -> None:
        """
        Read the kernel's counter until it replies, and check that each cell has run once.

        The cell ``unsure`` may have been lost before it reached the kernel. If it was interrupted,
        only the kernel knows how many lines it has printed.
        """
        deadline = time.time() + TIMEOUT
        text = ""
        while not text:
            self._check_alive()
            assert time.time() < deadline, "the kernel does not reply"
            cell = await self.connection.send(READ_COUNT, TIMEOUT)
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(cell.done.wait(), 5)
            text = cell.text
        count, pid, printed = text.split()
        least = self._count - (unsure is not None and not unsure.has_run)
        assert least <= int(count) <= self._count, (
            f"{count} cells have run instead of {self._count}"
        )
        assert pid == self._pid or not self._pid, f"it is another kernel: {pid}, not {self._pid}"
        self._count, self._pid = int(count), pid
        if unsure is not None and unsure.is_interrupted:
            unsure.lines = min(unsure.lines, int(printed))

    async def restart(self, request: Callable[[], Awaitable[None]]) -> None:
        """Restart the kernel with a request, and check that the counter is reset."""
        before, self._pid, self._count = self._pid, "", 0
        await request()
        await self.check_count()
        assert self._pid != before, "the kernel was not restarted"

    def _check_alive(self) -> None:
        if self.connection.is_dead:
            raise KernelEnded

    def _missing(self, cell: Cell) -> str:
        """Return what is missing of a cell, except for messages in a cut; empty if nothing."""
        numbers, end = cell.output
        assert cell.replies <= 1, "there are two replies"
        assert numbers == sorted(set(numbers)), f"lines come twice, or not in order: {numbers}"
        if self.has_ended:  # the end of the kernel may have interrupted the cell
            return ""
        assert not cell.error or cell.is_interrupted, f"the cell has failed with {cell.error}"
        expected = f"{self._count} {self._pid}"
        assert end in ("", expected), f"{end!r} instead of {expected!r}"
        if not cell.has_run:
            return "" if self._may_be_lost(cell) else "the cell has not run"
        for number in set(range(cell.lines)).difference(numbers):
            printed_at = (cell.started_at or cell.sent_at) + number * LINE_INTERVAL
            if not self._was_cut(cell, printed_at, cell.time_after(number)):
                return f"line {number} is lost"
        if not self._may_be_lost(cell) and not (cell.done.is_set() and (end or cell.error)):
            return "the reply is lost"
        return ""

    def _may_be_lost(self, cell: Cell) -> bool:
        """Return whether the request or the reply may have been in transit during a cut."""
        return self._was_cut(cell, cell.due_at if cell.has_run else cell.sent_at, time.time())

    def _was_cut(self, cell: Cell, since: float, until: float) -> bool:
        own = (loss for loss in self.connection.losses if loss.begin >= cell.sent_at)
        return any(
            loss.begin <= until and self._noticed_at(loss) >= since
            for loss in (*self.provider.losses, *own)
        )

    def _noticed_at(self, loss: Span) -> float:
        """Return when both ends had noticed a cut."""
        delays = (one.end for one in self.provider.delays if one.begin <= loss.end <= one.end)
        return max((loss.end, *delays)) + NOTICE
