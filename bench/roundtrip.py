"""Round trips through a kernel's websocket."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import aiohttp

from tests.support.client import KernelWebsocket

from .baselines import MIXER
from .results import Measurement, Results, Target
from .setups import (
    DIRECT,
    DIRECT_PROXY,
    FLOOR,
    GATEWAY_URL,
    MEANINGS,
    OURS,
    OURS_LOCAL,
    OURS_PROXY,
    STOCK_LOCAL,
    Setup,
    running_setups,
)

OUTPUTS = 5_000
TEXTS, TEXT = 20, 10**6  # pieces of text, and the characters in each
BUFFERS, BUFFER = 8, 8 * 10**6  # buffers in one message, and the bytes in each
TIMEOUT = 30.0  # seconds for an operation, which takes one or two
TITLE = "A kernel's websocket"
INTRODUCTION = """
Milliseconds from a request to the end of its replies: the median of all rounds, measured by a plain
websocket client. All setups run the same operations in turn, in a random order each time.
Jupyter Server's limits of 1,000 messages and 1 MB a second are off. The setups are:

""" + "\n".join(f"- {name}: {meaning}" for name, meaning in MEANINGS.items())
#: Runs an operation once and returns the seconds that it took.
Run = Callable[[Setup, KernelWebsocket], Awaitable[float]]


class WrongReply(Exception):
    """The client did not receive what the kernel sent."""


@dataclass(frozen=True)
class Operation:
    """An operation on a kernel; a sample is the median of ``times`` runs, a round has ``turns``."""

    name: str
    run: Run
    times: int
    turns: int

    async def measure(self, setup: Setup, kernel: KernelWebsocket) -> float:
        """Return the seconds of one run; raise WrongReply if the replies are wrong."""
        return median([await self.run(setup, kernel) for _ in range(self.times)])


async def kernel_info(_: Setup, kernel: KernelWebsocket) -> float:
    """Request the kernel's information."""
    start = time.perf_counter()
    await kernel.replies(await kernel.send("kernel_info_request", {}))
    return time.perf_counter() - start


async def execution(_: Setup, kernel: KernelWebsocket) -> float:
    """Execute ``1+1`` until the kernel is idle."""
    start = time.perf_counter()
    await kernel.execute("1+1")
    return time.perf_counter() - start


async def outputs(_: Setup, kernel: KernelWebsocket) -> float:
    """Produce many small outputs."""
    await kernel.execute("from IPython.display import display")
    start = time.perf_counter()
    messages = await kernel.execute(f"for n in range({OUTPUTS}): display(n)")
    seconds = time.perf_counter() - start
    shown = sum(m["header"]["msg_type"] == "display_data" for m in messages)
    if shown != OUTPUTS:
        raise WrongReply(f"{shown} of {OUTPUTS} outputs")
    return seconds


async def text(_: Setup, kernel: KernelWebsocket) -> float:
    """Print a lot of text."""
    start = time.perf_counter()
    printed = await kernel.run(f"for n in range({TEXTS}): print('x' * {TEXT}, end='', flush=True)")
    seconds = time.perf_counter() - start
    if len(printed) != TEXTS * TEXT:
        raise WrongReply(f"{len(printed)} characters")
    return seconds


async def buffers(_: Setup, kernel: KernelWebsocket) -> float:
    """Send large binary buffers in one message, as widgets do."""
    code = f"""
from comm import create_comm
create_comm(target_name="bench").send({{}}, buffers=[bytes({BUFFER})] * {BUFFERS})"""
    start = time.perf_counter()
    messages = await kernel.execute(code)
    seconds = time.perf_counter() - start
    sizes = [len(b) for m in messages for b in m["buffers"]]
    if sizes != [BUFFER] * BUFFERS:
        raise WrongReply("buffers are lost")
    return seconds


async def start(setup: Setup, _: KernelWebsocket) -> float:
    """Start a kernel, and wait for its first reply."""
    start = time.perf_counter()
    kernel_id = await setup.start()
    kernel = await setup.connect(kernel_id)
    seconds = time.perf_counter() - start
    await kernel.close()
    await setup.stop(kernel_id)
    return seconds


OPERATIONS = (
    Operation("kernel_info", kernel_info, times=5, turns=4),
    Operation("`1+1`", execution, times=5, turns=4),
    Operation(f"{OUTPUTS:,} small outputs", outputs, times=1, turns=2),
    Operation(f"{TEXTS * TEXT // 10**6} MB of text", text, times=2, turns=3),
    Operation(f"{BUFFERS} buffers of {BUFFER // 10**6} MB", buffers, times=2, turns=3),
    Operation("start", start, times=1, turns=2),
)


async def run(rounds: int, folder: Path) -> Results:
    """Run all operations with all setups, in turn and in a random order each time."""
    measurements = [Measurement(operation.name, "ms") for operation in OPERATIONS]
    async with running_setups(folder) as setups:
        kernels = {setup: await setup.start() for setup in setups}
        for _ in range(rounds):
            for operation, measurement in zip(OPERATIONS, measurements, strict=True):
                for _ in range(operation.turns):
                    await _take_turn(operation, measurement, kernels)
    targets = list(_targets(measurements))
    return Results(TITLE, INTRODUCTION, list(MEANINGS), measurements, targets)


async def _take_turn(
    operation: Operation, measurement: Measurement, kernels: Mapping[Setup, str]
) -> None:
    """Take a sample with each setup that has not failed, in a random order."""
    for setup, kernel_id in random.sample([*kernels.items()], len(kernels)):
        if not measurement.has_failed(setup.name):
            measurement.add(setup.name, await _sample(operation, setup, kernel_id))


async def _sample(operation: Operation, setup: Setup, kernel_id: str) -> float | str:
    try:
        return await asyncio.wait_for(_measure(operation, setup, kernel_id), TIMEOUT)
    except WrongReply as error:
        return str(error)
    except asyncio.TimeoutError:
        return "no reply"
    except (AssertionError, aiohttp.ClientError, ConnectionError):
        return "connection closed"


async def _measure(operation: Operation, setup: Setup, kernel_id: str) -> float:
    kernel = await setup.connect(kernel_id)
    try:
        return await operation.measure(setup, kernel)
    finally:
        await kernel.close()


def _targets(measurements: Sequence[Measurement]) -> Iterator[Target]:
    info, execution, outputs, text, buffers, start = measurements
    for one, limit in ((info, 0.2), (execution, 0.25)):
        yield _ratio(one, OURS, DIRECT, limit)
        yield _ratio(one, OURS_LOCAL, STOCK_LOCAL, limit)
        yield _ratio(one, OURS_PROXY, DIRECT_PROXY, 2 * limit)
        yield _ratio(one, OURS, FLOOR, 1.2)
    for one, limit in ((outputs, 0.95), (text, 0.95), (buffers, 0.9)):
        name = f"{one.name}, speed: {OURS} / {DIRECT}"
        yield one.ratio_target(name, DIRECT, OURS, limit, at_least=True)
        name = f"{one.name}, speed: {OURS_PROXY} / {DIRECT_PROXY}"
        yield one.ratio_target(name, DIRECT_PROXY, OURS_PROXY, limit, at_least=True)
    yield _ratio(start, OURS, DIRECT, 1.1)
    for one in measurements:
        for baseline in (GATEWAY_URL, MIXER):
            if not one.series[baseline].failure:
                yield _ratio(one, OURS, baseline, 1.0)


def _ratio(measurement: Measurement, setup: str, reference: str, limit: float) -> Target:
    name = f"{measurement.name}: {setup} / {reference}"
    return measurement.ratio_target(name, setup, reference, limit)
