"""Remote kernels, from their start until they are removed."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import replace
from typing import Any
from unittest.mock import Mock

import pytest

from kernel_providers_ext.kernels import lifecycle
from kernel_providers_ext.kernels.kernel import RemoteKernelManager
from kernel_providers_ext.kernels.lifecycle import StartRequest
from kernel_providers_ext.kernels.send_queue import SendQueue
from kernel_providers_ext.kernels.store import Record
from kernel_providers_ext.provider.errors import (
    KernelGone,
    KernelStarting,
    NoSuchKernelspec,
    ProviderError,
    ProviderUnavailable,
    RequestRefused,
)
from tests.support.client import wait_until
from tests.unit.conftest import Place, StartPlace
from tests.unit.running_provider import LATE, OFFLINE, RunningProvider, running

ID = "11111111-1111-1111-1111-111111111111"
OTHER = "22222222-2222-2222-2222-222222222222"
REQUEST = StartRequest("gpu", "py", None, {})
REFUSED = RequestRefused("gpu", "limit", "Gpu has too many kernels.")


def stopped(place: Place) -> list[str]:
    """Return the ids of the kernels that the provider was asked to stop."""
    return [what for name, what in place.gpu.requests if name == "shutdown"]


def orphans(place: Place) -> list[str]:
    return [record.remote_id for record in place.remote.records if record.is_orphaned]


async def until(condition: Any) -> None:
    """Wait until a function returns a true value."""

    async def is_met() -> Any:
        return condition()

    await wait_until(is_met, pause=0.01)


# -- how a kernel begins ---------------------------------------------------------------------------


async def test_a_started_kernel_is_listed_and_recorded(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    """Its id is free to be another one than that of the provider. The log says so."""
    caplog.set_level(logging.INFO)
    recorded: list[list[str]] = []
    place.remote.recorder = Mock(
        changed=lambda: recorded.append([record.kernel_id for record in place.remote.records])
    )
    kernel_id = await place.remote.start(REQUEST, ID, 60.0)
    [kernel] = place.remote.listed
    assert (kernel_id, kernel.kernel_name, kernel.execution_state) == (ID, "gpu/py", "idle")
    [record] = place.remote.records
    assert record == Record("gpu", "http://gpu.test", "py", kernel.remote_id, ID)
    assert record.remote_id in place.gpu.models
    assert recorded[-1] == [ID]
    assert f"Kernel started: {ID} (gpu/py)" in caplog.text
    place.remote.recorder = None


async def test_a_kernel_that_takes_long_is_listed_while_it_starts(place: Place) -> None:
    """People see that it is starting, and since when; it can be used once it has started."""
    place.gpu.gate = asyncio.Event()
    kernel = await place.start(patience=0.0)
    assert (kernel.execution_state, kernel.start.is_running) == ("starting", True)
    [phase] = place.providers.phases.of_provider("gpu")
    assert (phase.kernel_id, phase.name) == (kernel.kernel_id, "starting")
    assert phase.since == kernel.created
    assert [record.is_starting for record in place.remote.records] == [True]
    for use in (kernel.restart_kernel(), kernel.interrupt_kernel(), kernel.until_started(0.0)):
        with pytest.raises(KernelStarting, match="gpu/py is still starting"):
            await use
    place.gpu.gate.set()
    await kernel.until_started(60.0)
    await until(lambda: not place.providers.phases.of_provider("gpu"))
    assert (kernel.execution_state, place.remote.records[0].is_starting) == ("idle", False)


SWITCH = replace(REQUEST, session_id="session-1")


async def switching(place: Place) -> tuple[asyncio.Task[str | None], RemoteKernelManager]:
    """Begin a switch to a kernel that takes long to start."""
    place.gpu.gate = asyncio.Event()
    switch = asyncio.create_task(place.remote.start_for_switch(SWITCH, 0.0))
    await until(lambda: place.remote.listed)
    [kernel] = place.remote.listed
    return switch, kernel


async def test_a_session_moves_to_a_kernel_that_has_started(place: Place) -> None:
    """Until then, people see which session waits, and a crash leaves no kernel behind."""
    switch, kernel = await switching(place)
    [phase] = place.providers.phases.of_provider("gpu")
    assert (phase.name, phase.kernel_id) == ("starting", kernel.kernel_id)
    assert phase.session_id == "session-1"
    assert [record.is_orphaned for record in place.remote.records] == [True]
    assert place.gpu.gate is not None
    place.gpu.gate.set()
    assert await switch == kernel.kernel_id
    assert [record.is_orphaned for record in place.remote.records] == [False]
    await place.remote.shutdown(kernel, moves_on=False)
    assert await place.remote.start_for_switch(SWITCH, 60.0) is not None  # a fast one


async def test_a_switch_ends_if_its_kernel_is_shut_down(place: Place) -> None:
    """That is how people cancel it."""
    switch, kernel = await switching(place)
    await place.remote.shutdown(kernel, moves_on=False)
    assert await switch is None
    assert place.remote.listed == []
    assert len(orphans(place)) == 1  # it may have started nonetheless


async def test_a_cancelled_switch_leaves_nothing_behind(place: Place) -> None:
    """As if the kernel had never been listed."""
    switch, _kernel = await switching(place)
    switch.cancel()
    with pytest.raises(asyncio.CancelledError):
        await switch
    assert place.remote.listed == []
    assert len(orphans(place)) == 1
    assert place.providers.phases.of_provider("gpu") == []


async def test_a_failed_switch_says_why(place: Place) -> None:
    """At once, as the session still has its kernel."""
    place.gpu.failures["start"] = OFFLINE
    switch, _kernel = await switching(place)
    assert place.gpu.gate is not None
    place.gpu.gate.set()
    with pytest.raises(ProviderUnavailable, match="refused the connection"):
        await switch
    assert place.remote.listed == []


@pytest.mark.parametrize("error", [OFFLINE, LATE, REFUSED])
async def test_a_kernel_that_does_not_start_is_not_listed(
    place: Place, error: ProviderError
) -> None:
    """It is stopped if it may have started nonetheless."""
    place.gpu.failures["start"] = error
    with pytest.raises(type(error), match=error.message):
        await place.remote.start(REQUEST, None, 60.0)
    assert place.remote.listed == []
    assert len(orphans(place)) == (0 if error.is_certain else 1)


async def test_a_defect_of_a_provider_is_a_failure_like_others(place: Place) -> None:
    """The log has what is wrong with its code."""
    place.gpu.failures["start"] = ZeroDivisionError("a defect")
    with pytest.raises(ProviderUnavailable, match="The code of the kernel provider gpu failed"):
        await place.remote.start(REQUEST, None, 60.0)


async def test_a_late_failure_is_shown_for_a_while(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """JupyterLab shows the reason of a dead kernel, which then disappears."""
    monkeypatch.setattr(lifecycle, "FAILED_START_KEPT", 0.05)
    place.gpu.gate, place.gpu.failures["start"] = asyncio.Event(), OFFLINE
    kernel = await place.start(patience=0.0)
    place.gpu.gate.set()
    with pytest.raises(ProviderUnavailable, match="refused the connection"):
        await kernel.until_started(60.0)
    await until(lambda: kernel.execution_state == "dead")
    assert (kernel.reason, place.remote.listed) == (OFFLINE.message, [kernel])
    await until(lambda: not place.remote.listed)
    assert place.providers.phases.of_provider("gpu") == []


async def test_a_cancelled_start_leaves_nothing_behind(place: Place) -> None:
    """Whether the provider has received the request is not known, so the kernel is looked for."""
    place.gpu.gate = asyncio.Event()
    starting = asyncio.create_task(place.remote.start(REQUEST, None, None))
    await until(lambda: place.gpu.requests)
    [pending] = place.remote.records
    assert pending.is_orphaned  # a crash now leaves no kernel without an owner
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    await until(lambda: len(orphans(place)) == 1)
    assert (place.remote.listed, orphans(place)) == ([], [pending.remote_id])


async def test_two_requests_for_one_id_start_one_kernel(place: Place) -> None:
    """The second one waits for the first."""
    place.gpu.gate = asyncio.Event()
    first = asyncio.create_task(place.remote.start(REQUEST, ID, 60.0))
    await until(lambda: place.gpu.requests)
    second = asyncio.create_task(place.remote.start(REQUEST, ID, 60.0))
    for _ in range(10):  # turns in which the second could start another one
        await asyncio.sleep(0)
    place.gpu.gate.set()
    assert [await first, await second] == [ID, ID]
    assert place.gpu.requests == [("start", "py")]
    assert len(place.remote.listed) == 1


async def test_starts_under_one_id_at_the_same_time_are_one(place: Place) -> None:
    """Neither has been admitted yet when the other one comes."""
    starts = (place.remote.start(REQUEST, ID, 60.0) for _ in range(3))
    assert await asyncio.gather(*starts) == [ID] * 3
    assert [what for what, _ in place.gpu.requests].count("start") == 1


async def test_a_start_that_is_cancelled_at_once_keeps_no_id(place: Place) -> None:
    """Its id can be used again; what may have started is stopped."""
    starting = asyncio.create_task(place.remote.start(REQUEST, ID, 60.0))
    await asyncio.sleep(0)
    starting.cancel()
    await asyncio.wait({starting})
    assert place.remote.listed == []
    assert await place.remote.start(REQUEST, ID, 60.0) == ID


async def test_an_id_that_is_taken_is_replaced(place: Place) -> None:
    """The same gateway may be configured twice, and a provider may answer with any id."""
    await place.remote.start(REQUEST, ID, 60.0)
    assert place.remote.free_id(OTHER) == OTHER
    for wanted in (ID, "no-uuid", "ü-1-2-3-4", ""):
        assert place.remote.free_id(wanted) != wanted
    place.gpu.gate = asyncio.Event()
    starting = asyncio.create_task(place.remote.start(REQUEST, OTHER, 60.0))
    await until(lambda: len(place.gpu.requests) == 2)
    assert place.remote.free_id(OTHER) != OTHER
    place.gpu.gate.set()
    await starting


# -- kernels of others -----------------------------------------------------------------------------


async def test_a_kernel_is_attached_once(place: Place) -> None:
    """Attaching it again returns the same kernel; it is only let go by this server."""
    place.gpu.run(ID, execution_state="busy")
    assert [await place.remote.attach("gpu", ID) for _ in range(2)] == [ID, ID]
    [kernel] = place.remote.listed
    assert (kernel.is_attached, kernel.execution_state) == (True, "busy")
    assert [record.is_attached for record in place.remote.records] == [True]


async def test_a_kernel_that_is_not_offered_cannot_be_attached(start_place: StartPlace) -> None:
    """What the administrator excludes is excluded in all ways."""
    place = await start_place(settings={"exclude": ["secret"]})
    place.gpu.run(ID, "secret")
    with pytest.raises(NoSuchKernelspec, match="'secret'"):
        await place.remote.attach("gpu", ID)
    with pytest.raises(KernelGone, match=f"gpu has no kernel {OTHER}"):
        await place.remote.attach("gpu", OTHER)
    assert place.remote.listed == []


async def test_an_orphan_that_is_attached_is_not_stopped(place: Place) -> None:
    """It is wanted again."""
    record = Record("gpu", "http://gpu.test", "py", ID, ID, is_orphaned=True)
    place.gpu.failures["shutdown"] = OFFLINE
    place.remote.restore(record)
    place.gpu.run(ID)
    await place.remote.attach("gpu", ID)
    assert (orphans(place), [one.remote_id for one in place.remote.listed]) == ([], [ID])


async def test_own_kernels_are_not_listed_as_others(place: Place) -> None:
    """Nor are those that are to be stopped."""
    await place.start()
    place.gpu.run(ID)
    assert [model["id"] for model in await place.remote.other_kernels("gpu")] == [ID]
    await place.remote.attach("gpu", ID)
    assert await place.remote.other_kernels("gpu") == []


async def test_providers_may_have_kernels_with_the_same_id(start_place: StartPlace) -> None:
    """A kernel that is attached at one provider is still another one at the other."""
    place = await start_place(running("other"))
    other = place.providers.provider("other")
    assert isinstance(other, RunningProvider)
    for provider in (place.gpu, other):
        provider.run(ID)
    await place.remote.attach("other", ID)
    assert [model["id"] for model in await place.remote.other_kernels("gpu")] == [ID]
    assert await place.remote.attach("gpu", ID) != ID
    assert len(place.remote.listed) == 2


# -- after a restart of the server -----------------------------------------------------------------


@pytest.mark.parametrize(("is_starting", "state"), [(True, "starting"), (False, "unknown")])
async def test_a_restored_kernel_is_found_again(
    place: Place, is_starting: bool, state: str
) -> None:
    """Until the provider has answered, its state is not known."""
    place.gpu.run(OTHER, execution_state="busy")
    record = Record("gpu", "http://gpu.test", "py", OTHER, ID, is_starting=is_starting)
    place.remote.restore(record)
    kernel = place.remote.get(ID)
    assert kernel is not None
    assert (kernel.remote_id, kernel.execution_state) == (OTHER, state)
    await until(lambda: kernel.execution_state == "busy")
    place.remote.restore(record)  # a second time changes nothing
    assert place.remote.listed == [kernel]


@pytest.mark.parametrize("is_starting", [True, False])
async def test_a_restored_kernel_that_is_gone_disappears(place: Place, is_starting: bool) -> None:
    """Unless its start was not answered: it may still appear."""
    place.remote.restore(Record("gpu", "http://gpu.test", "py", OTHER, ID, is_starting=is_starting))
    kernel = place.remote.get(ID)
    assert kernel is not None
    await until(lambda: kernel.activity.updated_at > 0)
    assert (place.remote.get(ID) is kernel) == is_starting


@pytest.mark.parametrize("is_starting", [True, False])
async def test_a_restored_orphan_is_stopped(place: Place, is_starting: bool) -> None:
    """If its start was not answered, it is waited for."""
    record = Record(
        "gpu", "http://gpu.test", "py", ID, "", is_orphaned=True, is_starting=is_starting
    )
    place.remote.restore(record)
    if is_starting:
        asked = len(place.gpu.asked_for)
        await until(lambda: len(place.gpu.asked_for) > asked)
        assert [one.is_starting for one in place.remote.records] == [True]
        place.gpu.run(ID)
        place.providers.wake("gpu")
        await until(lambda: stopped(place) == [ID])
    await until(lambda: place.remote.records == [])


# -- how a kernel ends -----------------------------------------------------------------------------


async def test_a_kernel_that_is_shut_down_is_stopped_and_removed(place: Place) -> None:
    """Its clients are told."""
    kernel = await place.start()
    told: list[bool] = []
    kernel.on_removed.add(lambda: told.append(kernel.is_stopping))
    await place.remote.shutdown(kernel, moves_on=False)
    assert stopped(place) == [kernel.remote_id]
    assert (place.remote.listed, place.remote.records, told) == ([], [], [False])


async def test_a_kernel_that_cannot_be_stopped_stays(place: Place) -> None:
    """People can try again."""
    kernel = await place.start()
    place.gpu.failures["shutdown"] = OFFLINE
    with pytest.raises(ProviderUnavailable, match="refused the connection"):
        await place.remote.shutdown(kernel, moves_on=False)
    assert (place.remote.listed, kernel.is_stopping) == ([kernel], False)


async def test_a_session_moves_on_from_a_kernel_that_cannot_be_stopped(place: Place) -> None:
    """It is stopped later."""
    kernel = await place.start()
    place.gpu.failures["shutdown"] = OFFLINE
    await place.remote.shutdown(kernel, moves_on=True)
    assert (place.remote.listed, orphans(place)) == ([], [kernel.remote_id])


async def test_a_session_does_not_wait_for_a_provider_that_is_offline(place: Place) -> None:
    """What is known of the provider is enough."""
    kernel = await place.start()
    place.gpu.answer = OFFLINE
    await place.providers.monitor("gpu").refresh()
    before = len(place.gpu.requests)
    await place.remote.shutdown(kernel, moves_on=True)
    assert place.gpu.requests[before:] == []
    assert (place.remote.listed, orphans(place)) == ([], [kernel.remote_id])


@pytest.mark.parametrize(("moves_on", "is_stopped"), [(True, False), (False, True)])
async def test_an_attached_kernel_is_stopped_only_by_a_user(
    place: Place, moves_on: bool, is_stopped: bool
) -> None:
    """A notebook that gets another kernel lets it go."""
    place.gpu.run(ID)
    kernel = place.remote.get(await place.remote.attach("gpu", ID))
    assert kernel is not None
    await place.remote.shutdown(kernel, moves_on=moves_on)
    assert (stopped(place), place.remote.records) == ([ID] if is_stopped else [], [])


async def test_a_kernel_that_is_starting_can_be_shut_down(place: Place) -> None:
    """Its start is cancelled; what may have started is stopped."""
    place.gpu.gate = asyncio.Event()
    kernel = await place.start(patience=0.0)
    remote_id = kernel.remote_id
    await place.remote.shutdown(kernel, moves_on=False)
    assert (place.remote.listed, orphans(place)) == ([], [remote_id])
    assert not kernel.start.is_running


@pytest.mark.parametrize("is_here", [True, False])
async def test_only_the_address_where_it_ran_can_prove_that_it_is_gone(
    place: Place, is_here: bool
) -> None:
    """Another server at another address does not know the kernel."""
    kernel = await place.start()
    if not is_here:
        kernel.url = "http://elsewhere.test"
    place.gpu.failures["interrupt"] = KernelGone("gpu", "kernel_gone", "It is gone.")
    with pytest.raises(KernelGone):
        await kernel.interrupt_kernel()
    assert place.remote.listed == ([] if is_here else [kernel])
    assert kernel.execution_state == ("dead" if is_here else "idle")


async def test_a_kernel_is_removed_once(place: Place) -> None:
    """A second removal, or that of another kernel with its id, does nothing."""
    kernel = await place.start()
    told: list[int] = []
    kernel.on_removed.add(lambda: told.append(1))
    place.remote.remove(kernel)
    place.remote.remove(kernel)
    place.remote.gone(kernel)
    assert (told, kernel.execution_state) == ([1], "idle")


# -- when the server stops -------------------------------------------------------------------------


async def test_the_exit_stops_kernels_of_this_server_only(start_place: StartPlace) -> None:
    """Attached kernels and those of a provider that keeps its kernels run on, and are recorded."""
    place = await start_place()
    kernel = await place.start()
    place.gpu.run(ID)
    await place.remote.attach("gpu", ID)
    await place.remote.aclose()
    assert stopped(place) == [kernel.remote_id]
    assert [record.remote_id for record in place.remote.records] == [ID]


async def test_the_exit_keeps_kernels_if_configured(start_place: StartPlace) -> None:
    """They are found again by the next server."""
    place = await start_place(settings={"on_server_exit": "keep"})
    kernel = await place.start()
    await place.remote.aclose()
    assert stopped(place) == []
    assert [record.remote_id for record in place.remote.records] == [kernel.remote_id]


@pytest.mark.parametrize("is_late", [True, False])
async def test_the_exit_leaves_to_the_next_server_what_it_cannot_stop(
    place: Place, monkeypatch: pytest.MonkeyPatch, is_late: bool
) -> None:
    """A provider that hangs does not keep the server from ending."""
    monkeypatch.setattr(lifecycle, "EXIT_TIMEOUT", 0.05)
    kernel = await place.start()
    if is_late:
        place.gpu.gate = asyncio.Event()
    else:
        place.gpu.failures["shutdown"] = OFFLINE
    await place.remote.aclose()
    assert (place.remote.listed, orphans(place)) == ([], [kernel.remote_id])


async def test_the_exit_ends_starts(place: Place) -> None:
    """Those that are listed, and those that are not yet."""
    place.gpu.gate = asyncio.Event()
    await place.start(patience=0.0)
    pending = asyncio.create_task(place.remote.start(REQUEST, None, None))
    await until(lambda: len(place.gpu.requests) == 2)
    await place.remote.aclose()
    assert (place.remote.listed, len(orphans(place))) == ([], 2)
    with pytest.raises(KernelGone, match="was cancelled"):
        await pending


async def test_the_exit_leaves_kernels_of_removed_providers(place: Place) -> None:
    """They cannot be stopped, and stay recorded."""
    kernel = await place.start()
    place.providers.apply([])
    await place.remote.aclose()
    assert [record.remote_id for record in place.remote.records] == [kernel.remote_id]


# -- the kernel itself -----------------------------------------------------------------------------


async def test_a_restart_clears_what_was_sent_to_the_kernel_before(place: Place) -> None:
    """It is use of the kernel; its state comes from the kernel then."""
    kernel = await place.start()
    queue = kernel.clients.connect("client", object(), SendQueue(place.remote.send_budgets["gpu"]))
    queue.put("typed")
    begun = kernel.last_activity
    await kernel.restart_kernel()
    assert ("restart", kernel.remote_id) in place.gpu.requests
    assert (kernel.execution_state, kernel.clients.waiting) == ("restarting", 0)
    assert kernel.last_activity > begun
    assert place.manager.last_kernel_activity == kernel.last_activity


async def test_an_interrupt_reaches_the_kernel(place: Place) -> None:
    """Under its id at the provider."""
    kernel_id = await place.remote.start(REQUEST, ID, 60.0)
    kernel = place.remote.get(kernel_id)
    assert kernel is not None
    await kernel.interrupt_kernel()
    assert place.gpu.requests[-1] == ("interrupt", kernel.remote_id)
    assert kernel.remote_id != ID


async def test_a_failed_request_has_the_provider_polled(place: Place) -> None:
    """People see its state at once."""
    kernel = await place.start()
    place.gpu.failures["interrupt"] = place.gpu.answer = OFFLINE
    with pytest.raises(ProviderUnavailable):
        await kernel.interrupt_kernel()
    await until(lambda: not place.providers.monitor("gpu").status.is_available)


async def test_it_is_alive_until_it_is_gone(place: Place) -> None:
    """As a local kernel tells."""
    kernel = await place.start()
    alive = [await kernel.is_alive()]
    kernel.update(None, time.monotonic())
    alive.append(await kernel.is_alive())
    assert alive == [True, False]
    assert place.remote.listed == []


async def test_what_a_remote_kernel_cannot_do(place: Place) -> None:
    """It has no ports, files or sockets on this machine; a client says where it runs."""
    kernel = await place.start()
    assert (kernel.ports, kernel.resolve_path("a")) == ([], None)
    assert kernel.ready.done()  # Jupyter Server waits for that before it stops a kernel
    kernel.update_env(env={})
    await kernel.cleanup_resources()
    with pytest.raises(NotImplementedError, match="gpu/py runs at the kernel provider gpu"):
        kernel.client()
