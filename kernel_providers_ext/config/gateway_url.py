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
    if client.accept_cookies:
        unsupported.append("accept_cookies")
    if client.gateway_token_renewer_class is not NoOpTokenRenewer:
        unsupported.append("gateway_token_renewer_class")
    if unsupported:
        raise NotImplementedError(
            f"c.GatewayClient.{unsupported[0]} is set, and only Jupyter Server's gateway client "
            "supports that. It runs all kernels, and no kernel provider is used. To have both, "
            "configure the gateway in kernel_providers.d instead."
        )
    return Declaration(GATEWAY_ID, "--gateway-url", _settings(client))


def _settings(client: GatewayClient) -> dict[str, Any]:
    headers: dict[str, str] = json.loads(client.headers or "{}")
    if client.auth_token:
        scheme = f"{client.auth_scheme} " if client.auth_scheme else ""
        headers[client.auth_header_key] = f"{scheme}{client.auth_token}"
    elif client.http_user:
        pair = f"{client.http_user}:{client.http_pwd or ''}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    tls = {
        "ca": client.ca_certs,
        "certificate": client.client_cert,
        "key": client.client_key,
        "verify": client.validate_cert,
    }
    return {
        "kind": "gateway",
        "url": client.url,
        "label": "Gateway",
        "headers": headers,
        "tls": {name: value for name, value in tls.items() if value is not None},
        "timeouts": {
            "connect": client.connect_timeout,
            "request": client.request_timeout,
            "start": client.request_timeout,
        },
        "env": [name for name in client.allowed_envs.split(",") if name],
    }
