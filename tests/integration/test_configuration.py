"""The configuration by users and administrators, and its changes while the server runs."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from jupyter_server import version_info

from tests.conftest import StartServer
from tests.support.client import Client, wait_until
from tests.support.processes import ServerProcess, declare

pytestmark = pytest.mark.server


def settings_of(remote_server: ServerProcess, **more: Any) -> dict[str, Any]:
    return {"url": remote_server.url, "token": {"value": remote_server.token}, **more}


async def names(client: Client) -> set[str]:
    return set(await client.kernelspecs())


async def test_files_are_followed(
    start_server: StartServer, remote_servers: dict[str, ServerProcess]
) -> None:
    """A file adds, changes and removes a provider; open notebooks stay connected."""
    server, client = start_server()
    assert await names(client) == {"python3"}

    path = declare(server, "one", settings_of(remote_servers["gate-a"]))
    await client.wait_for_kernelspec("one/python3")
    kernel_id = await client.start_kernel("one/python3")

    kernel = await client.connect(kernel_id)
    declare(server, "one", settings_of(remote_servers["gate-a"], label="The One"))

    async def is_relabelled() -> bool:
        return "The One" in str((await client.kernelspecs()).get("one/python3"))

    await wait_until(is_relabelled)
    assert (await kernel.run("print('still here')")).strip() == "still here"
    await kernel.close()

    path.unlink()

    async def is_gone() -> bool:
        return await names(client) == {"python3"}

    await wait_until(is_gone)
    reply = await client.request("DELETE", f"api/kernels/{kernel_id}")
    assert reply.status == 503
    assert "one is no longer configured" in reply.body["message"]

    path.write_text(json.dumps(settings_of(remote_servers["gate-a"])))
    await client.wait_for_kernelspec("one/python3")
    assert (await client.request("DELETE", f"api/kernels/{kernel_id}")).status == 204


async def test_invalid_file_affects_only_its_provider(
    start_server: StartServer, remote_servers: dict[str, ServerProcess]
) -> None:
    """Each invalid declaration becomes a problem with one sentence; everything else works."""
    settings = settings_of(remote_servers["gate-a"])
    broken = {
        "no-url": {"kind": "gateway"},
        "bad-url": {"url": "gpu.example.org:8888"},
        "bad-kind": {**settings, "kind": "quantum"},
        "Bad Id": settings,
        "typo": {**settings, "tokn": {"env": "X"}},
        "good": settings,
    }
    config = {"KernelProviders": {"providers": {"good": settings}}}
    server, client = start_server(broken, config=config)
    (server.config_folder / "kernel_providers.d" / "no-json.json").write_text("{")
    await client.wait_for_kernelspec("good/python3")

    async def is_logged() -> bool:
        return "no-json.json: line 1 is not JSON" in server.log()

    await wait_until(is_logged)
    assert await names(client) == {"python3", "good/python3"}
    log = server.log()
    for message in (
        "no-url.json: the field 'url' is missing.",
        "bad-url.json: the field 'url' is not a web address.",
        "bad-kind.json: the field 'kind' names 'quantum', which is not installed.",
        "Bad Id.json: the id 'Bad Id' cannot be used.",
        "typo.json: the field 'tokn' is not known. Did you mean 'token'?",
        "good.json: there is a provider 'good' already, from c.KernelProviders.providers['good'].",
    ):
        assert log.count(message) == 1, message
    assert "Traceback" not in log
    reply = await client.request("POST", "api/kernels", {"name": "no-url/python3"})
    assert "the field 'url' is missing" in reply.body["message"]


async def test_local_kernels_can_be_switched_off(
    start_server: StartServer, remote_servers: dict[str, ServerProcess]
) -> None:
    """Without local kernels, only remote ones are listed; the first provider's default is used."""
    config = {"KernelProviders": {"local_enabled": False}}
    _, client = start_server({"far": settings_of(remote_servers["far"])}, config=config)
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


async def test_provider_can_be_used_before_its_first_answer(
    start_server: StartServer, remote_servers: dict[str, ServerProcess]
) -> None:
    """A session for a remote kernel may be the very first request."""
    _, client = start_server({"gpu": settings_of(remote_servers["gate-a"])})
    session = await client.start_session("gpu/python3")
    printed = await client.run(session["kernel"]["id"], "import os; print(os.environ['PROVIDER'])")
    assert printed.strip() == "gate-a"
    await client.request("DELETE", f"api/sessions/{session['id']}")


