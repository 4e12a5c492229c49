"""A Kernel Gateway, an Enterprise Gateway or a Jupyter Server as a kernel provider."""

from __future__ import annotations

import asyncio
import mimetypes
import os
import time
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from importlib import import_module
from itertools import islice
from logging import Logger
from typing import TYPE_CHECKING, Any

from ..provider.config import ProviderConfig
from ..provider.diagnosis import DiagnosticStep
from ..provider.errors import KernelGone, ProviderError, RequestRefused
from ..provider.interface import (
    KernelModel,
    RemoteKernelProvider,
    Resource,
    Snapshot,
    no_such_kernelspec,
)
from ..provider.kernelspecs import MAX_SPEC, TOO_LARGE, Selection
from ..provider.names import encode, is_name
from ..provider.remote_text import one_line
from .json_reader import JsonReader, TooLong
from .response import KERNELSPECS, Response

if TYPE_CHECKING:
    from .channels import GatewayChannels
    from .http_client import GatewayHttpClient

MAX_LIST = 8 * 2**20  # bytes of a list; one of 5,000 kernelspecs has about 5 MB
MAX_FILE = 512 * 2**10  # bytes of a logo
GATEWAY_TIMEOUT = "504"
LONGEST_PRODUCT = 40  # characters of a product or a version
MAX_KERNELS = 20_000  # kernels in a list
#: Requests for a kernel that its provider says it does not have, before that is believed: one of
#: several servers behind a load balancer may not know it.
CONFIRMATIONS = 5
VARIES_FOR = 600.0  # seconds for which no such answer is believed after one was wrong
LATE = 5.0  # seconds to look for a kernel whose start was not answered
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 5.0  # seconds between two looks


class GatewayKernelProvider(RemoteKernelProvider):
    """A remote server that has the REST API and the websockets of Jupyter Server."""

    kind = "gateway"

    def __init__(self, config: ProviderConfig, log: Logger) -> None:
        super().__init__(config, log)
        self._client: GatewayHttpClient | None = None
        self._may_list = True
        #: When an answer about a kernel turned out to be that of another server at the address.
        self._varied_at = float("-inf")

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
        # As Jupyter Server's gateway client; an Enterprise Gateway offers some users less.
        user = os.environ.get("KERNEL_USERNAME") or self.config.auth.user
        http = await self._http()
        response = await http.get(
            KERNELSPECS, headers=headers, query={"user": user} if user else {}, limit=MAX_LIST
        )
        if response.status == 304 and known:
            return known
        try:
            return await asyncio.to_thread(_snapshot, response, self.config)
        except ValueError as error:
            raise http.errors.no_json(response) from error

    async def server_name(self) -> str:
        """Fetch the version, and from a gateway the title of its API."""
        http = await self._http()
        versions = http.parse_object(await http.get("/api"))
        try:
            info = http.parse_object(await http.get("/api/swagger.json")).get("info")
        except ProviderError:  # only gateways have it
            info = None
        title = info.get("title") if isinstance(info, dict) else None
        return product(title, versions)

    async def connection_steps(self) -> Sequence[DiagnosticStep]:
        """Return the steps from the address to an answer by HTTP."""
        module = await asyncio.to_thread(import_module, ".diagnosis", __package__)
        steps: Sequence[DiagnosticStep] = module.ConnectionDiagnosis(self.config, self._http).steps
        return steps

    async def resource(self, kernel_name: str, file: str) -> Resource:
        """Fetch a file of a kernelspec."""
        http = await self._http()
        path = f"/kernelspecs/{encode(kernel_name)}/{encode(file)}"
        response = await http.get(path, limit=MAX_FILE)
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
            # An Enterprise Gateway takes the id from here.
            body["env"] = {**env, "KERNEL_ID": kernel_id}
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
        if not is_name(model.get("id")):
            raise (await self._http()).errors.incompatible("a kernel without an 'id'")
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
                    return http.parse_object(request.result())
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
        has_timed_out = error.detail.startswith(GATEWAY_TIMEOUT)  # its own words may follow
        if not has_timed_out:
            deadline = min(deadline, time.monotonic() + LATE)
        pause = FIRST_PAUSE
        while time.monotonic() < deadline:
            try:
                model = await self._kernel(kernel_id)
            except ProviderError:
                if not has_timed_out:
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
            snapshot = await self.snapshot()
        except ProviderError:
            return
        known, is_complete = snapshot.kernelspecs, not snapshot.notices
        if is_complete and kernel_name not in known:
            raise no_such_kernelspec(self.config, kernel_name, known) from error

    # -- running kernels ---------------------------------------------------------------------------

    async def kernels(self, kernel_ids: Collection[str]) -> Mapping[str, KernelModel | None]:
        """Fetch the list of kernels, if that is allowed, and then each kernel that is not in it."""
        models: dict[str, KernelModel | None] = {}
        if self._may_list and len(kernel_ids) > 1:
            try:
                models.update(await self._list())
            except ProviderError as error:
                if error.reason_code != "no_listing":
                    raise
                self._may_list = False  # the default of Kernel Gateway
        missing = [kernel_id for kernel_id in kernel_ids if kernel_id not in models]
        # A list without the kernel proves nothing; only the answers to requests for it do.
        found = await asyncio.gather(*map(self._find_or_prove, missing), return_exceptions=True)
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
        return (await self._list()).values()

    async def interrupt_kernel(self, kernel_id: str) -> None:
        """Interrupt the kernel."""
        http = await self._http()
        async with self._gone_if_proved(kernel_id):
            http.check_done(await http.post(f"{_path(kernel_id)}/interrupt", {}))

    async def restart_kernel(self, kernel_id: str) -> None:
        """Restart the kernel, which may take as long as a start."""
        http = await self._http()
        async with self._gone_if_proved(kernel_id):
            response = await http.post(
                f"{_path(kernel_id)}/restart", {}, timeout=self.config.timeouts.start
            )
        http.parse_kernel(response, kernel_id)

    async def shutdown_kernel(self, kernel_id: str) -> None:
        """Stop the kernel."""
        http = await self._http()
        with suppress(KernelGone):
            async with self._gone_if_proved(kernel_id):
                http.check_done(await http.delete(_path(kernel_id)))

    async def open_channels(
        self, kernel_id: str, *, session_id: str | None, subprotocols: Collection[str]
    ) -> GatewayChannels:
        """Open the kernel's websocket."""
        query = {"session_id": session_id} if session_id else {}
        http = await self._http()
        return await http.open_channels(f"{_path(kernel_id)}/channels", query, subprotocols)

    async def _list(self) -> dict[str, KernelModel]:
        http = await self._http()
        try:
            response = await http.get("/api/kernels", limit=MAX_LIST)
        except RequestRefused as error:
            raise http.errors.no_listing() if error.reason_code == "forbidden" else error from error
        try:
            return await asyncio.to_thread(_kernels, response)
        except ValueError as error:
            raise http.errors.no_json(response) from error

    async def _kernel(self, kernel_id: str, *, last: bool = False) -> KernelModel | None:
        """Return a kernel's model; None if the server has none. ``last`` ends the connection."""
        http = await self._http()
        try:
            response = await http.get(
                _path(kernel_id), headers={"Connection": "close"} if last else None
            )
        except KernelGone:
            return None
        return http.parse_kernel(response, kernel_id)

    async def _find_or_prove(self, kernel_id: str) -> KernelModel | None:
        """
        Return a kernel's model; None if it is proved to be gone.

        One answer is no proof: behind a load balancer, which chooses a server for each request or
        each connection, another server may have the kernel. Raises RequestRefused if such an answer
        turned out to be wrong, now or before.
        """
        model = await self._kernel(kernel_id)
        if model is not None:
            return model
        for _ in range(CONFIRMATIONS):
            if time.monotonic() - self._varied_at < VARIES_FOR:
                raise (await self._http()).errors.several_servers()
            if await self._kernel(kernel_id, last=True) is not None:
                self._varied_at = time.monotonic()
        if time.monotonic() - self._varied_at < VARIES_FOR:
            raise (await self._http()).errors.several_servers()
        return None

    @asynccontextmanager
    async def _gone_if_proved(self, kernel_id: str) -> AsyncIterator[None]:
        """Pass KernelGone on if it is proved; raise RequestRefused if it is not."""
        try:
            yield
        except KernelGone:
            if await self._find_or_prove(kernel_id) is not None:
                self._varied_at = time.monotonic()
                raise (await self._http()).errors.several_servers() from None
            raise


