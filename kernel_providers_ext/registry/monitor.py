"""Monitors one provider: polls it in a task of its own, and keeps its status and snapshot."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import replace
from logging import Logger
from typing import Protocol

from ..provider.closing import CLOSE_TIMEOUT, close_within
from ..provider.config import ProviderConfig
from ..provider.errors import ProviderError, ProviderUnavailable, defect
from ..provider.interface import KernelModel, KernelProvider, RemoteKernelProvider, Snapshot
from ..provider.status import Kernelspecs, Status, now
from .circuit_breaker import CircuitBreaker
from .client_activity import ClientActivity
from .counters import Counters
from .resources import Resources
from .warnings import Warnings
from .websockets import Websockets

KERNELS_INTERVAL = 10.0  # seconds between two polls of kernels
IDLE_KERNELS_INTERVAL = 60.0  # the same, while no client is active
IDLE_INTERVAL = 600.0  # seconds between two polls of kernelspecs, while no client is active
FIRST_RETRY = 2.0  # seconds until the first retry after a failure, doubled for each further one


class PolledKernel(Protocol):
    """A running kernel whose state is polled."""

    @property
    def remote_id(self) -> str:
        """The kernel's id at its provider."""

    @property
    def url(self) -> str:
        """The provider's address when it last told of the kernel."""

    @property
    def needs_polling(self) -> bool:
        """Whether the kernel's state may change without a message about it."""

    def update(self, model: KernelModel | None, asked: float) -> None:
        """
        Adopt the kernel's model; None is proof that the kernel is gone.

        ``asked`` is when the request was sent, by the monotonic clock.
        """


