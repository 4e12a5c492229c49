"""Counts what happens at one provider, from the start of the server."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..provider.interface import Frame


@dataclass
class Traffic:
    """
    The messages that were relayed in one direction, and the bytes of their frames.

    As in a send queue, a text frame has as many bytes as it has characters.
    """

    messages: int = 0
    bytes: int = 0

    def add(self, frame: Frame) -> None:
        """Count a frame, which is one message."""
        self.messages += 1
        self.bytes += len(frame)


@dataclass
class Counters:
    """The counters of one provider; they outlive its monitor and its relays, and only grow."""

    refreshes_succeeded: int = 0
    refreshes_failed: int = 0
    #: Lost connections to kernels that were opened again.
    reconnects: int = 0
    to_kernels: Traffic = field(default_factory=Traffic)
    from_kernels: Traffic = field(default_factory=Traffic)
