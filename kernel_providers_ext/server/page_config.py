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
class StandIn:
    """
    A plugin of ours that takes the place of a stock one.

    ``rival`` is the plugin of another package that takes the same place; where there is one, ours
    gives way. ``nowhere_in`` names the applications without such a place, ``needs`` a plugin of
    ours without which this one cannot be.
    """

    ours: str
    stock: str
    rival: str | None = None
    nowhere_in: Collection[str] = ()
    needs: str | None = None


STAND_INS = (
    StandIn(f"{PACKAGE}:specs", "@jupyterlab/services-extension:kernel-spec-manager"),
    StandIn(
        f"{PACKAGE}:launcher",
        "@jupyterlab/launcher-extension:plugin",
        rival="jupyterlab-launchpad:plugin",
        nowhere_in=(NOTEBOOK,),
    ),
    StandIn(
        f"{PACKAGE}:dialogs",
        "@jupyterlab/apputils-extension:sessionDialogs",
        rival="jupyterlab-launchpad:dialogs",
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
        losers = [_loser(s, app, present, disabled) for s in STAND_INS] if is_active else [PACKAGE]
        more = [loser for loser in losers if loser and not _is_off(loser, disabled)]
        return {**page_config, "disabledExtensions": [*disabled, *more]}

    return hook


def _loser(
    stand_in: StandIn, app: str, present: Collection[str], disabled: Collection[str]
) -> str | None:
    """Return which plugin of the pair has to be off; None where ours is off anyway."""
    if _is_off(stand_in.ours, disabled):
        return None
    gives_way = (
        app in stand_in.nowhere_in
        or (stand_in.needs is not None and _is_off(stand_in.needs, disabled))
        or _is_taken(stand_in, present, disabled)
    )
    return stand_in.ours if gives_way else stand_in.stock


def _is_taken(stand_in: StandIn, present: Collection[str], disabled: Collection[str]) -> bool:
    """Tell whether the place is another package's, or was cleared by somebody else."""
    if stand_in.rival is None:
        return False
    if _package(stand_in.rival) in present:
        return not _is_off(stand_in.rival, disabled)
    return _is_off(stand_in.stock, disabled)


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
