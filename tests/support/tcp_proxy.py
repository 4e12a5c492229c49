"""A way to a real server that can be cut, made silent, and mended."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from tests.support.processes import free_port


class TcpProxy:
    """A TCP port that leads to another one of this machine."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._copying: set[asyncio.Task[None]] = set()
        self._passing = asyncio.Event()
        self._passing.set()
        self.port = free_port()

    @classmethod
    async def open(cls, target: int) -> TcpProxy:
        """Return an open way to a port."""
        tunnel = cls(target)
        await tunnel.mend()
        return tunnel

    async def mend(self) -> None:
        """Let everything pass, on the port of before."""
        self._passing.set()
        if self._server is None:
            self._server = await asyncio.start_server(self._connect, "127.0.0.1", self.port)

    async def cut(self) -> None:
        """Refuse connections, and end those there are, with what was swallowed."""
        self._passing.set()
        server, self._server = self._server, None
        if server is not None:
            server.close()
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.gather(*self._copying, return_exceptions=True)

    def swallow(self) -> None:
        """Take connections and whatever they bring, and let nothing pass."""
        self._passing.clear()

    async def close(self) -> None:
        """End it for good."""
        await self.cut()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        self._writers.add(far_writer)
        if self._server is None:  # it was cut meanwhile
            writer.transport.abort()
            far_writer.transport.abort()
        for source, sink in ((reader, far_writer), (far_reader, writer)):
            task = asyncio.create_task(self._copy(source, sink))
            self._copying.add(task)
            task.add_done_callback(self._copying.discard)

    async def _copy(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(2**16):
                await self._passing.wait()
                sink.write(data)
                await sink.drain()
        sink.close()
        self._writers.discard(sink)
