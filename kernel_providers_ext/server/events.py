"""The event by which clients learn that what is known of the providers has changed."""

from __future__ import annotations

import asyncio
from pathlib import Path

from jupyter_events import EventLogger

from ..registry.providers import KernelProviders
from .models import providers_model

SCHEMA = Path(__file__).with_name("changed.event.json")
CHANGED = "https://events.jupyter.org/kernel_providers_ext/changed/v1"
DELAY = 0.1  # seconds that an event waits for other changes, to tell of them as well
#: What changes with each answer of a provider, and is no news.
NO_NEWS = ("last_seen", "latency_ms", "retry_in")


class ChangedEvents:
    """
    Emits an event after a change that clients can see, and none after any other.

    Nothing is emitted before the providers are started, nor after they are closed.
    """

    def __init__(self, providers: KernelProviders, logger: EventLogger) -> None:
        self._providers = providers
        self._logger = logger
        self._is_due = False
        self._known = self._visible()

    def follow(self) -> None:
        """Begin to emit events; harmless where the schema is not accepted, or there already."""
        try:
            if CHANGED not in self._logger.schemas:
                self._logger.register_event_schema(SCHEMA)
        except Exception as error:
            self._blame_logger(error)
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
            self._blame_logger(error)

    def _visible(self) -> tuple[object, object]:
        """Return what clients can see: what concerns kernelspecs, and all the rest."""
        known = providers_model(self._providers)
        states = [
            {key: value for key, value in provider.items() if key not in NO_NEWS}
            for provider in known["providers"]
        ]
        kernelspecs = self._providers.kernelspecs("/", ()), self._providers.default_kernel_name
        return kernelspecs, (states, known["problems"])

    def _blame_logger(self, error: Exception) -> None:
        why = str(error).partition("\n")[0]
        self._providers.log.warning(
            "Clients cannot be told of changes of kernel providers: %s", why
        )
