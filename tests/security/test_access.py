"""Requests that may not be answered: each route, without what it needs."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from yarl import URL

from tests.security.route_table import CHANNELS, LOGO, ROUTES, WEBSOCKET, Route
from tests.support.client import Client
from tests.support.fault_proxy import FaultProxy
from tests.support.processes import ServerProcess, declare, free_port, jupyter_server

pytestmark = pytest.mark.server

ALL = [*ROUTES, CHANNELS]
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
PERMISSIONS = frozenset().union(*(route.permissions for route in ALL))
ELSEWHERE = "http://elsewhere.example"
AUTHORIZER = """
from jupyter_server.auth import Authorizer

class AsGranted(Authorizer):
    "Grants what a header has; all, if there is none."

    def is_authorized(self, handler, user, action, resource):
        granted = handler.request.headers.get("X-Granted")
        return granted is None or f"{action}:{resource}" in granted.split()
"""


@pytest.fixture(scope="module")
def proxy_port() -> int:
    """The port of the proxy before the provider."""
    return free_port()


@pytest.fixture(scope="module")
def granting_server(
    remote_servers: dict[str, ServerProcess],
    proxy_port: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[ServerProcess]:
    """A server with the provider ``gpu``, and permissions that a header restricts."""
    folder: Path = tmp_path_factory.mktemp("granting-server")
    (folder / "site_authorizer.py").write_text(AUTHORIZER)
    server = jupyter_server(
        folder,
        token="token-of-granting-server",
        config={"ServerApp": {"authorizer_class": "site_authorizer.AsGranted"}},
        env={"PYTHONPATH": str(folder)},
    )
    token = {"value": remote_servers["gate-b"].token}
    declare(server, "gpu", {"url": f"http://127.0.0.1:{proxy_port}", "token": token})
    server.start()
    yield server
    server.stop()
    assert "Traceback" not in server.log()


@dataclass
class Site:
    """A server, the proxy before its provider, and a kernel that each of the two has started."""

    server: ServerProcess
    proxy: FaultProxy
    ids: Mapping[str, str]
    user: aiohttp.ClientSession

    def _fill(self, text: str) -> str:
        for name, kernel_id in self.ids.items():
            text = text.replace(f"{{{name}}}", kernel_id)
        return text

    async def status(
        self,
        route: Route,
        session: aiohttp.ClientSession | None = None,
        method: str = "",
        **headers: str,
    ) -> int:
        """Send a request, with hyphens for underscores in headers, and return its status."""
        response = await self.response(route, session, method, **headers)
        return response.status

    async def response(
        self,
        route: Route,
        session: aiohttp.ClientSession | None = None,
        method: str = "",
        **headers: str,
    ) -> aiohttp.ClientResponse | aiohttp.WSServerHandshakeError:
        """Send a request, with hyphens for underscores in headers, and return its answer."""
        session = session or self.user
        method = method or route.method
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        url = URL(self.server.url + self._fill(route.path), encoded=True)
        if method == WEBSOCKET:
            try:
                async with session.ws_connect(url, headers=named) as websocket:
                    return websocket._response
            except aiohttp.WSServerHandshakeError as error:
                return error
        body = None if method in ("GET", "HEAD") else json.loads(self._fill(route.body))
        async with session.request(
            method, url, json=body, headers=named, allow_redirects=False
        ) as response:
            await response.read()
            return response

    async def statuses(
        self,
        routes: Collection[Route],
        session: aiohttp.ClientSession | None = None,
        **headers: str,
    ) -> dict[str, int]:
        """Send a request to each route, and return the statuses by the routes' names."""
        return {route.name: await self.status(route, session, **headers) for route in routes}

    def contacts(self) -> list[str]:
        """Return the requests to the provider that only clients cause."""
        return [r for r in self.proxy.requests if not r.startswith("GET") or "/channels" in r]


def is_done(status: int) -> bool:
    """Return whether a status says that something was done."""
    return status in (101, 200, 201, 204)


@pytest.fixture
async def site(
    granting_server: ServerProcess, remote_servers: dict[str, ServerProcess], proxy_port: int
) -> AsyncIterator[Site]:
    """The server and its provider, which is online."""
    gateway = remote_servers["gate-b"]
    proxy = FaultProxy(gateway.url, proxy_port)
    await proxy.open()
    async with (
        Client(granting_server.url, granting_server.token) as client,
        Client(gateway.url, gateway.token) as other,
        aiohttp.ClientSession(headers={"Authorization": f"token {granting_server.token}"}) as user,
    ):
        await client.wait_for_state("gpu", "online")
        ids = {
            "kernel": await client.start_kernel("gpu/python3"),
            "other": await other.start_kernel("python3"),
        }
        await client.run(ids["kernel"], "")
        # The first request fetches the logo.
        assert (await client.request("GET", LOGO)).status == 200
        proxy.requests.clear()
        yield Site(granting_server, proxy, ids, user)
        for kernel in await client.get("api/kernels"):
            await client.request("DELETE", f"api/kernels/{kernel['id']}")
        await other.request("DELETE", f"api/kernels/{ids['other']}")
    await proxy.close()


