"""The metrics of the providers, as a server's ``/metrics`` has them."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from prometheus_client import REGISTRY

from kernel_providers_ext.provider.errors import IncompatibleAnswer, ProviderError, SignInNeeded
from kernel_providers_ext.provider.status import Reachable
from tests.support.client import LEGACY, V1, Client, wait_until
from tests.support.metrics import Scrape, scrape
from tests.unit.conftest import App, StartApp
from tests.unit.kernels.test_iopub import frame
from tests.unit.running_provider import END, OFFLINE, running

BUSY = frame(V1, content={"execution_state": "busy"}, cause="execute_request")
LABELS = {"provider", "state", "result", "direction"}


async def scrape_until(app: App, name: str, value: float, **labels: str) -> Scrape:
    """Scrape until a series of the provider ``gpu`` has a value."""

    async def found() -> Scrape | None:
        scraped = await scrape(app.client)
        return scraped if scraped.of_provider(name, **labels) == value else None

    scraped: Scrape = await wait_until(found, pause=0.01)
    return scraped


async def test_each_state_is_a_series(app: App) -> None:
    """The one that the provider is in is 1, all others are 0."""
    scraped = await scrape(app.client)
    values = {state.value: scraped.of_provider("state", state=state.value) for state in Reachable}
    assert values == {**dict.fromkeys(values, 0.0), "online": 1.0}


@pytest.mark.parametrize(
    ("failure", "state"),
    [
        (OFFLINE, "offline"),
        (SignInNeeded("gpu", "unauthorised", "Sign in."), "unauthorised"),
        (IncompatibleAnswer("gpu", "incompatible", "That is no list."), "incompatible"),
    ],
)
async def test_a_failed_refresh_is_counted(app: App, failure: ProviderError, state: str) -> None:
    """It changes the state, and the last latency is no longer shown."""
    before = await scrape(app.client)
    latency = before.of_provider("latency_seconds")
    assert latency is not None
    assert latency >= 0
    app.gpu.answer = failure
    await app.providers.monitor("gpu").refresh()
    scraped = await scrape(app.client)
    assert scraped.states() == [state]
    assert scraped.of_provider("latency_seconds") is None
    assert scraped.of_provider("refreshes_total", result="failure") == 1
    for one in (before, scraped):
        assert one.of_provider("refreshes_total", result="success") == 1


async def test_messages_of_both_directions_are_counted(app: App) -> None:
    """With their bytes."""
    kernel_id = await app.client.start_kernel("gpu/py")
    kernel = await app.client.open(kernel_id)
    sent = app.gpu.channels[-1].sent
    for _ in range(2):
        await kernel.send("execute_request", {"code": "1"})
    app.gpu.channels[-1].frames.put_nowait(BUSY)
    scraped = await scrape_until(app, "messages_total", 2, direction="to_kernel")
    assert scraped.of_provider("message_bytes_total", direction="to_kernel") == sum(map(len, sent))
    scraped = await scrape_until(app, "messages_total", 1, direction="from_kernel")
    assert scraped.of_provider("message_bytes_total", direction="from_kernel") == len(BUSY)
    await kernel.close()


async def test_messages_that_wait_are_shown(app: App) -> None:
    """Until the provider takes them, on a connection that was opened again."""
    kernel_id = await app.client.start_kernel("gpu/py")
    kernel = await app.client.open(kernel_id, LEGACY)
    lost = app.gpu.channels[-1]
    lost.takes = False
    for _ in range(2):
        await kernel.send("execute_request", {"code": "1"})
    scraped = await scrape_until(app, "waiting_messages", 2)
    size = scraped.of_provider("waiting_bytes")
    assert scraped.of_provider("messages_total", direction="to_kernel") == 0
    assert scraped.of_provider("reconnects_total") == 0
    lost.frames.put_nowait(END)
    scraped = await scrape_until(app, "messages_total", 2, direction="to_kernel")
    assert scraped.of_provider("message_bytes_total", direction="to_kernel") == size
    assert scraped.of_provider("reconnects_total") == 1
    assert scraped.of_provider("waiting_messages") == 0
    assert scraped.of_provider("waiting_bytes") == 0
    await kernel.close()


async def test_counters_outlive_a_monitor(app: App) -> None:
    """A provider whose file changes is refreshed by a new one."""
    app.providers.apply([running("gpu", url="http://elsewhere.test")])
    scraped = await scrape_until(app, "refreshes_total", 2, result="success")
    assert scraped.states() == ["online"]


async def test_a_removed_provider_has_no_series(start_app: StartApp) -> None:
    """The others keep theirs."""
    app = await start_app(running("gpu"), running("other"))
    assert (await scrape(app.client)).providers == {"gpu", "other"}
    app.providers.apply([running("other")])
    assert (await scrape(app.client)).providers == {"other"}


async def test_a_provider_that_is_switched_off_has_only_its_state(app: App) -> None:
    """So that it does not count as unavailable."""
    app.providers.apply([running("gpu", enabled=False)])
    scraped = await scrape(app.client)
    assert scraped.states() == ["off"]
    assert len(scraped.ours) == len(Reachable)


async def test_a_server_without_providers_has_no_series(start_app: StartApp) -> None:
    """Local kernels have Jupyter Server's own metrics."""
    app = await start_app()
    assert (await scrape(app.client)).ours == []


