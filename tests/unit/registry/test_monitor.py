"""The refresher: what becomes of status and snapshot, and who is told."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator
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
from kernel_providers_ext.registry.client_activity import Attention
from kernel_providers_ext.registry.monitor import Refresher
from kernel_providers_ext.server.kernelspec_manager import KernelProvidersSpecManager
from tests.conftest import Make
from tests.support.client import answers, until
from tests.support.fake_provider import Kernel, ScriptedProvider, snapshot

LOG = logging.getLogger("test_refresher")
REFUSED = ProviderUnavailable("gpu", "refused", "Cannot reach gpu: connection refused.")
TIMEOUT = ProviderUnavailable("gpu", "timeout", "Cannot reach gpu: no answer in time.")
UNAUTHORISED = SignInNeeded("gpu", "unauthorised", "gpu refused the token.")


class Bench:
    """A refresher with all that is around it."""

    def __init__(self) -> None:
        config = ProviderConfig("gpu", "gpu.json", label="GPU farm", exclude=("hidden",))
        self.provider = ScriptedProvider(config, LOG)
        self.watched: list[Kernel] = []
        self.changes = 0
        self.refresher = Refresher(self.provider, self.watched, self._changed, LOG, Attention())

    def _changed(self) -> None:
        self.changes += 1

    async def after(self, answer: Snapshot | Exception) -> tuple[Reachable, Kernelspecs, list[str]]:
        """Let the provider answer so once, and return the state and the kernels' names then."""
        self.provider.answer = answer
        await self.refresher.refresh()
        status, known = self.refresher.status, self.refresher.snapshot
        return status.reachable, status.kernelspecs, list(known.kernelspecs if known else ())

    def hold(self) -> asyncio.Event:
        """Have the provider keep its answers back until the event is set."""
        self.provider.held = asyncio.Event()
        return self.provider.held

    async def is_asking(self) -> None:
        """Wait until the refresher has asked for the first time."""

        async def asked() -> bool:
            return self.provider.asked > 0

        await until(asked, pause=0.01)

    async def asked_again(self) -> None:
        """Wait until the running refresher has asked once more."""
        before = self.provider.asked

        async def more() -> bool:
            return self.provider.asked > before

        self.refresher.wake()
        await until(more, pause=0.01)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    """A refresher that has not asked yet."""
    made = Bench()
    yield made
    await made.refresher.aclose()


async def test_status_and_snapshot_follow_the_answers(bench: Bench) -> None:
    """What was known stays, stale, through all kinds of trouble, and is replaced by an answer."""
    assert bench.refresher.status.reachable is Reachable.CHECKING
    assert bench.refresher.snapshot is None
    assert not bench.refresher.first_answer.is_set()
    assert await bench.after(REFUSED) == (Reachable.OFFLINE, Kernelspecs.NONE, [])
    assert bench.refresher.first_answer.is_set()
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


