"""The metrics of a real server, whose provider is a real gateway."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.conftest import StartServer
from tests.support.client import Client, wait_until
from tests.support.metrics import Scrape, scrape
from tests.support.processes import ServerProcess, declare
from tests.support.tcp_proxy import TcpProxy

pytestmark = pytest.mark.server


async def scrape_until_state(client: Client, state: str) -> Scrape:
    """Scrape until the provider ``gpu`` is in a state."""

    async def found() -> Scrape | None:
        scraped = await scrape(client)
        return scraped if scraped.states() == [state] else None

    scraped: Scrape = await wait_until(found)
    return scraped


def increase(before: Scrape, after: Scrape, name: str, **labels: str) -> float:
    """Return by how much a counter of the provider has grown."""
    values = [scraped.of_provider(name, **labels) for scraped in (before, after)]
    assert values[0] is not None
    assert values[1] is not None
    return values[1] - values[0]


async def test_metrics_follow_a_gateway(start_server: StartServer, remote: ServerProcess) -> None:
    """From its first answer and a cell, to its end and its removal."""
    settings = {"url": remote.url, "token": {"value": remote.token}, "refresh_interval": 1}
    server, client = start_server({"gpu": settings})
    first = await scrape_until_state(client, "online")
    latency = first.of_provider("latency_seconds")
    assert latency is not None
    assert latency > 0

    kernel_id = await client.start_kernel("gpu/python3")
    assert await client.run(kernel_id, "print('x' * 10_000)") == "x" * 10_000 + "\n"
    used = await scrape(client)
    for direction, size in (("to_kernel", 100), ("from_kernel", 10_000)):
        assert increase(first, used, "messages_total", direction=direction) >= 2
        assert increase(first, used, "message_bytes_total", direction=direction) > size
    # Jupyter Server's own gauge of kernels counts remote ones, too.
    assert used.value("kernel_currently_running_total", type="gpu/python3") == 1

    remote.stop()
    ended = await scrape_until_state(client, "offline")
    assert increase(used, ended, "refreshes_total", result="failure") >= 1
    assert ended.of_provider("latency_seconds") is None

    declare(server, "gpu", settings).unlink()

    async def has_no_series() -> bool:
        return not (await scrape(client)).ours

    await wait_until(has_no_series)
    assert "Traceback" not in server.log()


@pytest.fixture
async def tcp_proxy(remote: ServerProcess) -> AsyncIterator[TcpProxy]:
    """A TCP proxy to the gateway."""
    proxy = await TcpProxy.open(remote.port)
    yield proxy
    await proxy.close()


async def test_metrics_show_a_lost_connection(
    start_server: StartServer, remote: ServerProcess, tcp_proxy: TcpProxy
) -> None:
    """What is sent meanwhile waits, and is relayed once the connection is opened again."""
    url = f"http://127.0.0.1:{tcp_proxy.port}/"
    _, client = start_server({"gpu": {"url": url, "token": {"value": remote.token}}})
    await client.wait_for_kernelspec("gpu/python3")
    kernel = await client.connect(await client.start_kernel("gpu/python3"))
    await tcp_proxy.cut()
    before = await scrape_until_state(client, "offline")

    content = {"code": "", "silent": False, "allow_stdin": False}
    sent = [await kernel.send("execute_request", content) for _ in range(2)]

    async def waits() -> Scrape | None:
        scraped = await scrape(client)
        return scraped if scraped.of_provider("waiting_messages") == len(sent) else None

    waiting: Scrape = await wait_until(waits)
    size = waiting.of_provider("waiting_bytes")
    assert size is not None
    assert size > 200

    await tcp_proxy.restore()
    await kernel.replies(*sent)
    after = await scrape_until_state(client, "online")
    assert increase(before, after, "reconnects_total") == 1
    assert increase(before, after, "messages_total", direction="to_kernel") == len(sent)
    assert increase(before, after, "message_bytes_total", direction="to_kernel") == size
    assert after.of_provider("waiting_messages") == after.of_provider("waiting_bytes") == 0
    await kernel.close()
