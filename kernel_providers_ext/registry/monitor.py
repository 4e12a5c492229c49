"""Keeps what is known of one provider fresh, in a task of its own that nobody waits for."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import replace
from logging import Logger
from typing import Protocol

from ..provider.config import ProviderConfig
from ..provider.errors import ProviderError, ProviderUnavailable
from ..provider.interface import (
    KernelModel,
    KernelProvider,
    KernelspecModel,
    RemoteKernelProvider,
    Snapshot,
)
from ..provider.status import Kernelspecs, Status, now
from .client_activity import ClientActivity
from .resources import Resources, logo_of

KERNELS_INTERVAL = 10.0  # seconds between looks at kernels whose state may change unheard
IDLE_KERNELS_INTERVAL = 60.0  # the same, while nobody asks us
IDLE_INTERVAL = 600.0  # seconds between looks at anything else, while nobody asks us
FIRST_RETRY = 2.0  # seconds until a provider that failed is asked again, doubled each time
LONGEST_REST = 3600.0  # seconds for which a provider is left alone at most, whatever it asks for


class PolledKernel(Protocol):
    """A running kernel that wants to hear how it is."""

    @property
    def remote_id(self) -> str:
        """The kernel's id at its provider."""

    @property
    def url(self) -> str:
        """The provider's address when the kernel was last heard of."""

    @property
    def needs_polling(self) -> bool:
        """Whether only a look at it tells what state it is in."""

    def update(self, model: KernelModel | None, asked: float) -> None:
        """
        Take notice of the kernel's model; None when it is proved to be gone.

        ``asked`` is when it was asked for, by the monotonic clock.
        """