@pytest.mark.parametrize("source", ["env", "file", "command", "header", "cookie"])
async def test_token_is_read_from_its_source(
    start_server: StartServer, remote_servers: dict[str, ServerProcess], tmp_path: Path, source: str
) -> None:
    """A token comes from the environment, a file, a command's output, or is sent as a header."""
    remote_server = remote_servers["far"]
    (tmp_path / "token").write_text(f"{remote_server.token}\n")
    command = [sys.executable, "-c", f"print({remote_server.token!r})"]
    fields: dict[str, Any] = {
        "env": {"token": {"env": "FAR_TOKEN"}},
        "file": {"token": {"file": str(tmp_path / "token")}},
        "command": {"token": {"command": command}},
        "header": {"headers": {"Authorization": f"token {remote_server.token}"}},
        "cookie": {
            "token": {"env": "FAR_TOKEN"},
            "cookies": {"a": "token-of-c", "c": {"env": "COOKIE"}},
        },
    }
    settings = {"url": remote_server.url, **fields[source]}
    server, client = start_server(
        {"far": settings}, env={"FAR_TOKEN": remote_server.token, "COOKIE": "token-of-d"}
    )
    await client.wait_for_kernelspec("far/python3")
    assert remote_server.token not in server.log()
    if source == "env":
        kernel_id = await client.start_kernel("python3")
        printed = await client.run(kernel_id, "import os; print('FAR_TOKEN' in os.environ)")
        assert printed.strip() == "False", "a kernel must not see the secrets of providers"


async def test_changed_token_is_read_again(
    start_server: StartServer, remote: ServerProcess, tmp_path: Path
) -> None:
    """If a gateway refuses the old token, the new one is tried, and users do not notice."""
    token = tmp_path / "token"
    token.write_text(remote.token)
    server, client = start_server({"gpu": {"url": remote.url, "token": {"file": str(token)}}})
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


async def test_wrong_token_is_logged_once(
    start_server: StartServer, remote_servers: dict[str, ServerProcess]
) -> None:
    """A refused token is one line in the log, with a remedy; this server never answers 401."""
    settings = {"url": remote_servers["gate-a"].url, "token": {"value": "token-of-nobody"}}
    server, client = start_server(
        {"gate": settings, "none": {**settings, "token": {"env": "NOT_SET"}}}
    )

    async def is_logged() -> bool:
        return "Sign-in needed" in server.log() and "NOT_SET is not set" in server.log()

    await wait_until(is_logged)
    for path in ("api/kernelspecs", "api/kernels", "api/sessions", "api/status"):
        assert (await client.request("GET", path)).status == 200
    reply = await client.request("POST", "api/kernels", {"name": "gate/python3"})
    assert reply.status == 503
    assert "gate refused the token" in reply.body["message"]
    assert "token-of-nobody" not in server.log() + str(reply.body)


async def test_include_exclude_and_enabled(
    start_server: StartServer, remote_servers: dict[str, ServerProcess]
) -> None:
    """Excluded kernelspecs, and providers that are off, are not offered."""
    settings = settings_of(remote_servers["gate-a"])
    _, client = start_server(
        {
            "in": {**settings, "include": ["py*"]},
            "out": {**settings, "exclude": ["*3"]},
            "off": {**settings, "enabled": False},
        }
    )
    await client.wait_for_kernelspec("in/python3")
    assert await names(client) == {"python3", "in/python3"}
    for name, expected in {"out/python3": "offers no kernel", "off/python3": "is off"}.items():
        reply = await client.request("POST", "api/kernels", {"name": name})
        assert reply.status == 404
        assert expected in reply.body["message"]


async def test_configured_classes_are_kept(start_server: StartServer, tmp_path: Path) -> None:
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
    _, client = start_server(config=config, env={"PYTHONPATH": str(package)})
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
async def test_placement(
    start_server: StartServer,
    remote_servers: dict[str, ServerProcess],
    placement: str,
    expected: str,
) -> None:
    """The placement is a word or a template; without the label, equal names are told apart."""
    config = {"KernelProviders": {"placement": placement}}
    farm = settings_of(remote_servers["far"], label="The Farm")
    _, client = start_server({"farm": farm}, config=config)
    remote = await client.wait_for_kernelspec("farm/python3")
    local = (await client.kernelspecs())["python3"]
    assert remote["spec"]["display_name"] == expected.format(local["spec"]["display_name"])


