"""The credentials of one provider, as headers."""

from __future__ import annotations

import asyncio

from ..provider.config import ProviderConfig

Headers = dict[str, str]


class Credentials:
    """
    Reads the headers, cookies and token of a provider once, and again after they were refused.

    Requests at the same time share one reading. Both methods raise ConfigurationError if a secret
    cannot be read.
    """

    def __init__(self, config: ProviderConfig) -> None:
        self._config = config
        self._headers: Headers | None = None
        self._reading = asyncio.Lock()

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
        cookies = [f"{name}={await secret.reveal()}" for name, secret in config.cookies.items()]
        if config.token is not None:
            headers["Authorization"] = f"token {await config.token.reveal()}"
        if cookies:
            headers["Cookie"] = "; ".join(cookies)
        return headers
