"""The adapter to Jupyter Server's private state works with each supported minor version."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.processes import ROOT

pytestmark = [pytest.mark.wheel, pytest.mark.timeout(300)]

#: The last release of each minor version that pyproject.toml allows; the newest one is installed.
VERSIONS = ["2.14.2", "2.15.0", "2.16.0", "2.17.0", "2.18.2", "2.19.0", "2.20.0"]
ADAPTER = "tests/unit/server/test_kernel_map.py"


@pytest.mark.parametrize("version", VERSIONS)
def test_the_adapter_works_with_a_version(version: str, tmp_path: Path) -> None:
    """The adapter's own tests pass with this version of jupyter_server."""
    wanted = ["--no-deps", "--target", str(tmp_path), f"jupyter_server=={version}"]
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *wanted], check=True)
    env = {**os.environ, "PYTHONPATH": str(tmp_path)}
    code = "import jupyter_server; print(jupyter_server.__version__)"
    found = subprocess.run(
        [sys.executable, "-c", code], env=env, check=True, capture_output=True, text=True
    )
    assert found.stdout.strip() == version
    tests = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", ADAPTER]
    result = subprocess.run(tests, cwd=ROOT, env=env, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout
