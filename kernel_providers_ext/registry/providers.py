"""The kernel providers of one server, by id, in the order of their declarations."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from jupyter_core.paths import jupyter_data_dir

from ..config.declarations import Declarations
from ..config.loader import Declaration
from ..config.traits import KernelProvidersConfig
from ..provider import names
from ..provider.config import ProviderConfig
from ..provider.errors import NoSuchKernelspec, NoSuchProvider, ProviderError, ProviderUnavailable
from ..provider.interface import RemoteKernelProvider, Resource, no_such_kernelspec
from ..provider.status import now
from .catalog import Catalog, CatalogSource, Entry
from .client_activity import ClientActivity
from .configurations import Problem, check
from .counters import Counters
from .kinds import Kinds
from .monitor import PolledKernel, ProviderMonitor
from .phases import KernelPhases
from .recent import FILE, RecentKernels


@dataclass(frozen=True)
class DisabledProvider:
    """A provider that is configured and switched off."""

    config: ProviderConfig
    since: datetime


class KernelProviders(KernelProvidersConfig):
    """
    Multiplexes kernel providers.

    It decides from memory and at once: which provider a name belongs to, and which kernelspecs
    there are. Monitors talk to the providers, each in a task of its own. One instance belongs to
    one server.
    """

    def __init__(self, **kwargs: Any) -> None:
        #: Providers that are not loaded, by source.
        self.problems: dict[str, Problem] = {}
        self.disabled: dict[str, DisabledProvider] = {}
        #: The environment variables that hold secrets of providers, also of disabled or removed
        #: ones: no kernel gets them.
        self.secret_variables: set[str] = set()
        self.created = now()
        #: Whether the monitors run: from `start` to `aclose`.
        self.running = False
        #: What has happened, by provider; also of removed ones, which may come back.
        self.counters: Mapping[str, Counters] = defaultdict(Counters)
        #: Called when the providers are closed.
        self.on_closed: set[Callable[[], None]] = set()
        self.client_activity = ClientActivity(self._wake_all)
        self.phases = KernelPhases(self._notify)
        self._closed = False
        self._monitors: dict[str, ProviderMonitor] = {}
        self._polled: dict[str, list[PolledKernel]] = {}
        self._catalog = Catalog()
        self._subscribers: list[Callable[[], None]] = []
        #: The closes of monitors that were replaced or removed.
        self._closes: set[asyncio.Task[None]] = set()
        self._following: asyncio.Task[None] | None = None
        self._declarations: Declarations | None = None
        self._reading = asyncio.Lock()
        super().__init__(**kwargs)
        #: The kernels that the user started last.
        self.recent = RecentKernels(Path(jupyter_data_dir()) / FILE, self._notify, self.log)

    # -- which providers there are -----------------------------------------------------------------

    def load(self) -> None:
        """Read the declarations, and create the providers; raises nothing."""
        self.recent.load()
        self._declarations = Declarations(self)
        self.apply(self._declarations.read())

    async def reload(self) -> None:
        """Read the declarations again, and apply them; raises nothing."""
        if self._declarations is not None:
            async with self._reading:  # the last to read is the last to be applied
                self.apply(await asyncio.to_thread(self._declarations.read))

    @property
    def user_folder(self) -> Path | None:
        """The folder with the files of a user's own providers; None if none are read."""
        return self._declarations.user_folder if self._declarations is not None else None

    async def start(self) -> None:
        """Start the monitors, and follow changes of the declarations."""
        self.running = True
        self._start_monitors()
        self._following = asyncio.create_task(self._follow_declarations())

    async def aclose(self) -> None:
        """Stop the monitors and close the providers; their kernels are left alone."""
        self.running = False
        self._closed = True
        while self.on_closed:
            self.on_closed.pop()()
        following = [self._following] if self._following is not None else []
        for task in following:
            task.cancel()
        closing = [monitor.aclose() for monitor in self._monitors.values()]
        self._monitors.clear()
        await asyncio.gather(*closing, *self._closes, *following, return_exceptions=True)

    def apply(self, declarations: Iterable[Declaration]) -> None:
        """
        Replace all declarations.

        1. A provider whose configuration is unchanged, or that adopts the changes, stays.
        2. Any other enabled provider gets a new monitor, which inherits what is known of it.
        3. Monitors of all others are closed.
        """
        kinds = Kinds()
        kept: dict[str, ProviderMonitor] = {}

        def accept(config: ProviderConfig) -> None:
            if config.origin == "user":
                self.check_allowed(config)
            kept[config.id] = self._monitor_for(config, kinds)

        found = check(declarations, self.provider_defaults, accept)
        for source, problem in found.problems.items():
            if self.problems.get(source) != problem:
                self.log.error(problem.message)
        gone = [m for m in self._monitors.values() if m not in kept.values()]
        self.problems, self._monitors = found.problems, kept
        self.secret_variables |= found.secret_variables
        self.disabled = {
            provider_id: self._disabled(config) for provider_id, config in found.disabled.items()
        }
        for monitor in gone:
            self._close(monitor)
            if monitor.provider.id not in kept:
                self.log.info("Kernel provider %s: removed.", monitor.provider.id)
        if self.running:
            self._start_monitors()
        self._changed()

    def _monitor_for(self, config: ProviderConfig, kinds: Kinds) -> ProviderMonitor:
        """Return the present monitor if it can stay, else a new one; raises ConfigurationError."""
        before = self._monitors.get(config.id)
        if before is not None and before.provider.config == config:
            return before
        if before is not None and before.reconfigure(config):
            return before
        provider = kinds.make(config, self.log)
        polled = self._polled.setdefault(config.id, [])
        monitor = ProviderMonitor(
            provider,
            polled,
            self._changed,
            self.log,
            self.client_activity,
            self.counters[config.id],
        )
        if before is not None and _is_same_place(before.provider.config, config):
            monitor.inherit(before)
        return monitor

    def _disabled(self, config: ProviderConfig) -> DisabledProvider:
        before = self.disabled.get(config.id)
        return DisabledProvider(config, before.since if before else now())

    def _start_monitors(self) -> None:
        for monitor in self._monitors.values():
            monitor.start()

    async def _follow_declarations(self) -> None:
        if self._declarations is not None:
            async for _ in self._declarations.changes():
                await self.reload()

    def _close(self, monitor: ProviderMonitor) -> None:
        closing = asyncio.ensure_future(monitor.aclose())
        self._closes.add(closing)
        closing.add_done_callback(self._closes.discard)

    # -- which provider a name or a kernel belongs to ----------------------------------------------

    def resolve(self, name: str) -> tuple[RemoteKernelProvider | None, str]:
        """
        Return the provider of a kernel name and the kernel's name there; None is this server.

        It works before the provider has answered. Raises NoSuchKernelspec if the name belongs to no
        provider.
        """
        entry = self._catalog.get(name)
        if entry is not None:
            return self._offering(entry.provider_id, entry.kernel_name), entry.kernel_name
        prefix, kernel_name = names.split(name)
        if prefix in self._monitors:
            return self._offering(prefix, kernel_name), kernel_name
        self._check_loaded(prefix)
        if self.local_enabled:
            return None, name
        if self.default_provider in self._monitors:
            return self._offering(self.default_provider, name), name
        raise self.unknown(name)

    def _offering(self, provider_id: str, kernel_name: str) -> RemoteKernelProvider:
        """Return a provider; raises NoSuchKernelspec if it does not offer such a kernel."""
        provider = self.provider(provider_id)
        if not names.is_name(kernel_name) or not provider.config.offers(kernel_name):
            raise no_such_kernelspec(provider.config, kernel_name)
        return provider

    def unknown(self, name: str) -> NoSuchKernelspec:
        """Return the error for a kernel name that belongs to no provider."""
        known = ", ".join(self._monitors)
        there_is = f"The kernel providers are: {known}" if known else "There is no kernel provider"
        message = f"No kernel is called {name!r}, neither here nor at a provider. {there_is}."
        return NoSuchKernelspec(names.split(name)[0], "no_such_provider", message)

    def _check_loaded(self, provider_id: str) -> None:
        """Raise NoSuchKernelspec if a provider is configured, but not loaded or off."""
        for problem in self.problems.values():
            if provider_id and problem.provider_id == provider_id:
                raise NoSuchKernelspec(provider_id, "not_loaded", problem.message)
        if provider_id in self.disabled:
            source = self.disabled[provider_id].config.source
            message = f"The kernel provider {provider_id} is off. See {source}."
            raise NoSuchKernelspec(provider_id, "off", message)

    def provider(self, provider_id: str) -> RemoteKernelProvider:
        """
        Return a provider with its present configuration.

        Raises ProviderUnavailable if it was removed while its kernels were running.
        """
        monitor = self._monitors.get(provider_id)
        if self._closed:
            message = "This server is stopping."
            raise ProviderUnavailable(provider_id, "stopping", message)
        if monitor is None or not isinstance(monitor.provider, RemoteKernelProvider):
            message = (
                f"The kernel provider {provider_id} is no longer configured. Configure it again to "
                "reach its kernels."
            )
            raise ProviderUnavailable(provider_id, "removed", message)
        return monitor.provider

    async def admit(self, provider_id: str) -> RemoteKernelProvider:
        """Return a provider that may get a request now; raises ProviderError if it may not."""
        self.provider(provider_id)
        await self._monitors[provider_id].admit()
        return self.provider(provider_id)

    def check_available(self, provider_id: str) -> None:
        """Raise ProviderError if a provider failed when it was last asked."""
        self.provider(provider_id)
        self._monitors[provider_id].check()

    def request_failed(self, provider_id: str, error: ProviderError) -> None:
        """Record that a request failed, see `ProviderMonitor.request_failed`."""
        if provider_id in self._monitors:
            self._monitors[provider_id].request_failed(error)

    def handshake_failed(self, provider_id: str, error: ProviderError) -> None:
        """Record that the websocket of a kernel did not open."""
        if provider_id in self._monitors and error.reason_code == "websocket":
            self._monitors[provider_id].handshake_refused(error)
        self.request_failed(provider_id, error)

    def handshake_done(self, provider_id: str) -> None:
        """Record that the websocket of a kernel opened."""
        if provider_id in self._monitors:
            self._monitors[provider_id].handshake_done()

    def warn(self, provider_id: str, warning: str) -> None:
        """Show and log a sentence about a provider that can be used; once."""
        if provider_id in self._monitors:
            self._monitors[provider_id].warn(warning)

    def offered_name(self, provider_id: str, kernel_name: str) -> str:
        """Return this server's name for a provider's kernel."""
        if provider_id == self.default_provider:
            return kernel_name
        return names.qualify(provider_id, kernel_name)

    # -- polling -----------------------------------------------------------------------------------

    def poll(self, provider_id: str, kernel: PolledKernel) -> None:
        """Poll a running kernel from now on."""
        self._polled.setdefault(provider_id, []).append(kernel)
        self.wake(provider_id)

    def stop_polling(self, provider_id: str, kernel: PolledKernel) -> None:
        """Stop polling a kernel; does nothing if it is not polled."""
        polled = self._polled.get(provider_id, [])
        if kernel in polled:
            polled.remove(kernel)

    def wake(self, provider_id: str) -> None:
        """Poll a provider now."""
        if provider_id in self._monitors:
            self._monitors[provider_id].wake()

    def _wake_all(self) -> None:
        for monitor in self._monitors.values():
            monitor.wake()

    # -- what is known, from memory ----------------------------------------------------------------

    @property
    def monitors(self) -> Collection[ProviderMonitor]:
        """The monitors of all remote providers, in order."""
        return self._monitors.values()

    def monitor(self, provider_id: str) -> ProviderMonitor:
        """Return a remote provider's monitor; raises ProviderError if there is none."""
        if provider_id not in self._monitors:
            self._check_loaded(provider_id)
            message = f"There is no remote kernel provider {provider_id!r}."
            raise NoSuchProvider(provider_id, "no_such_provider", message)
        return self._monitors[provider_id]

    @property
    def labels(self) -> dict[str, str]:
        """The unique labels of all remote providers, by id."""
        return names.unique({i: m.provider.label for i, m in self._monitors.items()})

    @property
    def default_provider(self) -> str:
        """The id of the provider whose kernels have names without a prefix."""
        gateway = None if self.local_enabled else self.gateway_declaration
        return gateway.id if gateway else names.LOCAL_ID

    @property
    def default_kernel_name(self) -> str | None:
        """The default kernel of a server without local kernels, once it is known; else None."""
        return None if self.local_enabled else self._catalog.default

    def entry(self, name: str) -> Entry | None:
        """Return a remote kernelspec by this server's name for it; None if there is none."""
        return self._catalog.get(name)

    @property
    def sources(self) -> list[CatalogSource]:
        """The kernelspecs of all remote providers, by provider; a new list after each change."""
        return self._catalog.sources

    def kernelspecs(self, base_url: str, taken: Collection[str]) -> dict[str, dict[str, Any]]:
        """Return the models of all remote kernelspecs; see `catalog.models`."""
        return self._catalog.models(self.template, base_url, taken)

    async def resource(self, entry: Entry, file: str) -> Resource:
        """Return a file of a kernelspec; raises ProviderError if it cannot be fetched."""
        provider = self.provider(entry.provider_id)
        monitor = self._monitors[entry.provider_id]
        return await monitor.resources.get(
            provider, entry.kernel_name, entry.original, file, monitor.failure
        )

    async def first_kernelspecs(self) -> None:
        """Wait until a provider has kernelspecs or all have failed, at most for one request."""
        waiting = {asyncio.ensure_future(m.first_answer.wait()) for m in self.monitors}
        deadline = time.monotonic() + self.connect_timeout + self.request_timeout
        while waiting and not len(self._catalog) and time.monotonic() < deadline:
            left = deadline - time.monotonic()
            _, waiting = await asyncio.wait(waiting, timeout=left, return_when="FIRST_COMPLETED")
        for answer in waiting:
            answer.cancel()

    # -- changes -----------------------------------------------------------------------------------

    def subscribe(self, callback: Callable[[], None]) -> None:
        """Call a function after each change of kernelspecs, states or kernel phases."""
        self._subscribers.append(callback)

    def _changed(self) -> None:
        # Labels are made unique among all providers: none changes when another one answers.
        labels, default = self.labels, self.default_provider
        self._catalog.update(
            [
                CatalogSource(provider_id, labels[provider_id], m.snapshot, provider_id == default)
                for provider_id, m in self._monitors.items()
                if m.snapshot is not None
            ]
        )
        self._notify()

    def _notify(self) -> None:
        for callback in self._subscribers:
            callback()

    def __repr__(self) -> str:
        states = ", ".join(f"{m.provider.id}: {m.status.word}" for m in self._monitors.values())
        return f"<KernelProviders {states or 'none'}>"


def _is_same_place(before: ProviderConfig, config: ProviderConfig) -> bool:
    """Return whether what is known of a provider is still true after a change."""
    places = [(c.kind, c.url, c.options) for c in (before, config)]
    return places[0] == places[1]
