"""The event that tells clients of changes."""

from __future__ import annotations

import asyncio
from pathlib import Path

from jupyter_events import EventLogger

from ..registry.providers import KernelProviders
from .models import providers_model

SCHEMA = Path(__file__).with_name("changed.event.json")
CHANGED = "https://events.jupyter.org/kernel_providers_ext/changed/v1"
DELAY = 0.1  # seconds from a change to its event, which also tells of changes meanwhile
#: Fields that change with each poll, without an event.
WITHOUT_EVENT = ("last_seen", "latency_ms", "retry_in")


class ChangedEvents:
    """
    Emits an event after each change that clients can see.

    It emits nothing before the providers are started and after they are closed.
    """

    def __init__(self, providers: KernelProviders, logger: EventLogger) -> None:
        self._providers = providers
        self._logger = logger
        self._is_due = False
        self._known = self._visible()

    def follow(self) -> None:
        """Emit events from now on; raises nothing, also if the schema is registered already."""
        try:
            if CHANGED not in self._logger.schemas:
                self._logger.register_event_schema(SCHEMA)
        except Exception as error:
            self._log_failure(error)
        else:
            self._providers.subscribe(self._emit_soon)

    def _emit_soon(self) -> None:
        if self._providers.running and not self._is_due:
            self._is_due = True
            asyncio.get_running_loop().call_later(DELAY, self._emit)

    def _emit(self) -> None:
        self._is_due = False
        if not self._providers.running:
            return
        before, self._known = self._known, self._visible()
        if self._known == before:
            return
        data = {"kernelspecs": self._known[0] != before[0]}
        try:
            self._logger.emit(schema_id=CHANGED, data=data)
        except Exception as error:
            self._log_failure(error)

    def _visible(self) -> tuple[object, object]:
        """Return what clients can see: what concerns kernelspecs, and everything else."""
        model = providers_model(self._providers)
        states = [
            {key: value for key, value in provider.items() if key not in WITHOUT_EVENT}
            for provider in model["providers"]
        ]
        kernelspecs = [
            (one.provider_id, one.label, one.snapshot.kernelspecs, one.snapshot.default)
            for one in self._providers.sources
            if one.snapshot.kernelspecs
        ]
        return (kernelspecs, model["template"]), (states, model["problems"], model["recent"])

    def _log_failure(self, error: Exception) -> None:
        why = str(error).partition("\n")[0]
        self._providers.log.warning("Clients are not told of changes of kernel providers: %s", why)
