"""
A provider's status: one frozen value on two axes, with the only functions that change it.

*Is it reachable?* and *do we have its kernelspecs?* are two facts: while a provider is offline, its
last known kernelspecs stay, and are called stale.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from enum import Enum

from .errors import IncompatibleAnswer, ProviderError, SignInNeeded

SLOW_AFTER = 2.0  # seconds; a provider that takes longer to answer is called slow


class Reachable(str, Enum):
    """Whether a provider answers."""

    CHECKING = "checking"
    ONLINE = "online"
    SLOW = "slow"
    BLOCKED = "blocked"
    OFFLINE = "offline"
    UNAUTHORISED = "unauthorised"
    INCOMPATIBLE = "incompatible"
    OFF = "off"


class Kernelspecs(str, Enum):
    """What is known of a provider's kernelspecs."""

    NONE = "none"
    FRESH = "fresh"
    STALE = "stale"


#: The word for each state, the same in every interface.
WORDS: Mapping[Reachable, str] = {
    Reachable.CHECKING: "Checking…",
    Reachable.ONLINE: "Online",
    Reachable.SLOW: "Slow",
    Reachable.BLOCKED: "Websocket blocked",
    Reachable.OFFLINE: "Offline",
    Reachable.UNAUTHORISED: "Sign-in needed",
    Reachable.INCOMPATIBLE: "Not compatible",
    Reachable.OFF: "Off",
}

_AFTER_FAILURE: Mapping[type[ProviderError], Reachable] = {
    SignInNeeded: Reachable.UNAUTHORISED,
    IncompatibleAnswer: Reachable.INCOMPATIBLE,
}
_AFTER_FAILED_REFRESH: Mapping[Kernelspecs, Kernelspecs] = {
    Kernelspecs.NONE: Kernelspecs.NONE,
    Kernelspecs.FRESH: Kernelspecs.STALE,
    Kernelspecs.STALE: Kernelspecs.STALE,
}


def now() -> datetime:
    """Return the current time, in UTC."""
    return datetime.now(timezone.utc)


@dataclass(frozen=True)
class Status:
    """
    A provider's status at one time.

    ``since`` is when ``reachable`` last changed and ``last_seen`` when the provider last answered,
    both with a time zone; ``latency`` is in seconds. ``reason_code``, ``detail`` and ``message``
    say why the provider is not available, or its kernels are not, as in `ProviderError`; they are
    empty if all is well.
    """

    since: datetime
    reachable: Reachable = Reachable.CHECKING
    kernelspecs: Kernelspecs = Kernelspecs.NONE
    last_seen: datetime | None = None
    latency: float | None = None
    reason_code: str = ""
    detail: str = ""
    message: str = ""

    def answered(
        self, now: datetime, latency: float, blocked: ProviderError | None = None
    ) -> Status:
        """
        Return the status after the provider answered, ``latency`` seconds after the request.

        ``blocked`` is why its kernels cannot be reached nevertheless.
        """
        reachable = Reachable.SLOW if latency > SLOW_AFTER else Reachable.ONLINE
        if blocked is not None:
            reachable = Reachable.BLOCKED
        return Status(
            since=self.since if reachable is self.reachable else now,
            reachable=reachable,
            kernelspecs=Kernelspecs.FRESH,
            last_seen=now,
            latency=latency,
            reason_code=blocked.reason_code if blocked else "",
            detail=blocked.detail if blocked else "",
            message=blocked.message if blocked else "",
        )

    def failed(self, now: datetime, error: ProviderError) -> Status:
        """Return the status after a request failed; known kernelspecs become stale."""
        reachable = _AFTER_FAILURE.get(type(error), Reachable.OFFLINE)
        return replace(
            self,
            since=self.since if reachable is self.reachable else now,
            reachable=reachable,
            kernelspecs=_AFTER_FAILED_REFRESH[self.kernelspecs],
            reason_code=error.reason_code,
            detail=error.detail,
            message=error.message,
        )

    @property
    def is_available(self) -> bool:
        """Whether the provider answered when it was last asked."""
        return self.reachable in (Reachable.ONLINE, Reachable.SLOW, Reachable.BLOCKED)

    @property
    def word(self) -> str:
        """The state in one or two words, for people."""
        return WORDS[self.reachable]
