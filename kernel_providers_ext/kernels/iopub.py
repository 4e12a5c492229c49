"""What a kernel says of itself in the frames that pass by: its state, and that it ends."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from ..provider.interface import Frame

LONGEST = 8 * 2**10  # bytes of a frame that is looked into; a status has less than one thousand
SIGNS = ("execution_state", "shutdown")
ENDS = ("shutdown_reply", "shutdown")  # as ipykernel says, and as xeus does
ENCODED_SIGNS = tuple(sign.encode() for sign in SIGNS)
OFFSETS = struct.Struct("<7Q")  # their number; those of five parts, and of the end


@dataclass(frozen=True)
class StatusMessage:
    """
    A message by which a kernel tells everybody of itself.

    ``cause`` is the type of the request that it comes of; ``state`` is empty where it is no status.
    """

    state: str
    cause: str
    is_ending: bool


def parse_status(frame: Frame) -> StatusMessage | None:
    """
    Return what a frame of the websocket tells of the kernel; None where that is nothing.

    Both protocols are understood, see Jupyter Server's "WebSocket kernel wire protocols"; whatever
    else a frame may be is nothing.
    """
    if len(frame) > LONGEST:
        return None
    if isinstance(frame, bytes):
        if not any(sign in frame for sign in ENCODED_SIGNS):
            return None
    elif not any(sign in frame for sign in SIGNS):
        return None
    try:
        channel, header, parent, content = _parts(frame)
    except (ValueError, RecursionError, struct.error):
        return None
    if channel != "iopub":
        return None
    cause = str(parent.get("msg_type") or "")
    state = content.get("execution_state")
    if header.get("msg_type") == "status" and isinstance(state, str):
        return StatusMessage(state, cause, is_ending=False)
    if header.get("msg_type") in ENDS and content.get("restart") is False:
        return StatusMessage("", cause, is_ending=True)
    return None


def _parts(frame: Frame) -> tuple[object, Mapping[str, Any], Mapping[str, Any], Mapping[str, Any]]:
    """Return channel, header, parent's header and content; raises ValueError and struct.error."""
    if isinstance(frame, bytes):
        count, *offsets = OFFSETS.unpack_from(frame)
        if count != len(offsets):
            raise ValueError("it has buffers, or is of another protocol")
        channel, *parts = (frame[begin:end] for begin, end in pairwise(offsets))
        header, parent, _, content = map(json.loads, parts)
        return channel.decode(), _mapping(header), _mapping(parent), _mapping(content)
    message = _mapping(json.loads(frame))
    header, parent, content = map(message.get, ("header", "parent_header", "content"))
    return message.get("channel"), _mapping(header), _mapping(parent), _mapping(content)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
