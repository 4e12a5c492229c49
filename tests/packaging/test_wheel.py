"""The wheel: its contents, and that it works when installed and leaves nothing behind."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support.processes import ROOT

pytestmark = [pytest.mark.wheel, pytest.mark.timeout(900)]

COLOURS = re.compile(r"\x1b\[\d*m")
DATA = "kernel_providers_ext-{version}.data/data/"


def run(*command: str | Path, env: dict[str, str] | None = None) -> str:
    """Run a command, and return its output."""
    result = subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        env=env,
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


def test_pip_install_enables_it_and_pip_uninstall_removes_it(wheel: Path, tmp_path: Path) -> None:
    """pip install alone enables both parts; pip uninstall leaves no file behind."""
    venv = tmp_path / "venv"
    run(sys.executable, "-m", "venv", venv)
    binaries = venv / "bin"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")}
    env = {
        **kept,
        "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}",
        "JUPYTER_CONFIG_DIR": str(tmp_path / "config"),
        "JUPYTER_PLATFORM_DIRS": "1",
    }
    run(binaries / "pip", "install", "--quiet", "jupyterlab>=4.4,<5")
    before = files(venv)
    run(binaries / "pip", "install", "--quiet", wheel)

    labextensions = run(binaries / "jupyter", "labextension", "list", env=env)
    [line] = [line for line in labextensions.splitlines() if "kernel-providers-ext" in line]
    assert "enabled" in line
    assert "OK" in line
    extensions = COLOURS.sub("", run(binaries / "jupyter", "server", "extension", "list", env=env))
    assert "kernel_providers_ext enabled" in extensions
    assert re.search(r"kernel_providers_ext [\d.]+ OK", extensions)
    assert "local " in run(binaries / "jupyter", "kernel-providers", "list", env=env)

    run(binaries / "pip", "uninstall", "--quiet", "--yes", "kernel-providers-ext")
    left = {path for path in files(venv) - before if re.search(r"kernel.providers", path)}
    assert left == set()


def files(folder: Path) -> set[str]:
    """Return the paths of all files below a folder, except byte code."""
    found = (path for path in folder.rglob("*") if path.suffix != ".pyc" and path.is_file())
    return {str(path.relative_to(folder)) for path in found}
