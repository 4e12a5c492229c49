"""The configuration of a gateway client as the settings of a provider."""

from __future__ import annotations

import logging
import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from jupyter_server.gateway.gateway_client import GatewayClient, NoOpTokenRenewer
from traitlets.config import Config

from ..provider.errors import ConfigurationError
from . import kernels_mixer
from .gateway_client import FIELDS, UNSUPPORTED, provider_settings, sends_token
from .jupyter_config import section

SECTION = GatewayClient.__name__
VARIABLES = "JUPYTER_GATEWAY_"
_RETRIES = (
    "a provider that cannot be reached is asked again, with growing pauses, for as long as it is "
    "configured."
)
#: Trait -> why a provider works without it.
NOT_NEEDED: Mapping[str, str] = {
    "gateway_retry_interval": _RETRIES,
    "gateway_retry_interval_max": _RETRIES,
    "gateway_retry_max": _RETRIES,
    "event_logger": (
        "this server has an event of its own about its providers, see docs/reference/rest.md."
    ),
}
_RENEWER = (
    "a file cannot have code. Let a command print the token, with the field "
    '"token": {"command": ["program", "argument"]}. A provider runs it again when it needs a new '
    "token."
)
_USES_PASSWORD = "it has no effect with http_user and http_pwd, as before."
#: Trait -> why none of its fields is in the settings, although it has a value.
_WITHOUT_EFFECT: Mapping[str, str] = {
    "auth_token": "http_user takes its place in the header Authorization, as before.",
    "auth_scheme": _USES_PASSWORD,
    "auth_header_key": _USES_PASSWORD,
    "headers": "the token or the user takes the place of its header, as before.",
    "http_pwd": "it has no effect without http_user.",
    "client_key": "it has no effect without client_cert.",
}
_NO_SUCH_SETTING = "a provider has no such setting."


@dataclass(frozen=True)
class GatewayImport:
    """
    A provider that does what a gateway client did.

    Args:
        settings: The contents of the provider's file, not yet checked.
        remarks: What is not carried over, why, and what to do, as sentences without secrets.
    """

    settings: Mapping[str, Any] = field(repr=False)
    remarks: Collection[str]


def import_gateway(config: Config) -> GatewayImport | None:
    """
    Return the gateway of a configuration and of the environment; None if there is none.

    The settings have only what is given. A token or a password from the environment stays there, if
    a field can name its variable. Raises ConfigurationError if Jupyter Server does not accept a
    value.
    """
    client = _client(config)
    if not client.gateway_enabled:
        return None
    token = _token(client, config)
    has_token = token is not None and sends_token(client)
    whole = provider_settings(client, has_token=has_token)
    if "password" in whole["auth"]:
        whole["auth"]["password"] = _secret(client, config, "http_pwd")
    whole = {"url": whole["url"], **({"token": token} if has_token else {}), **whole}
    paths = {path for trait in _given(config) for path in FIELDS.get(trait, ())}
    if os.environ.get("KERNEL_LAUNCH_TIMEOUT"):
        paths.update(FIELDS["launch_timeout_pad"])
    settings = _selected(whole, {"url", "env", *paths})
    return GatewayImport(settings, [*_remarks(client, config, settings)])


def variable(trait: str) -> str:
    """Return the environment variable of a gateway client's trait; empty if there is none."""
    name: str = getattr(GatewayClient, f"{trait}_env", "")
    return f"{VARIABLES}ENV_WHITELIST" if trait == "env_whitelist" else name


def former_settings(config: Config) -> list[str]:
    """Return what a provider replaces in a configuration, like ``GatewayClient.url``."""
    return [
        *(f"{SECTION}.{trait}" for trait in section(config, SECTION)),
        *(f"ServerApp.{trait}" for trait in kernels_mixer.gateway_classes(config)),
        *(f"{name}.{trait}" for name, trait in kernels_mixer.settings_of_mixer(config)),
    ]


