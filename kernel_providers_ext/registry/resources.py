"""The files of a remote provider's kernelspecs, each fetched once and kept in memory."""

from __future__ import annotations

import asyncio
from urllib.parse import unquote, urlsplit

from ..provider.errors import ProviderError
from ..provider.interface import KernelspecModel, RemoteKernelProvider, Resource
from ..provider.names import encode


class Resources:
    """
    The fetched files of one provider's kernelspecs.

    An entry belongs to the kernelspec's model that it was fetched for, so that a changed kernelspec
    has its logo fetched again. Requests at the same time share one fetch.
    """

    def __init__(self) -> None:
        self._fetched: dict[tuple[str, str], tuple[KernelspecModel, asyncio.Task[Resource]]] = {}

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
        known, task = self._fetched.get(key, (None, None))
        if task is None or known != model:
            if failure is not None:
                raise failure.with_traceback(None)
            task = asyncio.create_task(provider.resource(name, file))
            # Retrieve the exception, so that asyncio does not log it if all requests have left.
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
            self._fetched[key] = (model, task)
        try:
            return await asyncio.shield(task)
        except Exception:
            if self._fetched.get(key) == (model, task):
                del self._fetched[key]
            raise

    async def aclose(self) -> None:
        """Cancel unfinished fetches; fetched files stay."""
        fetching = {key: task for key, (_, task) in self._fetched.items() if not task.done()}
        for key, task in fetching.items():
            task.cancel()
            del self._fetched[key]
        await asyncio.gather(*fetching.values(), return_exceptions=True)


def logo_of(model: KernelspecModel) -> str | None:
    """Return the file that JupyterLab shows as the kernel's logo; None if there is none."""
    resources = model.get("resources", {})
    url = resources.get("logo-svg") or resources.get("logo-64x64")
    return (file_of(url) or None) if url else None


def file_of(url: str) -> str:
    """Return the last segment of a resource's URL, decoded; empty if it is not a URL."""
    try:
        file = unquote(urlsplit(url).path.rpartition("/")[2])
        encode(file)
    except ValueError:
        return ""
    return file