@pytest.fixture
async def browser(site: Site) -> AsyncIterator[aiohttp.ClientSession]:
    """A browser that has logged in: it has cookies and no token."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        url = URL(site.server.url) / "login" % {"token": site.server.token}
        async with session.get(url) as response:
            assert response.status == 200
        yield session


def xsrf_token(browser: aiohttp.ClientSession) -> str:
    """Return the token that a page of the server has."""
    return {cookie.key: cookie.value for cookie in browser.cookie_jar}["_xsrf"]


async def test_with_a_token(site: Site) -> None:
    """The other tests prove something only if each route works."""
    statuses = await site.statuses(ALL)
    assert all(map(is_done, statuses.values())), statuses


async def test_without_a_token(site: Site) -> None:
    """Nothing is answered or done; a browser that wants a logo is sent to the login page."""
    async with aiohttp.ClientSession() as stranger:
        for route in ALL:
            response = await site.response(route, stranger)
            if route.path == LOGO:
                assert (response.status, "/login" in str(response.headers)) == (302, True), route
            else:
                assert response.status in (401, 403), route
    assert site.contacts() == []


async def test_with_a_wrong_token(site: Site) -> None:
    """A wrong token is as good as none, in a header and in the address."""
    headers = {"Authorization": f"token {site.server.token}x"}
    async with aiohttp.ClientSession(headers=headers) as stranger:
        statuses = await site.statuses(ALL, stranger)
        assert set(statuses.values()) <= {302, 401, 403}, statuses
    async with aiohttp.ClientSession() as stranger:
        routes = [Route(r.method, f"{r.path}?token=wrong", (), r.body) for r in ALL]
        statuses = await site.statuses(routes, stranger)
        assert set(statuses.values()) <= {302, 401, 403}, statuses
    assert site.contacts() == []


@pytest.mark.parametrize("denied", sorted(PERMISSIONS))
async def test_without_a_permission(site: Site, denied: str) -> None:
    """A route needs each of its permissions, and what is refused does not reach the provider."""
    granted = " ".join(PERMISSIONS - {denied})
    refused = [route for route in ALL if denied in route.permissions]
    statuses = await site.statuses(refused, X_Granted=granted)
    assert set(statuses.values()) == {403}, statuses
    assert site.contacts() == []


async def test_with_the_needed_permissions_only(site: Site) -> None:
    """A route needs no permission besides those of the table."""
    statuses = {r.name: await site.status(r, X_Granted=" ".join(r.permissions)) for r in ALL}
    assert all(map(is_done, statuses.values())), statuses


async def test_with_an_authorizer_that_denies_all(site: Site) -> None:
    """No route does anything."""
    statuses = await site.statuses(ALL, X_Granted="")
    assert set(statuses.values()) == {403}, statuses
    assert site.contacts() == []


async def test_without_the_xsrf_token(site: Site, browser: aiohttp.ClientSession) -> None:
    """A page of another site cannot do anything with the cookies of the browser."""
    writing = [route for route in ROUTES if route.method not in ("GET", "HEAD")]
    assert writing
    for token in ({}, {"X_XSRFToken": "wrong"}):
        statuses = await site.statuses(writing, browser, **token)
        assert set(statuses.values()) == {403}, statuses
    assert site.contacts() == []
    statuses = await site.statuses(writing, browser, X_XSRFToken=xsrf_token(browser))
    assert all(map(is_done, statuses.values())), statuses


async def test_from_another_origin(site: Site, browser: aiohttp.ClientSession) -> None:
    """A page of another site reads nothing, and no provider is contacted."""
    for route in ALL:
        response = await site.response(route, browser, Origin=ELSEWHERE)
        if route.path == LOGO:  # as Jupyter Server's own logos: shown, but not to be read
            assert "Access-Control-Allow-Origin" not in (response.headers or {}), route
        else:
            assert response.status in (403, 404), route
    assert site.contacts() == []
    statuses = await site.statuses([CHANNELS], browser, Origin=site.server.url.rstrip("/"))
    assert statuses == {CHANNELS.name: 101}


async def test_other_methods(site: Site) -> None:
    """A method that a route does not have does nothing."""

    def resource(route: Route) -> str:
        return route.path.replace("/new", "/gpu")  # a provider, whichever it is

    known = {(resource(route), route.method) for route in ROUTES}
    for route in ALL:
        for method in METHODS:
            if (resource(route), method) not in known:
                status = await site.status(route, method=method)
                expected = {400} if (route, method) == (CHANNELS, "GET") else {404, 405}
                assert status in expected, (route, method)
    assert site.contacts() == []
