"""A cell that a notebook has run."""

from __future__ import annotations

import asyncio
import math
import time
from datetime import datetime
from typing import Any

OVERDUE = 20.0  # seconds after its due time


class Cell:
    """Code that was sent to a kernel, and the messages that it has caused."""

    def __init__(self, seconds: float = 0, lines: int = 0) -> None:
        self.seconds = seconds
        self.lines = lines
        self.sent_at = time.time()
        self.interrupted_at = math.inf  # the time of the interrupt request
        self.started_at: float | None = None  # according to the kernel, on the same clock
        self.outputs: list[tuple[float, str]] = []  # with the time at which each arrived
        self.error = ""
        self.replies = 0
        self.done = asyncio.Event()
        self._is_idle = False

    def add(self, message: dict[str, Any]) -> None:
        """Process a message that the cell has caused."""
        msg_type, content = message["header"]["msg_type"], message["content"]
        if msg_type == "stream":
            self.outputs.append((time.time(), content["text"]))
        elif msg_type == "execute_reply":
            self.replies += 1
            self.error = content.get("ename", "")
        elif content.get("execution_state") == "busy":
            date = message["header"]["date"].replace("Z", "+00:00")
            self.started_at = datetime.fromisoformat(date).timestamp()
        elif content.get("execution_state") == "idle":
            self._is_idle = True
        if self.replies and self._is_idle:
            self.done.set()

    def __repr__(self) -> str:
        return f"<cell sent at {self.sent_at}: {self.text[-40:]!r} {self.error} {self.replies}>"

    @property
    def is_interrupted(self) -> bool:
        """Whether an interrupt was requested."""
        return self.interrupted_at < math.inf

    @property
    def due_at(self) -> float:
        """The earliest time at which its reply can be in transit."""
        return min((self.started_at or self.sent_at) + self.seconds, self.interrupted_at)

    @property
    def is_overdue(self) -> bool:
        """Whether it should have ended `OVERDUE` seconds ago."""
        return time.time() > self.due_at + OVERDUE

    @property
    def text(self) -> str:
        """The text that it has printed."""
        return "".join(text for _, text in self.outputs)

    @property
    def output(self) -> tuple[list[int], str]:
        """The numbers that it has printed, and its last line."""
        return _parse(self.text)

    def time_after(self, number: int) -> float:
        """Return when the first output after a number arrived; now, if there is none."""
        for at, text in self.outputs:
            numbers, end = _parse(text)
            if end or any(one > number for one in numbers):
                return at
        return time.time()

    @property
    def has_run(self) -> bool:
        """Whether any message proves that the kernel has received it."""
        return self.started_at is not None or bool(self.text) or self.replies > 0


def _parse(text: str) -> tuple[list[int], str]:
    numbers, _, end = text.partition("end")
    return [int(number) for number in numbers.split()], end.strip()
