"""A user with a notebook: runs cells, restarts and switches kernels, and checks the answers."""

from __future__ import annotations

import asyncio
import random
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import aiohttp

from tests.support.client import LEGACY, V1, Client, Reply, wait_until

from .event_log import EventLog
from .kernel_connection import KernelConnection, is_gone
from .providers import Provider
from .server import Server
from .workload import LINE_INTERVAL, TIMEOUT, KernelEnded, Workload

CALM = 3.0  # seconds without a fault, after which all late messages have arrived
LOG_LINES = 60  # of the server's log, in a report
REFUSALS = (500, 501, 502, 503)  # Jupyter Server turns some into one of the first two


class OutcomeUnknown(Exception):
    """The server ended during a request, so the state of the session is unknown."""


class Notebook:
    """A user of one kernel after the other, at all providers; each result is checked."""

    def __init__(
        self,
        name: str,
        seed: str,
        client: Client,
        server: Server,
        providers: Sequence[Provider],
        log: EventLog,
    ) -> None:
        self.name = name
        self.done: Counter[str] = Counter()
        #: Starts that the server may have done although its answer was lost.
        self.unknown_starts = 0
        self._random = random.Random(f"{seed} {name}")
        self._client = client
        self._server = server
        self._providers = {provider.kernel_name: provider for provider in providers}
        self._event_log = log
        self._workload: Workload

    async def run(self, end: float) -> str:
        """Work until a time; return a report of the first failed check, or an empty string."""
        start = time.time()
        try:
            while time.time() < end:
                start = time.time()
                await self._use_a_kernel()
        except Exception as error:
            what = str(error) if isinstance(error, AssertionError) else traceback.format_exc()
            sources = {self.name, "server", *(one.name for one in self._providers.values())}
            log = self._server.process.log().splitlines()[-LOG_LINES:]
            report = [f"{self.name}: {what}", self._event_log.lines(sources, start - 20), *log]
            with suppress(Exception):
                await self._clean_up()
            return "\n".join(report)
        return ""

    def _log(self, event: str) -> None:
        self._event_log.add(self.name, event)

    # -- the life of a kernel ----------------------------------------------------------------------

    async def _use_a_kernel(self) -> None:
        provider, requested_at = self._choose_provider(), time.time()
        kernel = {"name": provider.kernel_name}
        body = {"name": self.name, "path": self.name, "type": "notebook", "kernel": kernel}
        reply, _ = await self._request("start", provider, "POST", "api/sessions", body)
        assert reply.status == 201, reply
        self._connect(reply.body, requested_at)
        try:
            await self._workload.check_count()
            for _ in range(self._random.randint(4, 12)):
                await self._act()
                await asyncio.sleep(self._random.uniform(0, 1))
            await self._shut_down()
        except KernelEnded:
            await self._check_end()
        except OutcomeUnknown:
            await self._clean_up()
        finally:
            await self._workload.connection.close()

    def _choose_provider(self) -> Provider:
        return self._random.choice(list(self._providers.values()))

    def _connect(self, session: Any, requested_at: float) -> None:
        kernel_id = session["kernel"]["id"]
        provider = self._providers[session["kernel"]["name"]]
        self._log(f"has kernel {kernel_id} at {provider.name}")
        protocol = self._random.choice((V1, LEGACY))
        connection = KernelConnection(self._client, kernel_id, protocol, self._log)
        self._workload = Workload(
            provider, connection, session["id"], requested_at, self._log, self.done
        )

    async def _shut_down(self) -> None:
        workload = self._workload
        path = f"api/sessions/{workload.session_id}"
        reply, is_certain = await self._request("shut down", workload.provider, "DELETE", path)
        if reply.status == 404 and is_certain:
            await self._check_missing_session()
        assert reply.status in (204, 404), reply
        await self._check_shut_down(workload)

    async def _check_shut_down(self, workload: Workload) -> None:
        """Check that a kernel no longer exists after it was shut down."""
        reply = await self._get(f"api/kernels/{workload.kernel_id}")
        assert reply.status == 404, f"it was shut down, and is there: {reply.body}"

    async def _check_end(self) -> None:
        """Check that the kernel had a reason to end when the server says that it is gone."""
        workload, provider = self._workload, self._workload.provider
        self._log("is told that the kernel is gone")
        if workload.has_started:
            assert workload.has_ended, f"kernel {workload.kernel_id} at {provider.name} is lost"
            self.done["told that the kernel is gone"] += 1
            await wait_until(self._has_no_session)
        else:
            requested_at = workload.requested_at
            may_fail = provider.had_fault(requested_at) or self._server.was_down(requested_at)
            assert may_fail, f"kernel {workload.kernel_id} has not started at {provider.name}"
            self.done["told later that the kernel could not be started"] += 1
            await self._clean_up()

    async def _has_no_session(self) -> bool:
        return await self._session() is None

    async def _check_missing_session(self) -> None:
        """Check that the session had a reason to disappear."""
        workload = self._workload
        if workload.has_ended or not workload.has_started:
            raise KernelEnded
        assert self._server.may_have_lost(workload.created_at), "the session is lost"
        self.done["session too new to be found after a crash"] += 1
        path = f"api/kernels/{workload.kernel_id}"
        await self._request("shut down", workload.provider, "DELETE", path)
        raise OutcomeUnknown

    async def _clean_up(self) -> None:
        """Delete the session, if there is one."""
        session = await self._session()
        if session is not None:
            provider = self._providers[session["kernel"]["name"]]
            path = f"api/sessions/{session['id']}"
            await self._request("shut down", provider, "DELETE", path)

    async def _session(self) -> Any:
        reply = await self._get("api/sessions")
        assert reply.status == 200, reply
        return next((one for one in reply.body if one["path"] == self.name), None)

    # -- actions -----------------------------------------------------------------------------------

    async def _act(self) -> None:
        actions = {
            self._run_short_cell: 8,
            self._run_long_cell: 5,
            self._reload: 1,
            self._restart: 1,
            self._switch: 1,
        }
        [action] = self._random.choices(list(actions), list(actions.values()))
        await action()

    async def _run_short_cell(self) -> None:
        self.done["cell"] += 1
        await self._workload.finish_cell(await self._workload.start_cell())

    async def _run_long_cell(self) -> None:
        """Run a cell for a while, and perhaps do something else in the meantime."""
        seconds = self._random.uniform(2, 8)
        lines = self._random.choice((0, int(seconds / LINE_INTERVAL)))
        weights = {"": 10, "reload": 3, "reload anew": 1, "interrupt": 2, "restart": 1}
        [action] = self._random.choices(list(weights), list(weights.values()))
        self.done[f"long cell {action}".strip()] += 1
        cell = await self._workload.start_cell(seconds, lines)
        if action:
            await asyncio.sleep(self._random.uniform(0.5, 2))
        if action == "reload":
            await self._reload()
        elif action == "reload anew":
            await self._reload(is_new=True)
            await self._workload.check_count(cell)
            return  # the new session receives no output of this cell
        elif action == "restart":
            await self._restart()
            return
        elif action == "interrupt" and cell.started_at is not None:
            cell.interrupted_at = time.time()
            await self._control("interrupt")
        await self._workload.finish_cell(cell)

    async def _reload(self, is_new: bool = False) -> None:
        await self._workload.connection.close()
        self._log("reloads" + " as another session" * is_new)
        await asyncio.sleep(self._random.choice((0, self._random.uniform(0, 3))))
        session = await self._session()
        if session is None:
            await self._check_missing_session()
        assert session["kernel"]["id"] == self._workload.kernel_id, session
        self._workload.connection.open(is_new=is_new)

    async def _restart(self) -> None:
        await self._workload.restart(lambda: self._control("restart"))

    async def _control(self, action: str) -> None:
        """Interrupt or restart the kernel; after a repeated request, wait until all is calm."""
        path = f"api/kernels/{self._workload.kernel_id}"
        reply, is_certain = await self._request(
            action, self._workload.provider, "POST", f"{path}/{action}"
        )
        if is_gone(await self._get(path)):
            raise KernelEnded
        assert reply.status in (200, 204), reply
        if not is_certain:
            await wait_until(self._is_calm, timeout=TIMEOUT)

    async def _is_calm(self) -> bool:
        since = time.time() - CALM
        return not self._workload.provider.had_fault(since) and not self._server.was_down(since)

    async def _switch(self) -> None:
        """Switch to another kernel; if it does not start, check that the current one remains."""
        provider, requested_at = self._choose_provider(), time.time()
        previous = self._workload
        self._log(f"switches to {provider.name}")
        path = f"api/sessions/{previous.session_id}"
        body = {"kernel": {"name": provider.kernel_name}}
        try:
            reply = await self._client.request("PATCH", path, body)
        except (aiohttp.ClientError, OSError) as error:
            self._check_was_down(requested_at, "switch", error)
            self.unknown_starts += 1
            raise OutcomeUnknown from error
        if reply.status == 404:
            await self._check_missing_session()
        if reply.status == 200:
            self.done["switch"] += 1
            await previous.connection.close()
            self._connect(reply.body, requested_at)
            await self._check_shut_down(previous)
        else:
            assert self._is_refusal("switch", provider, reply, requested_at), reply
        await self._workload.check_count()

    # -- requests ----------------------------------------------------------------------------------

    async def _get(self, path: str) -> Reply:
        return (await self._request("", None, "GET", path))[0]

    async def _request(
        self, action: str, provider: Provider | None, method: str, path: str, body: object = None
    ) -> tuple[Reply, bool]:
        """
        Send a request until it is not refused, as a user does.

        Return the answer, and whether it was the first request, so that nothing was done twice.
        """
        deadline = time.time() + TIMEOUT
        is_first = True
        while True:
            requested_at = time.time()
            try:
                reply = await self._client.request(method, path, body)
            except (aiohttp.ClientError, OSError) as error:
                self._check_was_down(requested_at, action or path, error)
                self.unknown_starts += action == "start"
            else:
                if not self._is_refusal(action, provider, reply, requested_at):
                    self._log(f"{method} {path}: {reply.status}")
                    if action:
                        self.done[action] += 1
                    return reply, is_first
            is_first = False
            assert time.time() < deadline, f"{action} is refused again and again"
            await asyncio.sleep(1)

    def _check_was_down(self, requested_at: float, action: str, error: Exception) -> None:
        """Check that the server was down when a request failed without an answer."""
        assert self._server.was_down(requested_at), f"{action}: {error!r}"

    def _is_refusal(
        self, action: str, provider: Provider | None, reply: Reply, requested_at: float
    ) -> bool:
        """Return whether the answer is a refusal that names the provider, or of a server's end."""
        if reply.status not in REFUSALS:
            return False
        is_named = provider is not None and provider.name in str(reply.body)
        if not is_named and not self._server.was_down(requested_at):
            return False
        self._log(f"{action} is refused: {reply.body['message']}")
        self.done[f"{action} refused"] += 1
        return True
