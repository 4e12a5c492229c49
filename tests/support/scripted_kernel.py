"""The channels of a kernel that replies as a test says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from jupyter_client.session import Session
from jupyter_server.services.kernels.connection.base import (
    deserialize_binary_message,
    deserialize_msg_from_ws_v1,
    serialize_binary_message,
    serialize_msg_to_ws_v1,
)

from kernel_providers_ext.provider.interface import Frame, KernelChannels
from tests.support.client import V1


class ScriptedKernel(KernelChannels):
    """
    Replies to each request, as ipykernel does, and sends the buffers of a comm back.

    Args:
        subprotocol: The protocol of its frames.
        language: The language that it has.
        loses: How many requests it loses at first.
        error: The name of the exception that its code raises; empty for none.
        echo: The buffer that it sends back instead of the one it got; None for the same.
        ends_at: The type of the request at which the connection ends; empty for never.
    """

    def __init__(
        self,
        subprotocol: str = V1,
        *,
        language: str = "python",
        loses: int = 0,
        error: str = "",
        echo: bytes | None = None,
        ends_at: str = "",
    ) -> None:
        self.subprotocol = subprotocol
        self._language, self._loses, self._error = language, loses, error
        self._echo, self._ends_at = echo, ends_at
        self._session = Session()
        self._frames: asyncio.Queue[Frame | None] = asyncio.Queue()
        #: The types of all requests that it got.
        self.requests: list[str] = []
        self.is_closed = False

    async def receive(self) -> Frame | None:
        return await self._frames.get()

    async def send(self, frame: Frame) -> bool:
        header, content, buffers = self._unpack(frame)
        self.requests.append(header["msg_type"])
        if header["msg_type"] == self._ends_at:
            await self.aclose()
            return False
        if self._loses:
            self._loses -= 1
            return True
        self._reply("iopub", "status", {"execution_state": "busy"}, header)
        match header["msg_type"]:
            case "kernel_info_request":
                info = {"language_info": {"name": self._language}, "protocol_version": "5.3"}
                self._reply("shell", "kernel_info_reply", info, header)
            case "execute_request":
                status = {"status": "error", "ename": self._error} if self._error else {}
                self._reply("shell", "execute_reply", {"status": "ok", **status}, header)
            case "comm_open":
                sent_back = buffers if self._echo is None else [self._echo]
                self._reply("iopub", "comm_msg", {"comm_id": "another"}, header)
                comm = {"comm_id": content["comm_id"], "data": {}}
                self._reply("iopub", "comm_msg", comm, header, sent_back)
        return True

    async def aclose(self) -> None:
        self.is_closed = True
        self._frames.put_nowait(None)

    def _unpack(self, frame: Frame) -> tuple[Any, Any, list[bytes]]:
        if isinstance(frame, str):
            message = json.loads(frame)
        elif self.subprotocol == V1:
            _, parts = deserialize_msg_from_ws_v1(frame)
            return json.loads(parts[0]), json.loads(parts[3]), parts[4:]
        else:
            message = deserialize_binary_message(frame)
        return message["header"], message["content"], message["buffers"]

    def _reply(
        self,
        channel: str,
        type: str,
        content: Mapping[str, Any],
        parent: Mapping[str, Any],
        buffers: list[bytes] | None = None,
    ) -> None:
        self._frames.put_nowait(self.frame(channel, type, content, parent, buffers))

    def frame(
        self,
        channel: str,
        type: str,
        content: Mapping[str, Any],
        parent: Mapping[str, Any],
        buffers: list[bytes] | None = None,
    ) -> Frame:
        """Return the frame of a message."""
        message = self._session.msg(type, dict(content), parent=dict(parent))
        parts = ("header", "parent_header", "metadata", "content")
        if self.subprotocol == V1:
            packed = [self._session.pack(message[part]) for part in parts]
            v1: bytes = serialize_msg_to_ws_v1([*packed, *(buffers or [])], channel)
            return v1
        fields = {**{part: message[part] for part in parts}, "channel": channel}
        if buffers:
            binary: bytes = serialize_binary_message({**fields, "buffers": buffers})
            return binary
        text: str = self._session.pack({**fields, "buffers": []}).decode()
        return text
