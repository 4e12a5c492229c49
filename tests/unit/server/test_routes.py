"""The routes: what they answer, and when they are not ours."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest

from kernel_providers_ext.provider.errors import ProviderUnavailable
from kernel_providers_ext.provider.interface import Resource
from kernel_providers_ext.server import routes
from tests.support.client import wait_until
from tests.unit.conftest import App, StartApp
from tests.unit.running_provider import LATE, OFFLINE, running

OTHER = "22222222-2222-2222-2222-222222222222"
LOGO = {"logo-svg": "/kernelspecs/py/logo-svg.svg"}
SVG = Resource(b"<svg/>", "image/svg+xml")
FILE = "kernelspecs/gpu%2Fpy/logo-svg.svg"


@pytest.fixture
async def logo_app(start_app: StartApp) -> App:
    """An `App` whose kernelspec has a logo."""
    app = await start_app(running("gpu", options={"resources": LOGO}))
    app.gpu.logo = SVG
    return app


# -- /api/kernel-providers -------------------------------------------------------------------------


async def test_a_retry_polls_and_answers_with_the_model(app: App) -> None:
    """The answer is what the poll has found."""
    app.gpu.answer = OFFLINE
    reply = await app.client.request("POST", "api/kernel-providers/gpu/retry")
    assert (reply.status, reply.body["id"], reply.body["state"]) == (200, "gpu", "offline")
    assert reply.body["message"] == OFFLINE.message
    assert app.gpu.asked == 2


@pytest.mark.parametrize(("method", "what"), [("POST", "retry"), ("GET", "kernels")])
async def test_a_provider_that_does_not_exist_is_404(app: App, method: str, what: str) -> None:
    """With a message that names it."""
    reply = await app.client.request(method, f"api/kernel-providers/no%2Fsuch/{what}")
    assert reply.status == 404
    assert reply.body["message"] == "There is no remote kernel provider 'no/such'."


async def test_other_kernels_are_listed_with_their_names_here(start_app: StartApp) -> None:
    """Without this server's own, those that are not offered, and fields that are not for people."""
    app = await start_app(running("gpu", exclude=["secret*"]))
    await app.client.start_kernel("gpu/py")
    app.gpu.run(OTHER, last_activity="then", connections=2, secret="x")
    app.gpu.run("without-a-name", name="")
    app.gpu.run("excluded", name="secret-kernel")
    assert await app.client.get("api/kernel-providers/gpu/kernels") == {
        "kernels": [
            {
                "id": OTHER,
                "name": "gpu/py",
                "execution_state": "idle",
                "last_activity": "then",
                "connections": 2,
            }
        ]
    }


async def test_a_kernel_is_attached(app: App) -> None:
    """The answer is its model here, and where that is."""
    app.gpu.run(OTHER)
    reply = await app.client.request("POST", "api/kernel-providers/gpu/kernels", {"id": OTHER})
    assert (reply.status, reply.body["id"], reply.body["name"]) == (201, OTHER, "gpu/py")
    assert reply.headers["Location"] == f"/user/x/api/kernels/{OTHER}"
    assert [kernel["id"] for kernel in await app.client.get("api/kernels")] == [OTHER]


async def test_a_body_without_an_id_is_400(app: App) -> None:
    """With a message that shows what the body should be."""
    for body in ({}, [], ["id"], "id", None, {"id": 1}, {"id": ".."}, {"id": ""}):
        reply = await app.client.request("POST", "api/kernel-providers/gpu/kernels", body)
        assert reply.status == 400, body
        assert "The body must " in reply.body["message"]


async def test_a_body_that_is_not_text_is_400(app: App) -> None:
    """For example, in an encoding other than UTF-8."""
    url = f"{app.url}api/kernel-providers/gpu/kernels"
    headers = {"Authorization": "token token-of-app"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(url, data=b"\xff") as response,
    ):
        assert response.status == 400


async def test_a_kernel_that_does_not_run_cannot_be_attached(app: App) -> None:
    """It is 404, with the provider's name."""
    reply = await app.client.request("POST", "api/kernel-providers/gpu/kernels", {"id": OTHER})
    assert (reply.status, reply.body["message"]) == (404, f"gpu has no kernel {OTHER}.")
    assert await app.client.get("api/kernels") == []


