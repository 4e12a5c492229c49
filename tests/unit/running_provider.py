"""A provider whose kernels run in memory."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Mapping
from typing import Any

from kernel_providers_ext.config.loader import Declaration
from kernel_providers_ext.provider.config import ProviderConfig
from kernel_providers_ext.provider.errors import (
    IncompatibleAnswer,
    KernelGone,
    ProviderUnavailable,
)
from kernel_providers_ext.provider.interface import (
    Frame,
    KernelChannels,
    KernelModel,
    Resource,
    Snapshot,
)
from tests.support.client import V1
from tests.support.fake_provider import FakeProvider

HERE = "tests.unit.running_provider"
OFFLINE = ProviderUnavailable("gpu", "refused", "Gpu refused the connection.")
LATE = ProviderUnavailable("gpu", "timeout", "Gpu did not answer in time.")
END = None  # of channels


def running(provider_id: str, *kernels: str, **settings: Any) -> Declaration:
    """Declare a provider whose kernels run in memory; it is polled only if it is woken."""
    fields = {
        "kind": "running",
        "url": f"http://{provider_id}.test",
        "refresh_interval": 600,
        **settings,
        "options": {"kernels": list(kernels or ("py",)), **settings.get("options", {})},
    }
    return Declaration(provider_id, f"{provider_id}.json", fields)


class MemoryChannels(KernelChannels):
    """Channels that deliver what a test says, and record what is sent."""

    def __init__(self, session_id: str | None, offered: Collection[str]) -> None:
        self.session_id = session_id
        self.offered = list(offered)
        self.subprotocol = V1 if V1 in self.offered else ""
        self.frames: asyncio.Queue[Frame | None] = asyncio.Queue()
        self.sent: list[Frame] = []
        self.takes = True
        self.is_closed = False

    async def receive(self) -> Frame | None:
        return await self.frames.get()

    async def send(self, frame: Frame) -> bool:
        if self.is_closed or not self.takes:
            return False
        self.sent.append(frame)
        return True

    async def aclose(self) -> None:
        self.is_closed = True
        self.frames.put_nowait(END)


class RunningProvider(FakeProvider):
    """Runs kernels in memory; a test may have a request fail or wait."""

    kind = "running"

    def __init__(self, config: ProviderConfig, log: logging.Logger) -> None:
        super().__init__(config, log)
        resources = config.options.get("resources", {})
        self.answer = Snapshot(
            {
                name: {
                    "name": name,
                    "spec": {"display_name": name.title(), "language": "python", "argv": []},
                    "resources": resources,
                }
                for name in config.options["kernels"]
            },
            default=config.options.get("default", ""),
        )
        self.models: dict[str, KernelModel] = {}
        #: What was asked for, except kernelspecs and kernels' states.
        self.requests: list[tuple[str, str]] = []
        self.environments: list[dict[str, str]] = []
        self.paths: list[str | None] = []
        #: By request, such as "start", how it fails.
        self.failures: dict[str, Exception] = {}
        #: While this is set, requests for kernels wait for it.
        self.gate: asyncio.Event | None = None
        self.channels: list[MemoryChannels] = []
        self.logo: Resource | None = None

    def run(self, kernel_id: str, name: str = "py", **fields: Any) -> KernelModel:
        """Run a kernel that others have started."""
        model = {"id": kernel_id, "name": name, "execution_state": "idle", **fields}
        self.models[kernel_id] = model
        return model

    async def kernels(self, kernel_ids: Collection[str]) -> Mapping[str, KernelModel | None]:
        self.asked_for.append(list(kernel_ids))
        if "kernels" in self.failures:
            raise self.failures["kernels"]
        return {one: self.models.get(one) for one in kernel_ids}

    async def running_kernels(self) -> Collection[KernelModel]:
        await self._request("list", "")
        return list(self.models.values())

    async def start_kernel(
        self, kernel_name: str, *, kernel_id: str, path: str | None, env: Mapping[str, str]
    ) -> KernelModel:
        self.environments.append(dict(env))
        self.paths.append(path)
        await self._request("start", kernel_name)
        return self.run(kernel_id, kernel_name, last_activity="then")

    async def interrupt_kernel(self, kernel_id: str) -> None:
        await self._request("interrupt", kernel_id)

    async def restart_kernel(self, kernel_id: str) -> None:
        await self._request("restart", kernel_id)

    async def shutdown_kernel(self, kernel_id: str) -> None:
        await self._request("shutdown", kernel_id)
        self.models.pop(kernel_id, None)

    async def open_channels(
        self, kernel_id: str, *, session_id: str | None, subprotocols: Collection[str]
    ) -> KernelChannels:
        await self._request("open", kernel_id)
        if kernel_id not in self.models:
            raise KernelGone(self.id, "kernel_gone", "It is gone.")
        self.channels.append(MemoryChannels(session_id, subprotocols))
        return self.channels[-1]

    async def resource(self, kernel_name: str, file: str) -> Resource:
        await self._request("resource", file)
        if self.logo is None:
            raise IncompatibleAnswer(self.id, "incompatible", "There is no such logo.")
        return self.logo

    async def _request(self, name: str, what: str) -> None:
        self.requests.append((name, what))
        if self.gate is not None:
            await self.gate.wait()
        if name in self.failures:
            raise self.failures[name]
