"""A remote kernel: its state, its use, and its clients."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace
from typing import Any

import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from tornado.websocket import WebSocketHandler

from kernel_providers_ext.config.loader import Declaration
from kernel_providers_ext.extension import mix
from kernel_providers_ext.kernels.kernel import RemoteKernelManager
from kernel_providers_ext.server.kernel_manager import KernelProvidersKernelManager
from kernel_providers_ext.server.websocket import RelayConnection
from tests.conftest import MakeProviders
from tests.support.client import V1, wait_for_answers, wait_until
from tests.unit.kernels.test_iopub import frame

ID = "11111111-1111-1111-1111-111111111111"
MODEL = {"id": ID, "name": "py", "execution_state": "starting", "last_activity": "then"}
RELAY = "a relay"


@pytest.fixture
async def kernel(
    make_providers: MakeProviders, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[RemoteKernelManager]:
    """A kernel at a provider that is not polled by itself."""
    monkeypatch.setattr("kernel_providers_ext.registry.monitor.KERNELS_INTERVAL", 600.0)
    options = {"kind": "scripted", "options": {"running": {ID: MODEL}}, "refresh_interval": 600}
    providers = make_providers(Declaration("gpu", "gpu.json", options))
    await providers.start()
    await wait_for_answers(providers)
    mixed = mix(KernelProvidersKernelManager, AsyncMappingKernelManager, providers)
    manager: Any = mixed(kernel_spec_manager=KernelSpecManager())
    kernel = manager.remote.get(await manager.remote.attach("gpu", ID))

    async def is_looked_at() -> bool:
        return asked(kernel) >= 2  # at first, and when it was attached

    await wait_until(is_looked_at, pause=0.01)
    yield kernel
    manager.remote.remove(kernel)


def say(kernel: RemoteKernelManager, state: str, cause: str = "execute_request") -> str:
    """Have the kernel tell a state, and return its state then."""
    kernel.activity.observe(frame(V1, content={"execution_state": state}, cause=cause))
    return str(kernel.execution_state)


def asked(kernel: RemoteKernelManager) -> int:
    """Return how often the provider was asked for kernels."""
    provider: Any = kernel.provider  # a FakeProvider
    return len(provider.asked_for)


async def test_only_requests_of_users_make_it_busy(kernel: RemoteKernelManager) -> None:
    """As with a local kernel, a request that JupyterLab sends by itself does not."""
    assert say(kernel, "starting", "") == "starting"
    assert say(kernel, "busy", "kernel_info_request") == "idle"
    assert say(kernel, "busy") == "busy"
    assert say(kernel, "idle", "comm_info_request") == "busy"
    assert say(kernel, "idle") == "idle"


async def test_it_needs_polling_while_no_relay_follows_it(
    kernel: RemoteKernelManager,
) -> None:
    """A cell that runs on after its notebook is closed has the provider polled at once."""
    polled = [kernel.needs_polling]  # it has not answered yet
    kernel.activity.follow(RELAY)
    polled.append(kernel.needs_polling)
    say(kernel, "busy")
    polled.append(kernel.needs_polling)
    before = asked(kernel)
    kernel.activity.unfollow(RELAY)
    polled.append(kernel.needs_polling)

    async def is_asked_for() -> bool:
        return asked(kernel) > before

    await wait_until(is_asked_for, pause=0.01)
    say(kernel, "idle")
    polled.append(kernel.needs_polling)
    assert polled == [False, True, False, True, False]


@pytest.mark.parametrize("is_stopping", [False, True])
async def test_a_shutdown_message_has_it_polled(
    kernel: RemoteKernelManager, is_stopping: bool
) -> None:
    """If this server is stopping the kernel, it is not polled and not reported as gone."""
    kernel.activity.follow(RELAY)
    say(kernel, "idle")
    kernel.is_stopping = is_stopping
    before = asked(kernel)
    content = {"status": "ok", "restart": False}
    kernel.activity.observe(frame(V1, "shutdown_reply", content, "shutdown_request"))
    assert kernel.needs_polling == (not is_stopping)
    for _ in range(10):  # turns of the monitor, each of which could ask
        await asyncio.sleep(0.01)
    assert (asked(kernel) > before) == (not is_stopping)
    kernel.update(None, time.monotonic())
    assert kernel.execution_state == ("idle" if is_stopping else "dead")


async def test_its_own_state_is_newer_than_an_answer_on_its_way(
    kernel: RemoteKernelManager,
) -> None:
    """The provider's answer counts only if the request was sent after the kernel told its state."""
    before = time.monotonic()
    states = [say(kernel, "busy")]
    for asked_at in (before, time.monotonic()):
        kernel.update({**MODEL, "execution_state": "idle"}, asked_at)
        states.append(str(kernel.execution_state))
    assert states == ["busy", "busy", "idle"]


