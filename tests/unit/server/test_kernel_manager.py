"""The kernel manager: where kernels start, what they get, and how they end."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from jupyter_server.base.call_context import CallContext
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from tornado.web import HTTPError

from kernel_providers_ext.provider.errors import NoSuchKernelspec
from kernel_providers_ext.provider.status import now
from kernel_providers_ext.server import kernel_manager
from tests.support.client import wait_until
from tests.unit.conftest import App, Place, StartApp, StartPlace
from tests.unit.running_provider import OFFLINE, RunningProvider, running

ID = "11111111-1111-1111-1111-111111111111"
OTHER = "22222222-2222-2222-2222-222222222222"


async def until(condition: Any) -> None:
    """Wait until a function returns a true value."""

    async def is_met() -> Any:
        return condition()

    await wait_until(is_met, pause=0.01)


# -- start -----------------------------------------------------------------------------------------


async def test_a_name_decides_where_a_kernel_starts(start_place: StartPlace) -> None:
    """With the provider's own name there, and the path that a local kernel would get."""
    place = await start_place(running("other"))
    kernel_id = await place.manager.start_kernel(kernel_name="other/py", path="a/b")
    [kernel] = place.remote.listed
    assert (kernel.kernel_id, kernel.provider_id, kernel.remote_name) == (kernel_id, "other", "py")
    other = place.providers.provider("other")
    assert isinstance(other, RunningProvider)
    assert other.paths == ["a/b"]
    assert place.gpu.requests == []


async def test_sessions_make_kernels_recent(start_app: StartApp) -> None:
    """Local kernels, too. Clients are told of it, and kernels without a session do not count."""
    app = await start_app(running("gpu", "a", "b"))
    await app.client.start_session("gpu/a", "a.ipynb")
    await app.client.start_session("python3", "b.ipynb")
    reply = await app.client.request("POST", "api/kernels", {"name": "gpu/b"})
    assert reply.status == 201
    assert (await app.client.get("api/kernel-providers"))["recent"] == ["python3", "gpu/a"]


async def test_without_other_places_nothing_is_recorded(start_app: StartApp) -> None:
    """A server without providers writes no file."""
    app = await start_app()
    await app.client.start_session("python3", "b.ipynb")
    assert (await app.client.get("api/kernel-providers"))["recent"] == []


async def test_a_kernel_that_runs_is_used(place: Place) -> None:
    """A session that is opened again asks for its kernel's id."""
    ids = [await place.manager.start_kernel(kernel_name="gpu/py", kernel_id=ID) for _ in range(2)]
    assert ids == [ID, ID]
    assert len(place.remote.listed) == 1
    assert [what for what, _ in place.gpu.requests] == ["start"]


@pytest.mark.parametrize(
    ("name", "kernel_id", "why"),
    [
        ("gpu/\ud800", None, "unpaired surrogate"),
        ("gpu/py", "\udfff", "unpaired surrogate"),
        ("gpu/py", "no-uuid", "'no-uuid' cannot be the id of a kernel"),
    ],
)
async def test_a_name_or_id_that_cannot_be_is_400(
    place: Place, name: str, kernel_id: str | None, why: str
) -> None:
    """Before a provider is asked."""
    with pytest.raises(HTTPError, match=why) as refused:
        await place.manager.start_kernel(kernel_name=name, kernel_id=kernel_id)
    assert refused.value.status_code == 400
    assert place.gpu.requests == []


async def test_an_unknown_prefix_is_said(place: Place) -> None:
    """With the providers that there are."""
    with pytest.raises(NoSuchKernelspec, match="The kernel providers are: gpu") as error:
        await place.manager.start_kernel(kernel_name="cpu/py")
    assert error.value.status_code == 404


