"""The files of remote kernelspecs, each fetched once and then served from memory."""

from __future__ import annotations

import asyncio

from .provider import KernelspecModel, RemoteKernelProvider, Resource


class Resources:
    """
    What was fetched of the kernelspecs' files.

    An entry is tied to the kernelspec's model it was fetched for, so that a changed kernelspec has
    its logo fetched again. Those who ask at the same time share one request.
    """

    def __init__(self) -> None:
        self._fetched: dict[tuple[str, str], tuple[KernelspecModel, asyncio.Task[Resource]]] = {}

    async def get(
        self, provider: RemoteKernelProvider, name: str, model: KernelspecModel, file: str
    ) -> Resource:
        """
        Return a file of the provider's kernelspec ``name``.

        Raises ProviderError where it cannot be had; the next one to ask tries again.
        """
        key = (f"{provider.id}/{name}", file)
        known, task = self._fetched.get(key, (None, None))
        if task is None or known != model:
            task = asyncio.create_task(provider.resource(name, file))
            self._fetched[key] = (model, task)
        try:
            return await asyncio.shield(task)
        except Exception:
            if self._fetched.get(key) == (model, task):
                del self._fetched[key]
            raise