class ProviderMonitor:
    """
    The monitor of one provider.

    Args:
        provider: The provider; the monitor closes it.
        polled: The running kernels to poll; read anew each time.
        on_change: Called after the status or the snapshot has changed in a way that people see.
        log: Gets one line for each change of state.
        client_activity: While no client is active, the provider is polled less often.
        counters: Count the refreshes.
    """

    def __init__(
        self,
        provider: KernelProvider,
        polled: Collection[PolledKernel],
        on_change: Callable[[], None],
        log: Logger,
        client_activity: ClientActivity,
        counters: Counters | None = None,
    ) -> None:
        self.provider = provider
        self.snapshot: Snapshot | None = None
        self.status = Status(since=now())
        self.resources = Resources()
        #: Set once the provider has answered or failed for the first time.
        self.first_answer = asyncio.Event()
        #: Set while the provider is available, and once the monitor is closed.
        self.available = asyncio.Event()
        self._breaker = CircuitBreaker()
        self._polled = polled
        self._on_change = on_change
        self._log = log
        self._client_activity = client_activity
        self._counters = counters or Counters()
        self._failures = 0
        self._websockets = Websockets()
        self._last_defect = ""
        self._due = 0.0  # when kernelspecs are polled next, by the monotonic clock
        self._wake = asyncio.Event()
        self._is_asking = False
        self._attempt_ended = asyncio.Event()
        self._closed = False
        self._task: asyncio.Task[None] | None = None
        self._fetching_logos: asyncio.Task[None] | None = None
        self._warnings = Warnings(provider.id, log)
        self._warnings.configured(provider.config)

    # -- life --------------------------------------------------------------------------------------

    def start(self) -> None:
        """Poll the provider until `aclose`."""
        self._warnings.log()
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name=f"monitor {self.provider.id}")

    def inherit(self, before: ProviderMonitor) -> None:
        """Begin with the snapshot and files of the monitor that this one replaces."""
        self._websockets = before._websockets
        self._warnings.inherit(before._warnings)
        if before.snapshot is not None:
            self.snapshot = before.snapshot.unvalidated().offered(self.provider.config)
            self.resources = before.resources
            self.resources.forget_failures()
            self.status = replace(self.status, kernelspecs=Kernelspecs.STALE)

    def reconfigure(self, config: ProviderConfig) -> bool:
        """Have the provider adopt a changed configuration; return whether it could."""
        if not self.provider.reconfigure(config):
            return False
        if self.snapshot is not None:
            self.snapshot = self.snapshot.unvalidated().offered(config)
        self._warnings.configured(config)
        self._warnings.log()
        self.wake()
        return True

    async def aclose(self) -> None:
        """Stop polling, and close the provider's connections."""
        self._closed = True
        tasks = {task for task in (self._task, self._fetching_logos) if task is not None}
        for task in tasks:
            task.cancel()
        if tasks:  # the code of another package may ignore that
            await asyncio.wait(tasks, timeout=CLOSE_TIMEOUT)
        self._attempt_ended.set()
        self.available.set()
        await self.resources.aclose()
        await close_within(self.provider.aclose(), 2 * CLOSE_TIMEOUT)

    # -- what people should know -------------------------------------------------------------------

    @property
    def warnings(self) -> list[str]:
        """What people should know of a provider that can be used, as sentences."""
        return self._warnings.sentences

    def warn(self, warning: str) -> None:
        """Add a sentence about what has happened, and log it; does so once."""
        if self._warnings.add(warning):
            self._on_change()

    # -- for requests ------------------------------------------------------------------------------

    @property
    def failure(self) -> ProviderError | None:
        """Why the last attempt failed; None if it succeeded."""
        return self._breaker.failure

    @property
    def retry_in(self) -> float | None:
        """Seconds until the next poll, 0 during one; None before `start`."""
        return None if self._task is None else max(self._due - time.monotonic(), 0.0)

    def wake(self) -> None:
        """Poll the provider now, unless it has asked to be left alone."""
        if not self._breaker.is_resting:
            self._wake.set()

    async def retry(self) -> None:
        """
        Poll the provider now, and return once it has answered or failed, or the monitor is closed.

        Calls at the same time share one attempt, also one that is already under way. If it fails,
        the next attempts come soon again.
        """
        self._failures = 0
        if not self._is_asking:
            self._breaker.end_rest()
        await self._attempt()

    async def admit(self) -> None:
        """Return if a request may be sent to the provider; see `CircuitBreaker.admit`."""
        await self._breaker.admit(self._attempt)

    def check(self) -> None:
        """Raise ProviderError if the last attempt failed."""
        self._breaker.check()

    def request_failed(self, error: ProviderError) -> None:
        """Poll the provider, because a request failed; or leave it alone, if it asks for that."""
        if error.retry_after:
            self._breaker.rest(error)
            self._due = max(self._due, self._breaker.rests_until)
        else:
            self.wake()

    def handshake_refused(self, error: ProviderError) -> None:
        """Record that a websocket did not open; the next poll shows it if they are blocked."""
        self._websockets.handshake_refused(error)

    def handshake_done(self) -> None:
        """Record that a websocket opened."""
        was_blocked = self._websockets.blocked is not None
        self._websockets.forget()
        if was_blocked and self.status.is_available:
            latency = self.status.latency or 0.0
            self._become(self.status.answered(now(), latency), self.snapshot)

    async def _attempt(self) -> None:
        ended = self._attempt_ended
        if not self._is_asking:
            self.wake()
        await ended.wait()

    # -- polling -----------------------------------------------------------------------------------

    async def refresh(self) -> None:
        """Poll the kernelspecs once; `status` and `snapshot` have the result. Raises nothing."""
        self._is_asking = True
        config = self.provider.config
        try:
            await self.provider.prepare()
            asked = time.monotonic()
            snapshot = await self.provider.snapshot(self.snapshot)
            latency = time.monotonic() - asked
            if snapshot is not self.snapshot:
                snapshot = await asyncio.to_thread(snapshot.offered, config)
                self.resources.retain(snapshot.kernelspecs)
        except Exception as error:
            failure = self._as_provider_error(error)
            self._failures += 1
            self._counters.refreshes_failed += 1
            self._websockets.forget()  # they were refused for the same reason
            self._breaker.failed(failure)
            self._become(self.status.failed(now(), failure), self.snapshot)
        else:
            self._failures = 0
            self._counters.refreshes_succeeded += 1
            self._breaker.succeeded()
            if not self._polled:  # no kernel is left that could be reached
                self._websockets.blocked = None
            if self.provider.config != config:  # it was selected by other patterns
                snapshot = snapshot.unvalidated()
            self._warnings.configured(self.provider.config)
            self._become(self.status.answered(now(), latency, self._websockets.blocked), snapshot)
        finally:
            self._is_asking = False
            self.first_answer.set()
            self._attempt_ended.set()
            self._attempt_ended = asyncio.Event()

    async def refresh_kernels(self, *, only_needed: bool = False) -> bool:
        """
        Poll the running kernels once, and update each; raises nothing.

        Returns False if the provider turned out to be unavailable.
        """
        provider = self.provider
        polled = [k for k in self._polled if k.needs_polling or not only_needed]
        is_unavailable = self._breaker.is_resting or self._breaker.is_open
        if not polled or is_unavailable or not isinstance(provider, RemoteKernelProvider):
            return True
        asked = time.monotonic()
        try:
            models = await provider.kernels([kernel.remote_id for kernel in polled])
        except Exception as error:
            # The kernels stay as they are; the poll of kernelspecs shows the provider's state.
            failure = self._as_provider_error(error)
            if failure.retry_after:
                self.request_failed(failure)
            return not isinstance(failure, ProviderUnavailable) or self._breaker.is_resting
        for kernel in polled:
            if models.get(kernel.remote_id) is None and kernel.url != provider.config.url:
                continue  # another server's answer does not prove that the kernel is gone
            if kernel.remote_id in models:
                try:
                    kernel.update(models[kernel.remote_id], asked)
                except Exception as error:
                    self._as_provider_error(error)
        return True

    async def _run(self) -> None:
        # Before Python 3.12, `wait_for` may swallow a cancellation that comes right after `wake`.
        while not self._closed:
            self._wake.clear()
            is_due = time.monotonic() >= self._due
            if is_due:
                await self.refresh()
                self._fetch_logos()
                self._due = max(time.monotonic() + self._interval(), self._breaker.rests_until)
            is_there = await self.refresh_kernels(only_needed=not is_due)
            if not is_there and not is_due and self.status.is_available:
                self._due = 0.0  # poll at once, to show the provider's new state
                continue
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._wake.wait(), self._pause())
            if self._wake.is_set():  # perhaps just as the pause ended
                self._due = 0.0

    def _pause(self) -> float:
        pause = self._due - time.monotonic()
        if any(kernel.needs_polling for kernel in self._polled):
            is_active = self._client_activity.is_active
            pause = min(pause, KERNELS_INTERVAL if is_active else IDLE_KERNELS_INTERVAL)
        return max(pause, 0.0)

    def _interval(self) -> float:
        """Return the seconds until the next poll, with jitter so that servers spread out."""
        interval = self.provider.config.refresh_interval
        # Notebooks may wait for a provider that is unavailable.
        if not self._client_activity.is_active and not (self._failures and self._polled):
            interval = max(interval, IDLE_INTERVAL)
        if self._failures:
            interval = min(interval, FIRST_RETRY * 2.0 ** min(self._failures - 1, 16))
        return interval * random.uniform(1.0, 1.2)

    def _fetch_logos(self) -> None:
        """Fetch missing logos in the background, so that they are there if the provider is not."""
        is_idle = self._fetching_logos is None or self._fetching_logos.done()
        if self.status.is_available and is_idle:
            self._fetching_logos = asyncio.create_task(self._fetch_missing_logos())

    async def _fetch_missing_logos(self) -> None:
        provider, snapshot = self.provider, self.snapshot
        if snapshot is None or not isinstance(provider, RemoteKernelProvider):
            return
        try:
            await self.resources.fetch_logos(provider, snapshot.kernelspecs)
        except Exception as error:  # the next poll continues
            failure = self._as_provider_error(error)
            if failure.retry_after:
                self.request_failed(failure)

    def _as_provider_error(self, error: Exception) -> ProviderError:
        """Return a ProviderError unchanged; log any other exception once, and return `defect`."""
        if isinstance(error, ProviderError):
            return error
        failure = defect(self.provider.id)
        if repr(error) != self._last_defect:
            self._last_defect = repr(error)
            self._log.error(failure.message, exc_info=error)
        return failure

    def _become(self, status: Status, snapshot: Snapshot | None) -> None:
        """Adopt a status and a snapshot, and tell of it if people see the difference."""
        before, self.status = self.status, status
        is_same_snapshot, self.snapshot = self.snapshot == snapshot, snapshot
        self._warnings.answered(snapshot.notices if snapshot is not None else ())
        if status.is_available:
            self.available.set()
        else:
            self.available.clear()
        is_same_state = (status.reachable, status.reason_code) == (
            before.reachable,
            before.reason_code,
        )
        if not is_same_state:
            self._log_state()
        if not (is_same_state and is_same_snapshot):
            self._on_change()

    def _log_state(self) -> None:
        status, config = self.status, self.provider.config
        state = f"{status.word} since {status.since.astimezone():%Y-%m-%d %H:%M:%S}"
        if status.is_available and not status.message:
            count = len(self.snapshot.kernelspecs) if self.snapshot else 0
            kernels = f"{count} kernel{'' if count == 1 else 's'}"
            self._log.info("Kernel provider %s: %s, %s.", config.id, state, kernels)
        else:
            address = f" Its address is {config.url}." if config.url else ""
            self._log.warning(
                "Kernel provider %s: %s. %s%s", config.id, state, status.message, address
            )

    def __repr__(self) -> str:
        return f"<ProviderMonitor {self.provider.id}: {self.status.word}>"
