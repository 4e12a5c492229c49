"""The monitor: how it polls, and what becomes of status and snapshot."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest
from jupyter_client.kernelspec import KernelSpecManager

from kernel_providers_ext.config.loader import Declaration
from kernel_providers_ext.extension import mix
from kernel_providers_ext.provider.config import ProviderConfig
from kernel_providers_ext.provider.errors import ProviderError, ProviderUnavailable, SignInNeeded
from kernel_providers_ext.provider.interface import KernelModel, Snapshot
from kernel_providers_ext.provider.status import Kernelspecs, Reachable
from kernel_providers_ext.registry.client_activity import ClientActivity
from kernel_providers_ext.registry.monitor import ProviderMonitor
from kernel_providers_ext.server.kernelspec_manager import KernelProvidersSpecManager
from tests.conftest import MakeProviders
from tests.support.client import wait_for_answers, wait_until
from tests.support.fake_provider import FakeProvider, Kernel, snapshot

LOG = logging.getLogger("test_refresher")
REFUSED = ProviderUnavailable("gpu", "refused", "gpu refuses connections.")
TIMEOUT = ProviderUnavailable("gpu", "timeout", "gpu did not answer in time.")
UNAUTHORISED = SignInNeeded("gpu", "unauthorised", "gpu refused the token.")


class Bench:
    """A monitor with all that it needs."""

    def __init__(self) -> None:
        config = ProviderConfig("gpu", "gpu.json", label="GPU farm", exclude=("hidden",))
        self.provider = FakeProvider(config, LOG)
        self.polled: list[Kernel] = []
        self.changes = 0
        self.monitor = ProviderMonitor(
            self.provider, self.polled, self._changed, LOG, ClientActivity()
        )

    def _changed(self) -> None:
        self.changes += 1

    async def after(self, answer: Snapshot | Exception) -> tuple[Reachable, Kernelspecs, list[str]]:
        """Have the provider answer this once, and return the state and the kernels' names then."""
        self.provider.answer = answer
        await self.monitor.refresh()
        status, known = self.monitor.status, self.monitor.snapshot
        return status.reachable, status.kernelspecs, list(known.kernelspecs if known else ())

    def hold(self) -> asyncio.Event:
        """Have the provider hold its answers until the event is set."""
        self.provider.held = asyncio.Event()
        return self.provider.held

    async def is_asking(self) -> None:
        """Wait until the monitor has polled for the first time."""

        async def asked() -> bool:
            return self.provider.asked > 0

        await wait_until(asked, pause=0.01)

    async def asked_again(self) -> None:
        """Wait until the running monitor has polled once more."""
        before = self.provider.asked

        async def more() -> bool:
            return self.provider.asked > before

        self.monitor.wake()
        await wait_until(more, pause=0.01)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    """A monitor that has not polled yet."""
    made = Bench()
    yield made
    await made.monitor.aclose()


async def test_status_and_snapshot_follow_the_answers(bench: Bench) -> None:
    """A known snapshot stays, stale, through all failures, and an answer replaces it."""
    assert bench.monitor.status.reachable is Reachable.CHECKING
    assert bench.monitor.snapshot is None
    assert not bench.monitor.first_answer.is_set()
    assert await bench.after(REFUSED) == (Reachable.OFFLINE, Kernelspecs.NONE, [])
    assert bench.monitor.first_answer.is_set()
    assert await bench.after(snapshot("a", "b")) == (
        Reachable.ONLINE,
        Kernelspecs.FRESH,
        ["a", "b"],
    )
    assert await bench.after(REFUSED) == (Reachable.OFFLINE, Kernelspecs.STALE, ["a", "b"])
    assert await bench.after(UNAUTHORISED) == (
        Reachable.UNAUTHORISED,
        Kernelspecs.STALE,
        ["a", "b"],
    )
    assert await bench.after(snapshot("c")) == (Reachable.ONLINE, Kernelspecs.FRESH, ["c"])


async def test_only_offered_kernelspecs_are_known(bench: Bench) -> None:
    """Excluded and invalid kernelspecs are left out; the others are not."""
    rubbish: dict[str, Any] = {"": {"spec": {}}, "x": "rubbish", "y": {"spec": None}, "z": {}}
    good = snapshot("py", "hidden").kernelspecs
    _, _, names = await bench.after(Snapshot({**rubbish, **good}))
    assert names == ["py"]


