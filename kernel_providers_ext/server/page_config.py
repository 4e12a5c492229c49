"""
Which plugins of JupyterLab are on: where one of ours takes a stock plugin's place, that one is off.

This is decided for each page. A static ``disabledExtensions`` of our labextension could not know
that a plugin of ours is disabled, or that another package has taken the place.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

PACKAGE = "kernel-providers-ext"
NOTEBOOK = "Jupyter Notebook"

PageConfig = dict[str, Any]
PageConfigHook = Callable[[Any, PageConfig], PageConfig]


@dataclass(frozen=True)
class Replacement:
    """
    A plugin of ours that takes the place of a stock one.

    ``defers_to`` is the plugin of another package that takes the same place; where there is one, ours
    gives way. ``unavailable_in`` names the applications without such a place, ``needs`` a plugin of
    ours without which this one cannot be.
    """

    plugin: str
    replaces: str
    defers_to: str | None = None
    unavailable_in: Collection[str] = ()
    needs: str | None = None


REPLACEMENTS = (
    Replacement(f"{PACKAGE}:kernelspecs", "@jupyterlab/services-extension:kernel-spec-manager"),
    Replacement(
        f"{PACKAGE}:launcher",
        "@jupyterlab/launcher-extension:plugin",
        defers_to="jupyterlab-launchpad:plugin",
        unavailable_in=(NOTEBOOK,),
    ),
    Replacement(
        f"{PACKAGE}:picker",
        "@jupyterlab/apputils-extension:sessionDialogs",
        defers_to="jupyterlab-launchpad:dialogs",
        needs=f"{PACKAGE}:providers",
    ),
)


def page_config_hook(others: PageConfigHook | None, *, is_active: bool) -> PageConfigHook:
    """
    Return the hook that does what the others did before, and then decides about our plugins.

    ``is_active`` is whether this server has kernel providers at all; else none of ours is on.
    """

    def hook(handler: Any, page_config: PageConfig) -> PageConfig:
        page_config = page_config if others is None else others(handler, page_config)
        present = {extension["name"] for extension in page_config.get("federated_extensions", [])}
        if PACKAGE not in present:
            return page_config
        disabled = _names(page_config.get("disabledExtensions", []))
        app = page_config.get("appName", "")
        to_disable = (
            [_plugin_to_disable(s, app, present, disabled) for s in REPLACEMENTS]
            if is_active
            else [PACKAGE]
        )
        more = [plugin for plugin in to_disable if plugin and not _is_off(plugin, disabled)]
        return {**page_config, "disabledExtensions": [*disabled, *more]}

    return hook


def _plugin_to_disable(
    replacement: Replacement, app: str, present: Collection[str], disabled: Collection[str]
) -> str | None:
    """Return which plugin of the pair has to be off; None where ours is off anyway."""
    if _is_off(replacement.plugin, disabled):
        return None
    gives_way = (
        app in replacement.unavailable_in
        or (replacement.needs is not None and _is_off(replacement.needs, disabled))
        or _is_taken(replacement, present, disabled)
    )
    return replacement.plugin if gives_way else replacement.replaces


def _is_taken(
    replacement: Replacement, present: Collection[str], disabled: Collection[str]
) -> bool:
    """Tell whether the place is another package's, or was cleared by somebody else."""
    if replacement.defers_to is None:
        return False
    if _package(replacement.defers_to) in present:
        return not _is_off(replacement.defers_to, disabled)
    return _is_off(replacement.replaces, disabled)


def _is_off(plugin: str, disabled: Collection[str]) -> bool:
    """Tell whether a plugin is disabled, by its id or with its whole package, as Lab does."""
    return plugin in disabled or _package(plugin) in disabled


def _package(plugin: str) -> str:
    return plugin.partition(":")[0]


def _names(disabled: Any) -> list[str]:
    """Return the names of what is disabled, which may also be given as name -> whether it is."""
    if isinstance(disabled, dict):
        return [name for name, is_disabled in disabled.items() if is_disabled]
    return list(disabled)
