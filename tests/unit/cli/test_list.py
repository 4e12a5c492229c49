"""``jupyter kernel-providers list``, and the command without a subcommand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kernel_providers_ext.cli.app import DemoApp, KernelProvidersApp
from kernel_providers_ext.cli.list_app import ListApp
from tests.support.fake_provider import UNREACHABLE
from tests.unit.cli.conftest import without_servers

List = Callable[..., str]
ONE_LINE = "The kernel provider gpu has"


@pytest.fixture
def run_list(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    running_kind: None,
) -> List:
    """A function that declares providers, and returns what the command prints."""
    folder = tmp_path / "config" / "kernel_providers.d"
    folder.mkdir(parents=True)
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(folder.parent))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("JUPYTER_NO_CONFIG", "")
    without_servers(tmp_path, monkeypatch)

    def run(providers: dict[str, object], *arguments: str) -> str:
        for name, settings in providers.items():
            (folder / f"{name}.json").write_text(json.dumps(settings))
        app = ListApp()
        app.initialize(list(arguments))
        app.start()
        return capsys.readouterr().out

    return run


def running(*kernels: str, **fields: Any) -> dict[str, Any]:
    return {
        "kind": "running",
        "url": "http://gpu.test",
        "options": {"kernels": list(kernels)},
        **fields,
    }


PROVIDERS = {
    "cpu": {"url": UNREACHABLE, "label": "CPU"},
    "gpu": running("py", "r", label="GPU farm"),
    "none": running(),
    "off": running("py", enabled=False, label="Off one"),
    "wrong": {"url": UNREACHABLE, "tokn": "x"},
}


def test_a_table_has_all_providers(run_list: List) -> None:
    """Local kernels first; what is wrong is explained below."""
    table, *explanations = run_list(PROVIDERS).split("\n\n")
    rows = [line.split() for line in table.splitlines()]
    assert rows[0] == ["PROVIDER", "LABEL", "STATE", "KERNELS"]
    assert rows[1][0] == "local"
    assert "python3" in rows[1]
    assert rows[2:] == [
        ["cpu", "CPU", "Offline", "-"],
        ["gpu", "GPU", "farm", "Online", "gpu/py,", "gpu/r"],
        ["none", "none", "Online", "-"],
        ["off", "Off", "one", "Off", "-"],
    ]
    [offline, wrong] = explanations
    assert offline.startswith("CPU")
    assert offline.endswith(f"Its address is {UNREACHABLE}.")
    assert "tokn" in wrong


def test_columns_are_aligned(run_list: List) -> None:
    """By the longest cell; no line ends in blanks."""
    lines = run_list(PROVIDERS).split("\n\n")[0].splitlines()
    at = lines[0].index("STATE")
    assert [line[at:].split()[0] for line in lines] == [
        "STATE",
        "Online",
        "Offline",
        "Online",
        "Online",
        "Off",
    ]
    assert all(line[at - 2 : at] == "  " for line in lines)
    assert all(line == line.rstrip() for line in lines)


def test_json_has_the_models(run_list: List) -> None:
    """With the kernels' names instead of the state of the list."""
    found = json.loads(run_list(PROVIDERS, "--json"))
    local, cpu, gpu, none = found["providers"]
    assert (local["id"], "python3" in local["kernelspecs"]) == ("local", True)
    assert (cpu["state"], cpu["kernelspecs"], cpu["url"]) == ("offline", [], UNREACHABLE)
    assert (gpu["label"], gpu["kernelspecs"]) == ("GPU farm", ["gpu/py", "gpu/r"])
    assert (none["kernelspecs"], none["warnings"]) == ([], [])
    assert found["off"] == ["off"]
    [problem] = found["problems"]
    assert "tokn" in problem


def test_without_local_kernels_there_is_no_such_row(run_list: List) -> None:
    """As in the server, whose configuration is used."""
    out = run_list({"gpu": running("py")}, "--KernelProviders.local_enabled=False", "--json")
    assert [one["id"] for one in json.loads(out)["providers"]] == ["gpu"]


def test_warnings_are_below_the_table(run_list: List, tmp_path: Path) -> None:
    """For example, about a certificate that is not checked."""
    out = run_list({"gpu": running("py", url="https://gpu.test", tls={"verify": False})})
    _, *explanations = out.split("\n\n")
    assert len(explanations) == 1
    assert "gpu" in explanations[0]
    out = run_list({"gpu": running("py", url="https://gpu.test", tls={"verify": False})}, "--json")
    [*_, gpu] = json.loads(out)["providers"]
    assert len(gpu["warnings"]) == 1


@pytest.mark.parametrize(
    ("arguments", "port", "opens_browser"),
    [([], 0, True), (["--no-browser"], 0, False), (["--port=8899"], 8899, True)],
)
def test_options_of_the_demo(
    arguments: list[str], port: int, opens_browser: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its exit code is that of the command."""
    given: list[dict[str, Any]] = []

    class Demo:
        def __init__(self, **options: Any) -> None:
            given.append(options)

        def run(self) -> int:
            return 3

    monkeypatch.setattr("kernel_providers_ext.cli.app.Demo", Demo)
    app = DemoApp()
    app.initialize(arguments)
    with pytest.raises(SystemExit) as exited:
        app.start()
    assert exited.value.code == 3
    assert given == [{"port": port, "opens_browser": opens_browser}]


@pytest.mark.parametrize(
    ("arguments", "given"), [([], ""), (["lst"], "There is no subcommand 'lst'. ")]
)
def test_without_a_subcommand_all_are_named(
    arguments: list[str], given: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The exit code is 1."""
    app = KernelProvidersApp()
    app.initialize(arguments)
    with pytest.raises(SystemExit) as exited:
        app.start()
    assert exited.value.code == 1
    assert (
        capsys.readouterr().out
        == f"{given}The subcommands are: {', '.join(KernelProvidersApp.subcommands)}.\n"
    )
