"""What goes on with single kernels that people may have to wait for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from ..provider.status import now

STARTING = "starting"
RECONNECTING = "reconnecting"


@dataclass(frozen=True)
class Phase:
    """
    A kernel between two states.

    ``name`` is `STARTING` for one whose start takes long, and `RECONNECTING` for one whose
    connection was lost and is being opened again; ``since`` has a time zone.
    """

    provider_id: str
    kernel_id: str
    name: str
    since: datetime


class KernelPhases:
    """The phases of all kernels; ``on_change`` is called after each change."""

    def __init__(self, on_change: Callable[[], None]) -> None:
        self._phases: dict[object, Phase] = {}
        self._on_change = on_change

    def begin(
        self,
        owner: object,
        provider_id: str,
        kernel_id: str,
        name: str,
        since: datetime | None = None,
    ) -> None:
        """Have a kernel be in a phase, since then or now, until its owner says `end`."""
        self._phases[owner] = Phase(provider_id, kernel_id, name, since or now())
        self._on_change()

    def end(self, owner: object) -> None:
        """End a phase; harmless where there is none."""
        if self._phases.pop(owner, None) is not None:
            self._on_change()

    def at(self, provider_id: str) -> list[Phase]:
        """Return the phases of a provider's kernels, one for each kernel: the oldest."""
        found: dict[str, Phase] = {}
        for phase in self._phases.values():
            if phase.provider_id == provider_id:
                found.setdefault(phase.kernel_id, phase)
        return list(found.values())
