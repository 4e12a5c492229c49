"""Messages between a client and a kernel, packed into the frames of a kernel's websocket."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jupyter_client.session import Session
from jupyter_server.services.kernels.connection.base import (
    deserialize_binary_message,
    deserialize_msg_from_ws_v1,
    serialize_binary_message,
    serialize_msg_to_ws_v1,
)

from ..provider.interface import Frame

#: The newer of Jupyter Server's two protocols; the older one has no name.
V1 = "v1.kernel.websocket.jupyter.org"
LONGEST = 2**20  # bytes of a frame that is read
MOST_PARTS = 16  # of a message; each could be as long as its frame


@dataclass(frozen=True)
class Message:
    """
    A message of a kernel.

    ``type`` is like ``kernel_info_reply``; ``request_id`` is the id of the request that led to it.
    All of it is what the kernel says, and nothing is checked but that ``content`` is an object.
    """

    channel: str
    type: str
    request_id: str
    content: Mapping[str, Any] = field(default_factory=dict)
    buffers: Sequence[bytes] = ()


def pack(
    session: Session, message: Mapping[str, Any], buffers: Sequence[bytes], subprotocol: str
) -> Frame:
    """Return the frame of a message on the channel ``shell``, as `Session.msg` makes it."""
    parts = {name: message[name] for name in ("header", "parent_header", "metadata", "content")}
    if subprotocol == V1:
        packed = [session.pack(part) for part in parts.values()]
        frame: bytes = serialize_msg_to_ws_v1([*packed, *buffers], "shell")
        return frame
    parts |= {"channel": "shell", "buffers": list(buffers)}
    if buffers:
        frame = serialize_binary_message(parts)
        return frame
    text: str = session.pack(parts).decode()
    return text


def unpack(frame: Frame, subprotocol: str) -> Message | None:
    """Return the message in a frame; None if it is longer than 1 MiB, or no message."""
    if len(frame) > LONGEST:
        return None
    try:
        fields = _v1_fields(frame) if subprotocol == V1 else _fields(frame)
        header, parent = _mapping(fields["header"]), _mapping(fields["parent_header"])
        return Message(
            channel=str(fields.get("channel", "")),
            type=str(header.get("msg_type", "")),
            request_id=str(parent.get("msg_id", "")),
            content=_mapping(fields["content"]),
            buffers=fields["buffers"],
        )
    except (ValueError, TypeError, LookupError, RecursionError, struct.error):
        return None


def _v1_fields(frame: Frame) -> Mapping[str, Any]:
    if isinstance(frame, str):
        raise ValueError("a text frame")
    if int.from_bytes(frame[:8], "little") > MOST_PARTS:
        raise ValueError("too many parts")
    channel, parts = deserialize_msg_from_ws_v1(frame)
    header, parent, _, content = (json.loads(part) for part in parts[:4])
    return {
        "channel": channel,
        "header": header,
        "parent_header": parent,
        "content": content,
        "buffers": parts[4:],
    }


def _fields(frame: Frame) -> Mapping[str, Any]:
    if isinstance(frame, str):
        return {**json.loads(frame), "buffers": ()}
    if not 0 < int.from_bytes(frame[:4], "big") <= MOST_PARTS:
        raise ValueError("too many parts, or none")
    fields: dict[str, Any] = deserialize_binary_message(frame)
    return fields


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
