"""Whether the websockets of one provider open."""

from __future__ import annotations

from ..provider.errors import NO_ANSWER, ProviderError

REFUSED_HANDSHAKES = 2  # in succession, after which websockets count as blocked


class Websockets:
    """
    What the handshakes with one provider led to.

    If a handshake fails, and it was not the first one, or it took more than a minute without an
    answer, and the provider answers requests, its websockets are blocked. That is a state of its
    own: cells would wait for ever without a reason.
    """

    def __init__(self) -> None:
        #: Why websockets do not open; None if they do, or if that is not known.
        self.blocked: ProviderError | None = None
        self._refused = 0

    def handshake_refused(self, error: ProviderError) -> None:
        """Record that a websocket did not open."""
        self._refused += 1
        if self._refused >= REFUSED_HANDSHAKES or error.detail == NO_ANSWER:
            self.blocked = error

    def forget(self) -> None:
        """Forget the handshakes: a websocket has opened, or the provider answers nothing at all."""
        self.blocked, self._refused = None, 0
