"""Closes what belongs to a remote within a second, whatever the remote does."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

CLOSE_TIMEOUT = 1.0  # seconds; an exit has five for all


async def close_within(closing: Coroutine[Any, Any, object], timeout: float) -> bool:
    """
    Wait so many seconds for a close, and then cancel it; return whether it was done.

    It raises nothing. If it is cancelled, so is the close.
    """
    task = asyncio.ensure_future(closing)
    try:
        await asyncio.wait({task}, timeout=timeout)
    finally:
        is_done = task.done()
        task.cancel()
        # Retrieve the exception, so that asyncio does not log it.
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
    return is_done
