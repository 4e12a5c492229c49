"""This server's own kernels as a kernel provider."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from logging import Logger
from typing import Any

from jupyter_core.utils import ensure_async

from ..provider.config import ProviderConfig
from ..provider.interface import KernelProvider, Snapshot
from ..provider.names import LOCAL_ID


class LocalKernelProvider(KernelProvider):
    """
    The kernels of this server, which Jupyter Server's own classes start and connect.

    ``get_all_specs`` is the method of the configured kernelspec manager.
    """

    kind = "local"

    def __init__(self, get_all_specs: Callable[[], Mapping[str, Any]], log: Logger) -> None:
        config = ProviderConfig(LOCAL_ID, "this server", kind=self.kind, label="Local")
        super().__init__(config, log)
        self._get_all_specs = get_all_specs

    async def snapshot(self, known: Snapshot | None = None) -> Snapshot:
        """Return the kernelspecs on disk."""
        found = await ensure_async(await asyncio.to_thread(self._get_all_specs))
        return Snapshot(
            {
                name: {"name": name, "spec": entry["spec"], "resources": {}}
                for name, entry in found.items()
            }
        )
