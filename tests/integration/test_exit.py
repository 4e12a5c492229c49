"""Signals stop a server and its kernels, with and without a terminal."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.conftest import StartServer
from tests.support.client import Client, wait_until
from tests.support.processes import ServerProcess, tracebacks

pytestmark = pytest.mark.server

INT, TERM = signal.SIGINT, signal.SIGTERM
NO_TERMINAL = os.devnull
PYZMQ = "/zmq/eventloop/zmqstream.py"


@pytest.fixture
def terminal() -> Iterator[tuple[int, str]]:
    """A terminal: the user's end, and the name of a server's end."""
    user, server = os.openpty()
    yield user, os.ttyname(server)
    os.close(user)
    os.close(server)


@pytest.fixture
async def remote_client(remote: ServerProcess) -> AsyncIterator[Client]:
    """A client of the provider, a Kernel Gateway."""
    async with Client(remote.url, remote.token) as client:
        yield client


def python_with(folder: Path, stdin: str, first: str = "") -> str:
    """Return a Python with a file as its input; a shell runs a command before it."""
    path = folder / "python"
    path.write_text(f'#!/bin/sh\n{first}\nexec {sys.executable} "$@" < {stdin}\n')
    path.chmod(0o700)
    return str(path)


def send(server: ServerProcess, number: signal.Signals) -> None:
    """Send a signal to a server."""
    assert server.process is not None
    server.process.send_signal(number)


async def wait_for_exit(server: ServerProcess) -> int:
    """Wait until a server has ended, and return its exit code."""
    assert server.process is not None
    return await asyncio.to_thread(server.process.wait, 20)


async def wait_for_log(server: ServerProcess, pattern: str, so_far: str = "") -> None:
    """Wait until a server's log, after what it was so far, matches a pattern."""

    async def is_logged() -> bool:
        return bool(re.search(pattern, server.log()[len(so_far) :]))

    await wait_until(is_logged, pause=0.01)


@dataclass
class Scenario:
    """A server that has a kernel of its own and one at a provider."""

    server: ServerProcess
    client: Client
    remote_id: str
    local_pid: int

    @classmethod
    async def start(
        cls, start_server: StartServer, remote: ServerProcess, python: str, **options: Any
    ) -> Scenario:
        """Start the server and the kernels."""
        settings = {"url": remote.url, "token": {"value": remote.token}}
        server, client = start_server({"far": settings}, python=python, **options)
        local_id = await client.start_kernel("python3")
        pid = int(await client.run(local_id, "import os; print(os.getpid())"))
        remote_id = await client.start_kernel("far/python3")
        await client.run(remote_id, "")
        return cls(server, client, remote_id, pid)

    async def send(self, *signals: signal.Signals) -> None:
        """Send signals to the server; each one arrives before the next."""
        for number in signals:
            so_far = self.server.log()
            send(self.server, number)
            await wait_for_log(self.server, "signal|nterrupted", so_far)

    async def check_clean_exit(self, remote_client: Client) -> None:
        """Wait until the server has ended, and check that all kernels have ended before it."""
        assert await wait_for_exit(self.server) == 0
        kernels = await remote_client.get("api/kernels")
        assert kernels == [], self.server.log()
        assert not psutil.pid_exists(self.local_pid)
        # The sockets of a local kernel may end before pyzmq's streams, which log a traceback.
        traces = [trace for trace in tracebacks(self.server.log()) if PYZMQ not in trace]
        assert traces == []


@pytest.mark.parametrize("signals", [[INT], [TERM], [INT, INT], [TERM, TERM], [INT, TERM]], ids=str)
async def test_signals_without_a_terminal(
    start_server: StartServer,
    remote: ServerProcess,
    remote_client: Client,
    tmp_path: Path,
    signals: Sequence[signal.Signals],
) -> None:
    """As a JupyterHub, a service manager or a container sends them."""
    python = python_with(tmp_path, NO_TERMINAL)
    scenario = await Scenario.start(start_server, remote, python)
    await scenario.send(*signals)
    await scenario.check_clean_exit(remote_client)


@pytest.mark.parametrize("signals", [[TERM], [TERM, TERM], [INT, INT]], ids=str)
async def test_signals_in_a_terminal(
    start_server: StartServer,
    remote: ServerProcess,
    remote_client: Client,
    tmp_path: Path,
    terminal: tuple[int, str],
    signals: Sequence[signal.Signals],
) -> None:
    """A second Ctrl-C stops the server."""
    scenario = await Scenario.start(start_server, remote, python_with(tmp_path, terminal[1]))
    await scenario.send(*signals)
    await scenario.check_clean_exit(remote_client)


@pytest.mark.parametrize("answer", ["y\n", "n\n"])
async def test_interrupt_in_a_terminal_is_confirmed(
    start_server: StartServer,
    remote: ServerProcess,
    remote_client: Client,
    tmp_path: Path,
    terminal: tuple[int, str],
    answer: str,
) -> None:
    """Jupyter Server's question stays; the user's answer decides."""
    scenario = await Scenario.start(start_server, remote, python_with(tmp_path, terminal[1]))
    await scenario.send(INT)
    await wait_for_log(scenario.server, "Shut down this Jupyter server")
    os.write(terminal[0], answer.encode())
    if answer == "n\n":
        await wait_for_log(scenario.server, "resuming operation")
        assert await scenario.client.run(scenario.remote_id, "print(1)") == "1\n"
        await scenario.send(TERM)
    await scenario.check_clean_exit(remote_client)


