"""A notebook: what people do with kernels, and what the server may do to them meanwhile."""

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

from tests.support.client import LEGACY, V1, Client, Reply, until

from .event_log import Diary
from .kernel_connection import Page, tells_of_end
from .providers import Place
from .server import Server
from .workload import PACE, PATIENCE, KernelEnded, Use

CALM = 3.0  # seconds without a fault by which all has come that was late
LOG_LINES = 60  # of the server's, that are shown with what was wrong
REFUSALS = (500, 501, 502, 503)  # Jupyter Server makes one of the first two of some


class CutShort(Exception):
    """Nobody can tell what has become of the session, as the server has ended meanwhile."""


class Notebook:
    """Somebody who uses one kernel after another, in all places, and takes nothing for granted."""

    def __init__(
        self,
        name: str,
        seed: str,
        client: Client,
        server: Server,
        places: Sequence[Place],
        diary: Diary,
    ) -> None:
        self.name = name
        self.done: Counter[str] = Counter()
        #: Starts that the server may have done without anybody's being told, as it ended meanwhile.
        self.cut_short = 0
        self._random = random.Random(f"{seed} {name}")
        self._client = client
        self._server = server
        self._places = {place.kernel_name: place for place in places}
        self._diary = diary
        self._use: Use

    async def work(self, end: float) -> str:
        """Work until then; return what was wrong, with all that may explain it."""
        begun = time.time()
        try:
            while time.time() < end:
                begun = time.time()
                await self._use_a_kernel()
        except Exception as error:
            what = str(error) if isinstance(error, AssertionError) else traceback.format_exc()
            whose = {self.name, "server", *(place.name for place in self._places.values())}
            log = self._server.process.log().splitlines()[-LOG_LINES:]
            report = [f"{self.name}: {what}", self._diary.of(whose, begun - 20), *log]
            with suppress(Exception):
                await self._clear()
            return "\n".join(report)
        return ""

    def _note(self, what: str) -> None:
        self._diary.note(self.name, what)

    # -- a kernel's life ---------------------------------------------------------------------------

    async def _use_a_kernel(self) -> None:
        place, asked = self._somewhere(), time.time()
        kernel = {"name": place.kernel_name}
        body = {"name": self.name, "path": self.name, "type": "notebook", "kernel": kernel}
        reply, _ = await self._insist("start", place, "POST", "api/sessions", body)
        assert reply.status == 201, reply
        self._take(reply.body, asked)
        try:
            await self._use.ask()
            for _ in range(self._random.randint(4, 12)):
                await self._act()
                await asyncio.sleep(self._random.uniform(0, 1))
            await self._shut_down()
        except KernelEnded:
            await self._check_end()
        except CutShort:
            await self._clear()
        finally:
            await self._use.page.leave()

    def _somewhere(self) -> Place:
        return self._random.choice(list(self._places.values()))

    def _take(self, session: Any, asked: float) -> None:
        kernel_id = session["kernel"]["id"]
        place = self._places[session["kernel"]["name"]]
        self._note(f"has kernel {kernel_id} at {place.name}")
        protocol = self._random.choice((V1, LEGACY))
        page = Page(self._client, kernel_id, protocol, self._note)
        self._use = Use(place, page, session["id"], asked, self._note, self.done)

    async def _shut_down(self) -> None:
        use = self._use
        path = f"api/sessions/{use.session_id}"
        reply, is_certain = await self._insist("shut down", use.place, "DELETE", path)
        if reply.status == 404 and is_certain:
            await self._miss_session()
        assert reply.status in (204, 404), reply
        await self._see_off(use)

    async def _see_off(self, use: Use) -> None:
        """Check that a kernel is gone that was shut down."""
        reply = await self._get(f"api/kernels/{use.kernel_id}")
        assert reply.status == 404, f"it was shut down, and is there: {reply.body}"

    async def _check_end(self) -> None:
        """Check that what we were told of the kernel's end is true."""
        use = self._use
        self._note("is told that the kernel is gone")
        if use.has_begun:
            assert use.has_ended, f"kernel {use.kernel_id} at {use.place.name} is lost"
            self.done["told that the kernel is gone"] += 1
            await until(self._has_no_session)
        else:
            may_fail = use.place.was_troubled(use.asked) or self._server.was_away(use.asked)
            assert may_fail, f"kernel {use.kernel_id} has not started at {use.place.name}"
            self.done["told later that the kernel could not be started"] += 1
            await self._clear()

    async def _has_no_session(self) -> bool:
        return await self._session() is None

    async def _miss_session(self) -> None:
        """Check that the session may be gone."""
        use = self._use
        if use.has_ended or not use.has_begun:
            raise KernelEnded
        assert self._server.may_have_forgotten(use.known), "the session is lost"
        self.done["session too new to be found after a crash"] += 1
        await self._insist("shut down", use.place, "DELETE", f"api/kernels/{use.kernel_id}")
        raise CutShort

    async def _clear(self) -> None:
        """Leave nothing behind."""
        session = await self._session()
        if session is not None:
            place = self._places[session["kernel"]["name"]]
            await self._insist("shut down", place, "DELETE", f"api/sessions/{session['id']}")

    async def _session(self) -> Any:
        reply = await self._get("api/sessions")
        assert reply.status == 200, reply
        return next((one for one in reply.body if one["path"] == self.name), None)

    # -- what people do ----------------------------------------------------------------------------

    async def _act(self) -> None:
        acts = {self._short: 8, self._long: 5, self._reload: 1, self._restart: 1, self._switch: 1}
        [act] = self._random.choices(list(acts), list(acts.values()))
        await act()

    async def _short(self) -> None:
        self.done["cell"] += 1
        await self._use.finish(await self._use.begin())

    async def _long(self) -> None:
        """Run a cell for a while, and perhaps do something meanwhile."""
        seconds = self._random.uniform(2, 8)
        lines = self._random.choice((0, int(seconds / PACE)))
        then = {"": 10, "reload": 3, "reload anew": 1, "interrupt": 2, "restart": 1}
        [meanwhile] = self._random.choices(list(then), list(then.values()))
        self.done[f"long cell {meanwhile}".strip()] += 1
        cell = await self._use.begin(seconds, lines)
        if meanwhile:
            await asyncio.sleep(self._random.uniform(0.5, 2))
        if meanwhile == "reload":
            await self._reload()
        elif meanwhile == "reload anew":
            await self._reload(is_new=True)
            await self._use.ask(cell)
            return  # what the cell prints is not for this session
        elif meanwhile == "restart":
            await self._restart()
            return
        elif meanwhile == "interrupt" and cell.begun is not None:
            cell.interrupted = time.time()
            await self._control("interrupt")
        await self._use.finish(cell)

    async def _reload(self, is_new: bool = False) -> None:
        await self._use.page.leave()
        self._note("reloads" + " as another session" * is_new)
        await asyncio.sleep(self._random.choice((0, self._random.uniform(0, 3))))
        session = await self._session()
        if session is None:
            await self._miss_session()
        assert session["kernel"]["id"] == self._use.kernel_id, session
        self._use.page.come_back(is_new=is_new)

    async def _restart(self) -> None:
        await self._use.restart(lambda: self._control("restart"))

    async def _control(self, what: str) -> None:
        """Interrupt or restart the kernel; where that may come late, wait until it has."""
        path = f"api/kernels/{self._use.kernel_id}/{what}"
        reply, is_certain = await self._insist(what, self._use.place, "POST", path)
        if tells_of_end(await self._get(f"api/kernels/{self._use.kernel_id}")):
            raise KernelEnded
        assert reply.status in (200, 204), reply
        if not is_certain:
            await until(self._is_calm, timeout=PATIENCE)

    async def _is_calm(self) -> bool:
        since = time.time() - CALM
        return not self._use.place.was_troubled(since) and not self._server.was_away(since)

    async def _switch(self) -> None:
        """Take a kernel somewhere else; where that cannot be had, there is still the one before."""
        place, asked, before = self._somewhere(), time.time(), self._use
        self._note(f"switches to {place.name}")
        body = {"kernel": {"name": place.kernel_name}}
        try:
            reply = await self._client.request("PATCH", f"api/sessions/{before.session_id}", body)
        except (aiohttp.ClientError, OSError) as error:
            self._check_absence(asked, "switch", error)
            self.cut_short += 1
            raise CutShort from error
        if reply.status == 404:
            await self._miss_session()
        if reply.status == 200:
            self.done["switch"] += 1
            await self._use.page.leave()
            self._take(reply.body, asked)
            await self._see_off(before)
        else:
            assert self._is_refused("switch", place, reply, asked), reply
        await self._use.ask()

    # -- requests ----------------------------------------------------------------------------------

    async def _get(self, path: str) -> Reply:
        return (await self._insist("", None, "GET", path))[0]

    async def _insist(
        self, what: str, place: Place | None, method: str, path: str, body: object = None
    ) -> tuple[Reply, bool]:
        """
        Ask as often as it takes, as people do.

        Returns the answer, and whether it was the first, so that nothing was done twice.
        """
        deadline = time.time() + PATIENCE
        is_first = True
        while True:
            asked = time.time()
            try:
                reply = await self._client.request(method, path, body)
            except (aiohttp.ClientError, OSError) as error:
                self._check_absence(asked, what or path, error)
                self.cut_short += what == "start"
            else:
                if not self._is_refused(what, place, reply, asked):
                    self._note(f"{method} {path}: {reply.status}")
                    if what:
                        self.done[what] += 1
                    return reply, is_first
            is_first = False
            assert time.time() < deadline, f"{what} is refused again and again"
            await asyncio.sleep(1)

    def _check_absence(self, asked: float, what: str, error: Exception) -> None:
        """Only a server that is away does not answer."""
        assert self._server.was_away(asked), f"{what}: {error!r}"

    def _is_refused(self, what: str, place: Place | None, reply: Reply, asked: float) -> bool:
        """Tell whether a provider refuses, which is named then, or a server that ends."""
        if reply.status not in REFUSALS:
            return False
        is_named = place is not None and place.name in str(reply.body)
        if not is_named and not self._server.was_away(asked):
            return False
        self._note(f"{what} is refused: {reply.body['message']}")
        self.done[f"{what} refused"] += 1
        return True
