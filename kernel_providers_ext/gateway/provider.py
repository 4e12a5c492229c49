"""A Kernel Gateway, an Enterprise Gateway or a Jupyter Server as a kernel provider."""

from __future__ import annotations

import asyncio
import mimetypes
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from importlib import import_module
from logging import Logger
from typing import TYPE_CHECKING, Any

from ..provider.config import ProviderConfig
from ..provider.errors import KernelGone, ProviderError, RequestRefused, SignInNeeded
from ..provider.interface import (
    KernelModel,
    RemoteKernelProvider,
    Resource,
    Snapshot,
    no_such_kernelspec,
)
from ..provider.names import encode

if TYPE_CHECKING:
    from .channels import GatewayChannels
    from .http_client import GatewayHttpClient

GATEWAY_TIMEOUT = "504"
LATE = 5.0  # seconds to look for a kernel whose start was not answered
LONGEST_PAUSE = 5.0  # seconds from one look to the next


class GatewayKernelProvider(RemoteKernelProvider):
    """A remote server that has the REST API and the websockets of Jupyter Server."""

    kind = "gateway"

    def __init__(self, config: ProviderConfig, log: Logger) -> None:
        super().__init__(config, log)
        self._http: GatewayHttpClient | None = None
        self._may_list = True

    def reconfigure(self, config: ProviderConfig) -> bool:
        """Take over what does not concern connections."""
        if config.connection != self.config.connection:
            return False
        self.config = config
        if self._http is not None:
            self._http.reconfigure(config)
        return True

    async def _server(self) -> GatewayHttpClient:
        """
        Return the connections to the server, made when they are first needed.

        They need aiohttp, whose import takes 90 ms, by which this server would start later.
        """
        if self._http is None:
            module = await asyncio.to_thread(import_module, ".http_client", __package__)
            self._http = self._http or module.GatewayHttpClient(self.config)
        return self._http

    async def prepare(self) -> None:
        """Import what it takes to ask."""
        await self._server()

    async def snapshot(self, known: Snapshot | None = None) -> Snapshot:
        """Ask for the kernelspecs, with the validator of those known."""
        headers = {"If-None-Match": known.validator} if known and known.validator else None
        server = await self._server()
        answer = await server.get("/api/kernelspecs", headers=headers)
        if answer.status == 304 and known:
            return known
        model = server.parse(answer, dict)
        found = model.get("kernelspecs")
        if not isinstance(found, dict):
            raise server.incompatible("a list of kernelspecs without 'kernelspecs'")
        return Snapshot(found, str(model.get("default", "")), answer.headers.get("ETag", ""))

    async def resource(self, kernel_name: str, file: str) -> Resource:
        """Fetch a file of a kernelspec."""
        server = await self._server()
        answer = await server.get(f"/kernelspecs/{encode(kernel_name)}/{encode(file)}")
        guessed = mimetypes.guess_type(file)[0]
        return Resource(answer.body, guessed or "application/octet-stream")

    async def start_kernel(
        self, kernel_name: str, *, kernel_id: str, path: str | None, env: Mapping[str, str]
    ) -> KernelModel:
        """Start a kernel, also where something on the way gives up before it has started."""
        # Jupyter Server 2.21 takes the id, also below a Kernel Gateway; older ones ignore it.
        body: dict[str, Any] = {"name": kernel_name, "kernel_id": kernel_id}
        if env:  # Kernel Gateway starts a kernel with next to no environment once this is there
            body["env"] = dict(env)
        if path is not None:
            body["path"] = path
        deadline = time.monotonic() + self.config.timeouts.start
        try:
            model = await self._ask_for(body)
        except (RequestRefused, KernelGone) as error:
            await self._explain(kernel_name, error)
            raise
        except ProviderError as error:
            found = None if error.is_certain else await self._late(kernel_id, error, deadline)
            if found is None:
                raise
            return found
        if not isinstance(model.get("id"), str):
            raise (await self._server()).incompatible("a kernel without an 'id'")
        return model

    async def _ask_for(self, body: Mapping[str, Any]) -> KernelModel:
        """
        Ask for a kernel, and look for it while there is no answer.

        There may never be one: something on the way may have forgotten a connection that was silent
        for a minute, and told nobody.
        """
        server, timeouts = await self._server(), self.config.timeouts
        asking = asyncio.create_task(server.post("/api/kernels", body, seconds=timeouts.start))
        try:
            while True:
                done, _ = await asyncio.wait({asking}, timeout=timeouts.request)
                if done:
                    model: dict[str, Any] = server.parse(asking.result(), dict)
                    return model
                with suppress(ProviderError):
                    found = await self._kernel(body["kernel_id"])
                    if found is not None:
                        return found
        finally:
            asking.cancel()

    async def _late(
        self, kernel_id: str, error: ProviderError, deadline: float
    ) -> KernelModel | None:
        """
        Return a kernel that was started although nobody has said so; None if there is none.

        A proxy that answers 504 leaves the start going on, which may take until the deadline. After
        any other failure the kernel is there soon, or there is none.
        """
        if error.detail != GATEWAY_TIMEOUT:
            deadline = min(deadline, time.monotonic() + LATE)
        pause = 0.25
        while time.monotonic() < deadline:
            try:
                model = await self._kernel(kernel_id)
            except ProviderError:
                if error.detail != GATEWAY_TIMEOUT:
                    return None
                model = None
            if model is not None:
                return model
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
        return None

    async def kernels(self, kernel_ids: Collection[str]) -> Mapping[str, KernelModel | None]:
        """Ask for all kernels at once where that is allowed; then for each that is not there."""
        models: dict[str, KernelModel | None] = {}
        if self._may_list and len(kernel_ids) > 1:
            try:
                models.update(await self._list())
            except SignInNeeded as error:
                if error.reason_code != "forbidden":
                    raise
                self._may_list = False  # the default of Kernel Gateway
        missing = [kernel_id for kernel_id in kernel_ids if kernel_id not in models]
        # A list without the kernel is no proof; only the answer to the question for it is.
        found = await asyncio.gather(*map(self._kernel, missing), return_exceptions=True)
        failures = [m for m in found if isinstance(m, BaseException)]
        models |= {
            kernel_id: model
            for kernel_id, model in zip(missing, found, strict=True)
            if not isinstance(model, BaseException)
        }
        if failures and not models:
            raise failures[0]
        # Of those that are left out, nothing is known.
        return {kernel_id: models[kernel_id] for kernel_id in kernel_ids if kernel_id in models}

    async def interrupt_kernel(self, kernel_id: str) -> None:
        """Interrupt the kernel."""
        server = await self._server()
        server.check_done(await server.post(f"/api/kernels/{encode(kernel_id)}/interrupt", {}))

    async def restart_kernel(self, kernel_id: str) -> None:
        """Restart the kernel, which may take as long as a start."""
        server = await self._server()
        answer = await server.post(
            f"/api/kernels/{encode(kernel_id)}/restart", {}, seconds=self.config.timeouts.start
        )
        server.parse_kernel(answer, kernel_id)

    async def shutdown_kernel(self, kernel_id: str) -> None:
        """Stop the kernel."""
        server = await self._server()
        with suppress(KernelGone):
            server.check_done(await server.delete(f"/api/kernels/{encode(kernel_id)}"))

    async def open_channels(
        self, kernel_id: str, *, session_id: str | None, subprotocols: Collection[str]
    ) -> GatewayChannels:
        """Open the kernel's websocket."""
        query = {"session_id": session_id} if session_id else {}
        path = f"/api/kernels/{encode(kernel_id)}/channels"
        return await (await self._server()).open_channels(path, query, subprotocols)

    async def aclose(self) -> None:
        """Close all connections to the server."""
        await (await self._server()).aclose()

    async def running_kernels(self) -> Collection[KernelModel]:
        """Ask for all kernels that run there, whoever has started them."""
        try:
            return (await self._list()).values()
        except SignInNeeded as error:
            if error.reason_code != "forbidden":
                raise
            raise (await self._server()).no_listing() from error

    async def _list(self) -> dict[str, KernelModel]:
        server = await self._server()
        models = server.parse(await server.get("/api/kernels"), list)
        return {m["id"]: m for m in models if isinstance(m, dict) and isinstance(m.get("id"), str)}

    async def _kernel(self, kernel_id: str) -> KernelModel | None:
        server = await self._server()
        try:
            answer = await server.get(f"/api/kernels/{encode(kernel_id)}")
        except KernelGone:
            return None
        return server.parse_kernel(answer, kernel_id)

    async def _explain(self, kernel_name: str, error: ProviderError) -> None:
        """Raise NoSuchKernelspec if that is why a start was refused: a gateway just says 500."""
        try:
            known = (await self.snapshot()).kernelspecs
        except ProviderError:
            return
        if kernel_name not in known:
            raise no_such_kernelspec(self.config, kernel_name, known) from error
