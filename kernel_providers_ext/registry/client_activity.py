"""Whether clients are using this server."""

from __future__ import annotations

import time
from collections.abc import Callable

ACTIVE_FOR = 180.0  # seconds; an open JupyterLab asks about once a minute


class ClientActivity:
    """
    Is active at first, and for a while after each request of a client.

    A server without clients need not poll its providers every minute: on a hub with thousands of
    servers, these polls would be most of the load on the gateways. ``on_return`` is called when the
    first client asks after a pause.
    """

    def __init__(self, on_return: Callable[[], None] = lambda: None) -> None:
        self._on_return = on_return
        self._until = time.monotonic() + ACTIVE_FOR

    @property
    def is_active(self) -> bool:
        """Whether a client has asked lately."""
        return time.monotonic() < self._until

    def record(self) -> None:
        """Record that a client has asked."""
        was_active = self.is_active
        self._until = time.monotonic() + ACTIVE_FOR
        if not was_active:
            self._on_return()