async def test_only_requests_of_users_are_use(kernel: RemoteKernelManager) -> None:
    """As with a local kernel; the provider's time stamp of the same use does not count again."""

    def is_used_by(act: Callable[[], object]) -> bool:
        before = kernel.last_activity
        act()
        return bool(kernel.last_activity > before)

    def look(stamp: str) -> Callable[[], object]:
        model = {**MODEL, "execution_state": "idle", "last_activity": stamp}
        return lambda: kernel.update(model, time.monotonic())

    assert not is_used_by(lambda: say(kernel, "busy", "kernel_info_request"))
    assert is_used_by(lambda: say(kernel, "busy"))
    assert is_used_by(lambda: kernel.activity.observe(frame(V1, "stream", {"text": "1"})))
    assert is_used_by(lambda: say(kernel, "idle"))
    assert not is_used_by(look("when the provider has noted that"))
    assert not is_used_by(look("when the provider has noted that"))
    assert is_used_by(look("when another client has used it"))


@pytest.mark.parametrize("state", ["starting", "restarting", "dead"])
async def test_a_state_that_may_be_the_last_message_is_polled(
    kernel: RemoteKernelManager, state: str
) -> None:
    """For example, the state of a kernel that its provider could not start again."""
    kernel.activity.follow(RELAY)
    say(kernel, "idle")
    before, polled = asked(kernel), [kernel.needs_polling]
    say(kernel, state, "")
    polled.append(kernel.needs_polling)
    assert polled == [False, True]

    async def is_asked_for() -> bool:
        return asked(kernel) > before

    await wait_until(is_asked_for, pause=0.01)


@pytest.mark.parametrize("is_told", [True, False])
async def test_a_silent_cell_keeps_it_in_use(
    kernel: RemoteKernelManager, monkeypatch: pytest.MonkeyPatch, is_told: bool
) -> None:
    """As long as it runs, so that the server does not count as idle."""
    monkeypatch.setattr("kernel_providers_ext.kernels.activity.BUSY_INTERVAL", 0.01)
    if not is_told:  # it had begun before anybody was connected
        kernel.update({**MODEL, "execution_state": "busy"}, time.monotonic())
    kernel.activity.follow(RELAY)
    if is_told:
        say(kernel, "busy")
    begun = kernel.last_activity

    async def is_in_use() -> bool:
        return bool(kernel.last_activity > begun)

    await wait_until(is_in_use, pause=0.01)
    say(kernel, "idle")
    await asyncio.sleep(0.02)  # what was due
    ended = kernel.last_activity
    await asyncio.sleep(0.05)
    assert kernel.last_activity == ended


async def test_a_silent_cell_may_be_culled_if_configured(
    kernel: RemoteKernelManager,
) -> None:
    """With Jupyter Server's `cull_busy`, only messages of a kernel are use."""
    kernel.parent.cull_busy = True
    begun = kernel.last_activity
    kernel.update({**MODEL, "execution_state": "busy"}, time.monotonic())
    kernel.activity.follow(RELAY)
    assert kernel.last_activity == begun


class Stuck:
    """A relay to a provider that takes nothing."""

    def __init__(self) -> None:
        self.is_closed = asyncio.Event()

    async def run(self, *_: object) -> str:
        await asyncio.Event().wait()
        return ""

    async def aclose(self) -> None:
        self.is_closed.set()


class Handler(WebSocketHandler):
    """A browser, always the same one."""

    connection: Any = None

    def __init__(self) -> None:
        self.ws_connection: Any = SimpleNamespace(params=SimpleNamespace())

    def get_argument(self, *_: Any, **__: Any) -> Any:
        return "client"

    def set_nodelay(self, value: bool) -> None:
        pass

    def close(self, *_: Any) -> None:
        pass


def connected(kernel: RemoteKernelManager, relay: Stuck) -> Any:
    """Return a browser's connection with this relay."""
    handler = Handler()
    handler.connection = RelayConnection(parent=kernel, websocket_handler=handler)
    handler.connection._relay = relay
    return handler.connection


async def test_a_send_queue_is_kept_from_its_clients_last_departure(
    kernel: RemoteKernelManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not from an earlier departure, after which the client came back."""
    monkeypatch.setattr("kernel_providers_ext.server.websocket.LINGER", 0.0)

    async def has_left() -> bool:
        return not kernel.clients.connected

    for kept in (0.05, 600.0):
        monkeypatch.setattr("kernel_providers_ext.server.websocket.KEPT", kept)
        connection = connected(kernel, Stuck())
        await connection.connect()
        connection.handle_incoming_message("typed")
        connection.disconnect()
        await wait_until(has_left, pause=0.01)
    await asyncio.sleep(0.1)  # the first time is over
    assert kernel.clients.waiting == 2


async def test_a_browser_that_leaves_during_the_handshake_leaves_nothing_open(
    kernel: RemoteKernelManager,
) -> None:
    """It may leave at any moment, also while its former connection ends."""
    connection = connected(kernel, relay := Stuck())
    connection._opening = asyncio.ensure_future(asyncio.sleep(0))
    await connection._opening
    connection.websocket_handler.connection = connection.websocket_handler.ws_connection = None
    await connection.connect()
    await relay.is_closed.wait()
    assert not kernel.clients.connected
