"""Which of JupyterLab's plugins are on, by what is installed and disabled."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kernel_providers_ext.server.page_config import page_config_hook
from tests.support.client import Client
from tests.support.processes import jupyter_server

OURS = "kernel-providers-ext"
LAUNCHPAD = "jupyterlab-launchpad"
SPECS, LAUNCHER, DIALOGS, STATUS = (
    "@jupyterlab/services-extension:kernel-spec-manager",
    "@jupyterlab/launcher-extension:plugin",
    "@jupyterlab/apputils-extension:sessionDialogs",
    "@jupyterlab/apputils-extension:kernel-status",
)
#: What the labextension of jupyterlab-launchpad 1.2 switches off wherever it is on itself.
STATIC = ["@jupyterlab/launcher-extension", DIALOGS]


def disabled_in(
    present: list[str], disabled: object, *, app: str = "JupyterLab", is_active: bool = True
) -> set[str]:
    """Return what is disabled on a page with these extensions and these disabled plugins."""
    page_config = {
        "appName": app,
        "federated_extensions": [{"name": name} for name in present],
        "disabledExtensions": disabled,
    }
    hook = page_config_hook(None, is_active=is_active)
    return set(hook(None, page_config)["disabledExtensions"])


@pytest.mark.parametrize(
    ("disabled", "more"),
    [
        ([], {SPECS, LAUNCHER, DIALOGS, STATUS}),
        ([OURS], set()),
        ([f"{OURS}:kernelspecs"], {LAUNCHER, DIALOGS, STATUS}),
        ([f"{OURS}:launcher"], {SPECS, DIALOGS, STATUS}),
        ([f"{OURS}:providers"], {SPECS, LAUNCHER, f"{OURS}:picker", f"{OURS}:kernel-status"}),
        ([f"{OURS}:picker"], {SPECS, LAUNCHER, STATUS}),
        ([f"{OURS}:{name}" for name in ("kernelspecs", "launcher", "picker")], {STATUS}),
        ([f"{OURS}:kernel-status"], {SPECS, LAUNCHER, DIALOGS}),
        ([f"{OURS}:status-item", "another:plugin"], {SPECS, LAUNCHER, DIALOGS, STATUS}),
        ([SPECS], {LAUNCHER, DIALOGS, STATUS}),
        ([STATUS], {SPECS, LAUNCHER, DIALOGS, f"{OURS}:kernel-status"}),
    ],
)
@pytest.mark.parametrize("form", [list[str], lambda names: dict.fromkeys(names, True)])
def test_a_stock_plugin_is_off_only_if_ours_is_on(
    disabled: list[str], more: set[str], form: Callable[[list[str]], object]
) -> None:
    """Plugins that were disabled stay so."""
    assert disabled_in([OURS], form(disabled)) == {*disabled, *more}


def test_false_in_disabled_extensions_counts() -> None:
    """If names are given with true or false, those with false are on."""
    given = {OURS: False, f"{OURS}:launcher": True, "another": False}
    assert disabled_in([OURS], given) == {f"{OURS}:launcher", SPECS, DIALOGS, STATUS}


def test_without_our_labextension_nothing_changes() -> None:
    """If only the server's part is installed, the page stays unchanged."""
    page_config = {"federated_extensions": [{"name": LAUNCHPAD}], "disabledExtensions": STATIC}
    assert page_config_hook(None, is_active=True)(None, page_config) == {**page_config}
    assert page_config_hook(None, is_active=True)(None, {}) == {}


def test_other_hooks_still_count() -> None:
    """A hook that was there before is called first."""

    def other(handler: Any, page_config: dict[str, Any]) -> dict[str, Any]:
        return {**page_config, "seen_by": handler, "disabledExtensions": [f"{OURS}:launcher"]}

    page_config = {"federated_extensions": [{"name": OURS}]}
    page = page_config_hook(other, is_active=True)("handler", page_config)
    assert page["seen_by"] == "handler"
    assert set(page["disabledExtensions"]) == {f"{OURS}:launcher", SPECS, DIALOGS, STATUS}


@pytest.mark.parametrize(
    ("disabled", "more"),
    [
        (STATIC, {f"{OURS}:launcher", f"{OURS}:picker"}),
        ([], {f"{OURS}:launcher", f"{OURS}:picker"}),
        ([LAUNCHPAD], {LAUNCHER, DIALOGS}),
        ([*STATIC, f"{LAUNCHPAD}:plugin"], {f"{OURS}:picker"}),
        ([*STATIC, f"{LAUNCHPAD}:dialogs"], {f"{OURS}:launcher"}),
        ([*STATIC, f"{LAUNCHPAD}:plugin", f"{LAUNCHPAD}:dialogs"], set()),
        ([*STATIC, f"{LAUNCHPAD}:nebi"], {f"{OURS}:launcher", f"{OURS}:picker"}),
        ([*STATIC, f"{OURS}:launcher"], {f"{OURS}:picker"}),
    ],
)
def test_launchpad_keeps_its_replacements(disabled: list[str], more: set[str]) -> None:
    """Launcher and dialogs are Launchpad's if they are on there, and else ours."""
    assert disabled_in([OURS, LAUNCHPAD], disabled) == {*disabled, *more, SPECS, STATUS}


