"""What happened in a run, and when."""

from __future__ import annotations

import time
from collections.abc import Collection


class Diary:
    """Notes of all who take part, which are printed where something went wrong."""

    def __init__(self) -> None:
        self._begun = time.time()
        self._notes: list[tuple[float, str, str]] = []

    def note(self, who: str, what: str) -> None:
        """Note what somebody does, or what happens to them."""
        self._notes.append((time.time(), who, what))

    def of(self, whose: Collection[str], since: float) -> str:
        """Return what there is of these since then, a line each, with the seconds of the run."""
        return "\n".join(
            f"{when - self._begun:9.3f}  {who:12} {what}"
            for when, who, what in self._notes
            if who in whose and when >= since
        )
