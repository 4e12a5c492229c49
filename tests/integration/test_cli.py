"""The commands ``jupyter kernel-providers list`` and ``demo``, in separate processes."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.support.client import Client, wait_until
from tests.support.processes import ServerProcess, free_port

pytestmark = pytest.mark.server

COMMAND = [sys.executable, "-m", "kernel_providers_ext"]


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """An environment with an empty Jupyter configuration."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")
    }
    folders = {
        "JUPYTER_CONFIG_DIR": str(tmp_path / "config"),
        "JUPYTER_DATA_DIR": str(tmp_path / "data"),
        "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime"),
        "JUPYTER_PLATFORM_DIRS": "1",
    }
    return {**environment, **folders}


def configure(tmp_path: Path, providers: dict[str, Any]) -> None:
    folder = tmp_path / "config" / "kernel_providers.d"
    folder.mkdir(parents=True)
    for provider_id, settings in providers.items():
        (folder / f"{provider_id}.json").write_text(json.dumps(settings))


def run_list(env: dict[str, str], *arguments: str) -> str:
    command = [*COMMAND, "list", *arguments]
    return subprocess.run(
        command, env=env, stdout=subprocess.PIPE, check=True, text=True, timeout=60
    ).stdout


def test_list_shows_providers_and_problems(
    tmp_path: Path, env: dict[str, str], remote_servers: dict[str, ServerProcess]
) -> None:
    """The table and the JSON have each provider, its state, its kernels, and the problems."""
    gateway = remote_servers["gate-a"]
    online_settings = {"url": gateway.url, "label": "The Gate", "token": {"value": gateway.token}}
    offline_settings = {"url": f"http://127.0.0.1:{free_port()}"}
    configure(
        tmp_path,
        {
            "gate": online_settings,
            "down": offline_settings,
            "broken": {"url": "nonsense"},
            "off": {"enabled": False},
        },
    )

    table = run_list(env)
    rows = [re.split(r"\s{2,}", line) for line in table.splitlines()[:5]]
    assert rows == [
        ["PROVIDER", "LABEL", "STATE", "KERNELS"],
        ["local", "Local", "Online", "python3"],
        ["down", "down", "Offline", "-"],
        ["gate", "The Gate", "Online", "gate/python3"],
        ["off", "off", "Off", "-"],
    ]
    assert f"down refuses connections. Its address is {offline_settings['url']}." in table
    assert "broken.json: the field 'url' is not a web address." in table

    found = json.loads(run_list(env, "--json"))
    assert [provider["id"] for provider in found["providers"]] == ["local", "down", "gate"]
    _, offline, online = found["providers"]
    assert (offline["state"], offline["reason"]) == ("offline", "refused")
    assert (online["state"], online["kernelspecs"]) == ("online", ["gate/python3"])
    assert online["latency_ms"] >= 0
    assert online["since"] <= online["last_seen"]
    assert (offline["last_seen"], offline["retry_in"]) == (None, None)
    assert (found["off"], len(found["problems"])) == (["off"], 1)
    assert gateway.token not in table + json.dumps(found)


def test_list_reads_server_configuration(tmp_path: Path, env: dict[str, str]) -> None:
    """The command uses the configuration in jupyter_server_config."""
    (tmp_path / "config").mkdir()
    config = {
        "KernelProviders": {"local_enabled": False, "providers": {"x": {"url": "http://[::"}}}
    }
    (tmp_path / "config" / "jupyter_server_config.json").write_text(json.dumps(config))
    found = json.loads(run_list(env, "--json"))
    assert found["providers"] == []
    assert "c.KernelProviders.providers['x']" in found["problems"][0]


