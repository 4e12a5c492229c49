"""
The gateway of ``--gateway-url`` as a provider.

Without this package, Jupyter Server shows that gateway's kernels instead of its own, and a process
can have only one gateway client.
"""

from __future__ import annotations

import logging
import os

from jupyter_server.gateway.gateway_client import GatewayClient, NoOpTokenRenewer
from traitlets.config import Config

from ..provider.errors import ConfigurationError
from ..provider.secrets import Secret
from .gateway_client import UNSUPPORTED, provider_settings, sends_token
from .loader import Declaration

GATEWAY_ID = "gateway"
SOURCE = "--gateway-url"


def gateway_client_declaration(config: Config) -> Declaration | None:
    """
    Return the gateway that Jupyter Server is configured with; None if there is none.

    Raises NotImplementedError with a message for people if its settings include some that a
    provider does not have; the gateway is then left to Jupyter Server.
    """
    client = GatewayClient(config=config, log=logging.getLogger(__name__))
    if not client.gateway_enabled:
        return None
    given = config.get("GatewayClient", {})
    unsupported = [
        n for n in UNSUPPORTED if n in given or os.environ.get(getattr(client, f"{n}_env"))
    ]
    if unsupported:
        raise NotImplementedError(
            f"c.GatewayClient.{unsupported[0]} is set, and only Jupyter Server's gateway client "
            "supports that. It runs all kernels, and no kernel provider is used. To have both, "
            "configure the gateway in kernel_providers.d instead."
        )
    token = _token(client) if sends_token(client) else None
    try:
        settings = provider_settings(client, has_token=token is not None)
    except ConfigurationError as error:
        return Declaration(GATEWAY_ID, SOURCE, problem=str(error))
    return Declaration(GATEWAY_ID, SOURCE, settings, token=token)


def _token(client: GatewayClient) -> Secret | None:
    """Return the token, from the configured renewer if there is one."""
    if client.gateway_token_renewer_class is NoOpTokenRenewer or client.auth_token is None:
        return Secret("value", client.auth_token) if client.auth_token else None

    def renew() -> str:
        token = str(client.auth_token)
        renewer = client.gateway_token_renewer
        try:
            client.auth_token = renewer.get_token(client.auth_header_key, client.auth_scheme, token)
        except Exception as error:
            if not token:
                raise
            # Not the error itself, whose text may have the token in it.
            why = f"The code that renews it failed: {type(error).__name__}."
            client.log.error("The token of the gateway was not renewed. %s", why)
        return str(client.auth_token)

    return Secret("function", renew)
