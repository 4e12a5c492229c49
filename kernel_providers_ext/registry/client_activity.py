"""Whether anybody wants to know of the providers."""

from __future__ import annotations

import time
from collections.abc import Callable

ACTIVE_FOR = 180.0  # seconds; an open JupyterLab asks about once a minute


class ClientActivity:
    """
    Is there for a while after somebody has asked, and at first.

    A server that nobody looks at has no need to ask its providers each minute: on a hub with
    thousands of them, that is most of what the gateways would be asked.
    """

    def __init__(self, on_return: Callable[[], None] = lambda: None) -> None:
        self._on_return = on_return
        self._until = time.monotonic() + ACTIVE_FOR

    @property
    def is_active(self) -> bool:
        """Whether somebody has asked lately."""
        return time.monotonic() < self._until

    def record(self) -> None:
        """Note that somebody asks; ``on_return`` is called where nobody has for long."""
        was_active = self.is_active
        self._until = time.monotonic() + ACTIVE_FOR
        if not was_active:
            self._on_return()
