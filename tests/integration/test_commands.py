"""The commands about kernels, with and without a running server, in separate processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.client import Client
from tests.support.fake_provider import UNREACHABLE
from tests.support.processes import ServerProcess, declare, jupyter_server

pytestmark = pytest.mark.server

COMMAND = [sys.executable, "-m", "kernel_providers_ext"]
#: Runs a command; returns its exit code, and what it prints as JSON.
Run = Callable[..., tuple[int, Any]]


@pytest.fixture(scope="module")
def commanded(
    remote_servers: dict[str, ServerProcess], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServerProcess]:
    """A server with one provider, and another one that is down."""
    server = jupyter_server(
        tmp_path_factory.mktemp("commanded-server"),
        token="token-of-commanded-server",
        base_url="/user/x/",
    )
    gateway = remote_servers["gate-b"]
    declare(server, "gpu", {"url": gateway.url, "token": {"value": gateway.token}})
    declare(server, "down", {"url": UNREACHABLE})
    server.start()
    yield server
    server.stop()


def environment(server: ServerProcess, runtime: Path) -> dict[str, str]:
    """Return the environment of the server's user, with a folder of running servers."""
    kept = {n: v for n, v in os.environ.items() if not n.startswith(("JUPYTER", "NO_COLOR"))}
    return {
        **kept,
        "JUPYTER_CONFIG_DIR": str(server.config_folder),
        "JUPYTER_DATA_DIR": str(runtime / "data"),
        "JUPYTER_RUNTIME_DIR": str(runtime),
        "JUPYTER_PLATFORM_DIRS": "1",
        "TMPDIR": str(runtime),  # without demos
    }


def run_with(env: dict[str, str]) -> Run:
    """Return a function that runs a command in an environment."""

    def run(*arguments: str) -> tuple[int, Any]:
        done = subprocess.run(
            [*COMMAND, *arguments, "--json"],
            env=env,
            stdout=subprocess.PIPE,
            text=True,
            timeout=90,
            check=False,
        )
        return done.returncode, json.loads(done.stdout)

    return run


@pytest.fixture
def run(commanded: ServerProcess) -> Run:
    """Run commands of the user whose server is running."""
    return run_with(environment(commanded, commanded.runtime_folder))


@pytest.fixture
def run_alone(commanded: ServerProcess, tmp_path: Path) -> Run:
    """Run commands of a user with the same providers and no server."""
    return run_with(environment(commanded, tmp_path))


def kernels(found: Any) -> dict[str, bool]:
    """Return the ids of the kernels of ``gpu``, and whether each is the server's own."""
    return {k["id"]: k["is_ours"] for k in found["kernels"] if k["provider"] == "gpu"}


async def test_a_running_server_is_asked(run: Run, commanded: ServerProcess) -> None:
    """Its kernels are those that its pages show."""
    code, listed = run("list")
    assert (code, listed["server"]) == (0, commanded.url)
    models = {model["id"]: model for model in listed["providers"]}
    assert models["gpu"]["kernelspecs"] == ["gpu/python3"]
    assert models["local"]["kernelspecs"] == ["python3"]
    assert (models["gpu"]["state"], models["down"]["state"]) == ("online", "offline")
    assert run("list", "--check")[0] == 1

    code, started = run("start", "gpu/python3")
    assert (code, started["name"]) == (0, "gpu/python3")
    kernel_id = started["id"]
    async with Client(commanded.url, commanded.token) as client:
        assert [kernel["id"] for kernel in await client.get("api/kernels")] == [kernel_id]
        assert kernels(run("kernels")[1])[kernel_id] is True
        assert run("stop", "gpu", kernel_id) == (0, {"stopped": [kernel_id], "failed": []})
        assert await client.get("api/kernels") == []

        others = [run("start", "gpu/python3")[1]["id"] for _ in range(2)]
        code, stopped = run("stop", "gpu", "--all")
        assert (code, sorted(stopped["stopped"])) == (0, sorted(others))
        assert await client.get("api/kernels") == []


