"""Reads a kernel's state off the frames that pass by."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from ..provider.interface import Frame

LONGEST = 8 * 2**10  # bytes; a status message has less than one thousand
MARKS = ("execution_state", "shutdown")
ENDS = ("shutdown_reply", "shutdown")  # message types of ipykernel and of xeus
ENCODED_MARKS = tuple(mark.encode() for mark in MARKS)
OFFSETS = struct.Struct("<7Q")  # the number of offsets; those of five parts, and of the end


@dataclass(frozen=True)
class StatusMessage:
    """
    A message in which a kernel tells its state.

    ``cause`` is the type of the request that led to it; ``state`` is empty if the kernel ends.
    """

    state: str
    cause: str
    is_ending: bool


def parse_status(frame: Frame) -> StatusMessage | None:
    """
    Return the status message in a frame of the websocket; None if there is none.

    It understands both protocols of Jupyter Server, see "WebSocket kernel wire protocols" there.
    """
    if len(frame) > LONGEST:
        return None
    if isinstance(frame, bytes):
        if not any(mark in frame for mark in ENCODED_MARKS):
            return None
    elif not any(mark in frame for mark in MARKS):
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
            raise ValueError("it has buffers, or another protocol")
        channel, *parts = (frame[begin:end] for begin, end in pairwise(offsets))
        header, parent, _, content = map(json.loads, parts)
        return channel.decode(), _mapping(header), _mapping(parent), _mapping(content)
    message = _mapping(json.loads(frame))
    header, parent, content = map(message.get, ("header", "parent_header", "content"))
    return message.get("channel"), _mapping(header), _mapping(parent), _mapping(content)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