@pytest.mark.parametrize("cleared", ["@jupyterlab/launcher-extension", LAUNCHER])
def test_a_stock_plugin_that_others_disabled_is_not_replaced(cleared: str) -> None:
    """Another package has its own launcher, or an administrator wants none."""
    expected = {cleared, SPECS, DIALOGS, STATUS, f"{OURS}:launcher"}
    assert disabled_in([OURS, "another"], [cleared]) == expected


def test_notebook_has_no_launcher() -> None:
    """Nor a status bar; our other plugins are on there, too."""
    expected = {SPECS, DIALOGS, f"{OURS}:launcher", f"{OURS}:kernel-status"}
    assert disabled_in([OURS], [], app="Jupyter Notebook") == expected


def test_a_server_without_kernel_providers_has_no_plugin_of_ours() -> None:
    """If Jupyter Server's own gateway client is used, so are Lab's own plugins."""
    assert disabled_in([OURS], [], is_active=False) == {OURS}
    assert disabled_in([OURS], [OURS], is_active=False) == {OURS}


class Lab:
    """A real JupyterLab with Jupyter Notebook, whose configuration can change."""

    def __init__(self, folder: Path) -> None:
        self.process = jupyter_server(folder, token="token-of-server", module="jupyterlab")
        self._labextensions = folder / "data" / "labextensions"

    def install(self, name: str, **jupyterlab: Any) -> None:
        """Install a labextension, as far as the server reads it."""
        folder = self._labextensions / name
        folder.mkdir(parents=True, exist_ok=True)
        build = {"load": "static/remoteEntry.js", "extension": "./extension"}
        package = {"name": name, "version": "1.0.0", "jupyterlab": {**jupyterlab, "_build": build}}
        (folder / "package.json").write_text(json.dumps(package))

    def disable(self, plugin: str) -> None:
        """Run ``jupyter labextension disable``."""
        command = [sys.executable, "-m", "jupyter", "labextension", "disable", "--level=user"]
        env = self.process.env
        subprocess.run([*command, plugin], env=env, check=True, capture_output=True, timeout=60)

    async def disabled(self, page: str = "lab") -> set[str]:
        """Return what is disabled on a page."""
        client = Client(self.process.url, self.process.token)
        reply = await client.request("GET", page)
        await client.close()
        assert reply.status == 200
        [config] = re.findall(
            rb'<script id="jupyter-config-data" type="application/json">(.*?)</script>',
            reply.body,
            re.DOTALL,
        )
        return set(json.loads(config)["disabledExtensions"])


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """JupyterLab with our labextension."""
    made = Lab(tmp_path)
    made.install(OURS)
    made.process.start()
    yield made
    made.process.stop()


@pytest.mark.server
async def test_a_plugin_can_be_disabled_like_any_other(lab: Lab) -> None:
    """``jupyter labextension disable`` of one of our plugins restores the stock one at once."""
    for _ in range(2):  # what is decided for one page is nothing to the next
        assert await lab.disabled() == {SPECS, LAUNCHER, DIALOGS, STATUS}
    tree = {SPECS, DIALOGS, f"{OURS}:launcher", f"{OURS}:kernel-status"}
    assert await lab.disabled("tree") == tree
    lab.disable(f"{OURS}:launcher")
    assert await lab.disabled() == {SPECS, DIALOGS, STATUS, f"{OURS}:launcher"}
    lab.disable(OURS)
    assert await lab.disabled() == {f"{OURS}:launcher", OURS}


@pytest.mark.server
async def test_launchpad_is_detected(lab: Lab) -> None:
    """Launchpad keeps its replacements in a real Lab; with it disabled, they are ours."""
    lab.install(LAUNCHPAD, disabledExtensions=STATIC)
    expected = {*STATIC, SPECS, STATUS, f"{OURS}:launcher", f"{OURS}:picker"}
    assert await lab.disabled() == expected
    lab.disable(LAUNCHPAD)
    assert await lab.disabled() == {LAUNCHPAD, SPECS, LAUNCHER, DIALOGS, STATUS}


def test_a_page_knows_whether_there_are_providers_besides_this_server() -> None:
    """So that its launcher does not jump when it gets their states. Else it is as without us."""
    page_config = {"federated_extensions": [{"name": OURS}], "disabledExtensions": []}

    def page(is_active: bool, has_others: bool) -> dict[str, Any]:
        hook = page_config_hook(None, is_active=is_active, has_others=lambda: has_others)
        return hook(None, page_config)

    assert page(is_active=True, has_others=True)["hasKernelProviders"] is True
    assert "hasKernelProviders" not in page(is_active=True, has_others=False)
    assert "hasKernelProviders" not in page(is_active=False, has_others=True)