async def test_there_is_one_log_line_per_change(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    """A state is logged when it begins, with its reason, and not again while it lasts."""
    caplog.set_level(logging.INFO)
    well = [snapshot("py"), snapshot("py"), snapshot("py", "r")]
    wait_for_answers: list[Snapshot | Exception] = [*well, REFUSED, REFUSED, TIMEOUT]
    for answer in [*wait_for_answers, snapshot("py", "r"), snapshot("py", "r")]:
        await bench.after(answer)
    logged = [(record.levelname, record.getMessage()) for record in caplog.records]
    times = re.compile(r"since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
    assert [(level, times.sub("since then", said)) for level, said in logged] == [
        ("INFO", "Kernel provider gpu: Online since then, 1 kernel."),
        (
            "WARNING",
            "Kernel provider gpu: Offline since then. gpu refuses connections.",
        ),
        (
            "WARNING",
            "Kernel provider gpu: Offline since then. gpu did not answer in time.",
        ),
        ("INFO", "Kernel provider gpu: Online since then, 2 kernels."),
    ]


async def test_preparation_does_not_count_as_latency(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For example, the import of an HTTP client."""
    seconds = 0.0

    async def prepare() -> None:
        nonlocal seconds
        seconds += 10.0

    clock = SimpleNamespace(monotonic=lambda: seconds)
    monkeypatch.setattr("kernel_providers_ext.registry.monitor.time", clock)
    bench.provider.prepare = prepare  # type: ignore[method-assign]
    await bench.monitor.refresh()
    assert bench.monitor.status.latency == 0


async def test_only_visible_changes_are_reported(bench: Bench) -> None:
    """A new state, reason or snapshot is reported, and nothing else is."""
    steps: list[tuple[Snapshot | ProviderError, int]] = [
        (snapshot("py"), 1),
        (snapshot("py"), 0),
        (snapshot("py", "r"), 1),
        (snapshot("py", "r", default="r"), 1),
        (snapshot("py", "r", default="r", validator="another"), 0),
        (REFUSED, 1),
        (REFUSED, 0),
        (TIMEOUT, 1),
        (snapshot("py"), 1),
    ]
    for number, (answer, expected) in enumerate(steps):
        before = bench.changes
        await bench.after(answer)
        assert bench.changes - before == expected, f"step {number}: {answer!r}"


async def test_the_known_snapshot_is_passed_to_the_provider(bench: Bench) -> None:
    """A provider that answers "not modified" leaves the same snapshot in place."""
    await bench.after(snapshot("py", "hidden", validator="1"))
    known = bench.monitor.snapshot
    assert known is not None
    assert known.validator == "1"
    await bench.after(known)
    assert bench.monitor.snapshot is known


async def test_running_kernels_are_updated(bench: Bench) -> None:
    """A kernel gets its model, or None if it is gone; an unknown kernel gets nothing."""
    alive, gone, unknown = Kernel("alive"), Kernel("gone"), Kernel("unknown")
    await bench.monitor.refresh_kernels()
    assert bench.provider.asked_for == [], "no kernel runs there"
    bench.polled += [alive, gone, unknown]
    bench.provider.running = {"alive": {"id": "alive"}, "gone": None}
    await bench.monitor.refresh_kernels()
    assert bench.provider.asked_for == [["alive", "gone", "unknown"]]
    bench.provider.running = REFUSED
    await bench.monitor.refresh_kernels()
    assert (alive.news, gone.news, unknown.news) == ([{"id": "alive"}], [None], [])


async def test_a_failed_poll_of_kernels_has_the_provider_polled(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even if its kernelspecs are polled less often."""
    monkeypatch.setattr("kernel_providers_ext.registry.monitor.KERNELS_INTERVAL", 0.01)
    bench.polled.append(Kernel("alive"))
    bench.monitor.start()
    await bench.monitor.first_answer.wait()
    assert bench.monitor.status.is_available

    bench.provider.running = bench.provider.answer = REFUSED

    async def offline() -> bool:
        return bench.monitor.status.reachable is Reachable.OFFLINE

    await wait_until(offline, pause=0.01)
    asked = len(bench.provider.asked_for), bench.provider.asked
    for _ in range(10):  # turns of the task, each of which could ask
        await asyncio.sleep(0.01)
    now = len(bench.provider.asked_for), bench.provider.asked
    assert now == asked, "while it is offline, the back-off holds"
    bench.provider.running = {}
    bench.provider.answer = snapshot("py")
    await bench.monitor.retry()

    async def looked_again() -> bool:
        return len(bench.provider.asked_for) > asked[0]

    await wait_until(looked_again, pause=0.01)


async def test_a_provider_is_polled_less_often_without_clients(
    make_providers: MakeProviders, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client that comes has all providers polled at once, and often from then on."""
    monkeypatch.setattr("kernel_providers_ext.registry.client_activity.ACTIVE_FOR", 0.0)
    often: dict[str, Any] = {"kind": "scripted", "refresh_interval": 1}
    providers = make_providers(*(Declaration(i, f"{i}.json", often) for i in "ab"))
    await providers.start()
    await wait_for_answers(providers)
    asked: list[Any] = [monitor.provider for monitor in providers.monitors]
    assert [provider.asked for provider in asked] == [1, 1]
    assert all((monitor.retry_in or 0) > 300 for monitor in providers.monitors)

    monkeypatch.setattr("kernel_providers_ext.registry.client_activity.ACTIVE_FOR", 60.0)
    manager = mix(KernelProvidersSpecManager, KernelSpecManager, providers)()
    manager.get_all_specs()

    async def all_asked_twice() -> bool:
        return [provider.asked for provider in asked] == [2, 2]

    await wait_until(all_asked_twice, pause=0.01)
    assert all((monitor.retry_in or 0) < 2 for monitor in providers.monitors)


async def test_running_kernels_are_polled_less_often_if_that_is_enough(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without clients, and if frames tell their state."""
    monkeypatch.setattr("kernel_providers_ext.registry.client_activity.ACTIVE_FOR", 0.0)
    monkeypatch.setattr("kernel_providers_ext.registry.monitor.KERNELS_INTERVAL", 0.01)
    client_activity = ClientActivity()
    monitor = ProviderMonitor(bench.provider, bench.polled, lambda: None, LOG, client_activity)
    bench.polled.append(kernel := Kernel("alive"))
    asked_for = bench.provider.asked_for

    async def is_looked_at_once() -> bool:
        for _ in range(10):  # turns of the task, each of which could ask
            await asyncio.sleep(0.01)
        return len(asked_for) == 1

    monitor.start()
    await monitor.first_answer.wait()
    assert await is_looked_at_once()

    monkeypatch.setattr("kernel_providers_ext.registry.client_activity.ACTIVE_FOR", 60.0)
    client_activity.record()
    monitor.wake()

    async def looked_often() -> bool:
        return len(asked_for) > 3

    await wait_until(looked_often, pause=0.01)
    bench.polled.append(quiet := Kernel("quiet"))
    quiet.needs_polling = False
    asked_for.clear()
    await wait_until(looked_often, pause=0.01)
    assert ["alive", "quiet"] not in asked_for
    kernel.needs_polling = False
    await asyncio.sleep(0.01)  # the turn that is under way
    asked_for.clear()
    monitor.wake()
    assert await is_looked_at_once()
    await monitor.aclose()


async def test_an_unavailable_provider_with_kernels_is_polled_often(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Notebooks may wait for it, also without clients."""
    monkeypatch.setattr("kernel_providers_ext.registry.client_activity.ACTIVE_FOR", 0.0)
    monkeypatch.setattr("kernel_providers_ext.registry.monitor.FIRST_RETRY", 1000.0)
    monitor = ProviderMonitor(bench.provider, bench.polled, lambda: None, LOG, ClientActivity())
    bench.polled.append(kernel := Kernel("alive"))
    kernel.needs_polling = False
    monitor.start()
    pauses = []
    for answer in (snapshot("py"), REFUSED):
        bench.provider.answer = answer
        await monitor.retry()
        pauses.append(monitor.retry_in or 0)
    assert pauses[0] > 500
    assert pauses[1] < 100
    await monitor.aclose()


async def test_requests_are_admitted_unless_the_provider_is_unavailable(bench: Bench) -> None:
    """Requests at the same time share one attempt, and fail with its reason."""
    await bench.monitor.admit()
    bench.provider.answer = REFUSED
    bench.monitor.start()
    await bench.monitor.first_answer.wait()
    held, asked = bench.hold(), bench.provider.asked
    coming = [asyncio.create_task(bench.monitor.admit()) for _ in range(5)]
    await bench.is_asking()
    held.set()
    assert await asyncio.gather(*coming, return_exceptions=True) == [REFUSED] * 5
    assert bench.provider.asked == asked + 1
    bench.provider.answer = snapshot("py")
    await bench.monitor.admit()
    assert bench.monitor.status.is_available
    bench.provider.answer = UNAUTHORISED
    await bench.monitor.retry()
    await bench.monitor.admit()  # there may be another token by now


async def test_it_polls_by_itself_and_when_it_is_woken(bench: Bench) -> None:
    """Once started, it polls at once, again when woken, and stops when closed."""
    bench.polled.append(kernel := Kernel("alive"))
    bench.provider.running = {"alive": {"id": "alive"}}
    bench.monitor.start()
    await bench.monitor.first_answer.wait()
    assert bench.monitor.status.is_available

    async def told() -> bool:
        return bool(kernel.news)

    await wait_until(told, pause=0.01)
    await bench.asked_again()
    await bench.monitor.aclose()
    assert bench.provider.closed


@pytest.mark.parametrize("defective", ["answer", "running"])
async def test_a_defect_in_a_providers_code_does_not_end_polling(
    bench: Bench, caplog: pytest.LogCaptureFixture, defective: str
) -> None:
    """An unexpected exception is logged with the provider's name, and polling continues."""
    bench.polled.append(Kernel("alive"))
    setattr(bench.provider, defective, ZeroDivisionError("a defect"))
    bench.monitor.start()

    async def logged() -> bool:
        return "gpu" in caplog.text and "a defect" in caplog.text

    await wait_until(logged, pause=0.01)
    bench.provider.answer, bench.provider.running = snapshot("py"), {}
    await bench.asked_again()

    async def well() -> bool:
        return bench.monitor.status.is_available

    await wait_until(well, pause=0.01)


async def test_a_kernel_that_rejects_its_model_does_not_end_polling(bench: Bench) -> None:
    """An exception in a kernel's update is logged, and polling continues."""

    class Deaf(Kernel):
        def update(self, model: KernelModel | None, asked: float) -> None:
            raise TypeError("a defect")

    bench.polled += [Deaf("1"), other := Kernel("1")]
    bench.provider.running = {"1": {"id": "1"}}
    bench.monitor.start()
    await bench.asked_again()
    assert other.news


async def test_a_missing_logo_is_fetched_once(bench: Bench) -> None:
    """For example, behind a proxy that allows only the API; until its kernelspec changes."""
    for times, version in enumerate(("1", "2"), start=1):
        spec = {"name": "py", "spec": {"v": version}, "resources": {"logo-svg": "/logo.svg"}}
        bench.provider.answer = Snapshot({"py": spec})
        bench.monitor.start()
        for _ in range(3):
            await bench.asked_again()
        assert bench.provider.asked_for_logos == times


async def test_logos_are_fetched_once_at_a_time(bench: Bench) -> None:
    """A poll during a slow fetch does not begin another one."""
    spec = {"name": "py", "spec": {}, "resources": {"logo-svg": "/logo.svg"}}
    bench.provider.answer = Snapshot({"py": spec})
    bench.provider.held_logos = asyncio.Event()
    bench.monitor.start()
    for _ in range(3):
        await bench.asked_again()
    assert bench.provider.asked_for_logos == 1


async def test_it_ends_when_it_was_woken_just_before(bench: Bench) -> None:
    """A monitor that is woken and closed in the same moment is closed."""
    bench.monitor.start()
    await bench.asked_again()
    bench.monitor.wake()
    await asyncio.wait_for(bench.monitor.aclose(), 5)


async def test_a_defect_is_a_state_that_people_can_see(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    """A provider whose code fails is shown as offline, and is logged once."""
    bench.provider.answer = ZeroDivisionError("a defect")
    bench.monitor.start()
    await bench.asked_again()
    await bench.asked_again()
    assert not bench.monitor.status.is_available
    assert bench.monitor.status.reachable is not Reachable.CHECKING
    assert bench.monitor.status.message
    assert caplog.text.count("Traceback") == 1


async def test_a_retry_waits_for_its_attempt(bench: Bench) -> None:
    """A retry returns with the new state, whether the provider answered or failed."""
    bench.monitor.start()
    for answer, is_available in ((REFUSED, False), (snapshot("py"), True), (TIMEOUT, False)):
        bench.provider.answer = answer
        before = bench.provider.asked
        await bench.monitor.retry()
        assert bench.monitor.status.is_available is is_available
        assert bench.provider.asked == before + 1


async def test_retries_at_the_same_time_share_an_attempt(bench: Bench) -> None:
    """One attempt serves all retries before it and during it."""
    held = bench.hold()
    bench.monitor.start()
    early = [asyncio.create_task(bench.monitor.retry()) for _ in range(3)]
    await bench.is_asking()
    late = [asyncio.create_task(bench.monitor.retry()) for _ in range(3)]
    done, waiting = await asyncio.wait([*early, *late], timeout=0)
    assert (len(done), len(waiting)) == (0, 6)
    late.pop().cancel()
    held.set()
    await asyncio.gather(*early, *late)
    await asyncio.sleep(0.05)  # one attempt too many would come at once
    assert bench.provider.asked == 1


async def test_a_retry_ends_when_the_monitor_is_closed(bench: Bench) -> None:
    """No retry waits for a provider that was removed, neither during an attempt nor later."""
    bench.hold()
    bench.monitor.start()
    waiting = asyncio.create_task(bench.monitor.retry())
    await bench.is_asking()
    await bench.monitor.aclose()
    await asyncio.wait_for(waiting, 5)
    await asyncio.wait_for(bench.monitor.retry(), 5)


async def test_what_an_answer_leaves_out_is_a_warning_until_it_is_complete(bench: Bench) -> None:
    """For example, because there are too many kernelspecs."""
    await bench.after(snapshot("py", notices=("Three kernelspecs are left out.",)))
    assert "Three kernelspecs are left out." in " ".join(bench.monitor.warnings)
    await bench.after(snapshot("py"))
    assert bench.monitor.warnings == []


async def test_who_waits_for_a_provider_goes_on_when_it_is_replaced(bench: Bench) -> None:
    """A relay then asks the provider with the new configuration, or learns that it is gone."""
    bench.provider.answer = REFUSED
    await bench.monitor.refresh()
    waiting = asyncio.create_task(bench.monitor.available.wait())
    await asyncio.sleep(0)
    assert not waiting.done()
    await bench.monitor.aclose()
    await asyncio.wait_for(waiting, 10)


async def test_it_says_when_it_polls_next(bench: Bench) -> None:
    """
    The time until the next poll is None before the start, and grows with each failure.

    A retry that fails makes it short again: the user has done something about it, and waits.
    """
    pauses = [bench.monitor.retry_in]
    held = bench.hold()
    bench.monitor.start()
    waiting = asyncio.create_task(bench.monitor.retry())
    await bench.is_asking()
    pauses.append(bench.monitor.retry_in)
    assert pauses == [None, 0]
    held.set()
    await waiting
    retry, admit = bench.monitor.retry, bench.monitor.admit
    for answer, attempt, shortest, longest in (
        (snapshot("py"), retry, 59, 72),
        (REFUSED, retry, 1, 2.4),
        (REFUSED, admit, 3, 4.8),
        (REFUSED, admit, 6, 9.6),
        (REFUSED, retry, 1, 2.4),
    ):
        bench.provider.answer = answer
        with suppress(ProviderUnavailable):
            await attempt()
        pause = bench.monitor.retry_in
        assert pause is not None
        assert shortest < pause <= longest


async def test_a_provider_with_retry_after_is_polled_by_the_user_only(
    bench: Bench,
) -> None:
    """Neither a timer nor a failed request nor its running kernels cause a poll."""
    bench.provider.answer = ProviderUnavailable("gpu", "overloaded", "429", retry_after=1000)
    bench.polled.append(Kernel("1"))
    bench.monitor.start()
    await bench.monitor.first_answer.wait()
    asked, heard = bench.provider.asked, len(bench.provider.asked_for)
    bench.monitor.wake()
    await asyncio.sleep(0.05)  # one attempt too many would come at once
    with pytest.raises(ProviderUnavailable):
        await bench.monitor.admit()
    assert (bench.provider.asked, len(bench.provider.asked_for)) == (asked, heard)
    assert bench.monitor.retry_in is not None
    assert 990 < bench.monitor.retry_in <= 1000
    bench.provider.answer = snapshot("py")
    await bench.monitor.retry()
    assert bench.monitor.status.is_available
    assert bench.provider.asked == asked + 1
    bench.monitor.wake()
    await bench.asked_again()


async def test_retry_after_for_kernels_holds_for_kernelspecs(
    bench: Bench,
) -> None:
    """Its kernelspecs are not polled either."""
    bench.provider.running = ProviderUnavailable("gpu", "overloaded", "429", retry_after=1000)
    bench.polled.append(Kernel("1"))
    bench.monitor.start()

    async def is_left_alone() -> bool:
        return 900 < (bench.monitor.retry_in or 0) <= 1000

    await wait_until(is_left_alone, timeout=5, pause=0.01)
    assert bench.monitor.status.is_available


async def test_a_rest_is_at_most_an_hour(bench: Bench) -> None:
    """A larger Retry-After counts as an hour."""
    bench.provider.answer = ProviderUnavailable("gpu", "overloaded", "429", retry_after=10**9)
    bench.monitor.start()
    await bench.monitor.first_answer.wait()

    async def is_due() -> bool:
        return 3000 < (bench.monitor.retry_in or 0) <= 3600

    await wait_until(is_due, pause=0.01)


async def test_retry_after_of_a_request_stops_polling(bench: Bench) -> None:
    """For the time that the provider asks for, only the user's retry reaches it."""
    bench.monitor.start()
    await bench.monitor.first_answer.wait()
    asked = bench.provider.asked
    too_many = ProviderUnavailable("gpu", "overloaded", "429", retry_after=1000)
    bench.monitor.request_failed(too_many)
    with pytest.raises(ProviderUnavailable):
        await bench.monitor.admit()
    bench.monitor.wake()
    assert bench.provider.asked == asked
    await bench.monitor.retry()
    await bench.monitor.admit()


async def test_another_servers_answer_does_not_prove_that_a_kernel_is_gone(bench: Bench) -> None:
    """A kernel is given up only if the server at its own address says so."""
    here, elsewhere = Kernel("here"), Kernel("elsewhere", "http://elsewhere:8888")
    bench.polled += [here, elsewhere]
    bench.provider.running = {"here": None, "elsewhere": None}
    await bench.monitor.refresh_kernels()
    assert (here.news, elsewhere.news) == ([None], [])
    bench.provider.running = {"here": None, "elsewhere": {"id": "elsewhere"}}
    await bench.monitor.refresh_kernels()
    assert elsewhere.news == [{"id": "elsewhere"}]


@pytest.mark.parametrize(
    ("details", "state"),
    [
        (["400"], Reachable.ONLINE),
        (["400", "400"], Reachable.BLOCKED),
        (["no answer"], Reachable.BLOCKED),
        (["400", "", "400"], Reachable.ONLINE),
    ],
)
async def test_refused_websockets_are_a_state(details: list[str], state: Reachable) -> None:
    """One refusal is none yet; a websocket that opens in between, or later, ends the state."""
    bench = Bench()
    bench.polled.append(Kernel("1"))
    one = bench.monitor
    await one.refresh()
    for detail in details:
        if detail:
            one.handshake_refused(ProviderUnavailable("gpu", "websocket", "Blocked.", detail))
        else:
            one.handshake_done()
    await one.refresh()
    assert one.status.reachable is state
    assert one.status.is_available
    one.handshake_done()
    assert (one.status.reachable, one.status.message) == (Reachable.ONLINE, "")


async def test_a_changed_provider_is_still_blocked() -> None:
    """A new token, for example, does not open websockets, and the browser does not try at once."""
    before, after = Bench(), Bench()
    before.polled.append(Kernel("1"))
    after.polled.append(Kernel("1"))
    await before.monitor.refresh()
    for _ in range(2):
        before.monitor.handshake_refused(ProviderUnavailable("gpu", "websocket", "No.", "400"))
    after.monitor.inherit(before.monitor)
    assert (await after.after(snapshot("py")))[0] is Reachable.BLOCKED


async def test_a_failed_poll_explains_refused_websockets() -> None:
    """A provider that is down refuses websockets as well, which says nothing about them."""
    bench = Bench()
    bench.polled.append(Kernel("1"))
    one, blocked = bench.monitor, ProviderUnavailable("gpu", "websocket", "Blocked.", "502")
    one.handshake_refused(blocked)
    one.handshake_refused(blocked)
    assert (await bench.after(REFUSED))[0] is Reachable.OFFLINE
    assert (await bench.after(snapshot("py")))[0] is Reachable.ONLINE


async def test_websockets_of_no_kernel_are_not_blocked() -> None:
    """Once the last kernel is gone, there is nothing that could be reached."""
    bench = Bench()
    bench.polled.append(Kernel("1"))
    for _ in range(2):
        bench.monitor.handshake_refused(ProviderUnavailable("gpu", "websocket", "No.", "400"))
    assert (await bench.after(snapshot("py")))[0] is Reachable.BLOCKED
    bench.polled.clear()
    assert (await bench.after(snapshot("py")))[0] is Reachable.ONLINE
