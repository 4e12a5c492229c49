"""The kernelspec manager: local kernelspecs, and those of providers beside them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel

from kernel_providers_ext.extension import mix
from kernel_providers_ext.server.kernelspec_manager import KernelProvidersSpecManager
from tests.conftest import MakeProviders
from tests.support.fake_provider import scripted, started
from tests.unit.conftest import StartPlace

LOCAL = {"py": {"resource_dir": "/py", "spec": {"display_name": "Py (gpu)"}}}


class Configured(KernelSpecManager):
    """The kernelspec manager that is configured; it has one kernelspec."""

    def get_all_specs(self) -> Any:
        return dict(LOCAL)

    def get_kernel_spec(self, kernel_name: str) -> Any:
        if kernel_name not in LOCAL:
            raise NoSuchKernel(kernel_name)
        return KernelSpec(display_name="Local")


class Awaitable(Configured):
    """A configured one that is a coroutine, as of another package."""

    def get_all_specs(self) -> Any:
        async def later() -> Any:
            return dict(LOCAL)

        return later()


def manager(providers: Any, base: type = Configured) -> Any:
    return mix(KernelProvidersSpecManager, base, providers)()


async def test_local_kernelspecs_are_as_configured(start_place: StartPlace) -> None:
    """Remote ones are beside them, with display names that no local one has."""
    place = await start_place()
    found = manager(place.providers).get_all_specs()
    assert found["py"] == LOCAL["py"]
    assert list(found) == ["py", "gpu/py"]
    assert found["gpu/py"]["spec"]["display_name"] not in ("Py (gpu)", "Py")
    model = manager(place.providers).model("gpu/py")
    assert model is not None
    assert model["name"] == "gpu/py"
    assert manager(place.providers).model("py") is None


async def test_an_awaitable_manager_stays_awaitable(start_place: StartPlace) -> None:
    """As Jupyter Server expects of it."""
    place = await start_place()
    assert list(await manager(place.providers, Awaitable).get_all_specs()) == ["py", "gpu/py"]


async def test_one_kernelspec_is_found_by_name(start_place: StartPlace) -> None:
    """A remote one has what the culler and jupyter_client read."""
    place = await start_place()
    specs = manager(place.providers)
    assert specs.get_kernel_spec("py").display_name == "Local"
    assert specs.get_kernel_spec("gpu/py").display_name == "Py"
    assert specs.get_kernel_spec("gpu/py").language == "python"
    with pytest.raises(NoSuchKernel):
        specs.get_kernel_spec("gpu/no")


async def test_without_local_kernels_only_remote_ones_are_listed(
    make_providers: MakeProviders,
) -> None:
    """The first list waits for the first answer, so that it is not empty."""
    providers = make_providers(scripted("gpu", "r"), local_enabled=False)
    specs = manager(providers)
    listing = asyncio.ensure_future(specs.get_all_specs())
    await asyncio.sleep(0)
    assert not listing.done()
    await started(providers)
    with pytest.raises(NoSuchKernel):
        specs.get_kernel_spec("py")
    assert list(await listing) == ["gpu/r"]


async def test_a_list_is_a_clients_activity(start_place: StartPlace) -> None:
    """Providers are polled more often while clients are there."""
    place = await start_place()
    recorded: list[int] = []
    place.providers.client_activity.record = lambda: recorded.append(1)  # type: ignore[method-assign]
    manager(place.providers).get_all_specs()
    assert recorded == [1]
