"""
What the configuration of kernels-mixer is for a provider.

kernels-mixer (PyPI, 0.0.17) shows one gateway's kernels beside local ones. Its gateway is that of
Jupyter Server's gateway client; classes for ``c.ServerApp`` and a few traits are its own. It
depends on google-cloud-jupyter-config (PyPI, 0.0.15), whose token command a provider can run, too.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from traitlets.config import Config

from .jupyter_config import section

_NAMES = (
    "kernels have the name of their provider after their own; local kernels have none. Set "
    "c.KernelProviders.placement or the field 'label' of the provider."
)
_CODE = (
    "a provider has no such class. What it does for the gateway has to become a kind of provider, "
    "see docs/development/adding-a-kind.md."
)
#: Section and trait -> why it is not carried over.
EXPLANATIONS: Mapping[tuple[str, str], str] = {
    ("MixingKernelSpecManager", "local_display_name_suffix"): _NAMES,
    ("MixingKernelSpecManager", "remote_display_name_suffix"): _NAMES,
    ("MixingKernelSpecManager", "local_kernel_spec_manager_class"): (
        "set c.ServerApp.kernel_spec_manager_class to this class instead."
    ),
    ("MixingKernelSpecManager", "remote_kernel_spec_manager_class"): _CODE,
    ("MixingMappingKernelManager", "remote_kernel_manager_class"): _CODE,
    ("DelegatingWebsocketConnection", "remote_websocket_connection_class"): _CODE,
    ("CommandTokenRenewer", "token_lifetime_seconds"): (
        "a provider runs the token's command again when it needs a new token."
    ),
}
#: Traits of ServerApp that name a class for the gateway.
_CLASSES = (
    "kernel_spec_manager_class",
    "kernel_manager_class",
    "session_manager_class",
    "kernel_websocket_connection_class",
)
#: Packages of classes that use the gateway of Jupyter Server's gateway client.
_PACKAGES = ("kernels_mixer.", "google.cloud.jupyter_config.", "jupyter_server.gateway.")
#: Jupyter Server's default without a gateway; kernels-mixer needs it to be set.
_SESSION_MANAGER = "jupyter_server.services.sessions.sessionmanager.SessionManager"


def settings_of_mixer(config: Config) -> list[tuple[str, str]]:
    """Return which settings of kernels-mixer are in a configuration, as sections and traits."""
    return [(name, trait) for name, trait in EXPLANATIONS if trait in section(config, name)]


def is_used(config: Config) -> bool:
    """Return whether a configuration has a class of kernels-mixer."""
    return any(name.startswith(_PACKAGES[0]) for name in _server_classes(config).values())


def gateway_classes(config: Config) -> list[str]:
    """Return the traits of ServerApp whose class is for the gateway of a gateway client."""
    names = _server_classes(config)
    found = [trait for trait, name in names.items() if name.startswith(_PACKAGES)]
    if is_used(config):
        found += [trait for trait, name in names.items() if name == _SESSION_MANAGER]
    return found


def token_command(config: Config, renewer: type) -> list[str]:
    """Return the command that a token renewer runs in a shell; empty if it does something else."""
    if _class_name(renewer) != "google.cloud.jupyter_config.tokenrenewer.CommandTokenRenewer":
        return []
    command = section(config, renewer.__name__).get("token_command")
    shell = ["cmd", "/c"] if os.name == "nt" else ["sh", "-c"]
    return [*shell, str(command)] if command else []


def _server_classes(config: Config) -> dict[str, str]:
    given = section(config, "ServerApp")
    return {trait: _class_name(given[trait]) for trait in _CLASSES if trait in given}


def _class_name(given: Any) -> str:
    return f"{given.__module__}.{given.__qualname__}" if isinstance(given, type) else str(given)
