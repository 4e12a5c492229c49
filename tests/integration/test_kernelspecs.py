"""Kernelspecs of several providers: names, URLs, display names, logos."""

from __future__ import annotations

import re

import pytest

from tests.conftest import StartServer
from tests.support.client import Client, Reply
from tests.support.processes import ServerProcess

pytestmark = pytest.mark.server

REMOTE = ["gate-a/python3", "gate-b/python3", "far/python3"]


async def test_remote_kernels_are_listed_beside_local_ones(client: Client) -> None:
    """Each kernel has its provider's prefix and label; local ones are unchanged."""
    specs = await client.kernelspecs()
    assert set(specs) == {"python3", *REMOTE}
    shown = {name: model["spec"]["display_name"] for name, model in specs.items()}
    local = shown["python3"]
    assert shown == {
        "python3": local,
        "gate-a/python3": f"{local} (Gate-A)",
        "gate-b/python3": f"{local} (Gate-B)",
        "far/python3": f"{local} (Far)",
    }
    assert all(model["name"] == name for name, model in specs.items())


async def test_metadata_is_flat_strings(client: Client) -> None:
    """Other launchers can show provider and kernel as columns."""
    metadata = (await client.kernelspecs())["gate-a/python3"]["spec"]["metadata"]
    local = (await client.kernelspecs())["python3"]["spec"]["display_name"]
    expected = {
        "kernel_provider": "gate-a",
        "kernel_provider_label": "Gate-A",
        "kernel_display_name": local,
    }
    assert {key: metadata[key] for key in expected} == expected


async def test_default_kernel_stays_local(client: Client) -> None:
    """A remote server's default does not become ours."""
    assert (await client.get("api/kernelspecs"))["default"] == "python3"


@pytest.mark.parametrize("name", REMOTE)
@pytest.mark.parametrize("slash", ["%2F", "%2f", "/"])
async def test_kernelspec_by_name(client: Client, name: str, slash: str) -> None:
    """The encoded form is answered, and the raw form that some reverse proxies send."""
    model = await client.get(f"api/kernelspecs/{name.replace('/', slash)}")
    assert model == (await client.kernelspecs())[name]


async def test_unknown_kernelspec_is_not_found(client: Client) -> None:
    """An unknown name of a known provider is answered with 404, as any other."""
    assert (await client.request("GET", "api/kernelspecs/gate-a%2Fnothing")).status == 404


async def logo(client: Client, server: ServerProcess, url: str, method: str = "GET") -> Reply:
    assert url.startswith(server.base_url)
    return await client.request(method, url[len(server.base_url) :])


@pytest.mark.parametrize("name", REMOTE)
async def test_logos_are_served_at_the_models_urls(
    client: Client, server: ServerProcess, name: str
) -> None:
    """The URL of each resource has an encoded name and returns the file; so does the raw form."""
    specs = await client.kernelspecs()
    resources = specs[name]["resources"]
    assert resources.keys() == specs["python3"]["resources"].keys()
    for key, url in resources.items():
        assert name.replace("/", "%2F") in url
        reply = await logo(client, server, url)
        raw_form = await logo(client, server, url.replace("%2F", "/"))
        local = await logo(client, server, specs["python3"]["resources"][key])
        assert reply.status == raw_form.status == 200
        assert reply.body == raw_form.body == local.body
        assert reply.headers["Content-Type"] == local.headers["Content-Type"]


async def test_logos_can_be_cached(client: Client, server: ServerProcess) -> None:
    """A logo has a lifetime and a validator, so that it is not sent twice."""
    url = (await client.kernelspecs())["far/python3"]["resources"]["logo-svg"]
    first = await logo(client, server, url)
    assert re.fullmatch(r"private, max-age=[1-9]\d{3,}", first.headers["Cache-Control"])
    path = url[len(server.base_url) :]
    again = await client.request("GET", path, **{"If-None-Match": first.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")
    head = await logo(client, server, url, "HEAD")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Length"] == str(len(first.body))


async def test_logo_is_fetched_once(start_server: StartServer, remote: ServerProcess) -> None:
    """A logo is fetched once, however often it is requested and its provider polled."""
    settings = {"url": remote.url, "token": {"value": remote.token}, "refresh_interval": 10_000}
    server, client = start_server({"gpu": settings})
    resources = (await client.wait_for_kernelspec("gpu/python3"))["resources"]
    for _ in range(3):
        for url in resources.values():
            assert (await logo(client, server, url)).status == 200
        assert (await client.request("POST", "api/kernel-providers/gpu/retry")).status == 200
    remote.stop()
    fetched = re.findall(r"GET /kernelspecs/python3/(\S+)", remote.log())
    assert sorted(fetched) == sorted(url.rpartition("/")[2] for url in resources.values())
    assert (await logo(client, server, url)).status == 200


@pytest.mark.parametrize("file", ["kernel.json", "..%2Fkernel.json", "%2e%2e", "nothing.png"])
async def test_only_files_of_the_model_are_served(client: Client, file: str) -> None:
    """A kernel's resources give no access to other files of a remote server."""
    reply = await client.request("GET", f"kernelspecs/far%2Fpython3/{file}")
    assert reply.status in (403, 404)


async def test_remote_svg_is_sandboxed(client: Client, server: ServerProcess) -> None:
    """An SVG that is opened by itself is sandboxed, because it comes from another server."""
    url = (await client.kernelspecs())["far/python3"]["resources"]["logo-svg"]
    reply = await logo(client, server, url)
    assert reply.headers["Content-Security-Policy"].startswith("sandbox")


async def test_everything_needs_authentication(server: ServerProcess) -> None:
    """Without a token, our routes refuse requests as Jupyter Server's do."""
    stranger = Client(server.url, "")
    for path in ("api/kernelspecs/far%2Fpython3", "kernelspecs/far%2Fpython3/logo-svg.svg"):
        reply = await stranger.request("GET", path)
        assert reply.status == 403 or b"log in" in reply.body.lower() or b"login" in reply.body
        assert b"<svg" not in (reply.body if isinstance(reply.body, bytes) else b"")
    await stranger.close()
