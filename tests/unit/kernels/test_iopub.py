"""Reading a kernel's state off its frames."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jupyter_client.session import Session
from jupyter_server.services.kernels.connection.base import serialize_msg_to_ws_v1

from kernel_providers_ext.kernels.iopub import StatusMessage, parse_status
from kernel_providers_ext.provider.interface import Frame
from tests.support.client import LEGACY, V1

SESSION = Session(key=b"")
BUSY = {"execution_state": "busy"}


def frame(
    protocol: str,
    msg_type: str = "status",
    content: object = BUSY,
    cause: object = "execute_request",
    channel: str = "iopub",
) -> Frame:
    """Return a message as a Jupyter Server sends it."""
    message: dict[str, Any] = SESSION.msg(msg_type)
    message.update(content=content, parent_header={"msg_type": cause} if cause else {})
    if protocol == V1:
        packed: bytes = serialize_msg_to_ws_v1(message, channel, SESSION.pack)
        return packed
    return json.dumps({**message, "channel": channel}, default=str)


@pytest.mark.parametrize("protocol", [V1, LEGACY])
def test_status_and_shutdown_messages_are_read(protocol: str) -> None:
    """In both protocols, with the type of the request that led to the state."""
    assert parse_status(frame(protocol)) == StatusMessage("busy", "execute_request", False)
    starting = frame(protocol, content={"execution_state": "starting"}, cause=None)
    assert parse_status(starting) == StatusMessage("starting", "", False)
    for last_words in ("shutdown_reply", "shutdown"):
        content = {"status": "ok", "restart": False}
        end = frame(protocol, last_words, content, "shutdown_request")
        assert parse_status(end) == StatusMessage("", "shutdown_request", True)


@pytest.mark.parametrize("protocol", [V1, LEGACY])
@pytest.mark.parametrize(
    "other",
    [
        {"channel": "shell"},
        {"msg_type": "stream", "content": {"text": "execution_state"}},
        {"msg_type": "shutdown_reply", "content": {"status": "ok", "restart": True}},
        {"msg_type": "shutdown_reply", "content": "shutdown_reply"},
        {"content": {"execution_state": None}},
        {"content": {**BUSY, "much": "x" * 10_000}},
    ],
)
def test_other_messages_are_ignored(protocol: str, other: dict[str, Any]) -> None:
    """Also messages with the same words in them, a restart, and frames that are too long."""
    assert parse_status(frame(protocol, **other)) is None


@pytest.mark.parametrize(
    "rubbish",
    [
        b"execution_state",
        b"\xff" * 64 + b"execution_state",
        (6).to_bytes(8, "little") + b"\xff" * 48 + b"execution_state",
        (6).to_bytes(8, "little") + b"\0" * 48 + b"execution_state",
        "execution_state",
        '["execution_state"]',
        '{"channel": "iopub", "header": [], "content": "execution_state"}',
        "[" * 8_000 + "execution_state",
    ],
)
def test_rubbish_is_ignored(rubbish: Frame) -> None:
    """No frame of a provider harms the relay."""
    assert parse_status(rubbish) is None
