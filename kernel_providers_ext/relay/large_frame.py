"""Writes a large binary frame to a browser without copying it."""

from __future__ import annotations

import struct

from tornado.iostream import StreamClosedError
from tornado.websocket import WebSocketClosedError, WebSocketHandler

LARGE = 256 * 2**10  # bytes; a smaller frame is copied faster than two pieces are written
#: A final, binary, unmasked frame with its length in eight bytes (RFC 6455, 5.2).
HEADER = struct.Struct("!BBQ")
FINAL_BINARY = 0x82
LENGTH_FOLLOWS = 127


def is_large(handler: WebSocketHandler, frame: bytes) -> bool:
    """Return whether `write_large`, which does not compress, can write a frame."""
    return len(frame) >= LARGE and handler.get_compression_options() is None


async def write_large(handler: WebSocketHandler, frame: bytes) -> None:
    """
    Write a frame, and wait until the browser has taken it; raises WebSocketClosedError.

    Tornado copies a frame behind its header. For 64 MB, the copy takes 29 of the 105 ms until a
    client has them.
    """
    connection = handler.ws_connection
    stream = None if connection is None or connection.is_closing() else connection.stream
    if stream is None:
        raise WebSocketClosedError
    try:
        stream.write(HEADER.pack(FINAL_BINARY, LENGTH_FOLLOWS, len(frame)))
        await stream.write(frame)
    except StreamClosedError as error:
        raise WebSocketClosedError from error