@pytest.fixture
def demo(env: dict[str, str], tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """The running demo, after the last line of its greeting."""
    env["JUPYTER_TOKEN"] = "token-of-demo"
    process = subprocess.Popen(
        [*COMMAND, "demo", "--no-browser", f"--port={free_port()}"],
        env=env,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        yield process
        process.kill()


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
async def test_demo_runs_kernels_at_three_providers(
    demo: subprocess.Popen[str], signal_number: signal.Signals
) -> None:
    """Kernels run at three providers, one of which may stop; a signal leaves no process running."""
    assert demo.stdout is not None
    greeting = ""
    while "Ctrl-C" not in greeting:
        line = demo.stdout.readline()
        assert line, greeting
        greeting += line
    for part in ("demo-a", "demo-b", "JupyterLab"):
        assert f"Starting {part} at http://127.0.0.1:" in greeting
    address = re.search(r"(http://\S+/)lab\?token=token-of-demo", greeting)
    assert address is not None
    client = Client(address[1], "token-of-demo")
    for name, expected in {
        "python3": "None",
        "demo-a/python3": "demo-a",
        "demo-b/python3": "demo-b",
    }.items():
        await client.wait_for_kernelspec(name)
        kernel_id = await client.start_kernel(name)
        printed = await client.run(kernel_id, "import os; print(os.environ.get('DEMO_PROVIDER'))")
        assert printed.strip() == expected

    parts = psutil.Process(demo.pid).children()
    gateway = next(part for part in parts if "kernel_gateway" in part.cmdline())
    gateway.terminate()
    assert "has ended. JupyterLab and its other kernels keep running" in demo.stdout.readline()
    assert (await client.request("GET", "api/kernels")).status == 200
    await client.close()

    running = [process.pid for process in psutil.Process(demo.pid).children(recursive=True)]
    assert len(running) >= 4  # a gateway, JupyterLab, and a kernel of each
    demo.send_signal(signal_number)
    rest = demo.stdout.read()
    assert demo.wait(60) == 0
    assert "Everything is stopped." in rest

    async def are_gone() -> bool:
        return not any(map(psutil.pid_exists, running))

    await wait_until(are_gone)


def test_demo_names_missing_package(env: dict[str, str], tmp_path: Path) -> None:
    """Without Kernel Gateway, one sentence says how to install it."""
    code = (
        "import importlib.util as u; find = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name == 'kernel_gateway' else find(name, *a)\n"
        "from kernel_providers_ext.cli.demo import Demo\n"
        "raise SystemExit(Demo().run())"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], env=env, stdout=subprocess.PIPE, text=True, timeout=60
    )
    assert result.returncode == 1
    assert "The demo needs Kernel Gateway." in result.stdout
    assert 'pip install "kernel-providers-ext[demo]"' in result.stdout


@pytest.mark.parametrize("port", ["taken", "99999"])
def test_demo_rejects_unusable_port(env: dict[str, str], port: str) -> None:
    """A port that is taken or invalid ends the demo with one sentence."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1] if port == "taken" else port
        command = [*COMMAND, "demo", "--no-browser", f"--port={number}"]
        result = subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True, timeout=60)
    assert result.returncode == 1
    assert result.stdout.startswith(f"Port {number} ")
    assert "Use another one with --port" in result.stdout


def test_demo_names_part_that_does_not_start(env: dict[str, str], tmp_path: Path) -> None:
    """The demo prints the log of a part that does not start, and leaves no process running."""
    (tmp_path / "config").mkdir()
    config = {"ServerApp": {"certfile": "nothing.pem"}}
    (tmp_path / "config" / "jupyter_server_config.json").write_text(json.dumps(config))
    command = [*COMMAND, "demo", "--no-browser"]
    result = subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True, timeout=120)
    assert result.returncode == 1
    assert "JupyterLab did not start. The end of its log:" in result.stdout
    assert "Everything is stopped." in result.stdout


def test_unknown_subcommand_is_named(env: dict[str, str]) -> None:
    """An unknown subcommand is named, beside the known ones."""
    command = [*COMMAND, "lsit"]
    result = subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True, timeout=60)
    assert result.returncode == 1
    assert result.stdout == "There is no subcommand 'lsit'. The subcommands are: list, demo.\n"
