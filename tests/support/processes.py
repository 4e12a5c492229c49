"""Real servers for the tests: each is a process on loopback with its own configuration."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import weakref
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from tests.support.leak_check import LOG, SECRET

#: The folder from which tests, benchmarks and their servers import `tests` and `bench`.
ROOT = Path(__file__).parents[2]
READY_TIMEOUT = 60.0  # seconds
#: A traceback as Python prints it, or with an indentation, as in a log.
_TRACEBACK = re.compile(r"^( *)Traceback .*\n(?:\1 .*\n| *\n)*\1\S.*", re.MULTILINE)

#: Below the system's ephemeral ports, with a separate range for each process of pytest.
_FIRST = 16_000 + 1_000 * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
#: In random order, as several runs may be on one machine.
_ports = itertools.cycle(random.sample(range(_FIRST, _FIRST + 1_000), 1_000))


def free_port() -> int:
    """Return an unused port; it is not returned again before the whole range was."""
    while True:
        port = next(_ports)
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port


class ServerProcess:
    """
    A Jupyter application as a process; `url` ends in a slash, `token` may be empty.

    When all tests are done, `find_leaks` searches its files for secrets.
    """

    def __init__(
        self,
        module: str,
        arguments: Sequence[str],
        folder: Path,
        *,
        base_url: str = "/",
        token: str = "",
        ready_path: str = "api",
        env: Mapping[str, str] | None = None,
        config: Mapping[str, Any] | None = None,
        python: str = sys.executable,
    ) -> None:
        assert not token or token.startswith(SECRET), f"A token begins with {SECRET!r}."
        self.folder = folder
        self.port = free_port()
        self.token = token
        self.base_url = base_url
        self.url = f"http://127.0.0.1:{self.port}{base_url}"
        self._command = [python, "-m", module, *arguments]
        self._ready = self.url + ready_path
        self.log_path = folder / LOG
        self.config_folder = folder / "config"
        self.config_folder.mkdir(parents=True, exist_ok=True)
        self.root = folder / "root"
        self.root.mkdir(exist_ok=True)
        if config:
            (self.config_folder / "jupyter_server_config.json").write_text(json.dumps(config))
        # Two servers on one machine may choose the same TCP port for kernels that start at once.
        # Such a kernel never replies. The path of a socket must be short.
        transport = {"KernelManager": {"transport": "ipc"}}
        (self.config_folder / "jupyter_config.json").write_text(json.dumps(transport))
        runtime = tempfile.mkdtemp(prefix="kpx-")
        self.runtime_folder = Path(runtime)
        weakref.finalize(self, shutil.rmtree, runtime, ignore_errors=True)
        kept = {
            k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "KERNEL_", "KG_"))
        }
        self.env = {
            **kept,
            "JUPYTER_CONFIG_DIR": str(self.config_folder),
            "JUPYTER_DATA_DIR": str(folder / "data"),
            "JUPYTER_RUNTIME_DIR": runtime,
            "IPYTHONDIR": str(folder / "ipython"),
            "JUPYTER_PLATFORM_DIRS": "1",
            **(env or {}),
        }
        self.process: subprocess.Popen[bytes] | None = None

    def launch(self) -> ServerProcess:
        """Start the process without waiting for it."""
        command = [part.format(port=self.port, root=self.root) for part in self._command]
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=self.root, env=self.env, stdout=log, stderr=log
            )
        return self

    def start(self, pause: float = 0.05) -> ServerProcess:
        """Start the process, and send requests with pauses until it answers."""
        self.launch()
        self.wait_ready(pause)
        return self

    def wait_ready(self, pause: float = 0.05) -> None:
        """Wait until the server answers with any status."""
        deadline = time.monotonic() + READY_TIMEOUT
        while time.monotonic() < deadline:
            assert self.process is not None
            if self.process.poll() is not None:
                break
            try:
                urllib.request.urlopen(self._ready, timeout=5).close()
            except urllib.error.HTTPError:
                return
            except OSError:
                time.sleep(pause)
            else:
                return
        raise AssertionError(f"{self._command} did not start:\n{self.log()}")

    def stop(self, timeout: float = 30.0) -> int:
        """Stop the process as a service manager does, and return its exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        return self.process.returncode

    async def stop_async(self, timeout: float = 30.0) -> int:
        """Stop the process without blocking the test's own servers, and return its exit code."""
        return await asyncio.to_thread(self.stop, timeout)

    def kill(self) -> None:
        """Kill the process."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def cpu_time(self) -> float:
        """Return the seconds of CPU that the process has used."""
        times = self._psutil_process().cpu_times()
        return float(times.user + times.system)

    def memory(self) -> int:
        """Return the bytes of memory that the process uses."""
        return int(self._psutil_process().memory_info().rss)

    def _psutil_process(self) -> psutil.Process:
        assert self.process is not None
        return psutil.Process(self.process.pid)

    def log(self) -> str:
        """Return the output of the process so far."""
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""


def tracebacks(log: str) -> list[str]:
    """Return the tracebacks in a log."""
    return [match[0] for match in _TRACEBACK.finditer(log)]


def kernel_gateway(folder: Path, name: str, *, token: str, listing: bool) -> ServerProcess:
    """Return a Kernel Gateway; its kernels have the variable ``PROVIDER`` with its name."""
    folder.mkdir(parents=True, exist_ok=True)
    return ServerProcess(
        "kernel_gateway",
        [
            "--KernelGatewayApp.ip=127.0.0.1",
            "--KernelGatewayApp.port={port}",
            "--KernelGatewayApp.port_retries=0",
            f"--JupyterWebsocketPersonality.list_kernels={listing}",
        ],
        folder,
        token=token,
        env={
            "PROVIDER": name,
            "KG_AUTH_TOKEN": token,
            "KG_ENV_PROCESS_WHITELIST": "PROVIDER",
            "KG_ENV_WHITELIST": "WANTED",
        },
    )


def jupyter_server(
    folder: Path,
    *,
    token: str,
    base_url: str = "/",
    env: Mapping[str, str] | None = None,
    config: Mapping[str, Any] | None = None,
    arguments: Sequence[str] = (),
    module: str = "jupyter_server",
    python: str = sys.executable,
) -> ServerProcess:
    """Return a Jupyter Server; its kernels have ``PROVIDER`` set to ``local``."""
    folder.mkdir(parents=True, exist_ok=True)
    return ServerProcess(
        module,
        [
            "--no-browser",
            "--allow-root",
            "--ServerApp.ip=127.0.0.1",
            "--ServerApp.port={port}",
            "--ServerApp.port_retries=0",
            f"--ServerApp.base_url={base_url}",
            "--ServerApp.root_dir={root}",
            *arguments,
        ],
        folder,
        base_url=base_url,
        token=token,
        env={"PROVIDER": "local", "JUPYTER_TOKEN": token, **(env or {})},
        config=config,
        python=python,
    )


def declare(server: ServerProcess, provider_id: str, settings: Mapping[str, Any]) -> Path:
    """Write a provider's file into a server's configuration."""
    folder = server.config_folder / "kernel_providers.d"
    folder.mkdir(exist_ok=True)
    path = folder / f"{provider_id}.json"
    path.touch(mode=0o600)  # it may have a token
    path.write_text(json.dumps(settings))
    return path
