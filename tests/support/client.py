"""A client of the REST API and of kernel websockets, for the tests."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from jupyter_server.services.kernels.connection.base import (
    deserialize_binary_message,
    deserialize_msg_from_ws_v1,
    serialize_binary_message,
    serialize_msg_to_ws_v1,
)
from yarl import URL

from kernel_providers_ext.registry.providers import KernelProviders

V1 = "v1.kernel.websocket.jupyter.org"
LEGACY = ""
TIMEOUT = 60.0


@dataclass(frozen=True)
class Reply:
    """An answer of the REST API: status, headers, and the body's JSON or its bytes."""

    status: int
    headers: Mapping[str, str]
    body: Any


class Client:
    """Talks to one server; paths are below its base URL and already encoded."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self._session = aiohttp.ClientSession(
            headers={"Authorization": f"token {token}"} if token else {},
            connector=aiohttp.TCPConnector(limit=0),  # each websocket holds a connection
            timeout=aiohttp.ClientTimeout(total=TIMEOUT),
        )

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def request(self, method: str, path: str, body: object = None, **headers: str) -> Reply:
        """Send a request whose path is not encoded again."""
        url = URL(self.url + path, encoded=True)
        async with self._session.request(method, url, json=body, headers=headers) as response:
            raw = await response.read()
            is_json = "json" in response.headers.get("Content-Type", "")
            content = json.loads(raw) if is_json and raw else raw
            return Reply(response.status, response.headers, content)

    async def get(self, path: str, **headers: str) -> Any:
        """Return the JSON of a GET; any status but 200 fails the test."""
        reply = await self.request("GET", path, **headers)
        assert reply.status == 200, reply
        return reply.body

    async def kernelspecs(self) -> dict[str, Any]:
        """Return the kernelspecs by name."""
        found: dict[str, Any] = (await self.get("api/kernelspecs"))["kernelspecs"]
        return found

    async def wait_for_kernelspec(self, name: str) -> dict[str, Any]:
        """Wait until a kernelspec is listed, and return its model."""
        model: dict[str, Any] = await wait_until(lambda: self._kernelspec(name))
        return model

    async def _kernelspec(self, name: str) -> Any:
        return (await self.kernelspecs()).get(name)

    async def wait_for_state(self, provider_id: str, state: str) -> dict[str, Any]:
        """Retry a provider until it is in a state, and return its model."""

        async def found() -> dict[str, Any] | None:
            reply = await self.request("POST", f"api/kernel-providers/{provider_id}/retry")
            model: dict[str, Any] = reply.body
            return model if model.get("state") == state else None

        model: dict[str, Any] = await wait_until(found)
        return model

    async def start_kernel(self, name: str, **more: object) -> str:
        """Start a kernel and return its id."""
        reply = await self.request("POST", "api/kernels", {"name": name, **more})
        assert reply.status == 201, reply
        kernel_id: str = reply.body["id"]
        return kernel_id

    async def start_session(self, name: str, path: str = "nb.ipynb", **kernel: str) -> Any:
        """Start a notebook's session, and return its model."""
        body = {"name": path, "path": path, "type": "notebook", "kernel": {"name": name, **kernel}}
        reply = await self.request("POST", "api/sessions", body)
        assert reply.status == 201, reply
        return reply.body

    async def connect(
        self, kernel_id: str, protocol: str = V1, session_id: str | None = None
    ) -> KernelWebsocket:
        """Open a kernel's websocket, and wait until the kernel replies."""
        kernel = await self.open(kernel_id, protocol, session_id)
        await kernel.wait_until_ready()
        return kernel

    async def open(
        self, kernel_id: str, protocol: str = V1, session_id: str | None = None
    ) -> KernelWebsocket:
        """Open a kernel's websocket."""
        session_id = session_id or uuid.uuid4().hex
        websocket: Any = await self._session.ws_connect(
            f"{self.url}api/kernels/{kernel_id}/channels?session_id={session_id}",
            protocols=[V1] if protocol == V1 else [],
            max_msg_size=0,
        )
        return KernelWebsocket(websocket, session_id)

    async def run(self, kernel_id: str, code: str, protocol: str = V1) -> str:
        """Run code in a kernel, and return the printed text."""
        kernel = await self.connect(kernel_id, protocol)
        try:
            return await kernel.run(code)
        finally:
            await kernel.close()

    async def close(self) -> None:
        """Close all connections."""
        await self._session.close()