async def test_ignored_interrupt_stays_ignored(
    start_server: StartServer, remote: ServerProcess, remote_client: Client, tmp_path: Path
) -> None:
    """A server that a shell runs in the background ignores Ctrl-C."""
    python = python_with(tmp_path, NO_TERMINAL, "trap '' INT")
    scenario = await Scenario.start(start_server, remote, python)
    send(scenario.server, INT)
    assert await scenario.client.run(scenario.remote_id, "print(1)") == "1\n"
    await scenario.send(TERM)
    await scenario.check_clean_exit(remote_client)


@pytest.mark.parametrize("number", [INT, TERM], ids=str)
async def test_signal_while_a_kernel_starts(
    start_server: StartServer,
    remote: ServerProcess,
    remote_client: Client,
    tmp_path: Path,
    number: signal.Signals,
) -> None:
    """Kernels that are starting then are stopped by the provider, or by the next server."""
    python = python_with(tmp_path, NO_TERMINAL)
    scenario = await Scenario.start(start_server, remote, python)

    async def start(name: str) -> Any:
        return await scenario.client.request("POST", "api/kernels", {"name": name})

    starting = [asyncio.create_task(start(name)) for name in ("far/python3", "python3")]

    async def is_starting() -> bool:
        return len(await remote_client.get("api/kernels")) > 1

    await wait_until(is_starting, pause=0.01)
    await scenario.send(number)
    assert await wait_for_exit(scenario.server) == 0
    await asyncio.gather(*starting, return_exceptions=True)
    scenario.server.start()

    async def are_gone() -> bool:
        return bool(await remote_client.get("api/kernels") == [])

    await wait_until(are_gone)
    assert await scenario.client.get("api/kernels") == []


async def test_interrupt_without_providers_is_unchanged(
    start_server: StartServer, tmp_path: Path
) -> None:
    """A server without providers ends at SIGINT as Jupyter Server does."""
    server, _ = start_server(python=python_with(tmp_path, NO_TERMINAL))
    send(server, INT)
    assert await wait_for_exit(server) == 0
    assert "Interrupted..." in server.log()


#: Where `scripts/test` installs JupyterHub, which the other tests must not have.
HUB = Path(sys.prefix) / "jupyterhub"
#: A hub gives the port of a server as a part of an address.
SET_ADDRESS = """
for word in "$@"; do
  case $word in
    --ServerApp.port=*) export JUPYTERHUB_SERVICE_URL=http://127.0.0.1:${word#*=}/user/ada/ ;;
  esac
done
"""
USER = {"kind": "user", "name": "ada", "admin": False, "groups": [], "scopes": ["access:servers"]}


class HubApi(BaseHTTPRequestHandler):
    """The API of a JupyterHub that has one user."""

    def do_GET(self) -> None:
        """Answer with the user, or else with the hub's version."""
        body = json.dumps(USER if self.path.endswith("/user") else {"version": "5.0"}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        """Take a report of activity."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def hub_env() -> Iterator[dict[str, str]]:
    """The variables that a JupyterHub gives to a user's server, with an API that runs."""
    # In a thread, because the server does not start before the API has answered.
    hub = ThreadingHTTPServer(("127.0.0.1", 0), HubApi)
    threading.Thread(target=hub.serve_forever, daemon=True).start()
    api = f"http://127.0.0.1:{hub.server_port}/hub/api"
    yield {
        "PYTHONPATH": os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), str(HUB)])),
        "JUPYTERHUB_API_TOKEN": "token-of-hub",
        "JUPYTERHUB_API_URL": api,
        "JUPYTERHUB_ACTIVITY_URL": f"{api}/users/ada/activity",
        "JUPYTERHUB_BASE_URL": "/",
        "JUPYTERHUB_CLIENT_ID": "jupyterhub-user-ada",
        "JUPYTERHUB_OAUTH_ACCESS_SCOPES": json.dumps(USER["scopes"]),
        "JUPYTERHUB_OAUTH_CALLBACK_URL": "/user/ada/oauth_callback",
        "JUPYTERHUB_SERVER_NAME": "",
        "JUPYTERHUB_SERVICE_PREFIX": "/user/ada/",
        "JUPYTERHUB_USER": "ada",
    }
    hub.shutdown()
    hub.server_close()


@pytest.mark.skipif(not HUB.exists(), reason=f"JupyterHub is not installed in {HUB}")
@pytest.mark.parametrize("signals", [[INT], [INT, TERM]], ids=str)
async def test_signals_of_a_jupyterhub(
    start_server: StartServer,
    remote: ServerProcess,
    remote_client: Client,
    tmp_path: Path,
    hub_env: dict[str, str],
    signals: Sequence[signal.Signals],
) -> None:
    """A hub's local spawners send SIGINT, and after some seconds SIGTERM."""
    scenario = await Scenario.start(
        start_server,
        remote,
        python_with(tmp_path, NO_TERMINAL, SET_ADDRESS),
        module="jupyterhub.singleuser",
        base_url="/user/ada/",
        env=hub_env,
        config={"KernelProviders": {"allowed_hosts": ["127.0.0.1"]}},
    )
    await scenario.send(*signals)
    await scenario.check_clean_exit(remote_client)
