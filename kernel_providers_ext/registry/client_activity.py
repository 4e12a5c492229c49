"""Whether anybody wants to know of the providers."""

from __future__ import annotations

import time
from collections.abc import Callable

LASTS = 180.0  # seconds; an open JupyterLab asks about once a minute


class Attention:
    """
    Is there for a while after somebody has asked, and at first.

    A server that nobody looks at has no need to ask its providers each minute: on a hub with
    thousands of them, that is most of what the gateways would be asked.
    """

    def __init__(self, on_return: Callable[[], None] = lambda: None) -> None:
        self._on_return = on_return
        self._until = time.monotonic() + LASTS

    @property
    def is_there(self) -> bool:
        """Whether somebody has asked lately."""
        return time.monotonic() < self._until

    def pay(self) -> None:
        """Note that somebody asks; ``on_return`` is called where nobody has for long."""
        was_there = self.is_there
        self._until = time.monotonic() + LASTS
        if not was_there:
            self._on_return()
