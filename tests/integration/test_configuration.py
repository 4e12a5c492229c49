"""The configuration by users and administrators, and its changes while the server runs."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from jupyter_server import version_info

from tests.conftest import Start
from tests.support.client import Client, until
from tests.support.processes import Process, declare

pytestmark = pytest.mark.server


def settings_of(place: Process, **more: Any) -> dict[str, Any]:
    return {"url": place.url, "token": {"value": place.token}, **more}


async def names(client: Client) -> set[str]:
    return set(await client.kernelspecs())


async def test_files_are_followed(start: Start, places: dict[str, Process]) -> None:
    """A file adds, changes and removes a provider; open notebooks stay connected."""
    server, client = start()
    assert await names(client) == {"python3"}

    path = declare(server, "one", settings_of(places["gate-a"]))
    await client.wait_for_kernelspec("one/python3")
    kernel_id = await client.start_kernel("one/python3")

    kernel = await client.connect(kernel_id)
    declare(server, "one", settings_of(places["gate-a"], label="The One"))

    async def relabelled() -> bool:
        return "The One" in str((await client.kernelspecs()).get("one/python3"))

    await until(relabelled)
    assert (await kernel.run("print('still here')")).strip() == "still here"
    await kernel.close()

    path.unlink()

    async def gone() -> bool:
        return await names(client) == {"python3"}

    await until(gone)
    reply = await client.request("DELETE", f"api/kernels/{kernel_id}")
    assert reply.status == 503
    assert "one is not configured any more" in reply.body["message"]

    path.write_text(json.dumps(settings_of(places["gate-a"])))
    await client.wait_for_kernelspec("one/python3")
    assert (await client.request("DELETE", f"api/kernels/{kernel_id}")).status == 204


async def test_a_broken_file_costs_only_its_provider(
    start: Start, places: dict[str, Process]
) -> None:
    """Each invalid declaration becomes a problem with one sentence; everything else works."""
    good = settings_of(places["gate-a"])
    broken = {
        "no-url": {"kind": "gateway"},
        "bad-url": {"url": "gpu.example.org:8888"},
        "bad-kind": {**good, "kind": "quantum"},
        "Bad Id": good,
        "typo": {**good, "tokn": {"env": "X"}},
        "good": good,
    }
    config = {"KernelProviders": {"providers": {"good": good}}}
    server, client = start(broken, config=config)
    (server.config_folder / "kernel_providers.d" / "no-json.json").write_text("{")
    await client.wait_for_kernelspec("good/python3")

    async def told() -> bool:
        return "no-json.json: line 1 is not JSON" in server.log()

    await until(told)
    assert await names(client) == {"python3", "good/python3"}
    log = server.log()
    for message in (
        "no-url.json: the field 'url' is missing.",
        "bad-url.json: the field 'url' is not a web address.",
        "bad-kind.json: the field 'kind' names 'quantum', which is not installed.",
        "Bad Id.json: 'Bad Id' cannot be a provider's id.",
        "typo.json: the field 'tokn' is not known. Did you mean 'token'?",
        "good.json: there is a provider 'good' already, from c.KernelProviders.providers['good'].",
    ):
        assert log.count(message) == 1, message
    assert "Traceback" not in log
    reply = await client.request("POST", "api/kernels", {"name": "no-url/python3"})
    assert "the field 'url' is missing" in reply.body["message"]


async def test_local_kernels_can_be_switched_off(start: Start, places: dict[str, Process]) -> None:
    """Without local kernels, only remote ones are listed; the first provider's default is used."""
    config = {"KernelProviders": {"local_enabled": False}}
    _, client = start({"far": settings_of(places["far"])}, config=config)
    # Jupyter Server reads the default before it requests the kernelspecs, which wait here.
    assert list(await client.kernelspecs()) == ["far/python3"]
    answer = await client.get("api/kernelspecs")
    assert (answer["default"], list(answer["kernelspecs"])) == ("far/python3", ["far/python3"])
    assert (await client.request("GET", "api/kernelspecs/python3")).status == 404
    reply = await client.request("POST", "api/kernels", {"name": "python3"})
    assert reply.status == 404
    assert "The kernel providers are: far." in reply.body["message"]
    reply = await client.request("POST", "api/kernels")
    assert (reply.status, reply.body["name"]) == (201, "far/python3")
    await client.request("DELETE", f"api/kernels/{reply.body['id']}")


async def test_a_provider_can_be_used_before_it_has_answered(
    start: Start, places: dict[str, Process]
) -> None:
    """A session for a remote kernel may be the very first request."""
    _, client = start({"gpu": settings_of(places["gate-a"])})
    session = await client.start_session("gpu/python3")
    printed = await client.run(session["kernel"]["id"], "import os; print(os.environ['PLACE'])")
    assert printed.strip() == "gate-a"
    await client.request("DELETE", f"api/sessions/{session['id']}")


