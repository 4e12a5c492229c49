"""
Which plugins of JupyterLab are on: a plugin of ours and the stock plugin that it replaces.

The server decides this for each page. A static ``disabledExtensions`` of our labextension could not
take into account that our plugin is disabled, or that another package replaces the same plugin.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

PACKAGE = "kernel-providers-ext"
NOTEBOOK = "Jupyter Notebook"
HAS_OTHERS = "hasKernelProviders"

PageConfig = dict[str, Any]
PageConfigHook = Callable[[Any, PageConfig], PageConfig]


@dataclass(frozen=True)
class Replacement:
    """
    A plugin of ours that replaces a stock plugin.

    Args:
        plugin: The id of our plugin.
        replaces: The id of the stock plugin.
        defers_to: A plugin of another package that replaces the same plugin; ours is off if that is
            on.
        can_be_absent: Whether a page may have neither plugin; ours is then off if an administrator,
            or another package, has switched the stock plugin off.
        unavailable_in: Applications that do not have the stock plugin.
        requires: A plugin of ours without which this one is off.
    """

    plugin: str
    replaces: str
    defers_to: str | None = None
    can_be_absent: bool = False
    unavailable_in: Collection[str] = ()
    requires: str | None = None


REPLACEMENTS = (
    Replacement(f"{PACKAGE}:kernelspecs", "@jupyterlab/services-extension:kernel-spec-manager"),
    Replacement(
        f"{PACKAGE}:launcher",
        "@jupyterlab/launcher-extension:plugin",
        defers_to="jupyterlab-launchpad:plugin",
        can_be_absent=True,
        unavailable_in=(NOTEBOOK,),
    ),
    Replacement(
        f"{PACKAGE}:picker",
        "@jupyterlab/apputils-extension:sessionDialogs",
        defers_to="jupyterlab-launchpad:dialogs",
        can_be_absent=True,
        requires=f"{PACKAGE}:providers",
    ),
    Replacement(
        f"{PACKAGE}:kernel-status",
        "@jupyterlab/apputils-extension:kernel-status",
        can_be_absent=True,
        unavailable_in=(NOTEBOOK,),
        requires=f"{PACKAGE}:providers",
    ),
)


def page_config_hook(
    others: PageConfigHook | None,
    *,
    is_active: bool,
    has_others: Callable[[], bool] = lambda: False,
) -> PageConfigHook:
    """
    Return a hook that calls the one that was there, and then decides about our plugins.

    ``is_active`` is whether our part of the server works; if not, all our plugins are off.
    ``has_others`` is called for each page, and returns whether there are providers besides this
    server: a launcher then looks from the start as it does once they are known.
    """

    def hook(handler: Any, page_config: PageConfig) -> PageConfig:
        page_config = page_config if others is None else others(handler, page_config)
        present = {extension["name"] for extension in page_config.get("federated_extensions", [])}
        if PACKAGE not in present:
            return page_config
        disabled = _names(page_config.get("disabledExtensions", []))
        app = page_config.get("appName", "")
        to_disable = (
            [_plugin_to_disable(one, app, present, disabled) for one in REPLACEMENTS]
            if is_active
            else [PACKAGE]
        )
        more = [plugin for plugin in to_disable if plugin and not _is_off(plugin, disabled)]
        page_config = {**page_config, "disabledExtensions": [*disabled, *more]}
        return {**page_config, HAS_OTHERS: True} if is_active and has_others() else page_config

    return hook


def _plugin_to_disable(
    replacement: Replacement, app: str, present: Collection[str], disabled: Collection[str]
) -> str | None:
    """Return which plugin of the pair is off; None if ours is off anyway."""
    if _is_off(replacement.plugin, disabled):
        return None
    requires = replacement.requires
    gives_way = (
        app in replacement.unavailable_in
        or (requires is not None and _is_off(requires, disabled))
        or _is_replaced_by_others(replacement, present, disabled)
    )
    return replacement.plugin if gives_way else replacement.replaces


def _is_replaced_by_others(
    replacement: Replacement, present: Collection[str], disabled: Collection[str]
) -> bool:
    """Return whether another package, or the administrator, has switched the stock plugin off."""
    other = replacement.defers_to
    if other is not None and _package(other) in present:
        return not _is_off(other, disabled)
    return replacement.can_be_absent and _is_off(replacement.replaces, disabled)


def _is_off(plugin: str, disabled: Collection[str]) -> bool:
    """Return whether a plugin is disabled, by its id or with its package, as in Lab."""
    return plugin in disabled or _package(plugin) in disabled


def _package(plugin: str) -> str:
    return plugin.partition(":")[0]


def _names(disabled: Any) -> list[str]:
    """Return the names of what is disabled, given as a list or as name -> bool."""
    if isinstance(disabled, dict):
        return [name for name, is_disabled in disabled.items() if is_disabled]
    return list(disabled)