class KernelWebsocket:
    """A kernel's websocket, in the negotiated protocol."""

    def __init__(self, websocket: aiohttp.ClientWebSocketResponse, session_id: str) -> None:
        self.websocket = websocket
        self.session_id = session_id
        self.protocol = websocket.protocol or LEGACY
        self._postponed: list[dict[str, Any]] = []

    async def wait_until_ready(self) -> None:
        """
        Wait until the kernel has replied to a first request, as JupyterLab does.

        The request is repeated, because a server may lose messages to a kernel that has just
        started. A Kernel Gateway without this package does so, too.
        """
        sent: list[str] = []

        async def reply() -> None:
            while True:
                message = await self._receive()
                is_reply = message["parent_header"].get("msg_id") in sent
                if is_reply and message["channel"] == "shell":
                    return
                self._postponed.append(message)

        waiting = asyncio.create_task(reply())
        while not waiting.done():
            sent.append(await self.send("kernel_info_request", {}))
            await asyncio.wait([waiting], timeout=3)
        await waiting

    async def send(
        self,
        msg_type: str,
        content: dict[str, Any],
        *,
        channel: str = "shell",
        buffers: list[bytes] | None = None,
    ) -> str:
        """Send a message, and return its id."""
        header = {
            "msg_id": uuid.uuid4().hex,
            "msg_type": msg_type,
            "session": self.session_id,
            "username": "",
            "date": "2026-01-01T00:00:00Z",
            "version": "5.3",
        }
        parts = {"header": header, "parent_header": {}, "metadata": {}, "content": content}
        if self.protocol == V1:
            packed = [json.dumps(part).encode() for part in parts.values()]
            frame = serialize_msg_to_ws_v1([*packed, *(buffers or [])], channel)
            await self.websocket.send_bytes(frame)
        elif buffers:
            message = {**parts, "channel": channel, "buffers": buffers}
            await self.websocket.send_bytes(serialize_binary_message(message))
        else:
            await self.websocket.send_str(json.dumps({**parts, "channel": channel, "buffers": []}))
        return str(header["msg_id"])

    async def receive(self) -> dict[str, Any]:
        """Return the next message, with its ``channel`` and ``buffers``."""
        return self._postponed.pop(0) if self._postponed else await self._receive()

    async def messages(self) -> AsyncIterator[dict[str, Any]]:
        """Yield messages until the websocket is closed for any reason."""
        async for frame in self.websocket:
            if frame.type not in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
                return
            yield self._unpack(frame)

    async def _receive(self) -> dict[str, Any]:
        return self._unpack(await self.websocket.receive(timeout=TIMEOUT))

    def _unpack(self, frame: aiohttp.WSMessage) -> dict[str, Any]:
        if frame.type is aiohttp.WSMsgType.TEXT:
            message: dict[str, Any] = json.loads(frame.data)
            return message
        assert frame.type is aiohttp.WSMsgType.BINARY, frame
        if self.protocol == LEGACY:
            whole: dict[str, Any] = deserialize_binary_message(frame.data)
            return whole
        channel, parts = deserialize_msg_from_ws_v1(frame.data)
        header, parent, metadata, content = (json.loads(part) for part in parts[:4])
        return {
            "channel": channel,
            "header": header,
            "parent_header": parent,
            "metadata": metadata,
            "content": content,
            "buffers": parts[4:],
        }

    async def replies(self, *msg_ids: str) -> list[dict[str, Any]]:
        """
        Return all messages that requests cause, until the kernel has replied to each and is idle.

        Channels are not in order with each other: the reply to a request may come before the output
        of the one before it.
        """
        found: list[dict[str, Any]] = []
        replied: set[str] = set()
        idle: set[str] = set()
        while not set(msg_ids) <= replied & idle:
            message = await self.receive()
            msg_id = message["parent_header"].get("msg_id")
            if msg_id not in msg_ids:
                continue
            found.append(message)
            if message["channel"] == "shell":
                replied.add(msg_id)
            if message["content"].get("execution_state") == "idle":
                idle.add(msg_id)
        return found

    async def execute(self, code: str) -> list[dict[str, Any]]:
        """Run code, and return all messages that it causes."""
        content = {"code": code, "silent": False, "store_history": False, "allow_stdin": False}
        return await self.replies(await self.send("execute_request", content))

    async def run(self, code: str) -> str:
        """Run code, and return the printed text; an exception in it fails the test."""
        messages = await self.execute(code)
        errors = [m["content"] for m in messages if m["header"]["msg_type"] == "error"]
        assert not errors, errors
        return "".join(
            m["content"]["text"] for m in messages if m["header"]["msg_type"] == "stream"
        )

    async def keep_busy(self) -> str:
        """
        Keep the kernel busy until it is interrupted, and return the message's id.

        An interrupt before the cell's code runs has no effect, so this waits for an output. The
        output is one string, because a line and its end may arrive separately otherwise.
        """
        code = "import time; print('here\\n', end='', flush=True); time.sleep(600)"
        content = {"code": code, "silent": False, "allow_stdin": False}
        sent = await self.send("execute_request", content)
        while (await self.receive())["content"].get("text") != "here\n":
            pass
        return sent

    async def wait_closed(self) -> tuple[str, int, str]:
        """Wait until the server closes; return the last frame, the close code and the reason."""
        last = ""
        while True:
            frame = await self.websocket.receive(timeout=TIMEOUT)
            if frame.type is aiohttp.WSMsgType.CLOSE:
                return last, int(frame.data), str(frame.extra)
            assert frame.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY), frame
            last = str(frame.data)

    async def close(self) -> None:
        """Close the websocket."""
        await self.websocket.close()


async def wait_until(
    condition: Callable[[], Awaitable[Any]], timeout: float = TIMEOUT, pause: float = 0.1
) -> Any:
    """Wait until a condition returns a true value, and return that value."""
    deadline = time.monotonic() + timeout
    while True:
        result = await condition()
        if result:
            return result
        assert time.monotonic() < deadline, "the condition was not met in time"
        await asyncio.sleep(pause)


async def wait_for_answers(providers: KernelProviders) -> None:
    """Wait until each provider has answered or failed once."""
    for monitor in providers.monitors:
        await monitor.first_answer.wait()
