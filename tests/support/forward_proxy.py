"""An HTTP proxy as a company has it between its machines and others."""

from __future__ import annotations

import asyncio
import base64
from contextlib import suppress
from urllib.parse import urlsplit

LONGEST_HEAD = 2**16


class ForwardProxy:
    """
    Passes requests on, and opens tunnels for CONNECT; it keeps no connection for a second request.

    Args:
        user: The user and the password that it asks for, like ``ada:secret``; empty for none.
        status: The status with which it refuses all requests; 0 if it refuses none.
    """

    def __init__(self, user: str = "", status: int = 0) -> None:
        self._authorization = f"Basic {base64.b64encode(user.encode()).decode()}" if user else ""
        self._status = status
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self.port = 0
        #: The first lines of all requests.
        self.requests: list[str] = []

    async def open(self) -> str:
        """Listen, and return the address."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=LONGEST_HEAD)
        self.port = self._server.sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{self.port}"

    async def close(self) -> None:
        """Stop listening, and cut all connections."""
        if self._server is not None:
            self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        with suppress(OSError, EOFError, ValueError):
            await self._answer(reader, writer)
        writer.transport.abort()
        self._writers.discard(writer)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, _, rest = head.partition("\r\n")
        self.requests.append(first)
        method, target, version = first.split(" ")
        status = self._status
        if self._authorization not in rest:
            status = 407
        if status:
            writer.write(f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n".encode())
            await writer.drain()
            return
        parts = urlsplit(f"//{target}" if method == "CONNECT" else target)
        to_server = await asyncio.open_connection(parts.hostname, parts.port or 80)
        self._writers.add(to_server[1])
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            close = "" if "Upgrade:" in rest else "Connection: close\r\n"
            path = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
            to_server[1].write(f"{method} {path} {version}\r\n{close}{rest}".encode("latin-1"))
        copying = [
            asyncio.create_task(_copy(reader, to_server[1])),
            asyncio.create_task(_copy(to_server[0], writer)),
        ]
        await asyncio.wait(copying, return_when=asyncio.FIRST_COMPLETED)
        for task in copying:
            task.cancel()
        to_server[1].transport.abort()
        self._writers.discard(to_server[1])


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(2**16):
            writer.write(data)
            await writer.drain()
