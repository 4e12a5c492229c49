"""Stops a web server of a test."""

from __future__ import annotations

import asyncio

from aiohttp import web


async def stop(runner: web.AppRunner) -> None:
    """
    Stop a server and cut its connections.

    A connection whose client reads nothing would otherwise outlive the event loop.
    """
    handlers = list(runner.server.connections) if runner.server is not None else []
    transports = [handler.transport for handler in handlers if handler.transport is not None]
    await runner.cleanup()
    for transport in transports:
        if isinstance(transport, asyncio.WriteTransport):
            transport.abort()
    await asyncio.sleep(0)  # the turn in which the sockets are closed
