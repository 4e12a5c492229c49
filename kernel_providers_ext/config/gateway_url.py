"""
The gateway of ``--gateway-url`` as a provider.

Without this package, Jupyter Server shows that gateway's kernels instead of its own, and a process
can have only one gateway client.
"""

from __future__ import annotations

import base64
import json
import logging
import os
from typing import Any

from jupyter_server.gateway.gateway_client import GatewayClient, NoOpTokenRenewer
from traitlets.config import Config

from ..provider.config import LAUNCH_TIMEOUT_PAD
from ..provider.secrets import Secret
from .loader import Declaration

GATEWAY_ID = "gateway"
#: Settings of the gateway client that a provider does not have.
_UNSUPPORTED = (
    "ws_url",
    "kernels_endpoint",
    "kernelspecs_endpoint",
    "kernelspecs_resource_endpoint",
)


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
        n for n in _UNSUPPORTED if n in given or os.environ.get(getattr(client, f"{n}_env"))
    ]
    if unsupported:
        raise NotImplementedError(
            f"c.GatewayClient.{unsupported[0]} is set, and only Jupyter Server's gateway client "
            "supports that. It runs all kernels, and no kernel provider is used. To have both, "
            "configure the gateway in kernel_providers.d instead."
        )
    token = _token(client)
    return Declaration(GATEWAY_ID, "--gateway-url", _settings(client, token), token=token)


def _settings(client: GatewayClient, token: Secret | None) -> dict[str, Any]:
    tls = {
        "ca": client.ca_certs,
        "certificate": client.client_cert,
        "key": client.client_key,
        "verify": client.validate_cert,
    }
    auth: dict[str, Any] = {"scheme": client.auth_scheme or "", "header": client.auth_header_key}
    headers: dict[str, str] = json.loads(client.headers or "{}")
    if client.http_user and client.http_pwd and not client.auth_token:
        auth = {"user": client.http_user, "password": {"value": client.http_pwd}}
    elif client.http_user and not client.auth_token:
        pair = base64.b64encode(f"{client.http_user}:".encode()).decode()
        headers.setdefault("Authorization", f"Basic {pair}")
    # As in `GatewayClient.init_connection_args`.
    pad = client.launch_timeout_pad
    timeout = max(client.request_timeout, client.KERNEL_LAUNCH_TIMEOUT + pad)
    return {
        "kind": "gateway",
        "url": client.url,
        "label": "Gateway",
        "auth": auth,
        "headers": {n: v for n, v in headers.items() if n != client.auth_header_key or not token},
        "accept_cookies": client.accept_cookies,
        "tls": {name: value for name, value in tls.items() if value is not None},
        "timeouts": {
            "connect": client.connect_timeout,
            "request": timeout,
            "start": timeout - pad + LAUNCH_TIMEOUT_PAD,
        },
        "env": ["KERNEL_WORKING_DIR", *filter(None, client.allowed_envs.split(","))],
    }


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
