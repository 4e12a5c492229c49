"""The steps of a diagnosis that start a kernel, talk to it, and stop it."""

from __future__ import annotations

import asyncio
import statistics
import time
import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress

from ..provider.closing import CLOSE_TIMEOUT, close_within
from ..provider.diagnosis import DiagnosticStep, StepSkipped
from ..provider.errors import (
    IncompatibleAnswer,
    KernelGone,
    ProviderError,
    ProviderUnavailable,
)
from ..provider.interface import KernelModel, RemoteKernelProvider
from .conversation import Conversation
from .messages import V1, Message

READY_TIMEOUT = 60.0  # seconds for a new kernel's first reply
REPLY_TIMEOUT = 20.0  # seconds for each further one
#: Seconds until the first request is repeated: a server may lose messages to a new kernel.
REPEAT_AFTER = 3.0
WATCH_INTERVAL = 2.0  # seconds between two looks whether a kernel has ended
START_WAIT = 30.0  # seconds for a start that is no longer wanted to end, so that it can be undone
STOP_ATTEMPTS, STOP_PAUSE = 3, 1.0  # the pause in seconds
ROUND_TRIPS = 5
#: What is sent there and back: more than fits into a short frame, and no UTF-8.
PAYLOAD = bytes(range(256)) * 1024
TARGET = "kernel_providers_ext.echo"
#: A comm that sends buffers back, as every version of ipykernel has it.
ECHO = f"""
get_ipython().kernel.comm_manager.register_target(
    {TARGET!r}, lambda comm, message: comm.send({{}}, buffers=message["buffers"])
)
"""


