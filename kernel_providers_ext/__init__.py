"""Kernels of several places in one Jupyter Server."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp


__version__ = version("kernel-providers-ext")


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "kernel-providers-ext"}]


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "kernel_providers_ext"}]


def _link_jupyter_server_extension(serverapp: ServerApp) -> None:
    from .extension import link

    link(serverapp)


def _load_jupyter_server_extension(serverapp: ServerApp) -> None:
    from .extension import load

    load(serverapp)
