"""A demonstration: JupyterLab with two real Kernel Gateways as its providers."""

from __future__ import annotations

import importlib.util
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import webbrowser
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from jupyter_core.paths import jupyter_config_dir, jupyter_path, secure_write

from .signals import SIGNALS

PROVIDERS = ("demo-a", "demo-b")
FOLDER_PREFIX = "kernel-providers-demo-"
RUNTIME = "runtime"  # the folder in it by which a running JupyterLab is found
START_TIMEOUT = 90.0  # seconds for a part to start
STOP_TIMEOUT = 15.0  # seconds for a part to stop, before it is killed
REMOVE_TIMEOUT = 5.0  # seconds for the removal of what the demo has written
NEEDED = {
    "kernel_gateway": "Kernel Gateway",
    "jupyterlab": "JupyterLab",
    "ipykernel": "the Python kernel",
}


class DemoError(Exception):
    """A part of the demo does not start; the message is for people."""


class DemoStopped(Exception):
    """A signal has asked the demo to stop."""


@dataclass
class Part:
    """A server that the demo runs: its name for people, its address, its process, its log."""

    name: str
    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def log_tail(self) -> str:
        """Return the last lines of its log, with a heading."""
        lines = self.log.read_text(errors="replace").splitlines()[-15:]
        return "\n".join(["The end of its log:", *lines])


class Demo:
    """
    Starts the gateways and JupyterLab, waits until JupyterLab ends, and stops everything.

    It writes only to a temporary folder, which is removed at the end.
    ``port`` is JupyterLab's port, 0 for any free one. JupyterLab's token is the environment
    variable JUPYTER_TOKEN, or a new one.
    """

    def __init__(self, *, port: int = 0, opens_browser: bool = True) -> None:
        self._port = port
        self._opens_browser = opens_browser
        self._parts: list[Part] = []
        self._is_stopped = False

    def run(self) -> int:
        """Run until Ctrl-C, SIGTERM, SIGHUP, or the end of JupyterLab; return the exit code."""
        for number in SIGNALS:
            # A shell may ignore SIGINT for what it runs in the background, and nohup all SIGHUP.
            if number == signal.SIGINT or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._stop_soon)
        try:
            _check_needs()
            _check_port(self._port)
            with _temporary_folder() as folder, self._stopping():
                self._start(folder)
                self._wait()
        except DemoError as error:
            _say(str(error))
            return 1
        except DemoStopped:
            pass
        return 0

    def _stop_soon(self, _signal: int, _frame: FrameType | None) -> None:
        # An exception here could come between the start of a part and the record of it.
        self._is_stopped = True

    def _pause(self, seconds: float) -> None:
        """Wait; raises DemoStopped after a signal."""
        if self._is_stopped:
            raise DemoStopped
        time.sleep(seconds)

    def _start(self, folder: Path) -> None:
        config = folder / "kernel_providers.d"
        config.mkdir()
        shared = _private_folders(folder)
        for provider_id in PROVIDERS:
            token = secrets.token_urlsafe(24)
            url = f"http://127.0.0.1:{_free_port()}/"
            env = {
                **shared,
                "KG_AUTH_TOKEN": token,
                "KG_ENV_PROCESS_WHITELIST": "DEMO_PROVIDER",
                "DEMO_PROVIDER": provider_id,
            }
            self._launch(provider_id, url, "kernel_gateway", _gateway_arguments(url), env, folder)
            settings = {"kind": "gateway", "url": url, "token": {"value": token}}
            with secure_write(str(config / f"{provider_id}.json")) as file:
                json.dump(settings, file)
        for part in self._parts:
            self._wait_until_ready(part)
        token = os.environ.get("JUPYTER_TOKEN") or secrets.token_urlsafe(24)
        url = f"http://127.0.0.1:{self._port or _free_port()}/"
        env = {
            **shared,
            "JUPYTER_TOKEN": token,
            "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
        }
        notebooks = folder / "notebooks"
        notebooks.mkdir()
        arguments = _lab_arguments(url, notebooks)
        lab = self._launch("JupyterLab", url, "jupyterlab", arguments, env, folder)
        self._wait_until_ready(lab)
        address = f"{url}lab?token={token}"
        _say(f"\n    {address}\n")
        _say("Kernels run in three places: in this server, in demo-a and in demo-b. Try in a cell:")
        _say('    import os; os.environ.get("DEMO_PROVIDER", "this server")')
        _say("Press Ctrl-C to stop everything and delete the notebooks of this demo.")
        if self._opens_browser:
            webbrowser.open(address)

    def _launch(
        self,
        name: str,
        url: str,
        module: str,
        arguments: Sequence[str],
        env: Mapping[str, str],
        folder: Path,
    ) -> Part:
        log = folder / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                env={**os.environ, **env},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                # Ctrl-C in a terminal must reach only the demo, which stops its parts in order.
                start_new_session=True,
            )
        part = Part(name, url, process, log)
        self._parts.append(part)
        return part

    def _wait_until_ready(self, part: Part) -> None:
        _say(f"Starting {part.name} at {part.url} …")
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline:
            if part.process.poll() is not None:
                raise DemoError(f"{part.name} did not start. {part.log_tail()}")
            if _answers(part.url):
                return
            self._pause(0.1)
        raise DemoError(
            f"{part.name} did not start within {START_TIMEOUT:.0f} s. {part.log_tail()}"
        )

    def _wait(self) -> None:
        """Wait for the end of JupyterLab; a provider may end before, to show what happens then."""
        *gateways, lab = self._parts
        while lab.process.poll() is None:
            for part in [part for part in gateways if part.process.poll() is not None]:
                gateways.remove(part)
                _say(f"{part.name} has ended. JupyterLab and its other kernels keep running.")
            self._pause(0.5)
        raise DemoError(f"JupyterLab has ended. {lab.log_tail()}")

    @contextmanager
    def _stopping(self) -> Iterator[None]:
        try:
            yield
        finally:
            running = [part for part in self._parts if part.process.poll() is None]
            if running:
                _say("\nStopping " + ", ".join(part.name for part in reversed(running)) + " …")
            for part in reversed(running):  # JupyterLab first: it stops its remote kernels
                _stop(part.process)
            _say("Everything is stopped.")