async def test_only_what_is_offered_is_known(bench: Bench) -> None:
    """Kernelspecs that are excluded, or are none, are left out; the others are not."""
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
    answers: list[Snapshot | Exception] = [*well, REFUSED, REFUSED, TIMEOUT]
    for answer in [*answers, snapshot("py", "r"), snapshot("py", "r")]:
        await bench.after(answer)
    logged = [(record.levelname, record.getMessage()) for record in caplog.records]
    times = re.compile(r"since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
    assert [(level, times.sub("since then", said)) for level, said in logged] == [
        ("INFO", "Kernel provider gpu: Online since then, 1 kernel."),
        (
            "WARNING",
            "Kernel provider gpu: Offline since then. Cannot reach gpu: connection refused.",
        ),
        (
            "WARNING",
            "Kernel provider gpu: Offline since then. Cannot reach gpu: no answer in time.",
        ),
        ("INFO", "Kernel provider gpu: Online since then, 2 kernels."),
    ]


async def test_to_get_ready_is_no_slowness_of_the_provider(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as the import of what it takes to ask it."""
    seconds = 0.0

    async def prepare() -> None:
        nonlocal seconds
        seconds += 10.0

    clock = SimpleNamespace(monotonic=lambda: seconds)
    monkeypatch.setattr("kernel_providers_ext.refresher.time", clock)
    bench.provider.prepare = prepare  # type: ignore[method-assign]
    await bench.refresher.refresh()
    assert bench.refresher.status.latency == 0


async def test_only_what_people_can_see_is_a_change(bench: Bench) -> None:
    """Those who listen are called for a new state, reason or kernelspec, and for nothing else."""
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


async def test_what_the_provider_knew_is_what_is_asked_with(bench: Bench) -> None:
    """A provider that answers "nothing new" leaves the very same snapshot in place."""
    await bench.after(snapshot("py", "hidden", validator="1"))
    known = bench.refresher.snapshot
    assert known is not None
    assert known.validator == "1"
    await bench.after(known)
    assert bench.refresher.snapshot is known


async def test_running_kernels_are_told(bench: Bench) -> None:
    """A kernel hears its model, or that it is gone; one about which nothing is known hears none."""
    alive, gone, unknown = Kernel("alive"), Kernel("gone"), Kernel("unknown")
    await bench.refresher.refresh_kernels()
    assert bench.provider.asked_for == [], "nobody is asked where nothing runs"
    bench.watched += [alive, gone, unknown]
    bench.provider.running = {"alive": {"id": "alive"}, "gone": None}
    await bench.refresher.refresh_kernels()
    assert bench.provider.asked_for == [["alive", "gone", "unknown"]]
    bench.provider.running = REFUSED
    await bench.refresher.refresh_kernels()
    assert (alive.news, gone.news, unknown.news) == ([{"id": "alive"}], [None], [])


async def test_a_provider_whose_kernels_cannot_be_had_is_looked_at(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look at its kernels comes first where kernelspecs are asked for more rarely."""
    monkeypatch.setattr("kernel_providers_ext.refresher.KERNELS_INTERVAL", 0.01)
    bench.watched.append(Kernel("alive"))
    bench.refresher.start()
    await bench.refresher.first_answer.wait()
    assert bench.refresher.status.is_well

    bench.provider.running = bench.provider.answer = REFUSED

    async def offline() -> bool:
        return bench.refresher.status.reachable is Reachable.OFFLINE

    await until(offline, pause=0.01)
    asked = len(bench.provider.asked_for), bench.provider.asked
    for _ in range(10):  # turns of the task, each of which could ask
        await asyncio.sleep(0.01)
    now = len(bench.provider.asked_for), bench.provider.asked
    assert now == asked, "while it is offline, the back-off holds"
    bench.provider.running = {}
    bench.provider.answer = snapshot("py")
    await bench.refresher.retry()

    async def looked_again() -> bool:
        return len(bench.provider.asked_for) > asked[0]

    await until(looked_again, pause=0.01)


async def test_a_provider_is_asked_rarely_while_nobody_wants_to_know(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever comes then has all providers asked at once, and often for as long as that lasts."""
    monkeypatch.setattr("kernel_providers_ext.attention.LASTS", 0.0)
    often: dict[str, Any] = {"kind": "scripted", "refresh_interval": 1}
    providers = make(*(Declaration(i, f"{i}.json", often) for i in "ab"))
    await providers.start()
    await answers(providers)
    asked: list[Any] = [refresher.provider for refresher in providers.refreshers]
    assert [provider.asked for provider in asked] == [1, 1]
    assert all((refresher.retry_in or 0) > 300 for refresher in providers.refreshers)

    monkeypatch.setattr("kernel_providers_ext.attention.LASTS", 60.0)
    manager = mix(KernelProvidersSpecManager, KernelSpecManager, providers)()
    manager.get_all_specs()

    async def all_asked_twice() -> bool:
        return [provider.asked for provider in asked] == [2, 2]

    await until(all_asked_twice, pause=0.01)
    assert all((refresher.retry_in or 0) < 2 for refresher in providers.refreshers)


async def test_running_kernels_are_looked_at_rarely_where_that_tells_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That is where nobody wants to know, and where their state cannot change unheard."""
    monkeypatch.setattr("kernel_providers_ext.attention.LASTS", 0.0)
    monkeypatch.setattr("kernel_providers_ext.refresher.KERNELS_INTERVAL", 0.01)
    attention = Attention()
    refresher = Refresher(bench.provider, bench.watched, lambda: None, LOG, attention)
    bench.watched.append(kernel := Kernel("alive"))
    asked_for = bench.provider.asked_for

    async def is_looked_at_once() -> bool:
        for _ in range(10):  # turns of the task, each of which could ask
            await asyncio.sleep(0.01)
        return len(asked_for) == 1

    refresher.start()
    await refresher.first_answer.wait()
    assert await is_looked_at_once()

    monkeypatch.setattr("kernel_providers_ext.attention.LASTS", 60.0)
    attention.pay()
    refresher.wake()

    async def looked_often() -> bool:
        return len(asked_for) > 3

    await until(looked_often, pause=0.01)
    bench.watched.append(quiet := Kernel("quiet"))
    quiet.may_change_unheard = False
    asked_for.clear()
    await until(looked_often, pause=0.01)
    assert ["alive", "quiet"] not in asked_for
    kernel.may_change_unheard = False
    await asyncio.sleep(0.01)  # the turn that is under way
    asked_for.clear()
    refresher.wake()
    assert await is_looked_at_once()
    await refresher.aclose()


async def test_a_provider_that_is_away_is_asked_often_while_kernels_run_there(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Notebooks may wait for it, also where nobody looks; while it is well, nobody waits."""
    monkeypatch.setattr("kernel_providers_ext.attention.LASTS", 0.0)
    monkeypatch.setattr("kernel_providers_ext.refresher.FIRST_RETRY", 1000.0)
    refresher = Refresher(bench.provider, bench.watched, lambda: None, LOG, Attention())
    bench.watched.append(kernel := Kernel("alive"))
    kernel.may_change_unheard = False
    refresher.start()
    pauses = []
    for answer in (snapshot("py"), REFUSED):
        bench.provider.answer = answer
        await refresher.retry()
        pauses.append(refresher.retry_in or 0)
    assert pauses[0] > 500
    assert pauses[1] < 100
    await refresher.aclose()


async def test_requests_pass_unless_the_provider_is_known_to_be_away(bench: Bench) -> None:
    """One look decides for all who come at the same time; what they get is why it failed."""
    await bench.refresher.admit()
    bench.provider.answer = REFUSED
    bench.refresher.start()
    await bench.refresher.first_answer.wait()
    held, asked = bench.hold(), bench.provider.asked
    coming = [asyncio.create_task(bench.refresher.admit()) for _ in range(5)]
    await bench.is_asking()
    held.set()
    assert await asyncio.gather(*coming, return_exceptions=True) == [REFUSED] * 5
    assert bench.provider.asked == asked + 1
    bench.provider.answer = snapshot("py")
    await bench.refresher.admit()
    assert bench.refresher.status.is_well
    bench.provider.answer = UNAUTHORISED
    await bench.refresher.retry()
    await bench.refresher.admit()  # there may be another token by now


async def test_it_asks_by_itself_and_when_it_is_woken(bench: Bench) -> None:
    """Once started, it asks at once, asks again when woken, and ends when closed."""
    bench.watched.append(kernel := Kernel("alive"))
    bench.provider.running = {"alive": {"id": "alive"}}
    bench.refresher.start()
    await bench.refresher.first_answer.wait()
    assert bench.refresher.status.is_well

    async def told() -> bool:
        return bool(kernel.news)

    await until(told, pause=0.01)
    await bench.asked_again()
    await bench.refresher.aclose()
    assert bench.provider.closed


@pytest.mark.parametrize("defective", ["answer", "running"])
async def test_a_defect_in_a_providers_code_does_not_end_refreshing(
    bench: Bench, caplog: pytest.LogCaptureFixture, defective: str
) -> None:
    """A provider whose code raises what it must not is named in the log, and asked again."""
    bench.watched.append(Kernel("alive"))
    setattr(bench.provider, defective, ZeroDivisionError("a defect"))
    bench.refresher.start()

    async def logged() -> bool:
        return "gpu" in caplog.text and "a defect" in caplog.text

    await until(logged, pause=0.01)
    bench.provider.answer, bench.provider.running = snapshot("py"), {}
    await bench.asked_again()

    async def well() -> bool:
        return bench.refresher.status.is_well

    await until(well, pause=0.01)


async def test_a_kernel_that_cannot_hear_does_not_end_refreshing(bench: Bench) -> None:
    """A model that its kernel cannot make sense of is no reason to ask no more."""

    class Deaf(Kernel):
        def heard(self, model: KernelModel | None, asked: float) -> None:
            raise TypeError("a defect")

    bench.watched += [Deaf("1"), other := Kernel("1")]
    bench.provider.running = {"1": {"id": "1"}}
    bench.refresher.start()
    await bench.asked_again()
    assert other.news


async def test_a_logo_that_cannot_be_had_is_asked_for_once(bench: Bench) -> None:
    """Such as at a proxy that lets nothing but the API through; until its kernelspec changes."""
    for times, version in enumerate(("1", "2"), start=1):
        spec = {"name": "py", "spec": {"v": version}, "resources": {"logo-svg": "/logo.svg"}}
        bench.provider.answer = Snapshot({"py": spec})
        bench.refresher.start()
        for _ in range(3):
            await bench.asked_again()
        assert bench.provider.asked_for_logos == times


async def test_it_ends_when_it_was_woken_just_before(bench: Bench) -> None:
    """Being woken and closed in the same moment is being closed."""
    bench.refresher.start()
    await bench.asked_again()
    bench.refresher.wake()
    await asyncio.wait_for(bench.refresher.aclose(), 5)


async def test_a_defect_is_a_state_that_people_can_see(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    """A provider whose code fails is not shown as if all were well, and is logged once."""
    bench.provider.answer = ZeroDivisionError("a defect")
    bench.refresher.start()
    await bench.asked_again()
    await bench.asked_again()
    assert not bench.refresher.status.is_well
    assert bench.refresher.status.reachable is not Reachable.CHECKING
    assert bench.refresher.status.sentence
    assert caplog.text.count("Traceback") == 1


async def test_a_retry_waits_for_its_attempt(bench: Bench) -> None:
    """Who wants it asked now has the new state on return, whether it answered or failed."""
    bench.refresher.start()
    for answer, is_well in ((REFUSED, False), (snapshot("py"), True), (TIMEOUT, False)):
        bench.provider.answer = answer
        before = bench.provider.asked
        await bench.refresher.retry()
        assert bench.refresher.status.is_well is is_well
        assert bench.provider.asked == before + 1


async def test_those_who_retry_at_once_share_an_attempt(bench: Bench) -> None:
    """It is asked once for all who come before it was asked, and for those who come meanwhile."""
    held = bench.hold()
    bench.refresher.start()
    early = [asyncio.create_task(bench.refresher.retry()) for _ in range(3)]
    await bench.is_asking()
    late = [asyncio.create_task(bench.refresher.retry()) for _ in range(3)]
    done, waiting = await asyncio.wait([*early, *late], timeout=0)
    assert (len(done), len(waiting)) == (0, 6)
    late.pop().cancel()
    held.set()
    await asyncio.gather(*early, *late)
    await asyncio.sleep(0.05)  # one attempt too many would come at once
    assert bench.provider.asked == 1


async def test_a_retry_ends_when_the_refresher_is_closed(bench: Bench) -> None:
    """Nobody waits for a provider that was taken away: not while it is asked, and not later."""
    bench.hold()
    bench.refresher.start()
    waiting = asyncio.create_task(bench.refresher.retry())
    await bench.is_asking()
    await bench.refresher.aclose()
    await asyncio.wait_for(waiting, 5)
    await asyncio.wait_for(bench.refresher.retry(), 5)


async def test_it_says_when_it_asks_again(bench: Bench) -> None:
    """The time until the next attempt is known: none before it runs, soon after a failure."""
    pauses = [bench.refresher.retry_in]
    held = bench.hold()
    bench.refresher.start()
    waiting = asyncio.create_task(bench.refresher.retry())
    await bench.is_asking()
    pauses.append(bench.refresher.retry_in)
    assert pauses == [None, 0]
    held.set()
    await waiting
    for answer, shortest, longest in (
        (snapshot("py"), 59, 72),
        (REFUSED, 1, 2.4),
        (REFUSED, 3, 4.8),
        (REFUSED, 6, 9.6),
    ):
        bench.provider.answer = answer
        await bench.refresher.retry()
        pause = bench.refresher.retry_in
        assert pause is not None
        assert shortest < pause <= longest


async def test_a_provider_that_wants_to_be_left_alone_is_asked_by_the_user_only(
    bench: Bench,
) -> None:
    """Neither a timer nor a failed request of somebody asks it, nor do its running kernels."""
    bench.provider.answer = ProviderUnavailable("gpu", "overloaded", "429", retry_after=1000)
    bench.watched.append(Kernel("1"))
    bench.refresher.start()
    await bench.refresher.first_answer.wait()
    asked, heard = bench.provider.asked, len(bench.provider.asked_for)
    bench.refresher.wake()
    await asyncio.sleep(0.05)  # one attempt too many would come at once
    with pytest.raises(ProviderUnavailable):
        await bench.refresher.admit()
    assert (bench.provider.asked, len(bench.provider.asked_for)) == (asked, heard)
    assert bench.refresher.retry_in is not None
    assert 990 < bench.refresher.retry_in <= 1000
    bench.provider.answer = snapshot("py")
    await bench.refresher.retry()
    assert bench.refresher.status.is_well
    assert bench.provider.asked == asked + 1
    bench.refresher.wake()
    await bench.asked_again()


async def test_a_provider_that_wants_no_question_for_kernels_is_asked_for_nothing(
    bench: Bench,
) -> None:
    """Its kernelspecs can wait as well."""
    bench.provider.running = ProviderUnavailable("gpu", "overloaded", "429", retry_after=1000)
    bench.watched.append(Kernel("1"))
    bench.refresher.start()

    async def is_left_alone() -> bool:
        return 900 < (bench.refresher.retry_in or 0) <= 1000

    await until(is_left_alone, timeout=5, pause=0.01)
    assert bench.refresher.status.is_well


async def test_a_provider_is_not_left_alone_for_days(bench: Bench) -> None:
    """An absurd wish is cut down to an hour."""
    bench.provider.answer = ProviderUnavailable("gpu", "overloaded", "429", retry_after=10**9)
    bench.refresher.start()
    await bench.refresher.first_answer.wait()

    async def is_due() -> bool:
        return 3000 < (bench.refresher.retry_in or 0) <= 3600

    await until(is_due, pause=0.01)


async def test_a_request_that_comes_too_early_has_the_provider_left_alone(bench: Bench) -> None:
    """Whatever was asked for: for as long as the provider says, nobody asks it but the user."""
    bench.refresher.start()
    await bench.refresher.first_answer.wait()
    asked = bench.provider.asked
    too_many = ProviderUnavailable("gpu", "overloaded", "429", retry_after=1000)
    bench.refresher.failed(too_many)
    with pytest.raises(ProviderUnavailable):
        await bench.refresher.admit()
    bench.refresher.wake()
    assert bench.provider.asked == asked
    await bench.refresher.retry()
    await bench.refresher.admit()


async def test_another_server_has_no_proof_that_a_kernel_is_gone(bench: Bench) -> None:
    """A kernel is given up only where it was."""
    here, elsewhere = Kernel("here"), Kernel("elsewhere", "http://elsewhere:8888")
    bench.watched += [here, elsewhere]
    bench.provider.running = {"here": None, "elsewhere": None}
    await bench.refresher.refresh_kernels()
    assert (here.news, elsewhere.news) == ([None], [])
    bench.provider.running = {"here": None, "elsewhere": {"id": "elsewhere"}}
    await bench.refresher.refresh_kernels()
    assert elsewhere.news == [{"id": "elsewhere"}]
