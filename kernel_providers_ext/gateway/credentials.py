"""The credentials of one provider, as headers."""

from __future__ import annotations

import asyncio
import base64
import secrets

from ..provider.config import ProviderConfig

Headers = dict[str, str]


class Credentials:
    """
    Reads the secrets of a provider once, and again after they were refused.

    Requests at the same time share one reading. Both methods raise ConfigurationError if a secret
    cannot be read.
    """

    def __init__(self, config: ProviderConfig) -> None:
        self._config = config
        self._headers: Headers | None = None
        self._reading = asyncio.Lock()
        self._xsrf = secrets.token_hex(16)

    async def headers(self) -> Headers:
        """Return the headers for a request."""
        async with self._reading:
            if self._headers is None:
                self._headers = await self._read()
            return self._headers

    async def renewed(self, refused: Headers) -> Headers | None:
        """Return headers that differ from those that the server refused; None if there are none."""
        if self._headers is refused:  # else another request has renewed them
            self._headers = None
        headers = await self.headers()
        return None if headers == refused else headers

    async def _read(self) -> Headers:
        config = self._config
        headers = {name: await secret.reveal() for name, secret in config.headers.items()}
        cookies = {name: await secret.reveal() for name, secret in config.cookies.items()}
        auth = config.auth
        if config.token is not None:
            headers[auth.header] = f"{auth.scheme} {await config.token.reveal()}".strip()
        elif auth.password is not None:
            pair = f"{auth.user}:{await auth.password.reveal()}"
            headers[auth.header] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        if config.token is None or auth.header.lower() != "authorization":
            # A Jupyter Server that gets no token wants a cookie and a header that are equal, as a
            # page of another site cannot read its cookies (`check_xsrf_cookie` in tornado). Any
            # value will do.
            headers.setdefault("X-XSRFToken", cookies.setdefault("_xsrf", self._xsrf))
        if cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        return headers