class ProviderMonitor:
    """
    One provider with what is known of it: its status and its snapshot.

    ``polled`` are the running kernels to ask for; it is read anew each time. ``on_change`` is
    called after status or snapshot have changed in a way that people can see. While nobody pays
    ``client_activity``, the provider is asked more rarely.
    """

    def __init__(
        self,
        provider: KernelProvider,
        polled: Collection[PolledKernel],
        on_change: Callable[[], None],
        log: Logger,
        client_activity: ClientActivity,
    ) -> None:
        self.provider = provider
        self.snapshot: Snapshot | None = None
        self.status = Status(since=now())
        #: Why the last attempt has failed; None where it has not.
        self.failure: ProviderError | None = None
        self.first_answer = asyncio.Event()
        #: Set for as long as the provider is well, and when another monitor has taken over.
        self.available = asyncio.Event()
        self.resources = Resources()
        self._polled = polled
        self._on_change = on_change
        self._log = log
        self._client_activity = client_activity
        self._failures = 0
        self._last_defect = ""
        self._due = 0.0  # by the monotonic clock
        self._rest_until = 0.0  # by the same: the provider has asked to be left alone
        self._wish: ProviderError | None = None  # how it has asked
        self._wake = asyncio.Event()
        self._is_asking = False
        self._attempt_ended = asyncio.Event()
        self._closed = False
        self._task: asyncio.Task[None] | None = None
        self._fetching_logos: asyncio.Task[None] | None = None
        #: Kernelspecs whose logos cannot be had, for as long as they are what they are.
        self._without_logo: dict[str, KernelspecModel] = {}

    def start(self) -> None:
        """Begin to refresh, until `aclose`."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name=f"refresh {self.provider.id}")

    def take_over(self, before: ProviderMonitor) -> None:
        """Begin with what was known of the provider before its configuration was changed."""
        if before.snapshot is not None:
            self.snapshot = _unvalidated(before.snapshot).offered(self.provider.config)
            self.resources = before.resources
            self.status = replace(self.status, kernelspecs=Kernelspecs.STALE)

    def reconfigure(self, config: ProviderConfig) -> bool:
        """Have the provider take over a changed configuration; tell whether it could."""
        if not self.provider.reconfigure(config):
            return False
        if self.snapshot is not None:
            self.snapshot = _unvalidated(self.snapshot).offered(config)
        self.wake()
        return True

    def wake(self) -> None:
        """Refresh now rather than at the next time, unless the provider wants to be left alone."""
        if not self._is_resting:
            self._wake.set()

    async def retry(self) -> None:
        """
        Refresh now, and return once the provider has answered or failed, or is closed.

        Those who call at the same time share one attempt, and one that is under way already.
        """
        if not self._is_asking:
            self._rest_until = 0.0
        await self._look()

    async def admit(self) -> None:
        """
        Let a request through, unless the provider is known to be away: a circuit breaker.

        Such a provider is looked at first, once for all who ask at the same time; not at all where
        it wants to be left alone. Raises ProviderUnavailable.
        """
        if self._is_resting and self._wish is not None:
            raise self._wish.with_traceback(None)
        if isinstance(self.failure, ProviderUnavailable):
            await self._look()
        if isinstance(self.failure, ProviderUnavailable):
            raise self.failure.with_traceback(None)

    def failed(self, error: ProviderError) -> None:
        """Look at the provider, as a request has failed; or leave it alone, where it wants that."""
        if error.retry_after:
            self._rest(error)
            self._due = max(self._due, self._rest_until)
        else:
            self.wake()

    def _rest(self, error: ProviderError) -> None:
        self._wish = error if error.retry_after else None
        self._rest_until = time.monotonic() + min(error.retry_after, LONGEST_REST)

    async def _look(self) -> None:
        ended = self._attempt_ended
        if not self._is_asking:
            self.wake()
        await ended.wait()

    @property
    def retry_in(self) -> float | None:
        """Seconds until the provider is asked by itself, 0 while it is; None before `start`."""
        return None if self._task is None else max(self._due - time.monotonic(), 0.0)

    async def aclose(self) -> None:
        """Stop refreshing, and close the provider's connections."""
        self._closed = True
        for task in (self._task, self._fetching_logos):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        self._attempt_ended.set()
        self.available.set()
        await self.resources.aclose()
        await self.provider.aclose()

    async def refresh(self) -> None:
        """Ask for the kernelspecs once; what comes of it is in `status` and `snapshot`."""
        self._is_asking = True
        try:
            await self.provider.prepare()
            asked = time.monotonic()
            snapshot = await self.provider.snapshot(self.snapshot)
            if snapshot is not self.snapshot:
                snapshot = snapshot.offered(self.provider.config)
        except Exception as error:
            self._failures += 1
            self.failure = self._as_provider_error(error)
            self._rest(self.failure)
            self._become(self.status.failed(now(), self.failure), self.snapshot)
        else:
            self._failures = 0
            self.failure = None
            self._become(self.status.answered(now(), time.monotonic() - asked), snapshot)
        finally:
            self._is_asking = False
            self.first_answer.set()
            self._attempt_ended.set()
            self._attempt_ended = asyncio.Event()

    async def refresh_kernels(self, *, only_needed: bool = False) -> bool:
        """
        Ask for the running kernels once, and tell each what came of it.

        Return whether the provider was there, or was not asked.
        """
        provider = self.provider
        polled = [k for k in self._polled if k.needs_polling or not only_needed]
        # A provider that is away tells nothing of its kernels either.
        is_away = self._is_resting or isinstance(self.failure, ProviderUnavailable)
        if not polled or is_away or not isinstance(provider, RemoteKernelProvider):
            return True
        asked = time.monotonic()
        try:
            models = await provider.kernels([kernel.remote_id for kernel in polled])
        except Exception as error:
            # Not knowing is no news, and the kernelspecs' refresh tells of the provider.
            failure = self._as_provider_error(error)
            if failure.retry_after:
                self.failed(failure)
            return not isinstance(failure, ProviderUnavailable) or self._is_resting
        for kernel in polled:
            if models.get(kernel.remote_id) is None and kernel.url != provider.config.url:
                continue  # another server has no proof that it is gone
            if kernel.remote_id in models:
                try:
                    kernel.update(models[kernel.remote_id], asked)
                except Exception as error:
                    self._as_provider_error(error)
        return True

    @property
    def _is_resting(self) -> bool:
        return time.monotonic() < self._rest_until

    async def _run(self) -> None:
        # Before Python 3.12, `wait_for` may swallow a cancellation that comes right after `wake`.
        while not self._closed:
            self._wake.clear()
            is_due = time.monotonic() >= self._due
            if is_due:
                await self.refresh()
                if self.status.is_available and (
                    self._fetching_logos is None or self._fetching_logos.done()
                ):
                    self._fetching_logos = asyncio.create_task(self._fetch_logos())
                self._due = max(time.monotonic() + self._interval(), self._rest_until)
            is_there = await self.refresh_kernels(only_needed=not is_due)
            if not is_there and not is_due and self.status.is_available:
                self._due = 0.0  # see at once what has become of the provider
                continue
            pause = self._due - time.monotonic()
            if any(kernel.needs_polling for kernel in self._polled):
                is_active = self._client_activity.is_active
                often = KERNELS_INTERVAL if is_active else IDLE_KERNELS_INTERVAL
                pause = min(pause, often)
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._wake.wait(), max(pause, 0.0))
            if self._wake.is_set():  # also where it was just as the time was up
                self._due = 0.0

    async def _fetch_logos(self) -> None:
        """Fetch the logos that are not there yet, so that they are when the provider is not."""
        provider, snapshot = self.provider, self.snapshot
        if snapshot is None or not isinstance(provider, RemoteKernelProvider):
            return
        for name, model in snapshot.kernelspecs.items():
            file = logo_of(model)
            if file is None or self._without_logo.get(name) == model:
                continue
            try:
                await self.resources.get(provider, name, model, file)
            except Exception as error:
                failure = self._as_provider_error(error)
                if failure.retry_after:
                    self.failed(failure)
                if isinstance(failure, ProviderUnavailable):
                    return  # the next refresh goes on
                self._without_logo[name] = model

    def _as_provider_error(self, error: Exception) -> ProviderError:
        """Return the error itself, or the one for a defect in the provider's code, logged once."""
        if isinstance(error, ProviderError):
            return error
        message = f"The code of the kernel provider {self.provider.id} failed. See the log."
        if repr(error) != self._last_defect:
            self._last_defect = repr(error)
            self._log.error(message, exc_info=error)
        return ProviderUnavailable(self.provider.id, "defect", message)

    def _interval(self) -> float:
        """Return the seconds until the next refresh, spread so that servers do not ask in step."""
        interval = self.provider.config.refresh_interval
        # Notebooks may wait for a provider that is away.
        if not self._client_activity.is_active and not (self._failures and self._polled):
            interval = max(interval, IDLE_INTERVAL)
        if self._failures:
            interval = min(interval, FIRST_RETRY * 2.0 ** min(self._failures - 1, 16))
        return interval * random.uniform(1.0, 1.2)

    def _become(self, status: Status, snapshot: Snapshot | None) -> None:
        """Take over a new state: one line in the log and one call per change people can see."""
        before, self.status = self.status, status
        if status.is_available:
            self.available.set()
        else:
            self.available.clear()
        same_specs = self.snapshot == snapshot
        self.snapshot = snapshot
        said = (status.reachable, status.reason_code)
        if said != (before.reachable, before.reason_code):
            label = self.provider.id
            state = f"{status.word} since {status.since.astimezone():%Y-%m-%d %H:%M:%S}"
            if status.is_available:
                count = len(snapshot.kernelspecs) if snapshot else 0
                kernels = f"{count} kernel{'' if count == 1 else 's'}"
                self._log.info("Kernel provider %s: %s, %s.", label, state, kernels)
            else:
                self._log.warning("Kernel provider %s: %s. %s", label, state, status.message)
        elif same_specs:
            return
        self._on_change()


def _unvalidated(snapshot: Snapshot) -> Snapshot:
    """Return it without what "nothing new" is told by, as more may be offered now than before."""
    return replace(snapshot, validator="")
