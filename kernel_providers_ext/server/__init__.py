"""What Jupyter Server sees: its managers with ours mixed in, our routes, and our event."""

from .events import ChangedEvents
from .kernel_manager import KernelProvidersKernelManager
from .kernelspec_manager import KernelProvidersSpecManager
from .metrics import serve_metrics
from .page_config import page_config_hook
from .routes import rules
from .websocket import KernelProvidersWebsocketConnection

__all__ = [
    "ChangedEvents",
    "KernelProvidersKernelManager",
    "KernelProvidersSpecManager",
    "KernelProvidersWebsocketConnection",
    "page_config_hook",
    "rules",
    "serve_metrics",
]