async def test_labels_are_few(app: App) -> None:
    """None has an address or the id of a kernel, and each kernel adds no series."""
    before = await scrape(app.client)
    await app.client.start_kernel("gpu/py")
    scraped = await scrape(app.client)
    assert {label for sample in scraped.ours for label in sample.labels} == LABELS
    assert len(scraped.ours) == len(before.ours)


async def test_a_scrape_is_no_use(app: App) -> None:
    """It asks no provider, and does not keep the server awake."""

    async def last_activity() -> Any:
        return (await app.client.get("api/status"))["last_activity"]

    before, asked = await last_activity(), app.gpu.asked
    await scrape(app.client)
    assert (await last_activity(), app.gpu.asked) == (before, asked)


async def test_metrics_need_the_servers_token(app: App) -> None:
    """As without this package."""
    async with Client(app.url, "") as stranger:
        reply = await stranger.request("GET", "metrics")
    assert reply.status == 403
    assert b"gpu" not in reply.body


async def test_metrics_may_be_open_to_all(start_app: StartApp) -> None:
    """As without this package."""
    app = await start_app(running("gpu"), ServerApp={"authenticate_prometheus": False})
    async with Client(app.url, "") as stranger:
        assert (await scrape(stranger)).providers == {"gpu"}


async def test_a_defect_does_not_break_the_endpoint(
    app: App, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The server's own metrics are there, and the log says once what happened."""
    monkeypatch.setattr(app.providers, "disabled", None)
    with caplog.at_level(logging.ERROR):
        scraped = [await scrape(app.client) for _ in range(2)][-1]
    assert scraped.ours == []
    assert scraped.value("jupyter_server_started_timestamp_seconds") is not None
    messages = [record.getMessage() for record in caplog.records]
    assert messages == ["The metrics of kernel providers could not be collected."]


async def test_two_servers_in_a_process_do_not_clash(start_app: StartApp) -> None:
    """The first one has the metrics, until it stops; the next one that starts has them then."""
    first = await start_app(running("gpu"))
    second = await start_app(running("other"))
    for app in (first, second):
        assert (await scrape(app.client)).providers == {"gpu"}
    await first.manager.shutdown_all()
    assert (await scrape(second.client)).providers == set()
    third = await start_app(running("third"))
    assert (await scrape(third.client)).providers == {"third"}


async def test_a_server_that_has_stopped_leaves_nothing(start_app: StartApp) -> None:
    """Its collector is gone from the registry of the process."""
    before = {metric.name for metric in REGISTRY.collect()}
    app = await start_app(running("gpu"))
    assert (await scrape(app.client)).providers == {"gpu"}
    await app.manager.shutdown_all()
    assert {metric.name for metric in REGISTRY.collect()} == before
