"""A Jupyter Server extension that returns socket options of kernels' websockets."""

from __future__ import annotations

import gc
from socket import IPPROTO_TCP, TCP_NODELAY

from jupyter_server.base.handlers import APIHandler
from jupyter_server.serverapp import ServerApp
from jupyter_server.services.kernels.websocket import KernelWebsocketHandler
from jupyter_server.utils import url_path_join
from tornado import web

PATH = "tests/sockets"


class SocketsHandler(APIHandler):
    """Returns whether each open websocket sends small messages at once (TCP_NODELAY)."""

    @web.authenticated
    def get(self) -> None:
        """Find all open connections."""
        sockets = [
            handler.ws_connection.stream.socket  # type: ignore[union-attr]
            for handler in gc.get_objects()
            if isinstance(handler, KernelWebsocketHandler) and handler.ws_connection is not None
        ]
        options = [bool(socket.getsockopt(IPPROTO_TCP, TCP_NODELAY)) for socket in sockets]
        self.finish({"nodelay": options})


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": __name__}]


def _load_jupyter_server_extension(serverapp: ServerApp) -> None:
    rule = (url_path_join(serverapp.base_url, PATH), SocketsHandler)
    serverapp.web_app.add_handlers(".*$", [rule])