@pytest.mark.parametrize("source", ["env", "file", "command", "header", "cookie"])
async def test_a_token_comes_from_where_it_is_kept(
    start: Start, places: dict[str, Process], tmp_path: Path, source: str
) -> None:
    """A token comes from the environment, a file, a command's output, or is sent as a header."""
    place = places["far"]
    (tmp_path / "token").write_text(f"{place.token}\n")
    command = [sys.executable, "-c", f"print({place.token!r})"]
    fields: dict[str, Any] = {
        "env": {"token": {"env": "FAR_TOKEN"}},
        "file": {"token": {"file": str(tmp_path / "token")}},
        "command": {"token": {"command": command}},
        "header": {"headers": {"Authorization": f"token {place.token}"}},
        "cookie": {
            "token": {"env": "FAR_TOKEN"},
            "cookies": {"a": "token-of-c", "c": {"env": "COOKIE"}},
        },
    }
    settings = {"url": place.url, **fields[source]}
    server, client = start(
        {"far": settings}, env={"FAR_TOKEN": place.token, "COOKIE": "token-of-d"}
    )
    await client.wait_for_kernelspec("far/python3")
    assert place.token not in server.log()
    if source == "env":
        kernel_id = await client.start_kernel("python3")
        printed = await client.run(kernel_id, "import os; print('FAR_TOKEN' in os.environ)")
        assert printed.strip() == "False", "a kernel must not see the secrets of providers"


async def test_a_token_that_has_changed_is_read_again(
    start: Start, remote: Process, tmp_path: Path
) -> None:
    """If a gateway refuses the old token, the new one is tried, and users do not notice."""
    token = tmp_path / "token"
    token.write_text(remote.token)
    server, client = start({"gpu": {"url": remote.url, "token": {"file": str(token)}}})
    await client.wait_for_kernelspec("gpu/python3")
    remote.stop()
    token.write_text("token-of-tomorrow")
    remote.env["KG_AUTH_TOKEN"] = "token-of-tomorrow"
    remote.start()
    kernel_id = await client.start_kernel("gpu/python3")
    assert await client.run(kernel_id, "print(1)") == "1\n"
    await client.wait_for_state("gpu", "online")
    assert "Sign-in needed" not in server.log()
    await client.request("DELETE", f"api/kernels/{kernel_id}")


async def test_a_wrong_token_is_said_once(start: Start, places: dict[str, Process]) -> None:
    """A refused token is one line in the log, with a remedy; this server never answers 401."""
    settings = {"url": places["gate-a"].url, "token": {"value": "token-of-nobody"}}
    server, client = start({"gate": settings, "none": {**settings, "token": {"env": "NOT_SET"}}})

    async def told() -> bool:
        return "Sign-in needed" in server.log() and "NOT_SET is not set" in server.log()

    await until(told)
    for path in ("api/kernelspecs", "api/kernels", "api/sessions", "api/status"):
        assert (await client.request("GET", path)).status == 200
    reply = await client.request("POST", "api/kernels", {"name": "gate/python3"})
    assert reply.status == 503
    assert "gate refused the token" in reply.body["message"]
    assert "token-of-nobody" not in server.log() + str(reply.body)


async def test_include_exclude_and_enabled(start: Start, places: dict[str, Process]) -> None:
    """Excluded kernelspecs, and providers that are off, are not offered."""
    good = settings_of(places["gate-a"])
    _, client = start(
        {
            "in": {**good, "include": ["py*"]},
            "out": {**good, "exclude": ["*3"]},
            "off": {**good, "enabled": False},
        }
    )
    await client.wait_for_kernelspec("in/python3")
    assert await names(client) == {"python3", "in/python3"}
    for name, words in {"out/python3": "offers no kernel", "off/python3": "is off"}.items():
        reply = await client.request("POST", "api/kernels", {"name": name})
        assert reply.status == 404
        assert words in reply.body["message"]


async def test_configured_classes_are_kept(start: Start, tmp_path: Path) -> None:
    """A kernel manager that an administrator configured is mixed into, not replaced."""
    package = tmp_path / "package"
    package.mkdir()
    (package / "site_classes.py").write_text(
        "from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager\n"
        "from jupyter_client.kernelspec import KernelSpecManager\n"
        "class Kernels(AsyncMappingKernelManager):\n"
        "    def list_kernels(self):\n"
        "        return [{'id': 'from-the-site'}, *super().list_kernels()]\n"
        "class Specs(KernelSpecManager):\n"
        "    async def get_all_specs(self):\n"
        "        return {'renamed': super().get_all_specs()['python3']}\n"
    )
    config = {
        "ServerApp": {
            "kernel_manager_class": "site_classes.Kernels",
            "kernel_spec_manager_class": "site_classes.Specs",
        }
    }
    _, client = start(config=config, env={"PYTHONPATH": str(package)})
    assert await client.get("api/kernels") == [{"id": "from-the-site"}]
    assert await names(client) == {"renamed"}