async def test_a_kernel_gets_permitted_variables_only(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As from Jupyter Server's gateway client; no secret is among them."""
    monkeypatch.setenv("KERNEL_OF_SERVER", "1")
    monkeypatch.setenv("KERNEL_SECRET", "2")
    monkeypatch.setenv("WANTED", "3")
    monkeypatch.setenv("UNWANTED", "4")
    place.providers.secret_variables.add("KERNEL_SECRET")
    place.gpu.config = replace(place.gpu.config, env=("WANTED", "WANTED_TOO"))
    given = {"WANTED": "given", "KERNEL_X": "5", "OTHER": "6"}
    await place.manager.start_kernel(kernel_name="gpu/py", env=given, path="a")
    [env] = place.gpu.environments
    assert env == {"KERNEL_OF_SERVER": "1", "WANTED": "given", "KERNEL_X": "5"}


async def test_a_kernel_gets_what_gateways_expect(place: Place) -> None:
    """The user, the time to start, and the folder if it is asked for; what is given stays."""
    place.gpu.config = replace(
        place.gpu.config,
        env=("KERNEL_WORKING_DIR",),
        auth=replace(place.gpu.config.auth, user="ada"),
        timeouts=replace(place.gpu.config.timeouts, start=42.0),
    )
    await place.manager.start_kernel(kernel_name="gpu/py", path="")
    own = {"KERNEL_WORKING_DIR": "/there", "KERNEL_USERNAME": "eve", "KERNEL_LAUNCH_TIMEOUT": "1"}
    await place.manager.start_kernel(kernel_name="gpu/py", path="", env=own)
    await place.manager.start_kernel(kernel_name="gpu/py")
    first, second, third = place.gpu.environments
    assert first == {
        "KERNEL_WORKING_DIR": place.manager.cwd_for_path(""),
        "KERNEL_USERNAME": "ada",
        "KERNEL_LAUNCH_TIMEOUT": "40",
    }
    assert second == own
    assert third == {"KERNEL_USERNAME": "ada", "KERNEL_LAUNCH_TIMEOUT": "40"}


@pytest.mark.parametrize("has_secrets", [True, False])
async def test_local_kernels_get_no_secrets_of_providers(
    place: Place, monkeypatch: pytest.MonkeyPatch, has_secrets: bool
) -> None:
    """Without secrets, nothing is changed for them."""
    started: list[dict[str, Any]] = []

    async def start_kernel(_: object, **kwargs: Any) -> str:
        started.append(kwargs)
        return ID

    monkeypatch.setattr(AsyncMappingKernelManager, "start_kernel", start_kernel)
    monkeypatch.setenv("GPU_TOKEN", "secret")
    if has_secrets:
        place.providers.secret_variables.add("GPU_TOKEN")
    assert await place.manager.start_kernel(kernel_name="python3", path="a", kernel_id=OTHER) == ID
    assert await place.manager.start_kernel(env={"GPU_TOKEN": "x", "A": "b"}) == ID
    first, second = started
    assert (first["kernel_name"], first["path"], first["kernel_id"]) == ("python3", "a", OTHER)
    if has_secrets:
        assert "GPU_TOKEN" not in first["env"]
        assert "PATH" in first["env"]
        assert second["env"] == {"A": "b"}
    else:
        assert "env" not in first
        assert second["env"] == {"GPU_TOKEN": "x", "A": "b"}


async def test_the_default_kernel_of_a_server_without_local_ones(start_place: StartPlace) -> None:
    """It is that of the first provider, once that is known; a configured one stays."""
    options = {"kernels": ["other", "py"], "default": "py"}
    place = await start_place(settings={"options": options}, local_enabled=False)
    stock = place.manager.default_kernel_name
    place.providers.apply([])
    assert place.manager.default_kernel_name == stock
    place.providers.apply([running("gpu", options=options)])
    await place.providers.monitor("gpu").refresh()
    assert place.manager.default_kernel_name == "gpu/py"
    await place.manager.start_kernel()
    assert [kernel.remote_name for kernel in place.remote.listed] == ["py"]
    place.manager.config.MultiKernelManager.default_kernel_name = "gpu/other"
    place.manager.default_kernel_name = "gpu/other"
    place.providers.apply([running("gpu", options=options)])
    assert place.manager.default_kernel_name == "gpu/other"


# -- sessions that move on -------------------------------------------------------------------------


@pytest.fixture
async def session(app: App) -> Any:
    """A session of a notebook with a kernel of ``gpu``."""
    return await app.client.start_session("gpu/py")


async def test_a_session_moves_to_another_kernel(app: App, session: Any) -> None:
    """Its former kernel is stopped once the new one has started."""
    body = {"kernel": {"name": "gpu/py"}}
    reply = await app.client.request("PATCH", f"api/sessions/{session['id']}", body)
    assert reply.status == 200
    assert reply.body["kernel"]["id"] != session["kernel"]["id"]
    assert [kernel.kernel_id for kernel in app.remote.listed] == [reply.body["kernel"]["id"]]
    assert [name for name, _ in app.gpu.requests] == ["start", "start", "shutdown"]


async def test_a_session_keeps_its_kernel_if_another_does_not_start(app: App, session: Any) -> None:
    """The answer says why."""
    app.gpu.failures["start"] = OFFLINE
    body = {"kernel": {"name": "gpu/py"}}
    reply = await app.client.request("PATCH", f"api/sessions/{session['id']}", body)
    assert reply.status >= 500
    assert OFFLINE.message in reply.body["message"]
    assert [kernel.kernel_id for kernel in app.remote.listed] == [session["kernel"]["id"]]


async def test_a_session_waits_for_a_slow_start_as_long_as_its_client(
    app: App, session: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However often the server looks whether the client is still there."""
    monkeypatch.setattr(kernel_manager, "CLIENT_CHECK_INTERVAL", 0.01)
    has_left, looks = kernel_manager._client_has_left, []

    def look() -> bool:
        looks.append(has_left())
        return looks[-1]

    monkeypatch.setattr(kernel_manager, "_client_has_left", look)
    app.gpu.gate = asyncio.Event()
    body = {"kernel": {"name": "gpu/py"}}
    moving = asyncio.create_task(app.client.request("PATCH", f"api/sessions/{session['id']}", body))
    await until(lambda: len(app.gpu.requests) == 2 and len(looks) > 3)
    app.gpu.gate.set()
    assert (await moving).status == 200


async def test_a_session_does_not_move_if_its_client_leaves(
    app: App, session: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The start is cancelled: a proxy may have cut the request."""
    monkeypatch.setattr(kernel_manager, "CLIENT_CHECK_INTERVAL", 0.02)
    app.gpu.gate = asyncio.Event()
    body = {"kernel": {"name": "gpu/py"}}
    moving = asyncio.create_task(app.client.request("PATCH", f"api/sessions/{session['id']}", body))
    await until(lambda: len(app.gpu.requests) == 2)
    await asyncio.sleep(0.1)  # as long as the client waits, so does the start
    assert not [record for record in app.remote.records if not record.remote_id]
    assert len(app.remote.records) == 2
    moving.cancel()
    await until(lambda: app.gpu.environments and len(app.remote._pending) == 0)
    app.gpu.gate.set()
    assert [kernel.kernel_id for kernel in app.remote.listed] == [session["kernel"]["id"]]
    [model] = await app.client.get("api/sessions")
    assert model["kernel"]["id"] == session["kernel"]["id"]


# -- culling ---------------------------------------------------------------------------------------


@pytest.fixture
async def culling(place: Place) -> Any:
    """A kernel that is idle for long enough to be culled."""
    place.manager.cull_idle_timeout = 100
    kernel = await place.start()
    await until(lambda: kernel.activity.updated_at > 0)
    kernel.last_activity = now() - timedelta(seconds=200)
    return kernel


async def test_an_idle_kernel_is_culled(place: Place, culling: Any) -> None:
    """As a local kernel is."""
    await place.manager.cull_kernel_if_idle(culling.kernel_id)
    assert place.remote.listed == []
    assert ("shutdown", culling.remote_id) in place.gpu.requests


async def test_a_kernel_that_is_used_is_not_culled(place: Place, culling: Any) -> None:
    """Nor is its provider asked."""
    culling.last_activity = now() - timedelta(seconds=99)
    culling.activity.updated_at = float("-inf")
    before = len(place.gpu.asked_for)
    await place.manager.cull_kernel_if_idle(culling.kernel_id)
    assert place.remote.listed == [culling]
    assert len(place.gpu.asked_for) == before


async def test_a_kernel_of_others_is_not_culled(place: Place, culling: Any) -> None:
    """Only a user stops it."""
    culling.is_attached = True
    await place.manager.cull_kernel_if_idle(culling.kernel_id)
    assert place.remote.listed == [culling]


async def test_a_kernel_that_starts_is_not_culled(place: Place) -> None:
    """It has not been used yet, however long it takes."""
    place.manager.cull_idle_timeout = 100
    place.gpu.gate = asyncio.Event()
    kernel = await place.start(patience=0.0)
    kernel.last_activity = now() - timedelta(seconds=200)
    await place.manager.cull_kernel_if_idle(kernel.kernel_id)
    assert place.remote.listed == [kernel]


async def test_a_kernel_whose_provider_is_offline_is_not_culled(place: Place, culling: Any) -> None:
    """It could not be stopped."""
    place.gpu.answer = OFFLINE
    await place.providers.monitor("gpu").refresh()
    await place.manager.cull_kernel_if_idle(culling.kernel_id)
    assert place.remote.listed == [culling]


@pytest.mark.parametrize("is_answered", [True, False])
async def test_the_provider_is_asked_before_a_kernel_is_culled(
    place: Place, culling: Any, is_answered: bool
) -> None:
    """Others may have used it since the last poll; if that is not known, it runs on."""
    culling.activity.updated_at = float("-inf")
    if is_answered:
        place.gpu.models[culling.remote_id] = {
            **place.gpu.models[culling.remote_id],
            "last_activity": "now",
        }
    else:
        place.gpu.failures["kernels"] = OFFLINE
    before = len(place.gpu.asked_for)
    await place.manager.cull_kernel_if_idle(culling.kernel_id)
    assert len(place.gpu.asked_for) > before
    assert place.remote.listed == [culling]


async def test_a_provider_that_does_not_answer_the_culler_is_polled(
    place: Place, culling: Any
) -> None:
    """So that its state is shown, and the culler need not wait for it with each kernel."""
    culling.activity.updated_at = float("-inf")
    place.gpu.failures["kernels"] = place.gpu.answer = OFFLINE
    await place.manager.cull_kernel_if_idle(culling.kernel_id)
    monitor = place.providers.monitor("gpu")
    await until(lambda: not monitor.status.is_available)


async def test_a_kernel_that_has_gone_meanwhile_is_no_error(place: Place, culling: Any) -> None:
    """The culler then goes on with the next one."""
    place.remote.remove(culling)
    await place.manager.cull_kernel_if_idle(culling.kernel_id)


# -- when the server stops -------------------------------------------------------------------------


async def test_the_server_stops_once(place: Place) -> None:
    """Two signals at about the same time stop each kernel once, and close the providers."""
    kernel = await place.start()
    gpu = place.gpu
    await asyncio.gather(place.manager.shutdown_all(), place.manager.shutdown_all())
    assert gpu.requests.count(("shutdown", kernel.remote_id)) == 1
    assert gpu.closed


async def test_a_failure_does_not_keep_the_server_from_stopping(
    place: Place, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The log says that a kernel may still run; everything else is closed."""

    async def fail() -> None:
        raise ZeroDivisionError("a defect")

    closed: list[bool] = []

    async def aclose() -> None:
        closed.append(True)

    gpu = place.gpu
    monkeypatch.setattr(place.remote, "aclose", fail)
    place.remote.recorder = SimpleNamespace(aclose=aclose, changed=lambda: None)
    place.manager.log.propagate = True
    await place.manager.shutdown_all()
    assert (closed, gpu.closed) == ([True], True)
    assert "A kernel may still be running: ZeroDivisionError('a defect')" in caplog.text


async def test_a_local_kernel_that_hangs_is_killed(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is restarting for ever would keep the server from ending."""
    monkeypatch.setattr(kernel_manager, "EXIT_TIMEOUT", 0.05)
    signals: list[int] = []

    async def signal_kernel(number: int) -> None:
        signals.append(number)

    hanging = SimpleNamespace(ready=Future(), signal_kernel=signal_kernel)
    place.manager._kernels[ID] = hanging
    await place.manager._async_shutdown_kernel(ID, now=True)
    assert signals == [kernel_manager.KILL]
    del place.manager._kernels[ID]


async def test_without_a_request_no_session_moves_on(place: Place) -> None:
    """For example, when another extension stops an attached kernel."""
    CallContext.set(CallContext.JUPYTER_HANDLER, None)
    place.gpu.run(ID)
    await place.remote.attach("gpu", ID)
    await place.manager.shutdown_kernel(ID)
    assert ("shutdown", ID) in place.gpu.requests