def product(title: object, versions: Mapping[str, Any]) -> str:
    """
    Return a server's product and version.

    Args:
        title: The title of a gateway's API, like ``Jupyter Kernel Gateway API``.
        versions: The answer of ``GET /api``. Only an Enterprise Gateway tells its own version;
            ``version`` is that of Jupyter Server, or of Notebook up to 6.
    """
    gateway = one_line(title, LONGEST_PRODUCT) if isinstance(title, str) else ""
    gateway = gateway.removeprefix("Jupyter ").removesuffix(" API")
    own = versions.get("gateway_version")
    version = one_line(str(versions.get("version") or ""), LONGEST_PRODUCT)
    server = "Jupyter Notebook" if version.startswith(("4.", "5.", "6.")) else "Jupyter Server"
    if gateway and own:
        return f"{gateway} {one_line(str(own), LONGEST_PRODUCT)}"
    return ", ".join(filter(None, (gateway, f"{server} {version}" if version else "")))


def _path(kernel_id: str) -> str:
    return f"/api/kernels/{encode(kernel_id)}"


def _snapshot(response: Response, config: ProviderConfig) -> Snapshot:
    """Return the kernelspecs in a response; raises ValueError if it has none."""
    reader = JsonReader(response.body.decode(), MAX_SPEC)
    selection = Selection(config)
    default, has_kernelspecs = "", False
    for key in reader.members():
        if key == "kernelspecs":
            has_kernelspecs = True
            _select(reader, selection)
            if selection.is_full:
                break
        else:
            with suppress(TooLong):
                value = reader.value()
                default = value if key == "default" and isinstance(value, str) else default
    if not has_kernelspecs:
        raise ValueError("no 'kernelspecs'")
    kernelspecs = selection.kernelspecs
    return Snapshot(
        kernelspecs,
        default if default in kernelspecs else "",
        response.headers.get("ETag", ""),
        selection.notices,
    )


def _select(reader: JsonReader, selection: Selection) -> None:
    for name in reader.members():
        try:
            selection.add(name, reader.value())
        except TooLong:
            selection.leave_out(name, TOO_LARGE)
        if selection.is_full:
            break


def _kernels(response: Response) -> dict[str, KernelModel]:
    """Return the kernels in a response by id; raises ValueError if there is no list."""
    reader = JsonReader(response.body.decode(), MAX_SPEC)
    models = (model for model in reader.items() if isinstance(model, dict))
    return {m["id"]: m for m in islice(models, MAX_KERNELS) if is_name(m.get("id"))}
