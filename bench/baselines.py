"""The baselines: a Kernel Gateway itself, and other servers that reach its kernels."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.conftest import STOCK
from tests.support.processes import ROOT, ServerProcess, jupyter_server, kernel_gateway

REMOTE_KERNEL = "remote-python"  # a kernel name that only the gateway has
MIXER = "kernels-mixer"


def gateway(folder: Path) -> ServerProcess:
    """Return a Kernel Gateway that also has the kernelspec ``REMOTE_KERNEL``."""
    process = kernel_gateway(folder, "gateway", token="token-of-the-gateway", listing=True)
    spec = {
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "Remote Python",
        "language": "python",
    }
    path = folder / "data" / "kernels" / REMOTE_KERNEL / "kernel.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(spec))
    return process


def with_gateway_url(
    folder: Path, url: str, token: str, config: Mapping[str, Any] | None = None
) -> ServerProcess:
    """Return a server that is started with --gateway-url, and without this package."""
    arguments = _gateway_url(url, token)
    return jupyter_server(
        folder, token="token-of-stock", config={**STOCK, **(config or {})}, arguments=arguments
    )


def with_mixer(
    folder: Path, url: str, token: str, config: Mapping[str, Any] | None = None
) -> ServerProcess:
    """Return a server with kernels-mixer, which is installed at the first use."""
    settings = {
        "kernel_spec_manager_class": "kernels_mixer.kernelspecs.MixingKernelSpecManager",
        "kernel_manager_class": "kernels_mixer.kernels.MixingMappingKernelManager",
        "session_manager_class": "jupyter_server.services.sessions.sessionmanager.SessionManager",
        "kernel_websocket_connection_class": (
            "kernels_mixer.websockets.DelegatingWebsocketConnection"
        ),
        "jpserver_extensions": {"google.cloud.jupyter_config": False},
    }
    return jupyter_server(
        folder,
        token="token-of-mixer",
        config={"ServerApp": settings, **(config or {})},
        arguments=_gateway_url(url, token),
        python=_mixer_python(),
    )


def _gateway_url(url: str, token: str) -> list[str]:
    return [f"--gateway-url={url}", f"--GatewayClient.auth_token={token}"]


def _mixer_python() -> str:
    """Return the Python of an environment with kernels-mixer; create it at the first use."""
    folder = ROOT / ".venv" / "baselines" / MIXER
    python = folder / "bin" / "python"
    if not (folder / "installed").exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        packages = [MIXER, "ipykernel", f"jupyter_server=={version('jupyter_server')}"]
        options = ["--quiet", "--disable-pip-version-check"]
        subprocess.run([python, "-m", "pip", "install", *options, *packages], check=True)
        (folder / "installed").touch()
    return str(python)


def mixer_version() -> str:
    """Return the version of kernels-mixer in its environment."""
    code = f"from importlib.metadata import version; print(version({MIXER!r}))"
    found = subprocess.run([_mixer_python(), "-c", code], check=True, capture_output=True)
    return found.stdout.decode().strip()
