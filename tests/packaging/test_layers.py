"""The layers of the package: who may import whom."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import kernel_providers_ext

#: A module imports from lower layers only. A new module has to be put into one.
LAYERS: dict[str, int] = {
    module: layer
    for layer, modules in enumerate(
        [
            ("client_activity", "errors", "names", "loader", "store"),
            ("secrets", "status"),
            ("kernel_phases",),
            ("provider_config",),
            ("provider", "gateway_errors"),
            ("send_queue", "status_message", "large_frame", "gateway_channels"),
            (
                "gateway_http",
                "resources",
                "local",
                "adopted",
                "kinds",
                "config",
                "page_config",
            ),
            ("catalog",),
            ("gateway", "monitor"),
            ("providers",),
            ("kernelspecs", "report", "orphans"),
            ("remote_kernel", "events"),
            ("relay", "remote_kernels"),
            ("kernels", "websocket"),
            ("recovery", "routes"),
            ("app",),
            ("demo",),
            ("cli",),
            ("__init__", "__main__"),
        ]
    )
    for module in modules
}
FOLDER = Path(kernel_providers_ext.__file__).parent
MODULES = {p.stem: p for p in sorted(FOLDER.glob("*.py")) if p.stem != "_version"}


def imported(path: Path) -> set[str]:
    """Return the package's modules that a module imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            targets = [f"{module.rstrip('.')}.{alias.name}" for alias in node.names]
            targets = [module, *targets]
        elif isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        else:
            continue
        for target in targets:
            name = target.removeprefix(kernel_providers_ext.__name__)
            if name.startswith(".") and name.split(".")[1] in MODULES:
                found.add(name.split(".")[1])
    return found


@pytest.mark.parametrize("module", MODULES)
def test_imports_point_downwards(module: str) -> None:
    """A module has its place in a layer, and imports from lower ones only."""
    assert module in LAYERS, f"{module}.py has no layer: put it into one"
    upwards = {m for m in imported(MODULES[module]) if LAYERS[m] >= LAYERS[module]}
    assert not upwards, f"{module}.py must not import from {sorted(upwards)}"


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("from .errors import ProviderError", {"errors"}),
        ("from . import names, catalog", {"names", "catalog"}),
        ("from kernel_providers_ext.kernels import RemoteKernelManager", {"kernels"}),
        ("from kernel_providers_ext import app", {"app"}),
        ("import kernel_providers_ext.routes as r", {"routes"}),
        ("if TYPE_CHECKING:\n    from .app import link", {"app"}),
        ("import secrets, asyncio.locks", set()),
    ],
)
def test_every_form_of_import_counts(tmp_path: Path, line: str, found: set[str]) -> None:
    """No way to write an import gets around the layers."""
    path = tmp_path / "module.py"
    path.write_text(line)
    assert imported(path) == found


def test_no_layer_is_left_over() -> None:
    """The package is not empty, so that the rules above are about something."""
    assert {"errors", "providers", "app", "__init__"} <= set(MODULES)


def test_a_server_does_not_import_aiohttp_as_it_starts() -> None:
    """That would take it 90 ms; the first request to a provider does it."""
    modules = "kernel_providers_ext.extension, kernel_providers_ext.gateway"
    code = f"import sys, {modules}; sys.exit('aiohttp' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
