"""Records this server's remote kernels, and restores them after a restart."""

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
from .lifecycle import RemoteKernels
from .store import KernelStore, Record

SOON = 1.0  # seconds from a kernel's start to the record of its session
INTERVAL = 10.0  # seconds between two records of the sessions
SESSION_FIELDS = ("id", "path", "name", "type")


class KernelRecovery:
    """
    Records and restores the remote kernels of one server.

    Records of providers that are not configured, or have another address, stay in the store until
    these are back.
    """

    def __init__(
        self,
        store: KernelStore,
        kernels: RemoteKernels,
        providers: KernelProviders,
        sessions: SessionManager,
        log: Logger,
    ) -> None:
        self._store = store
        self._kernels = kernels
        self._providers = providers
        self._sessions = sessions
        self._log = log
        self._waiting: list[Record] = []
        self._wake = asyncio.Event()
        self._sessions_of: dict[str, tuple[Mapping[str, Any], ...]] = {}
        self._task: asyncio.Task[None] | None = None
        self._has_failed = False
        self._closed = False

    async def start(self) -> None:
        """Restore the kernels of the last run, and begin to record; raises nothing."""
        try:
            self._waiting = self._store.read()
        except Exception as error:
            self._log_failure(error)  # and do not overwrite what cannot be read now
            return
        await self._restore()
        self._kernels.recorder = self
        self._providers.subscribe(self.changed)
        self._task = asyncio.create_task(self._run())

    def changed(self) -> None:
        """Record soon what has changed."""
        self._wake.set()

    async def aclose(self) -> None:
        """Record what keeps running, with the latest sessions, and release the store."""
        self._closed = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._read_sessions()
        self._write()
        self._store.close()

    async def _run(self) -> None:
        next_read = inf
        # Before Python 3.12, `wait_for` may swallow a cancellation that comes right after `wake`.
        while not self._closed:
            pause = next_read - time.monotonic()
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._wake.wait(), None if pause == inf else max(pause, 0))
            if self._wake.is_set():
                self._wake.clear()
                await self._restore()
                self._write()  # at once, as the server may crash
                # Not later than after the first change, even if changes never stop.
                next_read = min(next_read, time.monotonic() + SOON)
            if time.monotonic() >= next_read:
                await self._read_sessions()
                self._write()
                next_read = time.monotonic() + INTERVAL if self._records() else inf

    async def _restore(self) -> None:
        """Restore the waiting kernels whose providers are configured."""
        for record in self._waiting[:]:
            if self._is_configured(record):
                self._waiting.remove(record)
                self._sessions_of[record.kernel_id] = record.sessions
                self._kernels.restore(record)
                for session in record.sessions:
                    await self._restore_session(record, session)

    def _is_configured(self, record: Record) -> bool:
        try:
            return self._providers.provider(record.provider_id).config.url == record.url
        except ProviderError:
            return False

    async def _restore_session(self, record: Record, session: Any) -> None:
        if record.is_orphaned or self._kernels.get(record.kernel_id) is None:
            return
        session_id, path, name, kind = (session.get(field) for field in SESSION_FIELDS)
        try:
            await self._sessions.save_session(
                session_id, path=path, name=name, type=kind, kernel_id=record.kernel_id
            )
        except Exception:  # for example, because the session exists
            self._log.warning("The session of %s could not be restored.", path, exc_info=True)

    async def _read_sessions(self) -> None:
        sessions: dict[str, tuple[Mapping[str, Any], ...]] = {}
        try:
            models = await self._sessions.list_sessions()
        except Exception:
            # For example, because a local kernel has just ended; the next read is soon.
            self._log.debug("The sessions could not be listed.", exc_info=True)
            return
        for model in models:
            session = {field: model[field] for field in SESSION_FIELDS}
            kernel_id = model["kernel"]["id"]
            sessions[kernel_id] = (*sessions.get(kernel_id, ()), session)
        self._sessions_of = sessions

    def _records(self) -> list[Record]:
        return [*self._waiting, *map(self._with_sessions, self._kernels.records)]

    def _with_sessions(self, record: Record) -> Record:
        if record.is_orphaned:
            return record
        return replace(record, sessions=self._sessions_of.get(record.kernel_id, ()))

    def _write(self) -> None:
        try:
            self._store.write(self._records())
        except Exception as error:  # the server works without the store
            self._log_failure(error)
        else:
            self._has_failed = False

    def _log_failure(self, error: Exception) -> None:
        if not self._has_failed:
            self._has_failed = True
            self._log.warning(
                "Remote kernels cannot be recorded, and will not be restored after a crash of this "
                "server: %s.",
                error,
            )
