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
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 5.0  # seconds between two looks


class GatewayKernelProvider(RemoteKernelProvider):
    """A remote server that has the REST API and the websockets of Jupyter Server."""

    kind = "gateway"

    def __init__(self, config: ProviderConfig, log: Logger) -> None:
        super().__init__(config, log)
        self._client: GatewayHttpClient | None = None
        self._may_list = True

    def reconfigure(self, config: ProviderConfig) -> bool:
        """Adopt the configuration if connections do not depend on what has changed."""
        if config.connection != self.config.connection:
            return False
        self.config = config
        if self._client is not None:
            self._client.reconfigure(config)
        return True

    async def _http(self) -> GatewayHttpClient:
        """Return the HTTP client; the import of aiohttp, which takes 90 ms, waits until here."""
        if self._client is None:
            module = await asyncio.to_thread(import_module, ".http_client", __package__)
            self._client = self._client or module.GatewayHttpClient(self.config)
        return self._client

    async def prepare(self) -> None:
        """Import the HTTP client."""
        await self._http()

    async def aclose(self) -> None:
        """Close all connections to the server."""
        await (await self._http()).aclose()

    # -- kernelspecs -------------------------------------------------------------------------------

    async def snapshot(self, known: Snapshot | None = None) -> Snapshot:
        """Fetch the kernelspecs, if they have changed since the ETag of those that are known."""
        headers = {"If-None-Match": known.validator} if known and known.validator else None
        http = await self._http()
        response = await http.get("/api/kernelspecs", headers=headers)
        if response.status == 304 and known:
            return known
        model = http.parse(response, dict)
        found = model.get("kernelspecs")
        if not isinstance(found, dict):
            raise http.incompatible("a list of kernelspecs without 'kernelspecs'")
        return Snapshot(found, str(model.get("default", "")), response.headers.get("ETag", ""))

    async def resource(self, kernel_name: str, file: str) -> Resource:
        """Fetch a file of a kernelspec."""
        http = await self._http()
        response = await http.get(f"/kernelspecs/{encode(kernel_name)}/{encode(file)}")
        guessed = mimetypes.guess_type(file)[0]
        return Resource(response.body, guessed or "application/octet-stream")

    # -- the start of a kernel ---------------------------------------------------------------------

    async def start_kernel(
        self, kernel_name: str, *, kernel_id: str, path: str | None, env: Mapping[str, str]
    ) -> KernelModel:
        """Start a kernel, and find it even if a proxy gives up before it has started."""
        # Jupyter Server 2.21 accepts the id, also below a Kernel Gateway; older ones ignore it.
        body: dict[str, Any] = {"name": kernel_name, "kernel_id": kernel_id}
        if env:  # with this field, Kernel Gateway starts a kernel with almost no environment
            body["env"] = dict(env)
        if path is not None:
            body["path"] = path
        deadline = time.monotonic() + self.config.timeouts.start
        try:
            model = await self._post_kernel(body)
        except (RequestRefused, KernelGone) as error:
            await self._explain(kernel_name, error)
            raise
        except ProviderError as error:
            found = None if error.is_certain else await self._find(kernel_id, error, deadline)
            if found is None:
                raise
            return found
        if not isinstance(model.get("id"), str):
            raise (await self._http()).incompatible("a kernel without an 'id'")
        return model

    async def _post_kernel(self, body: Mapping[str, Any]) -> KernelModel:
        """
        Request a kernel, and look for it while there is no answer.

        The answer may never come: a device on the way may have dropped a connection that was silent
        for a minute, without telling either end.
        """
        http, timeouts = await self._http(), self.config.timeouts
        request = asyncio.create_task(http.post("/api/kernels", body, timeout=timeouts.start))
        try:
            while True:
                done, _ = await asyncio.wait({request}, timeout=timeouts.request)
                if done:
                    model: dict[str, Any] = http.parse(request.result(), dict)
                    return model
                with suppress(ProviderError):
                    found = await self._kernel(body["kernel_id"])
                    if found is not None:
                        return found
        finally:
            request.cancel()

    async def _find(
        self, kernel_id: str, error: ProviderError, deadline: float
    ) -> KernelModel | None:
        """
        Return a kernel that was started although its request failed; None if there is none.

        After a proxy's 504, the start goes on, and may take until the deadline. After any other
        failure, the kernel appears soon or never.
        """
        if error.detail != GATEWAY_TIMEOUT:
            deadline = min(deadline, time.monotonic() + LATE)
        pause = FIRST_PAUSE
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

    async def _explain(self, kernel_name: str, error: ProviderError) -> None:
        """Raise NoSuchKernelspec if that is why a start failed: a gateway answers just 500."""
        try:
            known = (await self.snapshot()).kernelspecs
        except ProviderError:
            return
        if kernel_name not in known:
            raise no_such_kernelspec(self.config, kernel_name, known) from error

    # -- running kernels ---------------------------------------------------------------------------

    async def kernels(self, kernel_ids: Collection[str]) -> Mapping[str, KernelModel | None]:
        """Fetch the list of kernels, if that is allowed, and then each kernel that is not in it."""
        models: dict[str, KernelModel | None] = {}
        if self._may_list and len(kernel_ids) > 1:
            try:
                models.update(await self._list())
            except SignInNeeded as error:
                if error.reason_code != "forbidden":
                    raise
                self._may_list = False  # the default of Kernel Gateway
        missing = [kernel_id for kernel_id in kernel_ids if kernel_id not in models]
        # A list without the kernel proves nothing; only the answer to a request for it does.
        found = await asyncio.gather(*map(self._kernel, missing), return_exceptions=True)
        failures = [m for m in found if isinstance(m, BaseException)]
        models |= {
            kernel_id: model
            for kernel_id, model in zip(missing, found, strict=True)
            if not isinstance(model, BaseException)
        }
        if failures and not models:
            raise failures[0]
        return {kernel_id: models[kernel_id] for kernel_id in kernel_ids if kernel_id in models}

    async def running_kernels(self) -> Collection[KernelModel]:
        """Fetch the list of all kernels that run there, also those of others."""
        try:
            return (await self._list()).values()
        except SignInNeeded as error:
            if error.reason_code != "forbidden":
                raise
            raise (await self._http()).no_listing() from error

    async def interrupt_kernel(self, kernel_id: str) -> None:
        """Interrupt the kernel."""
        http = await self._http()
        http.check_done(await http.post(f"/api/kernels/{encode(kernel_id)}/interrupt", {}))

    async def restart_kernel(self, kernel_id: str) -> None:
        """Restart the kernel, which may take as long as a start."""
        http = await self._http()
        path = f"/api/kernels/{encode(kernel_id)}/restart"
        response = await http.post(path, {}, timeout=self.config.timeouts.start)
        http.parse_kernel(response, kernel_id)

    async def shutdown_kernel(self, kernel_id: str) -> None:
        """Stop the kernel."""
        http = await self._http()
        with suppress(KernelGone):
            http.check_done(await http.delete(f"/api/kernels/{encode(kernel_id)}"))

    async def open_channels(
        self, kernel_id: str, *, session_id: str | None, subprotocols: Collection[str]
    ) -> GatewayChannels:
        """Open the kernel's websocket."""
        query = {"session_id": session_id} if session_id else {}
        path = f"/api/kernels/{encode(kernel_id)}/channels"
        return await (await self._http()).open_channels(path, query, subprotocols)

    async def _list(self) -> dict[str, KernelModel]:
        http = await self._http()
        models = http.parse(await http.get("/api/kernels"), list)
        return {m["id"]: m for m in models if isinstance(m, dict) and isinstance(m.get("id"), str)}

    async def _kernel(self, kernel_id: str) -> KernelModel | None:
        http = await self._http()
        try:
            response = await http.get(f"/api/kernels/{encode(kernel_id)}")
        except KernelGone:
            return None
        return http.parse_kernel(response, kernel_id)
