"""The kernel providers of one server, by id, in the order in which they were declared."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from ..config.loader import Declaration, KernelProvidersLoader
from ..config.traits import KernelProvidersConfig
from ..provider import names
from ..provider.config import ProviderConfig, parse, secret_variables
from ..provider.errors import (
    ConfigurationError,
    NoSuchKernelspec,
    NoSuchProvider,
    ProviderError,
    ProviderUnavailable,
)
from ..provider.interface import RemoteKernelProvider, Resource, no_such_kernelspec
from ..provider.status import now
from . import catalog as catalog
from .client_activity import ClientActivity
from .kinds import Kinds
from .monitor import PolledKernel, ProviderMonitor
from .phases import KernelPhases


class KernelProviders(KernelProvidersConfig):
    """
    Multiplexes kernel providers.

    It decides, from memory and at once: which provider a name belongs to, which kernelspecs there
    are. The providers talk, each in a task of its own. One instance belongs to one server.
    """

    def __init__(self, **kwargs: Any) -> None:
        #: Why a declaration was left out: provider id and message, by the declaration's source.
        self.problems: dict[str, tuple[str, str]] = {}
        #: Providers that are configured and not enabled, and since when.
        self.switched_off: dict[str, ProviderConfig] = {}
        self.off_since: dict[str, datetime] = {}
        #: The environment variables that hold secrets of providers, also of those that are off or
        #: gone: no kernel may see them.
        self.secret_variables: set[str] = set()
        self.made = now()
        #: Whether the providers are being talked to: from `start` to `aclose`.
        self.running = False
        #: Whether anybody wants to know of all this.
        self.client_activity = ClientActivity(self._wake_all)
        self._closed = False
        self._monitors: dict[str, ProviderMonitor] = {}
        self._polled: dict[str, list[PolledKernel]] = {}
        self._index: dict[str, catalog.Entry] = {}
        self._models: tuple[object, dict[str, dict[str, Any]]] = (None, {})
        self._subscribers: list[Callable[[], None]] = []
        #: Kernels whose start takes long, or whose connection was lost.
        self.phases = KernelPhases(self._tell)
        self._tasks: set[asyncio.Task[None]] = set()
        self._loader: KernelProvidersLoader | None = None
        self._loaded: list[Declaration] = []
        super().__init__(**kwargs)

    # -- which providers there are -----------------------------------------------------------------

    def load(self) -> None:
        """Read the declarations and take over the providers in them; never raises."""
        make: type[Any] = self.loader_class
        try:
            self._loader = make(parent=self.parent, log=self.log)
        except Exception as error:
            self._blame_loader(error)
        self.apply(self._declarations())

    async def start(self) -> None:
        """Begin to talk to the providers, and to follow the loader's changes."""
        self.running = True
        self._start_all()
        self._spawn(self._follow_loader())

    async def aclose(self) -> None:
        """Stop talking to the providers; their kernels are left alone."""
        self.running = False
        self._closed = True
        for task in self._tasks:
            task.cancel()
        closing = [monitor.aclose() for monitor in self._monitors.values()]
        self._monitors.clear()
        await asyncio.gather(*closing, *self._tasks, return_exceptions=True)

    def apply(self, declarations: Iterable[Declaration]) -> None:
        """Take over these declarations: add, replace and remove providers, and keep the others."""
        problems: dict[str, tuple[str, str]] = {}
        configs: dict[str, ProviderConfig] = {}
        kept: dict[str, ProviderMonitor] = {}
        kinds = Kinds()
        for declaration in declarations:
            self.secret_variables |= secret_variables(declaration.settings)
            try:
                config = self._parse(declaration, configs)
                if config.enabled:
                    kept[config.id] = self._monitor(config, kinds)
            except ConfigurationError as error:
                message = f"{error} Until then this provider is left out."
                problems[declaration.source] = (declaration.id, message)
                if self.problems.get(declaration.source) != problems[declaration.source]:
                    self.log.error(message)
                continue
            configs[config.id] = config
        gone = [r for r in self._monitors.values() if r not in kept.values()]
        self.problems, self._monitors = problems, kept
        self.switched_off = {c.id: c for c in configs.values() if not c.enabled}
        self.off_since = {i: self.off_since.get(i, now()) for i in self.switched_off}
        for monitor in gone:
            self._spawn(monitor.aclose())
            if monitor.provider.id not in kept:
                self.log.info("Kernel provider %s: not offered any more.", monitor.provider.id)
        if self.running:
            self._start_all()
        self._changed()

    def _declarations(self) -> list[Declaration]:
        declared = [self.gateway_declaration] if self.gateway_declaration else []
        try:
            self._loaded = list(self._loader.load()) if self._loader else []
        except Exception as error:
            self._blame_loader(error)  # what it said before still holds
        return declared + self.declared + self._loaded

    def _blame_loader(self, error: Exception) -> None:
        self.log.error(
            "The kernel providers could not be loaded: %s in %s. Check c.KernelProviders."
            "loader_class.",
            str(error) or type(error).__name__,
            self.loader_class.__name__,
        )

    def _parse(
        self, declaration: Declaration, seen: Mapping[str, ProviderConfig]
    ) -> ProviderConfig:
        if declaration.problem:
            raise ConfigurationError(declaration.problem)
        first = seen.get(declaration.id)
        if first is not None:
            raise ConfigurationError(
                f"{declaration.source}: there is a provider {declaration.id!r} already, from "
                f"{first.source}. Rename or remove one of them."
            )
        return parse(
            declaration.id, declaration.settings, declaration.source, self.provider_defaults
        )

    def _monitor(self, config: ProviderConfig, kinds: Kinds) -> ProviderMonitor:
        """Return the monitor of before where nothing has changed, else a new one."""
        before = self._monitors.get(config.id)
        if before is not None and (before.provider.config == config or before.reconfigure(config)):
            return before
        provider = kinds.make(config, self.log)
        polled = self._polled.setdefault(config.id, [])
        monitor = ProviderMonitor(provider, polled, self._changed, self.log, self.client_activity)
        if before is not None and _same_place(before.provider.config, config):
            monitor.take_over(before)
        return monitor

    def _start_all(self) -> None:
        for monitor in self._monitors.values():
            monitor.start()

    async def _follow_loader(self) -> None:
        if self._loader is None:
            return
        try:
            async for _ in self._loader.changes():
                self.apply(await asyncio.to_thread(self._declarations))
        except Exception as error:
            self._blame_loader(error)

    def _spawn(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # -- whose a name or a kernel is ---------------------------------------------------------------

    def resolve(self, name: str) -> tuple[RemoteKernelProvider | None, str]:
        """
        Return the provider that a kernel name belongs to, None for this server, and its name there.

        Works before the provider has ever answered. Raises NoSuchKernelspec where the name belongs
        to nobody.
        """
        entry = self._index.get(name)
        if entry is not None:
            return self.provider(entry.provider_id), entry.kernel_name
        prefix, kernel_name = names.split(name)
        if prefix in self._monitors:
            provider = self.provider(prefix)
            if not kernel_name or not provider.config.offers(kernel_name):
                raise no_such_kernelspec(provider.config, kernel_name)
            return provider, kernel_name
        self._check_offered(prefix)
        if self.local_enabled:
            return None, name
        if self.gateway_declaration and self.gateway_declaration.id in self._monitors:
            return self.provider(self.gateway_declaration.id), name
        raise self.unknown(name)

    def unknown(self, name: str) -> NoSuchKernelspec:
        """Return the error for a kernel name that belongs to nobody."""
        known = ", ".join(self._monitors)
        there_is = f"The kernel providers are: {known}" if known else "There is no kernel provider"
        message = f"No kernel is called {name!r}, neither here nor at a provider. {there_is}."
        return NoSuchKernelspec(names.split(name)[0], "no_such_provider", message)

    def _check_offered(self, prefix: str) -> None:
        """Raise NoSuchKernelspec where a provider is configured, but not on offer."""
        for provider_id, message in self.problems.values():
            if prefix and provider_id == prefix:
                raise NoSuchKernelspec(prefix, "left_out", message)
        if prefix in self.switched_off:
            source = self.switched_off[prefix].source
            message = f"The kernel provider {prefix} is off. See {source}."
            raise NoSuchKernelspec(prefix, "off", message)

    def provider(self, provider_id: str) -> RemoteKernelProvider:
        """
        Return a provider as it is configured now.

        Raises ProviderUnavailable where it was removed while kernels of it were running.
        """
        monitor = self._monitors.get(provider_id)
        if self._closed:
            message = "This server is stopping."
            raise ProviderUnavailable(provider_id, "stopping", message)
        if monitor is None or not isinstance(monitor.provider, RemoteKernelProvider):
            message = (
                f"The kernel provider {provider_id} is not configured any more. Put it back to "
                "reach its kernels."
            )
            raise ProviderUnavailable(provider_id, "removed", message)
        return monitor.provider

    async def admitted(self, provider_id: str) -> RemoteKernelProvider:
        """Return a provider that may be asked now; raises ProviderError, see `ProviderMonitor.admit`."""
        self.provider(provider_id)
        await self._monitors[provider_id].admit()
        return self.provider(provider_id)

    def check(self, provider_id: str) -> None:
        """Raise ProviderError where a provider is known not to be well."""
        self.provider(provider_id)
        failure = self._monitors[provider_id].failure
        if failure is not None:
            raise failure.with_traceback(None)

    def offered_name(self, provider_id: str, kernel_name: str) -> str:
        """Return this server's name for a provider's kernel."""
        if provider_id == self.default_provider:
            return kernel_name
        return names.qualify(provider_id, kernel_name)

    def poll(self, provider_id: str, kernel: PolledKernel) -> None:
        """Let a running kernel hear how it is."""
        self._polled.setdefault(provider_id, []).append(kernel)
        self.wake(provider_id)

    def stop_polling(self, provider_id: str, kernel: PolledKernel) -> None:
        """End `watch`; harmless when it has ended already."""
        polled = self._polled.get(provider_id, [])
        if kernel in polled:
            polled.remove(kernel)

    def wake(self, provider_id: str) -> None:
        """Have a provider asked now rather than at the next time."""
        if provider_id in self._monitors:
            self._monitors[provider_id].wake()

    def _wake_all(self) -> None:
        for monitor in self._monitors.values():
            monitor.wake()

    def failed(self, provider_id: str, error: ProviderError) -> None:
        """Take notice that a request to a provider has failed, see `ProviderMonitor.failed`."""
        if provider_id in self._monitors:
            self._monitors[provider_id].failed(error)

    # -- what is known, from memory ----------------------------------------------------------------

    @property
    def monitors(self) -> Collection[ProviderMonitor]:
        """All remote providers with what is known of them, in order."""
        return self._monitors.values()

    def monitor(self, provider_id: str) -> ProviderMonitor:
        """Return a remote provider with what is known of it; raises ProviderError."""
        if provider_id not in self._monitors:
            self._check_offered(provider_id)
            message = f"There is no remote kernel provider {provider_id!r}."
            raise NoSuchProvider(provider_id, "no_such_provider", message)
        return self._monitors[provider_id]

    @property
    def labels(self) -> dict[str, str]:
        """What people see as the names of all remote providers, by id; no two are the same."""
        return names.unique({i: r.provider.label for i, r in self._monitors.items()})

    @property
    def default_provider(self) -> str:
        """The id of the provider whose kernels have names without a prefix."""
        gateway_declaration = None if self.local_enabled else self.gateway_declaration
        return gateway_declaration.id if gateway_declaration else names.LOCAL_ID

    @property
    def default_kernel_name(self) -> str | None:
        """The default kernel of a server without local kernels, once known; None of all others."""
        if self.local_enabled:
            return None
        sources = sorted(self._sources(), key=lambda source: not source.is_default)
        return next((s.name(s.snapshot.default) for s in sources if s.snapshot.default), None)

    def entry(self, name: str) -> catalog.Entry | None:
        """Return what is known of a remote kernelspec."""
        return self._index.get(name)

    def kernelspecs(self, base_url: str, taken: Collection[str]) -> dict[str, dict[str, Any]]:
        """Return the models of all remote kernelspecs; see `catalog.models`."""
        key = (base_url, frozenset(taken))
        if self._models[0] != key:
            models = catalog.models(self._sources(), self.template, base_url, taken)
            self._models = (key, models)
        return self._models[1]

    async def resource(self, entry: catalog.Entry, file: str) -> Resource:
        """Return a file that the kernelspec's model names; raises ProviderError."""
        provider = self.provider(entry.provider_id)
        known = self._monitors[entry.provider_id]
        return await known.resources.get(
            provider, entry.kernel_name, entry.original, file, known.failure
        )

    async def first_kernelspecs(self) -> None:
        """Wait until a provider has kernelspecs, or all have answered; no longer than a request."""
        waiting = {
            asyncio.ensure_future(monitor.first_answer.wait())
            for monitor in self._monitors.values()
        }
        deadline = time.monotonic() + self.connect_timeout + self.request_timeout
        while waiting and not self._index and time.monotonic() < deadline:
            left = deadline - time.monotonic()
            _, waiting = await asyncio.wait(waiting, timeout=left, return_when="FIRST_COMPLETED")
        for answer in waiting:
            answer.cancel()

    def subscribe(self, callback: Callable[[], None]) -> None:
        """Have a function called after each change of kernelspecs, states, or what is under way."""
        self._subscribers.append(callback)

    def _changed(self) -> None:
        self._index = catalog.index(self._sources())
        self._models = (None, {})
        self._tell()

    def _tell(self) -> None:
        for callback in self._subscribers:
            callback()

    def _sources(self) -> list[catalog.CatalogSource]:
        # Those that have not answered yet count, too: a label must not change when they do.
        labels, default = self.labels, self.default_provider
        return [
            catalog.CatalogSource(i, labels[i], r.snapshot, i == default)
            for i, r in self._monitors.items()
            if r.snapshot is not None
        ]

    def __repr__(self) -> str:
        states = ", ".join(f"{r.provider.id}: {r.status.word}" for r in self._monitors.values())
        return f"<KernelProviders {states or 'none'}>"


def _same_place(before: ProviderConfig, config: ProviderConfig) -> bool:
    """Tell whether what is known of a provider still holds for it after a change."""
    places = [(c.kind, c.url, c.options) for c in (before, config)]
    return places[0] == places[1]
