"""Messages in the frames of both protocols."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel_providers_ext.kernels.messages import LONGEST, Message, unpack
from kernel_providers_ext.provider.interface import Frame
from tests.support.client import LEGACY, V1
from tests.support.scripted_kernel import ScriptedKernel

BOTH_PROTOCOLS = pytest.mark.parametrize("protocol", [V1, LEGACY], ids=["v1", "legacy"])
CONTENT = {"comm_id": "x"}


@BOTH_PROTOCOLS
@pytest.mark.parametrize("buffers", [[], [b"\xff\0" * 100]], ids=["text", "binary"])
def test_a_message_is_read(protocol: str, buffers: list[bytes]) -> None:
    """With its buffers, if it has any."""
    frame = ScriptedKernel(protocol).frame("iopub", "comm_msg", CONTENT, {"msg_id": "1"}, buffers)
    message = unpack(frame, protocol)
    assert message is not None
    assert [bytes(buffer) for buffer in message.buffers] == buffers
    assert Message("iopub", "comm_msg", "1", CONTENT, message.buffers) == message


@BOTH_PROTOCOLS
@pytest.mark.parametrize(
    "rubbish",
    [
        b"",
        b"\xff" * 64,
        b"\0" * 64,
        (2**63).to_bytes(8, "little") + b"\0" * 64,
        struct.pack("!i", 2**31 - 1) + b"\0" * 64,
        struct.pack("!i", -1) + b"\0" * 64,
        struct.pack("!3I", 2, 12, 14) + b"{}",
        # So many parts, each as long as the frame, that they would fill the memory.
        (2**16).to_bytes(8, "little")
        + b"".join(n.to_bytes(8, "little") for n in (0, 2**19)) * 2**15,
        "",
        "[]",
        "null",
        "[" * 100_000,
        '{"header": [], "parent_header": {}}',
        '{"header": {"msg_type": {}}, "parent_header": 1, "content": "x"}x',
    ],
    ids=range(14),
)
def test_rubbish_is_no_message(protocol: str, rubbish: Frame) -> None:
    """It raises nothing, and takes no memory."""
    assert unpack(rubbish, protocol) is None


@BOTH_PROTOCOLS
def test_a_long_frame_is_not_read(protocol: str) -> None:
    """A kernel may print much meanwhile."""
    kernel = ScriptedKernel(protocol)
    frame = kernel.frame("iopub", "stream", {"text": "x" * LONGEST}, {})
    assert unpack(frame, protocol) is None


@BOTH_PROTOCOLS
@given(frame=st.one_of(st.binary(max_size=200), st.text(max_size=200)))
def test_no_frame_raises(protocol: str, frame: Frame) -> None:
    """Whatever is in it."""
    message = unpack(frame, protocol)
    assert message is None or isinstance(message.content, dict)
