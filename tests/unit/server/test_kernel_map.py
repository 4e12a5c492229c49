"""
The adapter to Jupyter Server's private state.

The test command runs this file with each supported version of jupyter_server.
"""

from __future__ import annotations

import logging
from typing import Any

import jupyter_server
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager

from kernel_providers_ext.extension import mix
from kernel_providers_ext.registry.providers import KernelProviders
from kernel_providers_ext.server.kernel_manager import KernelProvidersKernelManager
from kernel_providers_ext.server.kernel_map import ServerKernelMap

ID = "11111111-1111-1111-1111-111111111111"


@pytest.fixture
def manager() -> Any:
    """Jupyter Server's kernel manager with our mixin, and without kernels."""
    providers = KernelProviders(log=logging.getLogger("tests"))
    mixed = mix(KernelProvidersKernelManager, AsyncMappingKernelManager, providers)
    return mixed(kernel_spec_manager=KernelSpecManager())


@pytest.fixture
def kernel_map(manager: Any) -> ServerKernelMap:
    return ServerKernelMap(manager, manager.providers)


def kernel(kernel_map: ServerKernelMap, manager: Any) -> Any:
    """Make a remote kernel that is not in the map yet."""
    made = manager.remote._create("gpu", "py", ID)
    made.set_state("idle")
    return made


async def test_jupyter_server_sees_a_kernel_that_is_added(
    kernel_map: ServerKernelMap, manager: Any
) -> None:
    """All public look-ups of Jupyter Server find the kernel, and its model counts its clients."""
    added = kernel(kernel_map, manager)
    kernel_map.add(added)
    assert kernel_map.get(ID) is added
    assert list(kernel_map.kernels) == [added]
    assert manager.get_kernel(ID) is added
    assert ID in manager
    assert manager.list_kernel_ids() == [ID]
    manager.notify_connect(ID)
    model = manager.kernel_model(ID)
    assert (model["id"], model["name"], model["connections"]) == (ID, "gpu/py", 1)
    assert model["execution_state"] == "idle", jupyter_server.__version__


async def test_the_first_kernel_starts_the_culler(
    kernel_map: ServerKernelMap, manager: Any
) -> None:
    """As for a local kernel, the culler runs once there is a kernel, if it is configured."""
    manager.cull_idle_timeout = 1000
    kernel_map.add(kernel(kernel_map, manager))
    assert manager._initialized_culler
    assert manager._culler_callback.is_running()
    manager._culler_callback.stop()


async def test_jupyter_server_forgets_a_kernel_that_is_removed(
    kernel_map: ServerKernelMap, manager: Any
) -> None:
    """Nothing of the kernel stays in Jupyter Server's maps."""
    removed = kernel(kernel_map, manager)
    kernel_map.add(removed)
    kernel_map.remove(removed)
    assert kernel_map.get(ID) is None
    assert ID not in manager
    assert ID not in manager._kernel_connections
    with pytest.raises(Exception, match="Kernel does not exist"):
        manager.get_kernel(ID)


def test_new_ids_are_free(kernel_map: ServerKernelMap) -> None:
    """Each new id is another one."""
    assert kernel_map.new_id() != kernel_map.new_id()
