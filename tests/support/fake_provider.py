"""Providers with scripted answers, for tests without a server."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from kernel_providers_ext.config.loader import Declaration, KernelProvidersLoader
from kernel_providers_ext.provider.config import ProviderConfig
from kernel_providers_ext.provider.errors import IncompatibleAnswer
from kernel_providers_ext.provider.interface import (
    KernelChannels,
    KernelModel,
    RemoteKernelProvider,
    Resource,
    Snapshot,
)
from kernel_providers_ext.registry.providers import KernelProviders
from tests.support.client import wait_for_answers

UNREACHABLE = "http://127.0.0.1:9"


def snapshot(*names: str, **more: Any) -> Snapshot:
    """Return a snapshot with kernelspecs of these names."""
    return Snapshot({n: {"name": n, "spec": {}, "resources": {}} for n in names}, **more)


class FakeProvider(RemoteKernelProvider):
    """Answers or fails as its attributes and options say, and counts requests."""

    kind = "scripted"

    def __init__(self, config: ProviderConfig, log: logging.Logger) -> None:
        super().__init__(config, log)
        options = config.options
        kernels, default = options.get("kernels", ["py"]), options.get("default", "")
        self.answer: Snapshot | Exception = snapshot(*kernels, default=default)
        self.running: Mapping[str, KernelModel | None] | Exception = options.get("running", {})
        self.held: asyncio.Event | None = None
        self.held_logos: asyncio.Event | None = None
        self.asked = 0
        self.asked_for: list[list[str]] = []
        self.asked_for_logos = 0
        self.closed = False

    async def snapshot(self, known: Snapshot | None = None) -> Snapshot:
        self.asked += 1
        if self.held is not None:
            await self.held.wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        return known if known == self.answer and known else self.answer

    async def kernels(self, kernel_ids: Collection[str]) -> Mapping[str, KernelModel | None]:
        self.asked_for.append(list(kernel_ids))
        if isinstance(self.running, Exception):
            raise self.running
        return self.running

    async def aclose(self) -> None:
        self.closed = True

    async def resource(self, kernel_name: str, file: str) -> Resource:
        self.asked_for_logos += 1
        if self.held_logos is not None:
            await self.held_logos.wait()
        raise IncompatibleAnswer(self.id, "incompatible", "There is no such logo.")

    async def start_kernel(
        self, kernel_name: str, *, kernel_id: str, path: str | None, env: Mapping[str, str]
    ) -> KernelModel:
        raise NotImplementedError

    async def interrupt_kernel(self, kernel_id: str) -> None:
        raise NotImplementedError

    async def restart_kernel(self, kernel_id: str) -> None:
        raise NotImplementedError

    async def shutdown_kernel(self, kernel_id: str) -> None:
        raise NotImplementedError

    async def open_channels(
        self, kernel_id: str, *, session_id: str | None, subprotocols: Collection[str]
    ) -> KernelChannels:
        raise NotImplementedError


class Kernel:
    """A running kernel that records its updates."""

    def __init__(self, remote_id: str, url: str = "") -> None:
        self.remote_id = remote_id
        self.url = url
        self.news: list[KernelModel | None] = []
        self.needs_polling = True

    def update(self, model: KernelModel | None, asked: float) -> None:
        self.news.append(model)


class ListLoader(KernelProvidersLoader):
    """Loads a list of declarations; raises an exception in that list."""

    declarations: Sequence[Declaration | Exception] = ()

    def load(self) -> Iterable[Declaration]:
        for declaration in self.declarations:
            if isinstance(declaration, Exception):
                raise declaration
            yield declaration


def gateway(provider_id: str, **more: Any) -> Declaration:
    """Declare a gateway that does not answer."""
    return Declaration(provider_id, f"{provider_id}.json", {"url": UNREACHABLE, **more})


def scripted(provider_id: str, *kernels: str, **options: Any) -> Declaration:
    """Declare a scripted provider with these kernels."""
    settings = {"kind": "scripted", "options": {"kernels": list(kernels), **options}}
    return Declaration(provider_id, f"{provider_id}.json", settings)


async def started(providers: KernelProviders) -> KernelProviders:
    """Start the providers, and wait until each has answered or failed."""
    await providers.start()
    await wait_for_answers(providers)
    return providers


def add_distribution(site: Path, name: str, kinds: Mapping[str, str]) -> None:
    """Add metadata of a package with these kinds to a folder of Python's path."""
    folder = site / f"{name}-1.0.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    lines = [f"{kind} = {value}\n" for kind, value in kinds.items()]
    (folder / "entry_points.txt").write_text(f"[kernel_providers_ext.kinds]\n{''.join(lines)}")
