"""The kernelspec manager that Jupyter Server sees: local kernelspecs, and those of providers."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from inspect import isawaitable
from typing import Any

from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

from ..registry.providers import KernelProviders


class KernelProvidersSpecManager(KernelSpecManager):
    """
    A mixin for the configured kernelspec manager, whose own answers stay unchanged.

    `extension.mix` makes a class for each server, and sets ``providers``.
    """

    providers: KernelProviders
    _taken: Sequence[str] = ()

    def get_all_specs(self) -> Any:
        """
        Return all kernelspecs; remote ones as complete models, which Jupyter Server passes on.

        The result is awaitable if that of the configured manager is, or if there are no local
        kernels: then there is nothing to show until the first provider has answered.
        """
        self.providers.client_activity.record()
        if not self.providers.local_enabled:
            return self._without_local()
        local = super().get_all_specs()
        return self._later(local) if isawaitable(local) else self._with_remote(local)

    def get_kernel_spec(self, kernel_name: str, *args: Any, **kwargs: Any) -> Any:
        """Return one kernelspec; raises NoSuchKernel, which is a KeyError."""
        entry = self.providers.entry(kernel_name)
        if entry is not None:
            return entry.kernelspec
        if not self.providers.local_enabled:
            raise NoSuchKernel(kernel_name)
        return super().get_kernel_spec(kernel_name, *args, **kwargs)

    def model(self, name: str) -> Mapping[str, Any] | None:
        """Return the REST model of a remote kernelspec; None if there is none of this name."""
        return self._remote().get(name)

    async def _later(self, local: Awaitable[Mapping[str, Any]]) -> dict[str, Any]:
        return self._with_remote(await local)

    async def _without_local(self) -> dict[str, Any]:
        await self.providers.first_kernelspecs()
        return self._with_remote({})

    def _with_remote(self, local: Mapping[str, Any]) -> dict[str, Any]:
        self._taken = [entry.get("spec", {}).get("display_name", "") for entry in local.values()]
        return {**local, **self._remote()}

    def _remote(self) -> dict[str, dict[str, Any]]:
        return self.providers.kernelspecs(getattr(self.parent, "base_url", "/"), self._taken)
