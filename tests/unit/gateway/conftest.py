"""A scripted server, and a provider that asks it."""

from __future__ import annotations

import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from kernel_providers_ext.gateway.provider import GatewayKernelProvider
from kernel_providers_ext.provider.config import parse
from tests.support.web_runner import stop

LOG = logging.getLogger("test_gateway_http")
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
Serve = Callable[..., Awaitable[str]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Start servers that answer each request with a function, and return their addresses."""
    runners: list[web.AppRunner] = []

    async def start(answer: Answer, context: ssl.SSLContext | None = None) -> str:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", answer)
        runners.append(runner := web.AppRunner(app))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
        return f"http{'s' if context else ''}://localhost:{runner.addresses[0][1]}"

    yield start
    for runner in runners:
        await stop(runner)


def provider(
    url: str, defaults: dict[str, Any] | None = None, **more: Any
) -> GatewayKernelProvider:
    """Return a provider with these settings."""
    return GatewayKernelProvider(parse("gpu", {"url": url, **more}, "gpu.json", defaults), LOG)