@pytest.mark.parametrize(
    ("placement", "expected"),
    [
        ("prefix", "The Farm: {}"),
        ("none", "{} [farm/python3]"),
        ("{kernel} at {provider}", "{} at The Farm"),
        ("nonsense", "{} (The Farm)"),
    ],
)
async def test_the_place_stands_where_the_administrator_wants_it(
    start: Start, places: dict[str, Process], placement: str, expected: str
) -> None:
    """The placement is a word or a template; without the label, equal names are told apart."""
    config = {"KernelProviders": {"placement": placement}}
    farm = settings_of(places["far"], label="The Farm")
    _, client = start({"farm": farm}, config=config)
    remote = await client.wait_for_kernelspec("farm/python3")
    local = (await client.kernelspecs())["python3"]
    assert remote["spec"]["display_name"] == expected.format(local["spec"]["display_name"])


async def test_culling_takes_idle_remote_kernels(start: Start, places: dict[str, Process]) -> None:
    """The server's culler stops an idle remote kernel, at its provider as well."""
    config = {"MappingKernelManager": {"cull_idle_timeout": 8, "cull_interval": 1}}
    settings = {p: settings_of(places[p], refresh_interval=600) for p in ("gate-a", "gate-b")}
    _, client = start(settings, config=config)
    async with Client(places["gate-b"].url, places["gate-b"].token) as remote:
        used = await client.start_kernel("gate-b/python3")
        kernel = await remote.connect(used)
        await client.run(used, "1")
        await client.wait_for_state("gate-b", "online")  # the last poll, while it is idle
        await kernel.begin_work()
        unused = await client.start_kernel("gate-a/python3")

        async def culled() -> bool:
            return bool((await client.request("GET", f"api/kernels/{unused}")).status == 404)

        await until(culled)
        assert (await client.get(f"api/kernels/{used}"))["execution_state"] == "busy"
        await kernel.close()
    async with Client(places["gate-a"].url, places["gate-a"].token) as remote:
        assert (await remote.request("GET", f"api/kernels/{unused}")).status == 404


@pytest.mark.parametrize("policy", ["shutdown", "keep"])
async def test_remote_kernels_end_with_the_server_as_configured(
    start: Start, places: dict[str, Process], policy: str
) -> None:
    """When the server stops, its remote kernels stop or are kept."""
    server, client = start({"gate-b": settings_of(places["gate-b"], on_server_exit=policy)})
    kernel_id = await client.start_kernel("gate-b/python3")
    local_id = await client.start_kernel("python3")
    assert (await client.run(local_id, "print(1)")).strip() == "1"
    server.stop()
    remote = Client(places["gate-b"].url, places["gate-b"].token)

    async def is_gone() -> bool:
        return (await remote.request("GET", f"api/kernels/{kernel_id}")).status == 404

    if policy == "keep":
        assert not await is_gone()
    else:
        await until(is_gone)  # the gateway may still be stopping it
    await remote.request("DELETE", f"api/kernels/{kernel_id}")
    await remote.close()
    assert "Traceback" not in server.log()


@pytest.mark.skipif(version_info < (2, 21), reason="older servers do not read it from the request")
async def test_a_client_may_choose_the_kernels_id(start: Start, places: dict[str, Process]) -> None:
    """An id in the request means the same as for a local kernel: create with it, or use it."""
    _, client = start({"gate-b": settings_of(places["gate-b"])})
    wanted = "0a0a0a0a-1b1b-2c2c-3d3d-4e4e4e4e4e4e"
    assert await client.start_kernel("gate-b/python3", kernel_id=wanted) == wanted
    printed = await client.run(wanted, "import os; print(os.environ['PLACE'])")
    assert printed.strip() == "gate-b"
    assert (await client.get(f"api/kernels/{wanted}"))["name"] == "gate-b/python3"
    assert (await client.request("DELETE", f"api/kernels/{wanted}")).status == 204


@pytest.mark.parametrize(
    ("module", "config_file"),
    [
        ("jupyter_server", "jupyter_server_config.json"),
        ("jupyterlab", "jupyter_lab_config.json"),
        ("notebook", "jupyter_notebook_config.json"),
    ],
)
async def test_every_application_has_the_providers(
    start: Start, places: dict[str, Process], tmp_path: Path, module: str, config_file: str
) -> None:
    """jupyter server, lab and notebook have the providers, and those of their own configuration."""
    config = {"KernelProviders": {"providers": {"own": settings_of(places["gate-a"])}}}
    folder = tmp_path / "application"
    folder.mkdir()
    (folder / config_file).write_text(json.dumps(config))
    providers = {"file": settings_of(places["gate-b"])}
    _, client = start(providers, module=module, env={"JUPYTER_CONFIG_PATH": str(folder)})
    for name, place in {"own/python3": "gate-a", "file/python3": "gate-b"}.items():
        await client.wait_for_kernelspec(name)
        session = await client.start_session(name, f"{place}.ipynb")
        printed = await client.run(session["kernel"]["id"], "import os; print(os.environ['PLACE'])")
        assert printed.strip() == place
        await client.request("DELETE", f"api/sessions/{session['id']}")
