"""The phases of kernels that people may have to wait for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

STARTING = "starting"
RECONNECTING = "reconnecting"


@dataclass(frozen=True)
class Phase:
    """
    A phase of a kernel.

    ``kernel_name`` is this server's name of the kernel. ``name`` is `STARTING` for a kernel that
    takes long to start, and `RECONNECTING` for one whose connection was lost and is being opened
    again; ``since`` has a time zone. ``session_id`` is that of a session which moves to the kernel
    once it has started; empty if there is none.
    """

    provider_id: str
    kernel_id: str
    kernel_name: str
    name: str
    since: datetime
    session_id: str = ""


class KernelPhases:
    """
    The phases of all kernels.

    ``on_change`` is called after each change. An owner is any object, such as a relay; it has at
    most one phase at a time.
    """

    def __init__(self, on_change: Callable[[], None]) -> None:
        self._phases: dict[object, Phase] = {}
        self._on_change = on_change

    def begin(self, owner: object, phase: Phase) -> None:
        """Begin a phase, which lasts until the owner ends it."""
        self._phases[owner] = phase
        self._on_change()

    def end(self, owner: object) -> None:
        """End the owner's phase; does nothing if it has none."""
        if self._phases.pop(owner, None) is not None:
            self._on_change()

    def of_provider(self, provider_id: str) -> list[Phase]:
        """Return the phases of a provider's kernels; for each kernel, the oldest one."""
        found: dict[str, Phase] = {}
        for phase in self._phases.values():
            if phase.provider_id == provider_id:
                found.setdefault(phase.kernel_id, phase)
        return list(found.values())
