"""A log of the events of a run."""

from __future__ import annotations

import time
from collections.abc import Collection


class EventLog:
    """Events with their sources and times; a failed check prints the related ones."""

    def __init__(self) -> None:
        self._start = time.time()
        self._events: list[tuple[float, str, str]] = []

    def add(self, source: str, event: str) -> None:
        """Add an event that a source causes or observes."""
        self._events.append((time.time(), source, event))

    def lines(self, sources: Collection[str], since: float) -> str:
        """Return the events of some sources since a time, one per line with the run's seconds."""
        return "\n".join(
            f"{at - self._start:9.3f}  {source:12} {event}"
            for at, source, event in self._events
            if source in sources and at >= since
        )
