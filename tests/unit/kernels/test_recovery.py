"""The record of kernels and sessions, and their recovery after a restart of the server."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Collection
from dataclasses import replace
from typing import Any

import pytest

from kernel_providers_ext.kernels import recovery as recovery_module
from kernel_providers_ext.kernels.recovery import KernelRecovery
from kernel_providers_ext.kernels.store import Record
from tests.support.client import wait_until
from tests.unit.conftest import Place
from tests.unit.running_provider import OFFLINE, running

ID = "11111111-1111-1111-1111-111111111111"
OTHER = "22222222-2222-2222-2222-222222222222"
SESSION = {"id": "s", "path": "a/nb.ipynb", "name": "nb.ipynb", "type": "notebook"}
RECORD = Record("gpu", "http://gpu.test", "py", OTHER, ID, sessions=(SESSION,))


class MemoryStore:
    """A store in memory, which may fail."""

    def __init__(self, *records: Record) -> None:
        self.records = list(records)
        self.failure: Exception | None = None
        self.writes = 0
        self.closed = False

    def read(self) -> list[Record]:
        if self.failure is not None:
            raise self.failure
        return list(self.records)

    def write(self, records: Collection[Record]) -> None:
        if self.failure is not None:
            raise self.failure
        self.writes += 1
        self.records = list(records)

    def close(self) -> None:
        self.closed = True


class Sessions:
    """Jupyter Server's sessions, by session id."""

    def __init__(self) -> None:
        self.models: list[dict[str, Any]] = []
        self.failure: Exception | None = None

    async def save_session(self, session_id: str, **fields: Any) -> None:
        if self.failure is not None:
            raise self.failure
        kernel = {"id": fields.pop("kernel_id")}
        self.models.append({"id": session_id, **fields, "kernel": kernel, "notebook": {}})

    async def list_sessions(self) -> list[dict[str, Any]]:
        if self.failure is not None:
            raise self.failure
        return self.models


class Recovery:
    """A recovery over a store and sessions in memory."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.store = MemoryStore()
        self.sessions = Sessions()
        self._all: list[KernelRecovery] = []

    async def start(self) -> KernelRecovery:
        store: Any = self.store
        sessions: Any = self.sessions
        log = logging.getLogger("tests")
        made = KernelRecovery(store, self.place.remote, self.place.providers, sessions, log)
        self._all.append(made)
        await made.start()
        return made

    async def aclose(self) -> None:
        for recovery in self._all:
            await recovery.aclose()


@pytest.fixture
async def recovery(place: Place) -> AsyncIterator[Recovery]:
    recovery = Recovery(place)
    yield recovery
    await recovery.aclose()


async def until(condition: Any) -> None:
    """Wait until a function returns a true value."""

    async def is_met() -> Any:
        return condition()

    await wait_until(is_met, pause=0.01)


async def test_a_kernel_comes_back_with_its_session(recovery: Recovery) -> None:
    """Under its id, so that the notebook finds it."""
    recovery.place.gpu.run(OTHER, execution_state="busy")
    recovery.store.records = [RECORD]
    await recovery.start()
    kernel = recovery.place.remote.get(ID)
    assert kernel is not None
    assert kernel.remote_id == OTHER
    assert recovery.sessions.models == [{**SESSION, "kernel": {"id": ID}, "notebook": {}}]
    await until(lambda: kernel.execution_state == "busy")


async def test_a_started_kernel_is_recorded_at_once(recovery: Recovery) -> None:
    """The server may crash; a kernel that is only requested is recorded, too."""
    await recovery.start()
    recovery.place.gpu.gate = asyncio.Event()
    starting = asyncio.create_task(recovery.place.start())
    await until(lambda: recovery.store.records)
    [record] = recovery.store.records
    assert (record.is_orphaned, record.is_starting) == (True, True)
    recovery.place.gpu.gate.set()
    kernel = await starting
    await until(lambda: not recovery.store.records[0].is_orphaned)
    [record] = recovery.store.records
    assert (record.kernel_id, record.remote_id) == (kernel.kernel_id, kernel.remote_id)
    recovery.place.remote.remove(kernel)
    await until(lambda: recovery.store.records == [])


async def test_sessions_are_recorded_soon(
    recovery: Recovery, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And again while there are kernels, as sessions change without one that does."""
    monkeypatch.setattr(recovery_module, "SOON", 0.05)
    monkeypatch.setattr(recovery_module, "INTERVAL", 0.05)
    await recovery.start()
    kernel = await recovery.place.start()
    model = {**SESSION, "kernel": {"id": kernel.kernel_id}, "notebook": {}}
    recovery.sessions.models = [model]
    await until(lambda: recovery.store.records and recovery.store.records[0].sessions)
    assert list(recovery.store.records[0].sessions) == [SESSION]
    moved = {**SESSION, "id": "other"}
    recovery.sessions.models = [model, {**model, "id": "other"}]
    await until(lambda: list(recovery.store.records[0].sessions) == [SESSION, moved])
    recovery.sessions.failure = ZeroDivisionError("a kernel has just ended")
    before = recovery.store.writes
    await until(lambda: recovery.store.writes > before)
    assert list(recovery.store.records[0].sessions) == [SESSION, moved]


