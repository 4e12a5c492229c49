"""Which frames are written to the browser without a copy."""

from __future__ import annotations

from tornado.websocket import WebSocketHandler

from kernel_providers_ext.relay.large_frame import LARGE, is_large


class Compressing(WebSocketHandler):
    """Compresses its messages, as an administrator may configure Jupyter Server."""

    def get_compression_options(self) -> dict[str, object]:
        return {}


def test_small_and_compressed_frames_are_copied() -> None:
    """Compression needs tornado's own way, and small frames are copied quickly."""
    plain, compressing = (kind.__new__(kind) for kind in (WebSocketHandler, Compressing))
    assert is_large(plain, bytes(LARGE))
    assert not is_large(plain, bytes(LARGE - 1))
    assert not is_large(compressing, bytes(LARGE))
