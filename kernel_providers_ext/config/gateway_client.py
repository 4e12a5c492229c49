"""What the traits of Jupyter Server's gateway client are for a provider."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from jupyter_server.gateway.gateway_client import GatewayClient

from ..provider.config import LAUNCH_TIMEOUT_PAD
from ..provider.errors import ConfigurationError

#: Trait -> the fields of a provider's file that it decides, like ``auth.user``.
FIELDS: Mapping[str, tuple[str, ...]] = {
    "url": ("url",),
    "auth_token": ("token",),
    "gateway_token_renewer_class": ("token",),
    "auth_scheme": ("auth.scheme",),
    "auth_header_key": ("auth.header",),
    "http_user": ("auth.user", "headers.Authorization"),
    "http_pwd": ("auth.password", "headers.Authorization"),
    "headers": ("headers",),
    "accept_cookies": ("accept_cookies",),
    "ca_certs": ("tls.ca",),
    "client_cert": ("tls.certificate",),
    "client_key": ("tls.key",),
    "validate_cert": ("tls.verify",),
    "connect_timeout": ("timeouts.connect",),
    "request_timeout": ("timeouts.request", "timeouts.start"),
    "launch_timeout_pad": ("timeouts.request", "timeouts.start"),
    "allowed_envs": ("env",),
    "env_whitelist": ("env",),
}
#: Trait -> why a provider cannot have it. If one of them is set, only Jupyter Server's own client
#: can use the gateway.
UNSUPPORTED: Mapping[str, str] = {
    "ws_url": (
        "the websockets of a provider are at its 'url', with ws in place of http. If yours are "
        "elsewhere, let a reverse proxy offer both at one address, or keep --gateway-url."
    ),
    "kernels_endpoint": (
        "the kernels of a provider are at api/kernels below its 'url'. If only a path comes before "
        "that, such as /gateway/api/kernels, append it to 'url'. Otherwise keep --gateway-url."
    ),
    "kernelspecs_endpoint": (
        "the kernelspecs of a provider are at api/kernelspecs below its 'url'. If only a path "
        "comes before that, such as /gateway/api/kernelspecs, append it to 'url'. Otherwise keep "
        "--gateway-url."
    ),
    "kernelspecs_resource_endpoint": (
        "the logos of a provider are at kernelspecs below its 'url'. If yours are elsewhere, the "
        "kernels work, and have no logos."
    ),
}


def sends_token(client: GatewayClient) -> bool:
    """
    Return whether the gateway gets the token, if there is one.

    A user takes its place in the header Authorization; see `_HTTPConnection.run` in tornado's
    ``simple_httpclient``.
    """
    return not client.http_user or client.auth_header_key.lower() != "authorization"


def provider_settings(client: GatewayClient, *, has_token: bool) -> dict[str, Any]:
    """
    Return the settings of a provider that gets the same requests, except for its token.

    Raises ConfigurationError if the client's headers are not a JSON object.
    """
    tls = {
        "ca": client.ca_certs,
        "certificate": client.client_cert,
        "key": client.client_cert and client.client_key,
        "verify": client.validate_cert,
    }
    auth: dict[str, Any] = {"scheme": client.auth_scheme or "", "header": client.auth_header_key}
    headers = _headers(client)
    if has_token:
        headers = _without(headers, client.auth_header_key)
    if client.http_user:
        headers = _without(headers, "Authorization")
        if client.http_pwd and not has_token:
            auth = {"user": client.http_user, "password": {"value": client.http_pwd}}
        else:  # a provider has one token or one password
            pair = f"{client.http_user}:{client.http_pwd or ''}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    # As in `GatewayClient.init_connection_args`.
    pad = client.launch_timeout_pad
    timeout = max(client.request_timeout, client.KERNEL_LAUNCH_TIMEOUT + pad)
    return {
        "kind": "gateway",
        "url": client.url,
        "label": "Gateway",
        "auth": auth,
        "headers": headers,
        "accept_cookies": client.accept_cookies,
        "tls": {name: value for name, value in tls.items() if value not in (None, "")},
        "timeouts": {
            "connect": client.connect_timeout,
            "request": timeout,
            "start": timeout - pad + LAUNCH_TIMEOUT_PAD,
        },
        "env": ["KERNEL_WORKING_DIR", *filter(None, client.allowed_envs.split(","))],
    }


def _headers(client: GatewayClient) -> dict[str, str]:
    try:
        headers = json.loads(client.headers or "{}")
    except ValueError:
        headers = None
    if not isinstance(headers, dict):
        raise ConfigurationError(
            "c.GatewayClient.headers is not a JSON object. Expected: headers by name, like "
            '{"X-Team": "blue"}.'
        )
    return headers


def _without(headers: Mapping[str, str], name: str) -> dict[str, str]:
    return {n: value for n, value in headers.items() if n.lower() != name.lower()}
