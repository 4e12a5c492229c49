"""A remote kernel's state and use, from its frames and its provider."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import pytest

from kernel_providers_ext.kernels.activity import KernelActivity, state_of
from tests.support.client import V1
from tests.unit.kernels.test_iopub import frame


class Kernel:
    """A kernel that records what its activity does."""

    def __init__(self) -> None:
        self.execution_state = "idle"
        self.reason = ""
        self.is_stopping = False
        self.uses = 0
        self.polls = 0
        self.parent: Any = SimpleNamespace(
            cull_busy=False, track_message_type=lambda cause: cause == "execute_request"
        )
        self.activity = KernelActivity(self)

    def set_state(self, state: str, reason: str = "") -> None:
        self.execution_state, self.reason = state, reason

    def touch(self) -> None:
        self.uses += 1

    def poll_now(self) -> None:
        self.polls += 1

    def say(self, state: str, cause: str = "execute_request") -> None:
        self.activity.observe(frame(V1, content={"execution_state": state}, cause=cause))


@pytest.fixture
def kernel() -> Kernel:
    return Kernel()


@pytest.mark.parametrize(
    ("state", "alone", "followed"),
    [
        ("idle", False, False),
        ("dead", False, False),
        ("busy", True, False),
        ("starting", False, True),
        ("restarting", False, True),
        ("unknown", False, True),
    ],
)
async def test_which_states_are_polled(
    kernel: Kernel, state: str, alone: bool, followed: bool
) -> None:
    """Without a relay, those that end by themselves; with one, those that no frame may end."""
    kernel.set_state(state)
    kernel.activity._timer = None
    assert kernel.activity.needs_polling == alone
    kernel.parent.cull_busy = True
    kernel.activity.follow("relay")
    assert kernel.activity.needs_polling == followed


@pytest.mark.parametrize("state", ["starting", "restarting", "unknown"])
async def test_any_status_ends_an_unsettled_state(kernel: Kernel, state: str) -> None:
    """It is idle then, also if the status belongs to a request of JupyterLab itself."""
    kernel.set_state(state)
    kernel.say("busy", "kernel_info_request")
    assert (kernel.execution_state, kernel.uses) == ("idle", 0)


@pytest.mark.parametrize("state", ["starting", "restarting"])
async def test_an_unsettled_status_does_not_end_an_unsettled_state(
    kernel: Kernel, state: str
) -> None:
    """The kernel tells it itself."""
    kernel.set_state("unknown")
    kernel.say(state, "")
    assert kernel.execution_state == "unknown"


async def test_frames_of_a_busy_kernel_are_use(kernel: Kernel) -> None:
    """Its output is; output that an idle kernel sends by itself is not."""
    output = frame(V1, "stream", {"text": "1"})
    kernel.activity.observe(output)
    uses = [kernel.uses]
    kernel.set_state("busy")
    kernel.activity.observe(output)
    uses.append(kernel.uses)
    assert uses == [0, 1]


@pytest.mark.parametrize("is_stopping", [True, False])
async def test_a_kernel_that_says_its_end_is_polled(kernel: Kernel, is_stopping: bool) -> None:
    """Until it begins anew; not if this server is stopping it."""
    kernel.is_stopping = is_stopping
    kernel.activity.follow("relay")
    kernel.say("idle")
    content = {"status": "ok", "restart": False}
    kernel.activity.observe(frame(V1, "shutdown_reply", content, "shutdown_request"))
    assert kernel.activity.needs_polling == (not is_stopping)
    assert kernel.polls == (0 if is_stopping else 1)
    kernel.activity.become("restarting")
    kernel.say("idle")
    assert not kernel.activity.needs_polling


async def test_a_relay_that_ends_has_a_busy_kernel_polled(kernel: Kernel) -> None:
    """One of two relays is enough to follow it."""
    kernel.parent.cull_busy = True
    kernel.set_state("busy")
    for relay in ("a", "b"):
        kernel.activity.follow(relay)
    polls = []
    for relay in ("a", "b"):
        kernel.activity.unfollow(relay)
        polls.append(kernel.polls)
    assert polls == [0, 1]
    kernel.set_state("idle")
    kernel.activity.follow("a")
    kernel.activity.unfollow("a")
    assert kernel.polls == 1


async def test_the_providers_time_stamp_counts_if_it_changes(kernel: Kernel) -> None:
    """Its clock may be wrong, so that its value does not."""
    kernel.activity.begin({"execution_state": "busy", "last_activity": "1"})
    assert (kernel.execution_state, kernel.uses) == ("busy", 0)
    uses = []
    for stamp in ("1", "2", "2", None, "3"):
        model = {"execution_state": "idle", "last_activity": stamp}
        kernel.activity.update(model, time.monotonic())
        uses.append(kernel.uses)
    assert uses == [0, 1, 1, 2, 2]


@pytest.mark.parametrize(("cull_busy", "uses"), [(True, 0), (False, 1)])
async def test_a_busy_kernel_is_used_by_each_answer(
    kernel: Kernel, cull_busy: bool, uses: int
) -> None:
    """A cell may run for hours without output; an administrator may have such kernels culled."""
    kernel.parent.cull_busy = cull_busy
    kernel.activity.update({"execution_state": "busy"}, time.monotonic())
    assert kernel.uses == uses


async def test_a_timer_starts_with_a_busy_kernel_and_once(kernel: Kernel) -> None:
    """However many relays follow it."""
    kernel.set_state("busy")
    for relay in ("a", "b"):
        kernel.activity.follow(relay)
    timer = kernel.activity._timer
    assert timer is not None
    assert kernel.uses == 1
    timer.cancel()


def test_a_remotes_state_is_one_short_line() -> None:
    """A remote may send anything."""
    assert state_of({}) == ("unknown", "")
    assert state_of({"execution_state": None, "reason": None}) == ("unknown", "")
    assert state_of({"execution_state": "busy", "reason": "why"}) == ("busy", "why")
    state, reason = state_of({"execution_state": "s" * 1000, "reason": "r" * 1000})
    assert (len(state), len(reason)) == (40, 300)
