"""All routes of this package, with the permissions that each of them needs."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

WEBSOCKET = "WEBSOCKET"


@dataclass(frozen=True)
class Route:
    """
    A route, with a path that matches it and a body that it accepts.

    In a path and a body, ``{kernel}`` is the id of a remote kernel of the server, and ``{other}``
    the id of another user's kernel at the provider ``gpu``.
    """

    method: str
    path: str
    permissions: Collection[str]
    body: str = "{}"

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


LOGO = "kernelspecs/gpu%2Fpython3/logo-64x64.png"

WRITING = {"write:kernel_providers", "read:kernelspecs"}
NEW = '{"id": "new", "settings": {"url": "http://127.0.0.1:9"}}'

ROUTES = [
    Route("GET", "api/kernel-providers", {"read:kernelspecs"}),
    Route("GET", "api/kernel-providers/-/schema", {"read:kernel_providers"}),
    Route("GET", "api/kernel-providers/-/openapi", {"read:kernel_providers"}),
    Route("POST", "api/kernel-providers/-/test", {"write:kernel_providers"}, NEW),
    # One provider, from its beginning to its end.
    Route("POST", "api/kernel-providers", WRITING, NEW),
    Route("GET", "api/kernel-providers/new", {"read:kernel_providers", "read:kernelspecs"}),
    Route("PUT", "api/kernel-providers/new", WRITING, NEW),
    Route("PATCH", "api/kernel-providers/new", WRITING, '{"enabled": true}'),
    Route("DELETE", "api/kernel-providers/new/kernels", {"write:kernels"}),
    Route("DELETE", "api/kernel-providers/new", {"write:kernel_providers"}),
    Route("POST", "api/kernel-providers/new/restore", WRITING),
    Route("DELETE", "api/kernel-providers/new", {"write:kernel_providers"}),
    Route("POST", "api/kernel-providers/gpu/retry", {"read:kernelspecs", "write:kernelspecs"}),
    Route("GET", "api/kernel-providers/gpu/kernels", {"read:kernels"}),
    Route(
        "POST",
        "api/kernel-providers/gpu/kernels",
        {"read:kernels", "write:kernels"},
        '{"id": "{other}"}',
    ),
    Route("GET", "api/kernelspecs/gpu%2Fpython3", {"read:kernelspecs"}),
    Route("GET", LOGO, {"read:kernelspecs"}),
    Route("HEAD", LOGO, {"read:kernelspecs"}),
    Route("POST", "api/kernels/{kernel}/restart", {"write:kernels"}),
]

#: Jupyter Server's own route; what it does for a remote kernel is ours.
CHANNELS = Route(WEBSOCKET, "api/kernels/{kernel}/channels", {"execute:kernels"})