async def test_all_routes_need_a_token(app: App) -> None:
    """As the routes of Jupyter Server."""
    kernel_id = await app.client.start_kernel("gpu/py")
    before = app.gpu.requests[:]
    async with aiohttp.ClientSession() as session:
        for method, path in (
            ("GET", "api/kernel-providers"),
            ("POST", "api/kernel-providers/gpu/retry"),
            ("GET", "api/kernel-providers/gpu/kernels"),
            ("POST", "api/kernel-providers/gpu/kernels"),
            ("GET", "api/kernelspecs/gpu%2Fpy"),
            ("GET", FILE),
            ("HEAD", FILE),
            ("POST", f"api/kernels/{kernel_id}/restart"),
        ):
            url = app.url + path
            async with session.request(method, url, allow_redirects=False) as response:
                assert response.status in (302, 403), path
    assert app.gpu.requests == before


async def test_each_route_asks_for_the_permission_of_its_kind(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An administrator may allow to read kernelspecs, and not to use kernels."""
    asked: list[tuple[str, str]] = []

    def is_authorized(handler: object, user: object, action: str, resource: str) -> bool:
        asked.append((action, resource))
        return True

    kernel_id = await app.client.start_kernel("gpu/py")
    authorizer = app.serverapp.web_app.settings["authorizer"]
    monkeypatch.setattr(authorizer, "is_authorized", is_authorized)
    for method, path, expected in (
        (
            "GET",
            "api/kernel-providers",
            [("read", "kernelspecs"), ("write", "kernel_providers")],  # the latter for `may`
        ),
        (
            "POST",
            "api/kernel-providers/gpu/retry",
            [("write", "kernelspecs"), ("read", "kernelspecs")],
        ),
        ("GET", "api/kernel-providers/gpu/kernels", [("read", "kernels")]),
        (
            "POST",
            "api/kernel-providers/gpu/kernels",
            [("write", "kernels"), ("read", "kernels")],
        ),
        ("GET", "api/kernelspecs/gpu%2Fpy", [("read", "kernelspecs")]),
        ("GET", FILE, [("read", "kernelspecs")]),
        ("POST", f"api/kernels/{kernel_id}/restart", [("write", "kernels")]),
    ):
        asked.clear()
        await app.client.request(method, path)
        assert asked == expected, path


# -- kernelspecs and their files -------------------------------------------------------------------


@pytest.mark.parametrize("name", ["gpu%2Fpy", "gpu%2fpy", "gpu/py"])
async def test_a_kernelspec_is_found_under_its_encoded_and_its_raw_name(
    app: App, name: str
) -> None:
    """Some reverse proxies decode the slash."""
    model = await app.client.get(f"api/kernelspecs/{name}")
    assert (model["name"], model["spec"]["display_name"]) == ("gpu/py", "Py (gpu)")


async def test_an_unknown_kernelspec_is_left_to_jupyter_server(app: App) -> None:
    """Its answer is 404, too; local kernelspecs are answered by it alone."""
    assert (await app.client.request("GET", "api/kernelspecs/gpu%2Fno")).status == 404
    assert (await app.client.get("api/kernelspecs/python3"))["name"] == "python3"


async def test_a_kernelspec_that_is_not_listed_any_more_is_404(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may disappear between the choice of the handler and its answer."""
    manager: Any = app.serverapp.kernel_spec_manager
    monkeypatch.setattr(manager, "model", lambda name: None)
    assert (await app.client.request("GET", "api/kernelspecs/gpu%2Fpy")).status == 404


@pytest.mark.parametrize("name", ["gpu%2Fpy", "gpu/py"])
async def test_a_logo_is_served_as_an_image_only(logo_app: App, name: str) -> None:
    """A browser caches it, guesses no other type, and runs none of its scripts."""
    reply = await logo_app.client.request("GET", f"kernelspecs/{name}/logo-svg.svg")
    assert (reply.status, reply.body) == (200, SVG.body)
    assert reply.headers["Content-Type"] == "image/svg+xml"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Cache-Control"] == "private, max-age=86400"
    policy = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert reply.headers["Content-Security-Policy"] == policy


async def test_a_logo_that_the_browser_has_is_not_sent_again(logo_app: App) -> None:
    """Its ETag tells; HEAD has the same headers and no body."""
    first = await logo_app.client.request("GET", FILE)
    etag = first.headers["ETag"]
    again = await logo_app.client.request("GET", FILE, **{"If-None-Match": etag})
    other = await logo_app.client.request("GET", FILE, **{"If-None-Match": '"other"'})
    head = await logo_app.client.request("HEAD", FILE)
    assert [one.status for one in (again, other, head)] == [304, 200, 200]
    assert [one.body for one in (again, other, head)] == [b"", SVG.body, b""]
    assert head.headers["ETag"] == etag
    assert [request for request in logo_app.gpu.requests if request[0] == "resource"] == [
        ("resource", "logo-svg.svg")
    ]


@pytest.mark.parametrize("file", ["logo-64x64.png", "kernel.js"])
async def test_only_files_of_the_kernelspec_are_served(logo_app: App, file: str) -> None:
    """Nothing else is even asked for."""
    reply = await logo_app.client.request("GET", f"kernelspecs/gpu%2Fpy/{file}")
    assert reply.status == 404
    assert ("resource", file) not in logo_app.gpu.requests


def fail(app: App) -> None:
    app.gpu.logo = None


def hang(app: App) -> None:
    app.gpu.gate = asyncio.Event()


@pytest.mark.parametrize("break_down", [fail, hang])
async def test_a_logo_that_cannot_be_fetched_is_404(
    start_app: StartApp, monkeypatch: pytest.MonkeyPatch, break_down: Callable[[App], None]
) -> None:
    """Soon: slow images would use up the browser's connections."""
    monkeypatch.setattr(routes, "MAX_WAIT", 0.05)
    app = await start_app(running("gpu", options={"resources": LOGO}))
    break_down(app)
    reply = await app.client.request("GET", FILE)
    assert reply.status == 404


async def test_an_offline_provider_is_not_asked_for_logos(start_app: StartApp) -> None:
    """A page has few connections to this server; what was fetched before is still shown."""
    app = await start_app(running("gpu", options={"resources": LOGO}))

    async def is_fetched_ahead() -> bool:
        return bool(app.gpu.requests)

    await wait_until(is_fetched_ahead, pause=0.01)
    app.gpu.answer = OFFLINE
    before = app.gpu.requests[:]
    await app.client.request("POST", "api/kernel-providers/gpu/retry")
    assert (await app.client.request("GET", FILE)).status == 404
    assert app.gpu.requests == before


# -- /api/kernels/<id>/restart ---------------------------------------------------------------------


async def test_a_restart_is_answered_with_the_kernel(app: App) -> None:
    """As Jupyter Server answers it for a local kernel."""
    kernel_id = await app.client.start_kernel("gpu/py")
    reply = await app.client.request("POST", f"api/kernels/{kernel_id}/restart")
    assert (reply.status, reply.body["id"]) == (200, kernel_id)
    assert reply.body["execution_state"] in ("restarting", "idle")
    assert ("restart", app.remote.listed[0].remote_id) in app.gpu.requests


@pytest.mark.parametrize("error", [OFFLINE, LATE])
async def test_a_failed_restart_is_answered_with_its_reason(
    app: App, error: ProviderUnavailable
) -> None:
    """Not with Jupyter Server's "Exception restarting kernel"."""
    kernel_id = await app.client.start_kernel("gpu/py")
    app.gpu.failures["restart"] = error
    reply = await app.client.request("POST", f"api/kernels/{kernel_id}/restart")
    assert (reply.status, reply.body["message"]) == (503, error.message)


async def test_routes_match_below_the_base_url_only(app: App) -> None:
    """A path that only ends like ours is another one."""
    reply = await app.client.request("GET", "x/api/kernel-providers")
    assert reply.status == 404