class KernelDiagnosis:
    """
    The steps that need a kernel.

    The caller takes `stop_step` in any case after `may_run` has become true.

    Args:
        provider: The provider; the caller closes it.
        kernel_name: The kernelspec to start.
        env: The environment variables that the kernel may get.
        announce: Called with a sentence before a kernel is started.
    """

    def __init__(
        self,
        provider: RemoteKernelProvider,
        kernel_name: str,
        env: Mapping[str, str],
        announce: Callable[[str], None],
    ) -> None:
        self._provider = provider
        self._kernel_name = kernel_name
        self._env = env
        self._announce = announce
        self.kernel_id = str(uuid.uuid4())
        #: Whether a kernel may run because of this diagnosis.
        self.may_run = False
        self._starting: asyncio.Task[KernelModel] | None = None
        self._conversation: Conversation | None = None
        self._subprotocol = ""
        self._language = ""

    @property
    def steps(self) -> Sequence[DiagnosticStep]:
        """All steps but the last one, in order."""
        return [
            DiagnosticStep("start", self.start),
            DiagnosticStep("websocket", self.websocket),
            DiagnosticStep("protocol", self.protocol),
            DiagnosticStep("binary message", self.binary_message),
            DiagnosticStep("round trip", self.round_trip),
        ]

    @property
    def stop_step(self) -> DiagnosticStep:
        """The step that leaves nothing behind."""
        return DiagnosticStep("stop", self.stop)

    async def start(self) -> str:
        """Start a kernel; if this is cancelled, the start goes on until `stop`."""
        label = self._provider.label
        self._announce(f"Starting {self._kernel_name} at {label}. It is stopped at the end.")
        self.may_run = True
        self._starting = asyncio.create_task(
            self._provider.start_kernel(
                self._kernel_name, kernel_id=self.kernel_id, path=None, env=self._env
            )
        )
        try:
            model = await asyncio.shield(self._starting)
        except ProviderError as error:
            self.may_run = not error.is_certain
            raise
        self.kernel_id = str(model["id"])
        return self._kernel_name

    async def websocket(self) -> str:
        """Open the kernel's websocket."""
        session_id = uuid.uuid4().hex
        opening = asyncio.create_task(
            self._provider.open_channels(self.kernel_id, session_id=session_id, subprotocols=(V1,))
        )
        try:
            # A server may wait a minute for the reply of a kernel that has ended.
            while not (await asyncio.wait({opening}, timeout=WATCH_INTERVAL))[0]:
                if await self._has_ended():
                    raise self._ended()
            channels = opening.result()
        finally:
            opening.cancel()
        self._subprotocol = channels.subprotocol
        self._conversation = Conversation(channels, session_id)
        return "open"

    async def protocol(self) -> str:
        """Ask the kernel what it is, in the protocol that was negotiated."""
        async with self._conversing() as conversation:
            info = (await self._first_reply(conversation)).content
        language = info.get("language_info")
        if isinstance(language, dict):
            self._language = str(language.get("name", "")).lower()
        messages = info.get("protocol_version") or "unknown"
        return f"{self._subprotocol or 'the older JSON one'}, messages {messages}"

    async def binary_message(self) -> str:
        """Send bytes to the kernel, which sends them back."""
        if self._language != "python":
            raise StepSkipped("only a Python kernel can be asked for one")
        comm_id = uuid.uuid4().hex
        async with self._conversing() as conversation:
            code = {"code": ECHO, "silent": True, "store_history": False, "allow_stdin": False}
            done = await conversation.request("execute_request", code, REPLY_TIMEOUT)
            if done.content.get("status") != "ok":
                raise StepSkipped(f"the kernel is not ipykernel ({done.content.get('ename')})")
            opened = {"comm_id": comm_id, "target_name": TARGET, "data": {}}
            await conversation.send("comm_open", opened, REPLY_TIMEOUT, [PAYLOAD])
            echo = await conversation.receive(
                lambda m: m.type == "comm_msg" and m.content.get("comm_id") == comm_id,
                REPLY_TIMEOUT,
            )
            closed = {"comm_id": comm_id, "data": {}}
            await conversation.send("comm_close", closed, REPLY_TIMEOUT)
        if [bytes(buffer) for buffer in echo.buffers] != [PAYLOAD]:
            raise self._changed()
        return f"{len(PAYLOAD) >> 10} KiB there and back, unchanged"

    async def round_trip(self) -> str:
        """Measure how long the kernel takes to reply."""
        times = []
        async with self._conversing() as conversation:
            for _ in range(ROUND_TRIPS):
                sent = time.monotonic()
                await conversation.request("kernel_info_request", {}, REPLY_TIMEOUT)
                times.append(time.monotonic() - sent)
        return f"{1000 * statistics.median(times):.1f} ms, the median of {ROUND_TRIPS}"

    async def stop(self) -> str:
        """Stop the kernel, also one whose start goes on; try it several times."""
        if self._conversation is not None:
            await self._conversation.aclose()
        is_known = await self._await_start()
        for attempt in range(STOP_ATTEMPTS):
            if attempt:
                await asyncio.sleep(STOP_PAUSE)
            try:
                await self._provider.shutdown_kernel(self.kernel_id)
            except ProviderError as error:
                failure = error
            else:
                break
        else:
            raise self._may_still_run(failure.reason_code, failure.cause)
        if not is_known:
            raise self._may_still_run("timeout", "its start was not answered.")
        self.may_run = False
        return "the kernel is stopped"

    # -- its parts ---------------------------------------------------------------------------------

    async def _await_start(self) -> bool:
        """Wait for a start that goes on; return whether its end is known."""
        starting = self._starting
        if starting is None:
            return True
        if not starting.done():
            self._announce("Waiting for the kernel to start, so that it can be stopped.")
        done, _ = await asyncio.wait({starting}, timeout=START_WAIT)
        if not done:
            await close_within(_cancelled(starting), CLOSE_TIMEOUT)
            return False
        with suppress(Exception):  # it was reported
            self.kernel_id = str(starting.result()["id"])
        return True

    async def _first_reply(self, conversation: Conversation) -> Message:
        deadline = time.monotonic() + READY_TIMEOUT
        sent: set[str] = set()
        while True:
            sent.add(await conversation.send("kernel_info_request", {}, REPLY_TIMEOUT))
            try:
                return await conversation.receive(
                    lambda m: m.channel == "shell" and m.request_id in sent, REPEAT_AFTER
                )
            except asyncio.TimeoutError:
                if time.monotonic() > deadline:
                    raise

    @asynccontextmanager
    async def _conversing(self) -> AsyncIterator[Conversation]:
        """Yield the conversation, and map its errors to ProviderError."""
        provider_id, kernel = self._provider.id, f"{self._kernel_name} of {self._provider.label}"
        assert self._conversation is not None
        try:
            yield self._conversation
        except asyncio.TimeoutError as error:
            message = f"The kernel {kernel} does not reply."
            remedy = "Look into the server's log: the kernel may not have started."
            raise ProviderUnavailable(provider_id, "no_reply", message, remedy=remedy) from error
        except ConnectionError as error:
            if await self._has_ended():
                raise self._ended() from error
            message = f"The connection to the kernel {kernel} was closed. {error}".rstrip()
            remedy = "Look into the log of the server, and of a proxy in front of it."
            raise ProviderUnavailable(provider_id, "closed", message, remedy=remedy) from error

    async def _has_ended(self) -> bool:
        """Return whether the kernel is known to run no longer."""
        try:
            models = await self._provider.kernels([self.kernel_id])
        except ProviderError:
            return False
        model = models.get(self.kernel_id, {})
        return model is None or model.get("execution_state") == "dead"

    def _ended(self) -> KernelGone:
        provider = self._provider
        message = f"The kernel {self._kernel_name} of {provider.label} ended soon after its start."
        remedy = "Look into the server's log, which may have the kernel's last words."
        return KernelGone(provider.id, "kernel_ended", message, remedy=remedy)

    def _changed(self) -> IncompatibleAnswer:
        provider = self._provider
        message = f"A binary message of {provider.label} has changed on its way."
        remedy = "A proxy in front of it must pass binary frames as they are."
        return IncompatibleAnswer(provider.id, "binary", message, remedy=remedy)

    def _may_still_run(self, reason_code: str, why: str) -> ProviderUnavailable:
        provider = self._provider
        message = f"The kernel {self.kernel_id} at {provider.label} may still run: {why}"
        return ProviderUnavailable(provider.id, reason_code, message, remedy="Stop it there.")


async def _cancelled(starting: asyncio.Task[KernelModel]) -> None:
    starting.cancel()
    await asyncio.wait({starting})