def _check_needs() -> None:
    missing = [name for module, name in NEEDED.items() if not importlib.util.find_spec(module)]
    if missing:
        raise DemoError(
            f"The demo needs {' and '.join(missing)}. Install it with:\n"
            '    pip install "kernel-providers-ext[demo]"'
        )


def _check_port(port: int) -> None:
    """Raise DemoError unless the port is free; 0 is any free one."""
    try:
        with socket.create_server(("127.0.0.1", port)):
            pass
    except (OSError, OverflowError) as error:
        why = "is in use" if isinstance(error, OSError) else "does not exist"
        raise DemoError(
            f"Port {port} {why}. Use another one with --port, or omit --port to use any free port."
        ) from error


@contextmanager
def _temporary_folder() -> Iterator[Path]:
    """Make a folder, and remove it with all that is in it."""
    folder = Path(tempfile.mkdtemp(prefix=FOLDER_PREFIX))
    try:
        yield folder
    finally:
        deadline = time.monotonic() + REMOVE_TIMEOUT
        while folder.exists() and time.monotonic() < deadline:
            # A kernel may still write as it ends, in spite of its server's end.
            shutil.rmtree(folder, ignore_errors=True)
            time.sleep(0.1)


def _private_folders(folder: Path) -> dict[str, str]:
    """
    Return variables by which Jupyter, IPython and their tools write only below a folder.

    The user's configuration, kernelspecs and extensions are still found.
    """
    config = [*filter(None, [os.environ.get("JUPYTER_CONFIG_PATH")]), jupyter_config_dir()]
    return {
        "JUPYTER_CONFIG_DIR": str(folder),
        "JUPYTER_CONFIG_PATH": os.pathsep.join(config),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        # All of it, in its order: the environment's kernels may come before the user's.
        "JUPYTER_PATH": os.pathsep.join(jupyter_path()),
        "JUPYTER_RUNTIME_DIR": str(folder / RUNTIME),
        "IPYTHONDIR": str(folder / "ipython"),
        "XDG_CACHE_HOME": str(folder / "cache"),
        # A server extension of JupyterLab's may run npm, which always writes a log.
        "npm_config_cache": str(folder / "cache" / "npm"),
    }


def _gateway_arguments(url: str) -> list[str]:
    port = url.rstrip("/").rpartition(":")[2]
    return [
        "--KernelGatewayApp.ip=127.0.0.1",
        f"--KernelGatewayApp.port={port}",
        "--KernelGatewayApp.port_retries=0",
    ]


def _lab_arguments(url: str, notebooks: Path) -> list[str]:
    port = url.rstrip("/").rpartition(":")[2]
    arguments = [
        "--no-browser",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={notebooks}",
    ]
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return [*arguments, "--allow-root"] if is_root else arguments


def _answers(url: str) -> bool:
    # A proxy that is configured for the internet must not be used for loopback.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        opener.open(f"{url}api", timeout=2).close()
    except urllib.error.HTTPError:
        return True  # it requires a token, so it is there
    except OSError:
        return False
    return True


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _say(text: str) -> None:
    with suppress(OSError):  # the terminal is closed
        print(text, flush=True)