def _client(config: Config) -> GatewayClient:
    """
    Return a gateway client with this configuration, whose traits can be read.

    They are set one by one: an error's text may have the value, which may be a secret.
    """
    given = section(config, SECTION)
    trait = "gateway_token_renewer_class"  # the one that the client reads when it is made
    try:
        client = GatewayClient(log=logging.Logger(__name__, logging.CRITICAL))
        for trait in (t for t in given if t in FIELDS):
            client.update_config(Config({SECTION: {trait: given[trait]}}))
        for trait in FIELDS:
            getattr(client, trait)
    except Exception:  # a renewer's class is code of others
        raise ConfigurationError(
            f"Jupyter Server does not accept the value of {_name(trait, given)}. Correct it first."
        ) from None
    return client


def _given(config: Config) -> list[str]:
    """Return the traits that have a value in the configuration or the environment, in order."""
    given = section(config, SECTION)
    known = GatewayClient.class_trait_names(config=True)
    named = [t for t in known if t in given or os.environ.get(variable(t))]
    return [*named, *(t for t in given if t not in known)]


def _token(client: GatewayClient, config: Config) -> Mapping[str, Any] | None:
    renewer = client.gateway_token_renewer_class
    command = kernels_mixer.token_command(config, renewer)
    if command:
        return {"command": command}
    return _secret(client, config, "auth_token") if client.auth_token else None


def _secret(client: GatewayClient, config: Config, trait: str) -> Mapping[str, Any]:
    if trait in section(config, SECTION):
        return {"value": getattr(client, trait)}
    return {"env": variable(trait)}


def _selected(settings: Mapping[str, Any], paths: Collection[str]) -> dict[str, Any]:
    """Return only some fields of the settings, like ``url`` and ``auth.user``."""
    selected = {}
    for name, value in settings.items():
        if isinstance(value, Mapping) and name not in paths:
            value = {inner: v for inner, v in value.items() if f"{name}.{inner}" in paths}
        elif name not in paths:
            continue
        if value != {}:
            selected[name] = value
    return selected


def _remarks(client: GatewayClient, config: Config, settings: Mapping[str, Any]) -> Iterator[str]:
    given = section(config, SECTION)
    for trait in _given(config):
        if trait in NOT_NEEDED:
            yield f"{_name(trait, given)} is not needed: {NOT_NEEDED[trait]}"
        elif reason := _reason(client, trait, settings):
            yield f"{_name(trait, given)} is not carried over: {reason}"
    if client.http_user and "user" not in settings.get("auth", {}):
        yield (
            f"{_name('http_user', given)} is carried over as the header Authorization, and is no "
            "longer the KERNEL_USERNAME of kernels. Set that variable if the gateway needs it."
        )
    for name, trait in kernels_mixer.settings_of_mixer(config):
        yield f"c.{name}.{trait} is not carried over: {kernels_mixer.EXPLANATIONS[name, trait]}"
    known = {variable(trait) for trait in GatewayClient.class_trait_names(config=True)}
    for name in sorted(os.environ):
        if name.startswith(VARIABLES) and name not in known:
            yield f"{name} is not carried over: {_NO_SUCH_SETTING}"


def _reason(client: GatewayClient, trait: str, settings: Mapping[str, Any]) -> str:
    """Return why a trait is not carried over; empty if it is, or if nothing is lost."""
    if trait == "gateway_token_renewer_class":
        is_lost = client.gateway_token_renewer_class is not NoOpTokenRenewer
        return _RENEWER if is_lost and "command" not in settings.get("token", {}) else ""
    if trait in FIELDS:
        is_there = any(_has(settings, path) for path in FIELDS[trait])
        is_empty = getattr(client, trait) in (None, "", "{}")
        return "" if is_there or is_empty else _WITHOUT_EFFECT[trait]
    return UNSUPPORTED.get(trait, _NO_SUCH_SETTING)


def _has(settings: Mapping[str, Any], path: str) -> bool:
    first, _, rest = path.partition(".")
    return first in settings and (not rest or rest in settings[first])


def _name(trait: str, given: Collection[str]) -> str:
    in_environment = trait not in given and os.environ.get(variable(trait))
    return f"c.{SECTION}.{trait}" + (f" ({variable(trait)})" if in_environment else "")
