"""The package works with the oldest versions of its dependencies that it allows."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.processes import ROOT

pytestmark = [pytest.mark.wheel, pytest.mark.timeout(300)]

DEPENDENCIES = re.compile(r"^dependencies = \[(.*?)^\]", re.DOTALL | re.MULTILINE)
FLOOR = re.compile(r'"([A-Za-z_]+)>=([0-9.]+)')
VERSIONS = """
import json, sys
from importlib.metadata import version
print(json.dumps({name: version(name) for name in sys.argv[1:]}))
"""
#: The oldest versions warn of what newer ones have removed.
OLD = "ignore::DeprecationWarning"
TESTS = [
    "tests/unit/gateway",
    "tests/unit/kernels",
    "tests/unit/relay",
    "tests/unit/server/test_kernel_map.py",
    "tests/unit/server/test_metrics.py",
]


def test_the_oldest_versions_work(tmp_path: Path) -> None:
    """The unit tests pass with the oldest allowed version of each dependency."""
    found = DEPENDENCIES.search((ROOT / "pyproject.toml").read_text())
    assert found is not None
    floors = dict(FLOOR.findall(found[1]))
    assert len(floors) == found[1].count(",\n")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    wanted = [f"{name}=={version}" for name, version in floors.items()]
    subprocess.run([*pip, "--no-deps", "--target", str(tmp_path), *wanted], check=True)
    env = {**os.environ, "PYTHONPATH": str(tmp_path)}
    installed = subprocess.run(
        [sys.executable, "-c", VERSIONS, *floors], env=env, check=True, capture_output=True
    )
    assert json.loads(installed.stdout) == floors
    tests = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", OLD, *TESTS]
    result = subprocess.run(tests, cwd=ROOT, env=env, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout
