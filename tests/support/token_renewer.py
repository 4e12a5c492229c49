"""A renewer of tokens for Jupyter Server's gateway client."""

from __future__ import annotations

from typing import Any

from jupyter_server.gateway.gateway_client import GatewayTokenRenewerBase


class Renewer(GatewayTokenRenewerBase):
    """Appends a word to the token once."""

    def get_token(
        self, auth_header_key: str, auth_scheme: str | None, auth_token: str, **kwargs: Any
    ) -> str:
        """Return the renewed token."""
        return auth_token if auth_token.endswith("-renewed") else f"{auth_token}-renewed"
