"""What is done with a kernel, and how long it takes."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import aiohttp

from tests.support.client import Kernel

from .results import Findings, Measured, Target
from .setups import (
    DIRECT,
    FLOOR,
    GATEWAY_URL,
    MEANINGS,
    MIXED,
    OURS,
    OURS_LOCAL,
    STOCK_LOCAL,
    Contender,
    contenders,
)

OUTPUTS = 5_000
TEXTS, TEXT = 20, 10**6  # pieces of text, and the characters in each
BUFFERS, BUFFER = 8, 8 * 10**6  # buffers in one message, and the bytes in each
PATIENCE = 30.0  # seconds for a piece of work, which takes one or two
TITLE = "A kernel's websocket"
INTRO = """
Milliseconds from a question to the end of its answers, measured by a plain websocket client; the
median of all rounds. All do the same work in turn, and in another order each time.
Jupyter Server's limits of 1,000 messages and 1 MB a second are off for all. Those who take part:

""" + "\n".join(f"- {name}: {meaning}" for name, meaning in MEANINGS.items())
#: Seconds that it took.
Run = Callable[[Contender, Kernel], Awaitable[float]]


class Wrong(Exception):
    """What came is not what the kernel has sent."""


@dataclass(frozen=True)
class Work:
    """A piece of work, done so many ``times`` for one sample; a round has so many ``turns``."""

    name: str
    run: Run
    times: int
    turns: int

    async def measure(self, contender: Contender, kernel: Kernel) -> float:
        """Return the seconds that it takes once; raises Wrong."""
        return median([await self.run(contender, kernel) for _ in range(self.times)])


async def kernel_info(_: Contender, kernel: Kernel) -> float:
    """Ask who the kernel is."""
    begun = time.perf_counter()
    await kernel.replies(await kernel.send("kernel_info_request", {}))
    return time.perf_counter() - begun


async def execution(_: Contender, kernel: Kernel) -> float:
    """Execute ``1+1`` until the kernel is idle."""
    begun = time.perf_counter()
    await kernel.execute("1+1")
    return time.perf_counter() - begun


async def outputs(_: Contender, kernel: Kernel) -> float:
    """Show many small things."""
    await kernel.execute("from IPython.display import display")
    begun = time.perf_counter()
    messages = await kernel.execute(f"for n in range({OUTPUTS}): display(n)")
    seconds = time.perf_counter() - begun
    shown = sum(m["header"]["msg_type"] == "display_data" for m in messages)
    if shown != OUTPUTS:
        raise Wrong(f"{shown} of {OUTPUTS} outputs")
    return seconds


async def text(_: Contender, kernel: Kernel) -> float:
    """Print much."""
    begun = time.perf_counter()
    printed = await kernel.run(f"for n in range({TEXTS}): print('x' * {TEXT}, end='', flush=True)")
    seconds = time.perf_counter() - begun
    if len(printed) != TEXTS * TEXT:
        raise Wrong(f"{len(printed)} characters")
    return seconds


async def buffers(_: Contender, kernel: Kernel) -> float:
    """Send much that is binary, as widgets do, in one message."""
    code = f"""
from comm import create_comm
create_comm(target_name="bench").send({{}}, buffers=[bytes({BUFFER})] * {BUFFERS})"""
    begun = time.perf_counter()
    messages = await kernel.execute(code)
    seconds = time.perf_counter() - begun
    sizes = [len(b) for m in messages for b in m["buffers"]]
    if sizes != [BUFFER] * BUFFERS:
        raise Wrong("buffers are lost")
    return seconds


async def start(contender: Contender, _: Kernel) -> float:
    """Start a kernel until its first reply."""
    begun = time.perf_counter()
    kernel_id = await contender.start()
    kernel = await contender.connect(kernel_id)
    seconds = time.perf_counter() - begun
    await kernel.close()
    await contender.stop(kernel_id)
    return seconds


WORKS = (
    Work("kernel_info", kernel_info, times=5, turns=4),
    Work("`1+1`", execution, times=5, turns=4),
    Work(f"{OUTPUTS:,} small outputs", outputs, times=1, turns=2),
    Work(f"{TEXTS * TEXT // 10**6} MB of text", text, times=2, turns=3),
    Work(f"{BUFFERS} buffers of {BUFFER // 10**6} MB", buffers, times=2, turns=3),
    Work("start", start, times=1, turns=2),
)


async def run(rounds: int, folder: Path) -> Findings:
    """Have all contenders do all works, in turn and in another order each round."""
    found = [Measured(work.name, "ms") for work in WORKS]
    async with contenders(folder) as them:
        kernels = {contender: await contender.start() for contender in them}
        for _ in range(rounds):
            for work, measured in zip(WORKS, found, strict=True):
                for _ in range(work.turns):
                    await _take_turns(work, measured, kernels)
    return Findings(TITLE, INTRO, list(MEANINGS), found, list(_targets(found)))


async def _take_turns(work: Work, measured: Measured, kernels: Mapping[Contender, str]) -> None:
    """Have all do a piece of work, in another order each time, but those that have failed."""
    for contender, kernel_id in random.sample([*kernels.items()], len(kernels)):
        if not measured.has_failed(contender.name):
            measured.add(contender.name, await _sample(work, contender, kernel_id))


async def _sample(work: Work, contender: Contender, kernel_id: str) -> float | str:
    try:
        return await asyncio.wait_for(_connected(work, contender, kernel_id), PATIENCE)
    except Wrong as error:
        return str(error)
    except asyncio.TimeoutError:
        return "never comes"
    except (AssertionError, aiohttp.ClientError, ConnectionError):
        return "closes"


async def _connected(work: Work, contender: Contender, kernel_id: str) -> float:
    kernel = await contender.connect(kernel_id)
    try:
        return await work.measure(contender, kernel)
    finally:
        await kernel.close()


def _targets(found: Sequence[Measured]) -> Iterator[Target]:
    info, executed, small, much, binary, started = found
    for one, limit in ((info, 0.2), (executed, 0.25)):
        yield one.target(f"{one.what}, ours remote by direct", OURS, DIRECT, limit)
        yield one.target(f"{one.what}, ours local by stock local", OURS_LOCAL, STOCK_LOCAL, limit)
        yield one.target(f"{one.what}, ours remote by the floor", OURS, FLOOR, 1.2)
    for one, limit in ((small, 0.95), (much, 0.95), (binary, 0.9)):
        what = f"{one.what}, speed of ours by direct"
        yield one.target(what, DIRECT, OURS, limit, at_least=True)
    yield started.target("start, ours remote by direct", OURS, DIRECT, 1.1)
    for one in found:
        for peer in (GATEWAY_URL, MIXED):
            if not one.series[peer].word:
                yield one.target(f"{one.what}, ours remote by {peer}", OURS, peer, 1.0)
