"""The files of a remote provider's kernelspecs, each fetched once and kept in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from cachetools import LRUCache

from ..provider.closing import CLOSE_TIMEOUT
from ..provider.errors import ProviderError, ProviderUnavailable
from ..provider.interface import KernelspecModel, RemoteKernelProvider, Resource
from ..provider.kernelspecs import file_of

BUDGET = 8 * 2**20  # bytes of all files of one provider in memory
FULL = BUDGET // 2  # bytes after which no file is fetched before it is needed

#: A kernelspec's name at its provider, and the file's name.
Key = tuple[str, str]


class Resources:
    """
    The fetched files of one provider's kernelspecs, at most `BUDGET` bytes.

    A file belongs to the kernelspec's model that it was fetched for, so that a changed kernelspec
    has its logo fetched again. Requests at the same time share one fetch.
    """

    def __init__(self) -> None:
        self._fetched: LRUCache[Key, tuple[KernelspecModel, Resource]] = LRUCache(
            BUDGET, getsizeof=lambda fetched: len(fetched[1].body)
        )
        self._fetches: dict[Key, tuple[KernelspecModel, asyncio.Task[Resource]]] = {}
        #: Kernelspecs whose logos could not be fetched; a changed kernelspec is tried again.
        self._without_logo: dict[str, KernelspecModel] = {}

    @property
    def is_full(self) -> bool:
        """Whether only files that are needed now should be fetched."""
        return self._fetched.currsize >= FULL

    async def get(
        self,
        provider: RemoteKernelProvider,
        name: str,
        model: KernelspecModel,
        file: str,
        failure: ProviderError | None = None,
    ) -> Resource:
        """
        Return a file of the kernelspec that the provider calls ``name``.

        Raises ProviderError if it cannot be fetched; the next request tries again. If ``failure``
        is given, nothing is fetched and that is raised instead: a page has few connections to this
        server, and an unavailable provider's logos could keep all of them waiting.
        """
        key = (name, file)
        fetched_for, resource = self._fetched.get(key, (None, None))
        if resource is not None and fetched_for == model:
            return resource
        fetched_for, fetch = self._fetches.get(key, (None, None))
        if fetch is None or fetched_for != model:
            if failure is not None:
                raise failure.with_traceback(None)
            fetch = asyncio.create_task(self._fetch(provider, key, model))
            # Retrieve the exception, so that asyncio does not log it if all requests have left.
            fetch.add_done_callback(lambda done: done.cancelled() or done.exception())
            self._fetches[key] = (model, fetch)
        return await asyncio.shield(fetch)

    async def _fetch(
        self, provider: RemoteKernelProvider, key: Key, model: KernelspecModel
    ) -> Resource:
        try:
            resource = await provider.resource(*key)
        finally:
            if self._fetches.get(key) == (model, asyncio.current_task()):
                del self._fetches[key]
        if len(resource.body) <= BUDGET:
            self._fetched[key] = (model, resource)
        return resource

    async def fetch_logos(
        self, provider: RemoteKernelProvider, kernelspecs: Mapping[str, KernelspecModel]
    ) -> None:
        """
        Fetch missing logos, so that they are there if the provider is not.

        Raises an error after which the rest is to be fetched another time.
        """
        for name, model in kernelspecs.items():
            file = logo_of(model)
            if file is None or self._without_logo.get(name) == model:
                continue
            if self.is_full:
                return
            try:
                await self.get(provider, name, model, file)
            except ProviderUnavailable:
                raise
            except ProviderError:
                self._without_logo[name] = model

    def retain(self, kernelspecs: Mapping[str, KernelspecModel]) -> None:
        """Forget all other kernelspecs."""
        for key, (model, _) in list(self._fetched.items()):
            if kernelspecs.get(key[0]) != model:
                del self._fetched[key]
        for name, model in list(self._without_logo.items()):
            if kernelspecs.get(name) != model:
                del self._without_logo[name]

    def forget_failures(self) -> None:
        """Try again to fetch logos that could not be fetched."""
        self._without_logo.clear()

    async def aclose(self) -> None:
        """Cancel unfinished fetches, within a second; fetched files stay."""
        fetches = {fetch for _, fetch in self._fetches.values()}
        for fetch in fetches:
            fetch.cancel()
        if fetches:
            await asyncio.wait(fetches, timeout=CLOSE_TIMEOUT)


def logo_of(model: KernelspecModel) -> str | None:
    """Return the file that JupyterLab shows as the kernel's logo; None if there is none."""
    resources = model.get("resources", {})
    url = resources.get("logo-svg") or resources.get("logo-64x64")
    return (file_of(url) or None) if url else None
