"""
Runs random work with random faults for some minutes, and checks that nothing is lost.

    python -m bench.soak [--minutes 5] [--seed 1] [--notebooks 6]

Notebooks run on a server's local kernels and on those of three Kernel Gateways, each behind a TCP
proxy and a proxy with faults. They start kernels, run cells, interrupt, restart, reload, switch and
shut down. In the meantime providers have faults, and gateways restart without their kernels. The
server itself restarts in the first part of the run.

Each cell increments a counter, so that a lost reply, a lost kernel and a cell that has run twice
all show. At the end no kernel may be left on any server, no log may contain a secret or a
traceback, and the server may not have grown in the second part.

Messages in transit may be lost when a connection is cut, as with any Jupyter server. The run asks
the kernel whether they have arrived, and counts them. If anything else is wrong, it exits with 1.
Then it prints the notebook's actions, the events in the meantime, and the folder of the logs.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import psutil

from tests.support.client import Client, wait_until
from tests.support.faults import FAULTS
from tests.support.processes import ServerProcess, tracebacks

from .event_log import EventLog
from .notebook import Notebook
from .providers import CONNECTION_FAULTS, Provider, RemoteProvider
from .server import TOKEN, Server

PATHS = ("", "", "", "/channels", "/api/kernelspecs")  # a faulty answer is for one of them
KEEP_ALIVE = 20.0  # seconds after which unused connections are closed
#: The growth that the server may show from the middle of the run to the end.
GROWTH = {
    "MiB of memory": 32,
    "descriptors": 4,
    "connections": 4,
    "threads": 2,
    "processes": 0,
    "tasks": 2,
    "objects": 20_000,
}
#: Text in the tracebacks of local kernels and of Jupyter Server's code for them. That code does not
#: wait until a message is written to the browser, which may have disconnected.
LOCAL_KERNEL_TRACES = (
    "/ipykernel/",
    "/jupyter_client/manager.py",
    "/jupyter_client/multikernelmanager.py",
    "StreamClosedError: Stream is closed",
    "tornado.websocket.WebSocketClosedError",
    "\nKeyboardInterrupt",  # a kernel that was interrupted before its code began
)


class Soak:
    """One run."""

    def __init__(self, seed: int, notebooks: int, folder: Path) -> None:
        self.done: Counter[str] = Counter()
        self.wrong: list[str] = []
        self._seed = seed
        self._names = [f"notebook {number}" for number in range(1, notebooks + 1)]
        self._folder = folder
        self._log = EventLog()
        self._local = Provider("local")
        self._remotes = [
            RemoteProvider(name, folder / name, self._log) for name in ("alpha", "beta", "gamma")
        ]
        self._server: Server
        self._client: Client

    async def run(self, minutes: float) -> None:
        """Run both parts and all checks."""
        async with AsyncExitStack() as stack:
            await self._open(stack)
            await self._run_part("first", 24 * minutes, is_restarting=True)
            await self._warm_up()
            await self._check_nothing_is_left()
            await asyncio.sleep(KEEP_ALIVE)
            before = await self._server.measure(self._client)
            await self._run_part("second", 36 * minutes)
            await self._check_nothing_is_left()
            await self._check_growth(before)
            await self._server.exit()
        self._check_exits()
        self._check_logs()

    async def _open(self, stack: AsyncExitStack) -> None:
        for remote in self._remotes:
            await remote.open(stack)
        self._server = Server(self._folder / "server", self._local, self._remotes, self._log)
        stack.callback(self._server.process.stop)
        await asyncio.to_thread(self._server.process.start)
        self._client = Client(self._server.process.url, TOKEN)
        stack.push_async_callback(self._client.close)
        self._local.client = self._client

    async def _run_part(self, part: str, seconds: float, is_restarting: bool = False) -> None:
        """Run notebooks and faults for some seconds."""
        end = time.time() + seconds
        providers = [self._local, *self._remotes]
        notebooks = [
            Notebook(name, f"{self._seed} {part}", self._client, self._server, providers, self._log)
            for name in self._names
        ]
        running = asyncio.gather(*(notebook.run(end) for notebook in notebooks))
        faults = [self._inject_faults(remote, part, end) for remote in self._remotes]
        if is_restarting:
            faults.append(self._restart_server(end))
        await asyncio.gather(*faults)
        self.wrong += filter(None, await running)
        for notebook in notebooks:
            self.done.update(notebook.done)
        await self._shut_down_unknown(sum(notebook.unknown_starts for notebook in notebooks))

    async def _inject_faults(self, remote: RemoteProvider, part: str, end: float) -> None:
        choice = random.Random(f"{self._seed} {part} {remote.name}")
        while time.time() < end:
            await asyncio.sleep(choice.uniform(1, 12))
            if choice.random() < 0.1:
                self.done["gateway restarted"] += 1
                await remote.restart(is_crash=choice.random() < 0.5)
            else:
                fault = choice.choice((*CONNECTION_FAULTS, *CONNECTION_FAULTS, *FAULTS))
                self.done[f"fault: {fault}"] += 1
                await remote.inject(fault, choice.choice(PATHS), choice.uniform(0.5, 8))

    async def _restart_server(self, end: float) -> None:
        choice = random.Random(f"{self._seed} server")
        while time.time() < end:
            await asyncio.sleep(choice.uniform(10, 30))
            is_crash = choice.random() < 0.5
            self.done["server killed" if is_crash else "server stopped"] += 1
            await self._server.restart(is_crash=is_crash)

    async def _shut_down_unknown(self, most: int) -> None:
        """Shut down kernels that the server has started although its answer was lost."""
        kernels = await self._client.get("api/kernels")
        for kernel in kernels:
            await self._client.request("DELETE", f"api/kernels/{kernel['id']}")
        if kernels:
            self.done["kernel whose start had no answer"] += len(kernels)
        if len(kernels) > most:
            self.wrong.append(f"kernels are left on the server: {kernels}")

    async def _warm_up(self) -> None:
        """Use a kernel of each provider, because the server may just have started."""
        for provider in (self._local, *self._remotes):
            await self._client.wait_for_kernelspec(provider.kernel_name)
            kernel_id = await self._client.start_kernel(provider.kernel_name)
            await self._client.run(kernel_id, "print(1)")
            await self._client.request("DELETE", f"api/kernels/{kernel_id}")

    async def _check_nothing_is_left(self) -> None:
        """Wait until no kernel runs on the server and the gateways, and the store is empty."""

        async def is_nothing_left() -> bool:
            return not await self._left()

        with suppress(AssertionError):
            await wait_until(is_nothing_left)
        self.wrong += await self._left()

    async def _left(self) -> list[str]:
        processes = (self._server.process, *(remote.gateway for remote in self._remotes))
        left = [
            f"left of {process.folder.name}: {child}"
            for process in processes
            for child in _children(process)
        ]
        for path in ("api/kernels", "api/sessions"):
            left += [f"left in {path}: {one}" for one in await self._client.get(path)]
        for store in self._folder.glob("server/data/kernel_providers/*.json"):
            kernels = json.loads(store.read_text())["kernels"]
            left += [f"stored: {kernel}" for kernel in kernels]
        return left

    async def _check_growth(self, before: dict[str, int]) -> None:
        after = await self._server.measure(self._client)

        async def has_settled() -> bool:
            after.update(await self._server.measure(self._client))
            return not any(after[name] - before[name] > most for name, most in GROWTH.items())

        try:
            await wait_until(has_settled, 2 * KEEP_ALIVE, pause=1)
        except AssertionError:
            self.wrong.append("the server has grown")
        for name in GROWTH:
            print(f"{name}: {before[name]} before, {after[name]} after")

    def _check_exits(self) -> None:
        exits = self._server.exits
        print(f"exits took {', '.join(f'{seconds:.1f}' for seconds, _ in exits)} s")
        self.wrong += [f"the server has ended with {code}" for _, code in exits if code]

    def _check_logs(self) -> None:
        """Check that no log has a secret, and that the server's log has no traceback."""
        tokens = [TOKEN, *(remote.gateway.token for remote in self._remotes)]
        for log in self._folder.glob("*/log.txt"):
            text = log.read_text(errors="replace")
            self.wrong += [f"{token} is in {log}" for token in tokens if token in text]
        self.wrong += _complaints(self._server.process.log())


def _complaints(log: str) -> list[str]:
    """Return the server's tracebacks and lost tasks, except for those about local kernels."""
    tasks = re.findall(r"^Task was destroyed .*\n.*/kernel_providers_ext/.*", log, re.MULTILINE)
    traces = [
        trace for trace in tracebacks(log) if not any(text in trace for text in LOCAL_KERNEL_TRACES)
    ]
    return traces + tasks


def _children(process: ServerProcess) -> list[str]:
    assert process.process is not None
    commands = []
    for child in psutil.Process(process.process.pid).children(recursive=True):
        with suppress(psutil.Error):  # the process has just ended
            commands.append(" ".join(child.cmdline()))
    return commands


def main() -> int:
    """Parse the command line, run, and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").strip().splitlines()[0])
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--notebooks", type=int, default=6)
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="soak-"))
    soak = Soak(arguments.seed, arguments.notebooks, folder)
    asyncio.run(soak.run(arguments.minutes))
    for name, count in sorted(soak.done.items()):
        print(f"{count:6}  {name}")
    for message in soak.wrong:
        print(f"WRONG: {message}")
    if soak.wrong:
        print(f"The logs are in {folder}, the seed was {arguments.seed}.")
        return 1
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
