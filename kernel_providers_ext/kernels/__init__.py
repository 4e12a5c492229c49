"""The remote kernels of one server: their start, state, end, and recovery after a restart."""

from .kernel import RemoteKernelManager
from .kernel_map import KernelMap
from .lifecycle import RemoteKernels, StartRequest
from .recovery import KernelRecovery
from .send_queue import SendQueue
from .store import KernelStore

__all__ = [
    "KernelMap",
    "KernelRecovery",
    "KernelStore",
    "RemoteKernelManager",
    "RemoteKernels",
    "SendQueue",
    "StartRequest",
]
