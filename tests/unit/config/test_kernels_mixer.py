"""What the configuration of kernels-mixer is for a provider."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest
from jupyter_server.gateway.gateway_client import GatewayTokenRenewerBase
from jupyter_server.services.sessions.sessionmanager import SessionManager
from traitlets.config import Config

from kernel_providers_ext.config.gateway_import import former_settings, import_gateway
from kernel_providers_ext.config.kernels_mixer import EXPLANATIONS, is_used

#: What ``kernels_mixer.configure_kernels_mixer`` sets.
CLASSES: dict[str, Any] = {
    "kernel_spec_manager_class": "kernels_mixer.kernelspecs.MixingKernelSpecManager",
    "kernel_manager_class": "kernels_mixer.kernels.MixingMappingKernelManager",
    "session_manager_class": SessionManager,
    "kernel_websocket_connection_class": "kernels_mixer.websockets.DelegatingWebsocketConnection",
}


def as_class(name: str) -> type:
    """Return a class of this name, as a file in Python has it."""
    module, _, name = name.rpartition(".")
    return type(name, (), {"__module__": module})


@pytest.mark.parametrize("form", [str, as_class])
def test_its_classes_are_to_be_removed(form: Any) -> None:
    """By name or as classes; with them that of sessions, which is Jupyter Server's own."""
    given = {trait: form(c) if isinstance(c, str) else c for trait, c in CLASSES.items()}
    config = Config({"ServerApp": {**given, "port": 8888}})
    assert is_used(config)
    assert sorted(former_settings(config)) == sorted(f"ServerApp.{trait}" for trait in CLASSES)


def test_other_classes_stay() -> None:
    """Also that of sessions, if kernels-mixer is not used."""
    manager = "nb_conda_kernels.CondaKernelSpecManager"
    own = {"kernel_spec_manager_class": manager, "session_manager_class": SessionManager}
    assert former_settings(Config({"ServerApp": own})) == []


@pytest.mark.parametrize(("name", "trait"), EXPLANATIONS)
def test_each_of_its_traits_is_explained(name: str, trait: str) -> None:
    """By its name; it is to be removed as well."""
    config = Config({"GatewayClient": {"url": "http://gateway.test"}, name: {trait: "x"}})
    found = import_gateway(config)
    assert found is not None
    [remark] = found.remarks
    assert remark.startswith(f"c.{name}.{trait} is not carried over: ")
    assert f"{name}.{trait}" in former_settings(config)


class CommandTokenRenewer(GatewayTokenRenewerBase):
    """Renews the token like the class of google-cloud-jupyter-config of this name."""

    __module__ = "google.cloud.jupyter_config.tokenrenewer"

    def get_token(
        self, auth_header_key: str, auth_scheme: str | None, auth_token: str, **_: Any
    ) -> str:
        """Return the token as it is."""
        return auth_token


@pytest.mark.parametrize("command", ['printf %s "a b"', ""])
def test_the_command_for_a_token_is_carried_over(command: str) -> None:
    """A provider runs it in a shell, as before. Without a command, the token is not renewed."""
    traits = {
        "url": "http://gateway.test",
        "auth_token": "Initial, invalid value",
        "gateway_token_renewer_class": CommandTokenRenewer,
    }
    renewer = {"token_command": command}
    found = import_gateway(Config({"GatewayClient": traits, "CommandTokenRenewer": renewer}))
    assert found is not None
    token = found.settings["token"]
    if command:
        assert subprocess.run(token["command"], capture_output=True, check=True).stdout == b"a b"
        assert found.remarks == []
    else:
        assert token == {"value": "Initial, invalid value"}
        assert len(found.remarks) == 1
