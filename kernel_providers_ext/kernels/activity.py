"""A remote kernel's state and use, from its own frames and from its provider."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Protocol

from ..provider.interface import Frame, KernelModel
from ..provider.remote_text import one_line
from .iopub import parse_status

#: States that end as soon as the kernel answers anything, and states that last.
UNSETTLED = ("starting", "restarting", "unknown")
AT_REST = ("idle", "dead")
LONGEST_STATE = 40  # characters
LONGEST_REASON = 300
BUSY_INTERVAL = 60.0  # seconds after which a busy kernel counts as used again


class ActiveKernel(Protocol):
    """What `KernelActivity` needs of a kernel."""

    execution_state: Any
    #: Jupyter Server's kernel manager, whose rules say what counts as use.
    parent: Any

    @property
    def is_stopping(self) -> bool:
        """Whether this server is stopping the kernel."""

    def set_state(self, state: str, reason: str = "") -> None:
        """Set ``execution_state`` and ``reason``."""

    def touch(self) -> None:
        """Record that the kernel is used."""

    def poll_now(self) -> None:
        """Have the kernel's provider polled."""


class KernelActivity:
    """
    Follows one kernel's state and use.

    While a relay copies the kernel's frames, they tell its state, as Jupyter Server's
    `start_watching_activity` reads it for local kernels. Otherwise its provider is polled.
    """

    def __init__(self, kernel: ActiveKernel) -> None:
        self._kernel = kernel
        #: When the provider last told of the kernel, by the monotonic clock.
        self.updated_at = float("-inf")
        self._relays: set[object] = set()
        self._is_ending = False  # the kernel has said that it ends
        self._told_at = float("-inf")  # when the kernel last told its state itself
        self._last_use: object = None  # the provider's time stamp of the last use
        self._timer: asyncio.TimerHandle | None = None

    @property
    def needs_polling(self) -> bool:
        """
        Whether the kernel's state may change without a frame that tells it.

        A kernel that ends sends nothing more. One that no relay copies changes when its cell ends;
        if it is idle or starting, it hardly changes until a client connects.
        """
        if self._is_ending:
            return True
        if self._relays:
            return self._kernel.execution_state in UNSETTLED
        return self._kernel.execution_state not in (*UNSETTLED, *AT_REST)

    def follow(self, relay: object) -> None:
        """Record that a relay passes the kernel's frames to `observe` from now on."""
        self._relays.add(relay)
        self._watch_busy()

    def unfollow(self, relay: object) -> None:
        """Record that a relay no longer does."""
        self._relays.discard(relay)
        if self.needs_polling:
            self._kernel.poll_now()

    def observe(self, frame: Frame) -> None:
        """Adopt the state in a frame from the kernel, if it tells one."""
        kernel = self._kernel
        status = parse_status(frame)
        is_use = status is not None and kernel.parent.track_message_type(status.cause)
        if is_use or kernel.execution_state == "busy":
            self._last_use = None  # the provider will tell of the same use
            kernel.touch()
        if status is None:
            return
        self._told_at = time.monotonic()
        if status.is_ending:
            self._end()
        elif is_use:
            self.become(status.state)
        elif kernel.execution_state in UNSETTLED and status.state not in UNSETTLED:
            self.become("idle")

    def update(self, model: KernelModel, asked: float) -> None:
        """Adopt the provider's model, whose request was sent at ``asked`` (monotonic clock)."""
        if self._told_at < asked:  # else what the kernel told itself is newer
            self._kernel.set_state(*state_of(model))
        self._watch_busy()
        # Only a change of the time stamp counts, as the provider's clock may be wrong.
        stamp, before = model.get("last_activity"), self._last_use
        self._last_use = stamp
        if before not in (None, stamp) or self._is_used_silently:
            self._kernel.touch()

    def begin(self, model: KernelModel) -> None:
        """Adopt the first model of a kernel."""
        self._last_use = model.get("last_activity")
        self._kernel.set_state(*state_of(model))

    def become(self, state: str) -> None:
        """Change the kernel's state."""
        self._kernel.set_state(state)
        if state == "dead":
            self._end()
        elif state in UNSETTLED:  # it begins anew
            self._is_ending = False
            self._kernel.poll_now()
        self._watch_busy()

    def _end(self) -> None:
        """Poll the kernel until it is gone, unless this server is stopping it."""
        if not self._kernel.is_stopping:
            self._is_ending = True
            self._kernel.poll_now()

    def _watch_busy(self) -> None:
        if self._timer is None:
            self._use_while_busy()

    def _use_while_busy(self) -> None:
        """Touch a busy kernel every minute, as a cell may run for hours without output."""
        self._timer = None
        if self._relays and self._is_used_silently:
            self._kernel.touch()
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(BUSY_INTERVAL, self._use_while_busy)

    @property
    def _is_used_silently(self) -> bool:
        return self._kernel.execution_state == "busy" and not self._kernel.parent.cull_busy


def state_of(model: KernelModel) -> tuple[str, str]:
    """Return a model's execution state, and the reason for it; a remote may send anything."""
    state, reason = model.get("execution_state") or "unknown", model.get("reason") or ""
    return one_line(state, LONGEST_STATE), one_line(reason, LONGEST_REASON)
