"""The wheel: its contents, and that it works when installed and leaves nothing behind."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import zipfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from tests.support.client import Client, wait_until
from tests.support.processes import ROOT, free_port, kernel_gateway

pytestmark = [pytest.mark.wheel, pytest.mark.timeout(900)]

COLOURS = re.compile(r"\x1b\[\d*m")
DATA = "kernel_providers_ext-{version}.data/data/"


def run(*command: str | Path, env: Mapping[str, str] | None = None, text: str | None = None) -> str:
    """Run a command with a text as its input, and return its output."""
    result = subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        env=env,
        input=text,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert result.returncode == 0, result.stdout
    return result.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the sources as pip builds it."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--outdir", folder, ROOT)
    [built] = folder.glob("*.whl")
    return built


def test_it_has_all_files_and_no_others(wheel: Path) -> None:
    """Labextension, schema and configuration are in it; tests, maps and build logs are not."""
    names = zipfile.ZipFile(wheel).namelist()
    version = wheel.name.split("-")[1]
    data = DATA.format(version=version)
    labextension = f"{data}share/jupyter/labextensions/kernel-providers-ext/"
    for name in (
        "kernel_providers_ext/extension.py",
        "kernel_providers_ext/server/changed.event.json",
        "kernel_providers_ext/provider/config.schema.json",
        "kernel_providers_ext/py.typed",
        f"{data}etc/jupyter/jupyter_server_config.d/kernel_providers_ext.json",
        f"{labextension}package.json",
        f"{labextension}install.json",
        f"{labextension}static/style.js",
    ):
        assert name in names
    assert any(name.startswith(f"{labextension}schemas/") for name in names)
    assert any(name.startswith(f"{labextension}static/remoteEntry.") for name in names)
    unwanted = (".map", ".ts", ".tsx", "build_log.json", "conftest.py", ".pyc")
    assert [name for name in names if name.endswith(unwanted)] == []
    assert [name for name in names if "test" in name.lower() or "node_modules" in name] == []


@dataclass(frozen=True)
class Installation:
    """A virtual environment with JupyterLab and the wheel, and what was in it before."""

    folder: Path
    env: Mapping[str, str]
    before: Collection[str]

    def run(self, command: str, *arguments: str, text: str | None = None) -> str:
        """Run a program of the environment, and return its output."""
        return run(self.folder / "bin" / command, *arguments, env=self.env, text=text)


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """The wheel in a new environment, whose user has configured nothing."""
    home = tmp_path_factory.mktemp("installed")
    folder = home / "venv"
    run(sys.executable, "-m", "venv", folder)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")}
    env = {
        **kept,
        "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTER_PLATFORM_DIRS": "1",
    }
    run(folder / "bin" / "pip", "install", "--quiet", "jupyterlab>=4.4,<5")
    before = files(folder)
    run(folder / "bin" / "pip", "install", "--quiet", wheel)
    return Installation(folder, env, before)


def test_pip_install_enables_it(installed: Installation) -> None:
    """Both parts, without another command."""
    labextensions = installed.run("jupyter", "labextension", "list")
    [line] = [line for line in labextensions.splitlines() if "kernel-providers-ext" in line]
    assert "enabled" in line
    assert "OK" in line
    extensions = COLOURS.sub("", installed.run("jupyter", "server", "extension", "list"))
    assert "kernel_providers_ext enabled" in extensions
    assert re.search(r"kernel_providers_ext [\d.]+ OK", extensions)
    assert "local " in installed.run("jupyter", "kernel-providers", "list")


async def test_the_readmes_steps_lead_to_a_remote_kernel(
    installed: Installation, tmp_path: Path
) -> None:
    """With the address and the token of a real gateway; the first step is the fixture's."""
    readme = (ROOT / "README.md").read_text("utf-8")
    [steps] = re.findall(r"```bash\n(.*?)```", readme, re.DOTALL)
    install, add, start = (shlex.split(line) for line in steps.splitlines())
    assert install == ["pip", "install", "kernel-providers-ext"]
    assert start == ["jupyter", "lab"]
    gateway = kernel_gateway(tmp_path, "far", token="token-of-far", listing=True)
    port, token = free_port(), "token-of-lab"
    options = ["--no-browser", "--allow-root", f"--port={port}", f"--notebook-dir={tmp_path}"]
    gateway.start()
    try:
        added = [gateway.url if word.startswith("https://") else word for word in add]
        assert "1 kernel" in installed.run(*added, text=f"{gateway.token}\n")
        with running(installed, *start, *options, token=token):
            async with Client(f"http://127.0.0.1:{port}/", token) as client:
                await wait_until(lambda: answers(client))
                await client.wait_for_kernelspec("gpu-farm/python3")
                kernel_id = await client.start_kernel("gpu-farm/python3")
                assert await client.run(kernel_id, "print(6 * 7)") == "42\n"
    finally:
        gateway.stop()


def test_pip_uninstall_removes_it(installed: Installation) -> None:
    """It leaves no file behind; it is the last test of this file."""
    installed.run("pip", "uninstall", "--quiet", "--yes", "kernel-providers-ext")
    after = files(installed.folder) - set(installed.before)
    assert {path for path in after if re.search(r"kernel.providers", path)} == set()


@contextmanager
def running(installed: Installation, command: str, *arguments: str, token: str) -> Iterator[None]:
    """Run a server of an installation with a token."""
    process = subprocess.Popen(
        [installed.folder / "bin" / command, *arguments],
        env={**installed.env, "JUPYTER_TOKEN": token},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


async def answers(client: Client) -> bool:
    """Return whether a server has started."""
    try:
        return (await client.request("GET", "api/status")).status == 200
    except aiohttp.ClientError:
        return False


def files(folder: Path) -> set[str]:
    """Return the paths of all files below a folder, except byte code."""
    found = (path for path in folder.rglob("*") if path.suffix != ".pyc" and path.is_file())
    return {str(path.relative_to(folder)) for path in found}