async def test_culler_stops_idle_remote_kernels(
    start_server: StartServer, remote_servers: dict[str, ServerProcess]
) -> None:
    """The server's culler stops an idle remote kernel, at its provider as well."""
    config = {"MappingKernelManager": {"cull_idle_timeout": 8, "cull_interval": 1}}
    settings = {
        p: settings_of(remote_servers[p], refresh_interval=600) for p in ("gate-a", "gate-b")
    }
    _, client = start_server(settings, config=config)
    async with Client(remote_servers["gate-b"].url, remote_servers["gate-b"].token) as remote:
        used_id = await client.start_kernel("gate-b/python3")
        kernel = await remote.connect(used_id)
        await client.run(used_id, "1")
        await client.wait_for_state("gate-b", "online")  # the last poll, while it is idle
        await kernel.keep_busy()
        unused_id = await client.start_kernel("gate-a/python3")

        async def is_culled() -> bool:
            return bool((await client.request("GET", f"api/kernels/{unused_id}")).status == 404)

        await wait_until(is_culled)
        assert (await client.get(f"api/kernels/{used_id}"))["execution_state"] == "busy"
        await kernel.close()
    async with Client(remote_servers["gate-a"].url, remote_servers["gate-a"].token) as remote:
        assert (await remote.request("GET", f"api/kernels/{unused_id}")).status == 404


@pytest.mark.parametrize("policy", ["shutdown", "keep"])
async def test_remote_kernels_follow_on_server_exit(
    start_server: StartServer, remote_servers: dict[str, ServerProcess], policy: str
) -> None:
    """When the server stops, its remote kernels stop or are kept."""
    server, client = start_server(
        {"gate-b": settings_of(remote_servers["gate-b"], on_server_exit=policy)}
    )
    kernel_id = await client.start_kernel("gate-b/python3")
    local_id = await client.start_kernel("python3")
    assert (await client.run(local_id, "print(1)")).strip() == "1"
    server.stop()
    remote = Client(remote_servers["gate-b"].url, remote_servers["gate-b"].token)

    async def is_gone() -> bool:
        return (await remote.request("GET", f"api/kernels/{kernel_id}")).status == 404

    if policy == "keep":
        assert not await is_gone()
    else:
        await wait_until(is_gone)  # the gateway may still be stopping it
    await remote.request("DELETE", f"api/kernels/{kernel_id}")
    await remote.close()
    assert "Traceback" not in server.log()


@pytest.mark.skipif(version_info < (2, 21), reason="older servers do not read it from the request")
async def test_client_may_choose_kernel_id(
    start_server: StartServer, remote_servers: dict[str, ServerProcess]
) -> None:
    """An id in the request means the same as for a local kernel: create with it, or use it."""
    _, client = start_server({"gate-b": settings_of(remote_servers["gate-b"])})
    kernel_id = "0a0a0a0a-1b1b-2c2c-3d3d-4e4e4e4e4e4e"
    assert await client.start_kernel("gate-b/python3", kernel_id=kernel_id) == kernel_id
    printed = await client.run(kernel_id, "import os; print(os.environ['PROVIDER'])")
    assert printed.strip() == "gate-b"
    assert (await client.get(f"api/kernels/{kernel_id}"))["name"] == "gate-b/python3"
    assert (await client.request("DELETE", f"api/kernels/{kernel_id}")).status == 204


@pytest.mark.parametrize(
    ("module", "config_file"),
    [
        ("jupyter_server", "jupyter_server_config.json"),
        ("jupyterlab", "jupyter_lab_config.json"),
        ("notebook", "jupyter_notebook_config.json"),
    ],
)
async def test_every_application_has_providers(
    start_server: StartServer,
    remote_servers: dict[str, ServerProcess],
    tmp_path: Path,
    module: str,
    config_file: str,
) -> None:
    """jupyter server, lab and notebook have the providers, and those of their own configuration."""
    config = {"KernelProviders": {"providers": {"own": settings_of(remote_servers["gate-a"])}}}
    folder = tmp_path / "application"
    folder.mkdir()
    (folder / config_file).write_text(json.dumps(config))
    providers = {"file": settings_of(remote_servers["gate-b"])}
    _, client = start_server(providers, module=module, env={"JUPYTER_CONFIG_PATH": str(folder)})
    for name, remote_server in {"own/python3": "gate-a", "file/python3": "gate-b"}.items():
        await client.wait_for_kernelspec(name)
        session = await client.start_session(name, f"{remote_server}.ipynb")
        printed = await client.run(
            session["kernel"]["id"], "import os; print(os.environ['PROVIDER'])"
        )
        assert printed.strip() == remote_server
        await client.request("DELETE", f"api/sessions/{session['id']}")
