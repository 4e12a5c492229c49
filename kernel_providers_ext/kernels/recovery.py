"""Writes down the kernels that this server has at providers, and finds them again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from logging import Logger
from math import inf
from typing import Any

from jupyter_server.services.sessions.sessionmanager import SessionManager

from ..provider.errors import ProviderError
from ..registry.providers import KernelProviders
from ..server.kernel_manager import KernelProvidersKernelManager
from .store import KernelStore, Record

SOON = 1.0  # seconds from a kernel's start to its session's being written down
INTERVAL = 10.0  # seconds from one look at the sessions to the next
SESSION_FIELDS = ("id", "path", "name", "type")


class KernelRecovery:
    """
    Keeps the store of one server.

    Records of providers that are not configured now, or are somewhere else now, stay in the store
    until they are back.
    """

    def __init__(
        self,
        store: KernelStore,
        kernels: KernelProvidersKernelManager,
        sessions: SessionManager,
        log: Logger,
    ) -> None:
        self._store = store
        self._kernels = kernels
        self._providers: KernelProviders = kernels.providers
        self._sessions = sessions
        self._log = log
        self._waiting: list[Record] = []
        self._wake = asyncio.Event()
        self._sessions_of: dict[str, tuple[Mapping[str, Any], ...]] = {}
        self._task: asyncio.Task[None] | None = None
        self._complained = False
        self._closed = False

    async def start(self) -> None:
        """Find the kernels of before, and begin to write."""
        try:
            self._waiting = self._store.read()
        except Exception as error:
            self._complain(error)  # and leave alone what cannot be read now
            return
        await self._restore()
        self._kernels.remote.observer = self
        self._providers.subscribe(self.note)
        self._task = asyncio.create_task(self._run())

    def note(self) -> None:
        """Write down soon what has changed."""
        self._wake.set()

    async def close(self) -> None:
        """Write down what is left running, with notebooks that came to the last, and end."""
        self._closed = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._look_at_sessions()
        self._write()
        self._store.close()

    async def _run(self) -> None:
        next_look = inf
        # Before Python 3.12, `wait_for` may swallow a cancellation that comes right after `wake`.
        while not self._closed:
            pause = next_look - time.monotonic()
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._wake.wait(), None if pause == inf else max(pause, 0))
            if self._wake.is_set():
                self._wake.clear()
                await self._restore()
                self._write()  # what is new at once, as the server may crash
                # However much changes all the time: sessions are looked at soon after the first.
                next_look = min(next_look, time.monotonic() + SOON)
            if time.monotonic() >= next_look:
                await self._look_at_sessions()
                self._write()
                next_look = time.monotonic() + INTERVAL if self._records() else inf

    async def _restore(self) -> None:
        """Take over the kernels whose providers are there."""
        for record in self._waiting[:]:
            if self._is_there(record):
                self._waiting.remove(record)
                self._sessions_of[record.kernel_id] = record.sessions
                self._kernels.remote.restore(record)
                for session in record.sessions:
                    await self._restore_session(record, session)

    def _is_there(self, record: Record) -> bool:
        try:
            return self._providers.provider(record.provider_id).config.url == record.url
        except ProviderError:
            return False

    async def _restore_session(self, record: Record, session: Any) -> None:
        if record.kernel_id in self._kernels and not record.is_orphaned:
            _id, path, name, type_ = (session.get(field) for field in SESSION_FIELDS)
            try:
                await self._sessions.save_session(
                    _id, path=path, name=name, type=type_, kernel_id=record.kernel_id
                )
            except Exception:  # such as for a session that is there already
                self._log.warning("The notebook %s is not found again.", path, exc_info=True)

    async def _look_at_sessions(self) -> None:
        known: dict[str, tuple[Mapping[str, Any], ...]] = {}
        try:
            models = await self._sessions.list_sessions()
        except Exception:
            # Such as for a local kernel that ends meanwhile; the next look is soon.
            self._log.debug("The sessions could not be listed.", exc_info=True)
            return
        for model in models:
            session = {field: model[field] for field in SESSION_FIELDS}
            kernel_id = model["kernel"]["id"]
            known[kernel_id] = (*known.get(kernel_id, ()), session)
        self._sessions_of = known

    def _records(self) -> list[Record]:
        return [*self._waiting, *map(self._with_sessions, self._kernels.remote.records)]

    def _with_sessions(self, record: Record) -> Record:
        if record.is_orphaned:
            return record
        return replace(record, sessions=self._sessions_of.get(record.kernel_id, ()))

    def _write(self) -> None:
        try:
            self._store.write(self._records())
        except Exception as error:  # whatever it is, the server goes on without
            self._complain(error)
        else:
            self._complained = False

    def _complain(self, error: Exception) -> None:
        if not self._complained:
            self._complained = True
            self._log.warning(
                "Kernels at providers cannot be written down, and so are not found again after a "
                "crash of this server: %s.",
                error,
            )