def test_without_a_server_the_provider_is_asked(run: Run, run_alone: Run) -> None:
    """What is started is nobody's until a server attaches it."""
    code, listed = run_alone("list")
    assert (code, listed["server"]) == (0, None)
    code, started = run_alone("start", "gpu/python3")
    kernel_id = started["id"]
    assert kernels(run_alone("kernels", "gpu")[1])[kernel_id] is False
    assert kernels(run("kernels", "gpu")[1])[kernel_id] is False

    code, found = run_alone("attach", "gpu", kernel_id)
    assert code == 1
    assert "No Jupyter server of yours" in found["error"]["message"]
    code, attached = run("attach", "gpu", kernel_id)
    assert (code, attached) == (0, {"id": kernel_id, "name": "gpu/python3"})
    assert kernels(run("kernels", "gpu")[1])[kernel_id] is True

    assert run("stop", "gpu", kernel_id)[0] == 0
    other_id = run_alone("start", "gpu/python3")[1]["id"]
    assert run_alone("stop", "gpu", other_id)[0] == 0
    assert not {kernel_id, other_id} & kernels(run_alone("kernels", "gpu")[1]).keys()


def test_a_server_is_chosen(run: Run, commanded: ServerProcess) -> None:
    """By its address, or none."""
    assert run("list", f"--server={commanded.url}")[1]["server"] == commanded.url
    assert run("list", "--server=none")[1]["server"] is None
    code, found = run("list", "--server=http://127.0.0.1:9/")
    assert (code, found["error"]["message"].startswith("No Jupyter server of yours")) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("start", "no-such/python3"), "no-such"),
        (("start", "gpu/no-such"), "offers no kernel called 'no-such'"),
        (("attach", "gpu", "11111111-1111-1111-1111-111111111111"), "has no kernel"),
        (("stop", "gpu", "11111111-1111-1111-1111-111111111111"), "has no kernel"),
        (("stop", "gpu"), "Name one kernel by its id, or give --all."),
        (("stop", "gpu", "x", "--all"), "Name one kernel by its id, or give --all."),
        (("kernels", "down"), "refuses connections"),
        (("kernels", "no-such"), "no remote kernel provider 'no-such'"),
        (("attach", "gpu"), "Usage: jupyter kernel-providers attach NAME KERNEL_ID"),
    ],
)
@pytest.mark.parametrize("has_server", [True, False])
def test_what_cannot_be_done_is_explained(
    run: Run, run_alone: Run, arguments: tuple[str, ...], words: str, has_server: bool
) -> None:
    """The exit code is 1."""
    code, found = (run if has_server else run_alone)(*arguments)
    assert code == 1
    messages = json.dumps(found)
    needs_server = arguments[0] == "attach" and not has_server and len(arguments) > 2
    expected = "No Jupyter server of yours" if needs_server else words
    assert expected in messages
    assert "Traceback" not in messages


def test_a_shell_completes(run: Run, commanded: ServerProcess, tmp_path: Path) -> None:
    """Subcommands and options, if argcomplete is installed, as its shell function asks for them."""

    def completions(line: str) -> set[str]:
        output = tmp_path / "completions"
        env = {
            **environment(commanded, tmp_path),
            "_ARGCOMPLETE": "1",
            "_ARGCOMPLETE_STDOUT_FILENAME": str(output),
            "_ARGCOMPLETE_IFS": "\n",
            "COMP_LINE": line,
            "COMP_POINT": str(len(line)),
            "COMP_TYPE": "9",
        }
        script = Path(sys.executable).with_name("jupyter-kernel-providers")
        subprocess.run([script], env=env, check=False, timeout=60, stderr=subprocess.DEVNULL)
        return {word.strip() for word in output.read_text().split("\n")}

    assert {"start", "stop"} <= completions("jupyter-kernel-providers st")
    assert "--token-stdin" in completions("jupyter-kernel-providers add --token-s")