async def test_sessions_are_not_read_without_kernels(
    recovery: Recovery, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server without remote kernels does nothing."""
    monkeypatch.setattr(recovery_module, "SOON", 0.02)
    monkeypatch.setattr(recovery_module, "INTERVAL", 0.02)
    made = await recovery.start()
    made.changed()
    await until(lambda: recovery.store.writes >= 2)  # at once, and once soon
    await asyncio.sleep(0.1)  # of many intervals
    assert recovery.store.writes == 2


async def test_records_wait_for_their_provider(recovery: Recovery) -> None:
    """At the same address: another one is another place."""
    moved = replace(RECORD, url="http://elsewhere.test", kernel_id=OTHER)
    unknown = replace(RECORD, provider_id="cpu", url="http://cpu.test", is_starting=True)
    recovery.store.records = [moved, unknown]
    made = await recovery.start()
    assert recovery.place.remote.listed == []
    made.changed()
    await until(lambda: recovery.store.writes > 0)
    assert recovery.store.records == [moved, unknown]
    recovery.place.providers.apply([running("gpu"), running("cpu")])
    await until(lambda: recovery.place.remote.listed)
    assert [kernel.provider_id for kernel in recovery.place.remote.listed] == ["cpu"]
    await until(lambda: len(recovery.sessions.models) == 1)


async def test_an_orphan_has_no_session(recovery: Recovery) -> None:
    """It is stopped, and then forgotten."""
    recovery.place.gpu.run(OTHER)
    recovery.store.records = [replace(RECORD, is_orphaned=True)]
    await recovery.start()
    assert (recovery.sessions.models, recovery.place.remote.listed) == ([], [])
    await until(lambda: ("shutdown", OTHER) in recovery.place.gpu.requests)
    await until(lambda: recovery.store.records == [])


async def test_a_session_that_cannot_be_restored_is_no_failure(
    recovery: Recovery, caplog: pytest.LogCaptureFixture
) -> None:
    """The kernel is there, and the log names the notebook."""
    recovery.sessions.failure = ZeroDivisionError("it exists")
    recovery.store.records = [RECORD]
    await recovery.start()
    assert recovery.place.remote.get(ID) is not None
    assert "The session of a/nb.ipynb could not be restored." in caplog.text


async def test_a_store_that_cannot_be_read_is_not_overwritten(
    recovery: Recovery, caplog: pytest.LogCaptureFixture
) -> None:
    """The log says what people lose."""
    recovery.store.records = [RECORD]
    recovery.store.failure = PermissionError("it belongs to another user")
    made = await recovery.start()
    recovery.store.failure = None
    made.changed()
    await recovery.place.start()
    for _ in range(20):  # turns in which it could write
        await asyncio.sleep(0)
    assert recovery.store.records == [RECORD]
    assert "Remote kernels cannot be recorded" in caplog.text
    assert "it belongs to another user" in caplog.text


async def test_a_store_that_cannot_be_written_is_said_once(
    recovery: Recovery, caplog: pytest.LogCaptureFixture
) -> None:
    """Until it works again: then a new failure is a new one."""
    made = await recovery.start()

    async def change(failure: Exception | None) -> int:
        recovery.store.failure = failure
        made._write()
        return caplog.text.count("Remote kernels cannot be recorded")

    full = OSError("the disk is full")
    assert [await change(one) for one in (full, full, None, full)] == [1, 1, 1, 2]
    recovery.store.failure = None


async def test_the_exit_records_the_latest_sessions(recovery: Recovery) -> None:
    """What runs on is found again; the store is released for the next server."""
    made = await recovery.start()
    kernel = await recovery.place.start()
    model = {**SESSION, "kernel": {"id": kernel.kernel_id}, "notebook": {}}
    recovery.sessions.models = [model]
    await made.aclose()
    assert [record.sessions for record in recovery.store.records] == [(SESSION,)]
    assert recovery.store.closed
    writes = recovery.store.writes
    made.changed()
    for _ in range(20):  # turns in which it could write
        await asyncio.sleep(0)
    assert recovery.store.writes == writes


# -- orphans ---------------------------------------------------------------------------------------


async def test_an_orphan_is_stopped_once_its_provider_is_available(recovery: Recovery) -> None:
    """It stays recorded until then."""
    place = recovery.place
    place.gpu.run(OTHER)
    place.gpu.failures["shutdown"] = OFFLINE
    place.remote.restore(replace(RECORD, is_orphaned=True))
    await until(lambda: ("shutdown", OTHER) in place.gpu.requests)
    assert [record.remote_id for record in place.remote.records] == [OTHER]
    del place.gpu.failures["shutdown"]
    for _ in range(3):
        await place.providers.monitor("gpu").refresh_kernels()
    await until(lambda: place.remote.records == [])
    assert OTHER not in place.gpu.models


async def test_an_orphan_is_stopped_by_one_request_at_a_time(recovery: Recovery) -> None:
    """However often its provider is polled; the exit ends the request."""
    place = recovery.place
    place.gpu.run(OTHER)
    place.gpu.gate = asyncio.Event()
    place.remote.restore(replace(RECORD, is_orphaned=True))
    await until(lambda: place.gpu.requests)
    for _ in range(3):
        await place.providers.monitor("gpu").refresh_kernels()
    assert place.gpu.requests == [("shutdown", OTHER)]
    await asyncio.wait_for(place.remote.aclose(), 10)
    assert [record.remote_id for record in place.remote.records] == [OTHER]


async def test_an_orphan_that_is_gone_is_forgotten(recovery: Recovery) -> None:
    """It is neither stopped nor polled."""
    place = recovery.place
    place.remote.restore(replace(RECORD, is_orphaned=True))
    await until(lambda: place.remote.records == [])
    place.gpu.run(OTHER)
    before = len(place.gpu.asked_for)
    await place.providers.monitor("gpu").refresh_kernels()
    assert len(place.gpu.asked_for) == before
    assert place.gpu.requests == []
