"""Which frames are written to the browser without a copy."""

from __future__ import annotations

from tornado.websocket import WebSocketHandler

from kernel_providers_ext.relay.large_frame import LARGE, is_large


class Compressing(WebSocketHandler):
    """Compresses what it sends, as an administrator may have Jupyter Server do."""

    def get_compression_options(self) -> dict[str, object]:
        return {}


def test_what_is_to_be_compressed_is_not_written_as_it_is() -> None:
    """Nor is what is copied in no time."""
    plain, compressing = (kind.__new__(kind) for kind in (WebSocketHandler, Compressing))
    assert is_large(plain, bytes(LARGE))
    assert not is_large(plain, bytes(LARGE - 1))
    assert not is_large(compressing, bytes(LARGE))
