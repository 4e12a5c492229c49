"""The rooms of the package: which room imports from which."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import kernel_providers_ext

#: A room imports from rooms further up in this list, and never from one in its own line.
ROOMS = [
    {"provider"},
    {"gateway", "config"},
    {"registry"},
    {"kernels"},
    {"relay"},
    {"server"},
    {"cli", "extension"},
    {""},  # the package itself and `python -m`
]
LAYER = {room: layer for layer, rooms in enumerate(ROOMS) for room in rooms}
PACKAGE = kernel_providers_ext.__name__
FOLDER = Path(kernel_providers_ext.__file__).parent


def modules(folder: Path) -> dict[str, Path]:
    """Return all modules below a folder by dotted name, relative to the package."""
    found = {}
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder).with_suffix("").parts
        parts = parts[:-1] if parts[-1] == "__init__" else parts
        if parts != ("_version",):
            found[".".join(parts)] = path
    return found


MODULES = modules(FOLDER)


def room_of(module: str) -> str:
    """Return the room of a module; empty for the package itself."""
    top = module.partition(".")[0]
    return "" if top in ("", "__main__") else top


def imported(module: str, path: Path, known: dict[str, Path]) -> Iterator[str]:
    """Yield the modules of the package that a module imports, at its top or anywhere in it."""
    package = module.split(".") if path.name == "__init__.py" else module.split(".")[:-1]
    package = [part for part in package if part]
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            if node.level:
                base = package[: len(package) - node.level + 1]
            elif (node.module or "").split(".")[0] == PACKAGE:
                base = []
            else:
                continue
            name = (node.module or "") if node.level else (node.module or "")[len(PACKAGE) + 1 :]
            target = ".".join([*base, *filter(None, name.split("."))])
            for alias in node.names:
                below = f"{target}.{alias.name}".strip(".")
                yield below if below in known else target
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == PACKAGE:
                    yield alias.name[len(PACKAGE) + 1 :]


@pytest.mark.parametrize("module", MODULES)
def test_a_room_imports_only_from_lower_rooms(module: str) -> None:
    """Each module is in a room of the list, and imports from its own room or a lower one."""
    room = room_of(module)
    assert room in LAYER, f"{module} is in no room of the list"
    upwards = {
        target
        for target in imported(module, MODULES[module], MODULES)
        if room_of(target) != room and LAYER[room_of(target)] >= LAYER[room]
    }
    assert not upwards, f"{module} must not import from {sorted(upwards)}"


def test_no_modules_import_each_other() -> None:
    """There is no circle of imports, within a room either."""
    graph = {
        module: {target for target in imported(module, path, MODULES) if target != module}
        for module, path in MODULES.items()
    }
    try:
        list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        raise AssertionError(f"These modules import each other: {error.args[1]}") from error


@pytest.mark.parametrize(
    ("module", "line", "found"),
    [
        ("provider.status", "from .errors import ProviderError", {"provider.errors"}),
        ("registry.catalog", "from ..provider import names", {"provider.names"}),
        ("registry.catalog", "from ..provider import Snapshot", {"provider"}),
        ("provider.status", "from .. import server", {"server"}),
        ("cli", "from .app import main", {"cli.app"}),
        ("gateway.errors", f"from {PACKAGE}.kernels.kernel import X", {"kernels.kernel"}),
        ("gateway.errors", f"import {PACKAGE}.server.routes as r", {"server.routes"}),
        ("extension", "if TYPE_CHECKING:\n    from .cli.app import main", {"cli.app"}),
        ("provider.status", "import secrets, asyncio.locks", set()),
    ],
)
def test_every_form_of_import_counts(
    tmp_path: Path, module: str, line: str, found: set[str]
) -> None:
    """The rules hold for every way to write an import."""
    path = tmp_path / ("__init__.py" if module == "cli" else "module.py")
    path.write_text(line)
    assert set(imported(module, path, MODULES)) == found


def test_the_rooms_are_those_of_the_package() -> None:
    """Each room of the list exists, so that the rules are about something."""
    assert {room_of(module) for module in MODULES} == set(LAYER)


def test_a_server_does_not_import_aiohttp_when_it_starts() -> None:
    """The import takes 90 ms; the first request to a provider does it."""
    names = f"{PACKAGE}.extension, {PACKAGE}.gateway"
    code = f"import sys, {names}; sys.exit('aiohttp' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
