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
            "off": {"enabled": False, "url": "http://gpu.example.org"},
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
def home(tmp_path: Path) -> Path:
    """A user's home folder, in which Jupyter and IPython have already been used."""
    folder = tmp_path / "home"
    files = {
        ".ipython/profile_default/startup/10-mine.py": "",
        ".jupyter/jupyter_server_config.json": "{}",
        ".jupyter/migrated": "",
        ".local/share/jupyter/kernels/mine/kernel.json": json.dumps(
            {"argv": [sys.executable], "display_name": "Mine", "language": "python"}
        ),
        "work/mine.ipynb": "{}",
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def contents(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return the times of all that is in a folder, and the contents of files."""
    return {
        str(path): (path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        for path in folder.rglob("*")
    }


class RunningDemo:
    """The demo of a user with a home folder, and all that it has printed so far."""

    def __init__(self, home: Path, temporary: Path) -> None:
        temporary.mkdir()
        self.before = contents(home)
        self._home, self._temporary = home, temporary
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.upper().startswith(("JUPYTER", "IPYTHON", "NPM_", "XDG_"))
        }
        env = {"HOME": str(home), "TMPDIR": str(temporary), "JUPYTER_TOKEN": "token-of-demo"}
        self._env = {**kept, **env}
        self.process = subprocess.Popen(
            [*COMMAND, "demo", "--no-browser", f"--port={free_port()}"],
            env=self._env,
            cwd=home,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.stdout = self.process.stdout
        self.printed = ""

    def listed(self) -> Any:
        """Return what the command ``list`` of the same user shows."""
        output = subprocess.run(
            [*COMMAND, "list", "--json"], env=self._env, stdout=subprocess.PIPE, timeout=60
        ).stdout
        return json.loads(output)

    def wait_for_output(self, words: str) -> None:
        """Wait until the demo prints some words."""
        while words not in self.printed:
            line = self.stdout.readline()
            assert line, self.printed
            self.printed += line

    def descendants(self) -> list[psutil.Process]:
        """Return the demo's parts and their kernels."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def check_that_nothing_is_left(self) -> None:
        """Check the folders after the demo has ended."""
        assert contents(self._home) == self.before
        assert list(self._temporary.iterdir()) == []


@pytest.fixture
def demo(home: Path, tmp_path: Path) -> Iterator[RunningDemo]:
    """The running demo."""
    # The tests may run below nohup, which the demo would respect.
    handler = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    demo = RunningDemo(home, tmp_path / "temporary")
    signal.signal(signal.SIGHUP, handler)
    with demo.process:
        yield demo
        demo.process.kill()


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
async def test_demo_runs_kernels_at_three_providers(
    demo: RunningDemo, signal_number: signal.Signals
) -> None:
    """
    Kernels run at three providers, one of which may stop.

    A signal leaves no process running, and nothing in the user's folders.
    """
    demo.wait_for_output("Ctrl-C")
    for part in ("demo-a", "demo-b", "JupyterLab"):
        assert f"Starting {part} at http://127.0.0.1:" in demo.printed
    address = re.search(r"(http://\S+/)lab\?token=token-of-demo", demo.printed)
    assert address is not None
    listed = demo.listed()
    assert listed["server"] == address[1]
    assert [one["id"] for one in listed["providers"]] == ["local", "demo-a", "demo-b"]
    client = Client(address[1], "token-of-demo")
    assert (await client.request("GET", "lab")).status == 200
    await client.wait_for_kernelspec("mine")
    for name, expected in {
        "python3": "None",
        "demo-a/python3": "demo-a",
        "demo-b/python3": "demo-b",
    }.items():
        await client.wait_for_kernelspec(name)
        session = await client.start_session(name, f"{expected}.ipynb")
        kernel = await client.connect(session["kernel"]["id"])
        code = "import os; print(os.environ.get('DEMO_PROVIDER'))"
        assert (await kernel.run(code)).strip() == expected
        await kernel.replies(
            await kernel.send("complete_request", {"code": "os.", "cursor_pos": 3})
        )
        await kernel.close()

    gateway = next(part for part in demo.descendants() if "kernel_gateway" in part.cmdline())
    gateway.terminate()
    demo.wait_for_output("has ended. JupyterLab and its other kernels keep running")
    assert (await client.request("GET", "api/kernels")).status == 200
    await client.close()

    running = demo.descendants()
    assert len(running) >= 4  # a gateway, JupyterLab, and a kernel of each
    demo.process.send_signal(signal_number)
    demo.wait_for_output("Everything is stopped.")
    assert demo.process.wait(60) == 0

    async def are_gone() -> bool:
        return not any(part.is_running() for part in running)

    await wait_until(are_gone)
    demo.check_that_nothing_is_left()


async def test_demo_that_is_stopped_while_it_starts_leaves_nothing(demo: RunningDemo) -> None:
    """A terminal that is closed sends signals, and takes no output any more."""
    demo.wait_for_output("Starting demo-b")
    running = demo.descendants()
    assert len(running) >= 2
    demo.stdout.close()
    for signal_number in (signal.SIGHUP, signal.SIGTERM, signal.SIGHUP):
        demo.process.send_signal(signal_number)
    demo.process.wait(60)

    async def are_gone() -> bool:
        return not any(part.is_running() for part in running)

    await wait_until(are_gone)
    demo.check_that_nothing_is_left()


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
    assert result.stdout.startswith("There is no subcommand 'lsit'. The subcommands are: list, ")
