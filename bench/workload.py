"""One kernel that a notebook uses; its cells count, so that a lost one and a repeated one show."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress

from .kernel_connection import Cell, Page
from .providers import Place, Span

NOTICE = 1.0  # seconds from a cut until everybody on the way has noticed
PATIENCE = 120.0  # seconds after which is lost what should have come
PACE = 0.1  # seconds from one line of a cell's output to the next
COUNT = """
import os, time
n = globals().get("n", 0) + 1
begun = time.time()
for i in range({lines}):
    time.sleep(max(0.0, begun + i * {pace} - time.time()))
    print(f"{{i}}\\n", end="", flush=True)
time.sleep(max(0.0, begun + {seconds} - time.time()))
print("end", n, os.getpid())
"""
ASK = "import os; print(globals().get('n', 0), os.getpid())"


class KernelEnded(Exception):
    """The kernel is said to be gone."""


class Use:
    """The use of one kernel, from the request for it until it is shut down, or is lost."""

    def __init__(
        self,
        place: Place,
        page: Page,
        session_id: str,
        asked: float,
        note: Callable[[str], None],
        done: Counter[str],
    ) -> None:
        self.place = place
        self.page = page
        self.session_id = session_id
        self.kernel_id = page.kernel_id
        self.asked = asked
        self.known = time.time()
        self._pid = ""
        self._count = 0
        self._note = note
        self._done = done

    @property
    def has_begun(self) -> bool:
        """Whether the kernel has ever answered."""
        return bool(self._pid)

    @property
    def has_ended(self) -> bool:
        """Whether all kernels at its place have ended since it was asked for."""
        return any(end.end >= self.asked for end in self.place.ends)

    async def begin(self, seconds: float = 0, lines: int = 0) -> Cell:
        """Run a cell that takes so long, and prints so many lines meanwhile."""
        self._count += 1
        self._note(f"runs cell {self._count} for {seconds:.1f} s, {lines} lines")
        code = COUNT.format(seconds=seconds, lines=lines, pace=PACE)
        return await self.page.send(code, PATIENCE, seconds, lines)

    async def finish(self, cell: Cell) -> None:
        """Wait for a cell's reply; what was on a way that was cut may be lost."""
        while not (cell.done.is_set() or self._may_be_lost(cell) or cell.is_overdue):
            self._check_alive()
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(cell.done.wait(), 1)
        if not cell.done.is_set():
            await self.ask(cell)  # by its answer, that of the cell has come, or never comes
        self._note(f"has {cell}")
        missing = self._missing(cell)
        if missing and await self.place.has_miscounted(self.kernel_id):
            self._done["output not kept by a server that had miscounted its connections"] += 1
            return
        assert not missing, missing
        if not cell.done.is_set():
            self._done["reply lost on a way that was cut"] += 1
        elif self.place.was_troubled(cell.sent):
            self._done["reply that has come through trouble"] += 1

    async def ask(self, unsure: Cell | None = None) -> None:
        """Ask how far the kernel has counted, until it answers: each cell has run once."""
        deadline = time.time() + PATIENCE
        text = ""
        while not text:
            self._check_alive()
            assert time.time() < deadline, "the kernel does not answer"
            answer = await self.page.send(ASK, PATIENCE)
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(answer.done.wait(), 5)
            text = answer.text
        count, pid = text.split()
        least = self._count - (unsure is not None and not unsure.has_run)
        assert least <= int(count) <= self._count, (
            f"{count} cells have run instead of {self._count}"
        )
        assert pid == self._pid or not self._pid, f"it is another kernel: {pid}, not {self._pid}"
        self._count, self._pid = int(count), pid

    async def restart(self, act: Callable[[], Awaitable[None]]) -> None:
        """Have the kernel restarted, so that it counts anew."""
        before, self._pid, self._count = self._pid, "", 0
        await act()
        await self.ask()
        assert self._pid != before, "the kernel was not restarted"

    def _check_alive(self) -> None:
        if self.page.is_dead:
            raise KernelEnded

    def _missing(self, cell: Cell) -> str:
        """Say what is missing of a cell, except for what was on a way that was cut."""
        numbers, end = cell.output
        assert cell.replies <= 1, "there are two replies"
        assert numbers == sorted(set(numbers)), f"lines come twice, or not in order: {numbers}"
        if self.has_ended:  # it may have been interrupted for that
            return ""
        assert not cell.error or cell.is_interrupted, f"the cell has failed with {cell.error}"
        expected = f"{self._count} {self._pid}"
        assert end in ("", expected), f"{end!r} instead of {expected!r}"
        if not cell.has_run:
            return "" if self._may_be_lost(cell) else "the cell has not run"
        for number in set(range(cell.lines)).difference(numbers):
            when = (cell.begun or cell.sent) + number * PACE
            if when < cell.due and not self._was_cut(cell, when, cell.came_after(number)):
                return f"line {number} is lost"
        if not self._may_be_lost(cell) and not (cell.done.is_set() and (end or cell.error)):
            return "the reply is lost"
        return ""

    def _may_be_lost(self, cell: Cell) -> bool:
        """Tell whether the code or the reply may have been on the way when that was cut."""
        return self._was_cut(cell, cell.due if cell.has_run else cell.sent, time.time())

    def _was_cut(self, cell: Cell, since: float, until: float) -> bool:
        left = (loss for loss in self.page.losses if loss.begin >= cell.sent)
        return any(
            loss.begin <= until and self._noticed(loss) >= since
            for loss in (*self.place.losses, *left)
        )

    def _noticed(self, loss: Span) -> float:
        """Return when everybody on the way had noticed that it was cut."""
        delays = (one.end for one in self.place.delays if one.begin <= loss.end <= one.end)
        return max((loss.end, *delays)) + NOTICE
