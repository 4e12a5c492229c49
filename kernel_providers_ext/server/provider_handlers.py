"""The handlers below ``/api/kernel-providers``: what there is, and what a user may do with it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, TypeVar, cast

from jupyter_client.jsonutil import json_default
from jupyter_core.utils import ensure_async
from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado import web

from ..kernels.lifecycle import RemoteKernels
from ..provider.config import SCHEMA
from ..provider.errors import ConfigurationError, ProviderError
from ..provider.names import LONGEST, encode, is_name
from ..provider.remote_text import one_line
from ..registry.probe import probe
from ..registry.providers import KernelProviders
from ..registry.user_providers import UserProviders
from .files import contents_paths
from .kernel_manager import KernelProvidersKernelManager
from .models import KERNEL_FIELDS, declared_model, probe_model, provider_model, providers_model
from .openapi import document

#: What may be read and done with providers as such.
AUTH_RESOURCE = "kernelspecs"
#: The declarations of providers. Who may write them may have commands run (for a token), and may
#: make this server send requests to other hosts.
DECLARATIONS = "kernel_providers"
MAX_BODY = 2**18  # bytes of a provider's settings

T = TypeVar("T")
Method = TypeVar("Method", bound=Callable[..., Any])


def may(action: str, resource: str) -> Callable[[Method], Method]:
    """Return a decorator for a permission that a method needs besides that of its handler."""
    return cast(Callable[[Method], Method], authorized(action, resource))


class Refusal(web.HTTPError):
    """A request that is refused for a reason that a form can show at a field."""

    def __init__(self, status: int, reason_code: str, message: str, field: str = "") -> None:
        super().__init__(status, "%s", message)
        self.reason_code, self.message, self.field = reason_code, message, field


class ProviderAPIHandler(APIHandler):
    """
    A handler that has this server's providers.

    Errors are ``{"message", "reason", "field"}``: a sentence, a word for programs, and the path of
    the field concerned; the last two are empty if there are none.
    """

    auth_resource = AUTH_RESOURCE

    def initialize(self, providers: KernelProviders, own: UserProviders) -> None:
        """Keep the providers of this server, and those that its user may change."""
        self._providers = providers
        self._own = own

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer with an object as above; an error that is not ours has no reason and no field."""
        error = kwargs.get("exc_info", (None, None))[1]
        model = {"message": HTTPStatus(status_code).phrase, "reason": "", "field": ""}
        if isinstance(error, (Refusal, ProviderError)):
            field = error.field if isinstance(error, Refusal) else ""
            model = {"message": error.message, "reason": error.reason_code, "field": field}
        elif isinstance(error, web.HTTPError) and error.log_message:
            model["message"] = error.log_message % error.args
        self.finish(json.dumps(model))

    def body(self) -> Mapping[str, Any]:
        """Return the JSON object in the request's body; raises Refusal if there is none."""
        try:
            body = json.loads(self.request.body.decode()) if self.request.body else {}
        except (ValueError, RecursionError):
            body = None
        if not isinstance(body, dict) or len(self.request.body) > MAX_BODY:
            raise Refusal(400, "invalid", "The body must be a JSON object of at most 256 KiB.")
        return body

    async def finish_declared(self, provider_id: str) -> None:
        """Answer with `models.declared_model`, as this user may see it; raises Refusal."""
        own = self._own if await self.may_write() else None
        with refusing():
            self.finish(json.dumps(declared_model(self._providers, own, provider_id)))

    async def may_write(self) -> bool:
        """Return whether the user may change declarations."""
        may = self.authorizer.is_authorized(self, self.current_user, "write", DECLARATIONS)
        return bool(await ensure_async(may))

    async def edit(self, change: Callable[[], T]) -> T:
        """Change the declarations in a thread, and apply them; raises Refusal."""
        async with self._own.changing:
            with refusing():
                changed = await asyncio.to_thread(change)
            await self._providers.reload()
        return changed


@contextmanager
def refusing() -> Iterator[None]:
    """Turn what is wrong with a declaration into a Refusal."""
    try:
        yield
    except ConfigurationError as error:
        raise Refusal(error.http_status, error.reason_code, error.message, error.field) from error
    except OSError as error:
        message = f"{error.filename} cannot be read or written: {error.strerror}."
        raise Refusal(500, "file", message) from error


def settings_in(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the settings in a body; raises Refusal if there are none."""
    settings = body.get("settings")
    if not isinstance(settings, dict):
        raise Refusal(400, "invalid", "The body must have the object 'settings'.", "settings")
    return settings


def text_in(body: Mapping[str, Any], name: str) -> str:
    """Return a text in a body, empty if there is none; raises Refusal if it is something else."""
    value = body.get(name) or ""
    if not isinstance(value, str) or len(value) > LONGEST:
        message = f"The field {name!r} must be a text of at most {LONGEST} characters."
        raise Refusal(400, "invalid", message, name)
    return value


class ProvidersHandler(ProviderAPIHandler):
    """``/api/kernel-providers``: all providers, from memory."""

    _track_activity = False  # an open page must not keep its server from being culled

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer with `models.providers_model`, and which of its sources can be opened."""
        own = self._own if await self.may_write() else None
        model = providers_model(self._providers, own)
        sources = [entry["source"] for entry in (*model["providers"], *model["problems"])]
        files = contents_paths(sources, self.contents_manager)
        self.finish(json.dumps({**model, "files": files}))

    @web.authenticated
    @may("write", DECLARATIONS)
    @may("read", AUTH_RESOURCE)
    async def post(self) -> None:
        """Add a provider, and answer with `models.declared_model`, as 201."""
        body = self.body()
        provider_id, settings = text_in(body, "id"), settings_in(body)
        file = await self.edit(lambda: self._own.add(provider_id, settings))
        path = ("api", "kernel-providers", encode(file.id))
        self.set_header("Location", url_path_join(self.base_url, *path))
        self.set_status(201)
        await self.finish_declared(file.id)


class ProviderHandler(ProviderAPIHandler):
    """``/api/kernel-providers/<id>``: one provider, and its settings if they are the user's own."""

    auth_resource = DECLARATIONS

    @web.authenticated
    @authorized
    @may("read", AUTH_RESOURCE)
    async def get(self, which: str) -> None:
        """Answer with `models.declared_model`."""
        await self.finish_declared(which)

    @web.authenticated
    @authorized
    @may("read", AUTH_RESOURCE)
    async def put(self, which: str) -> None:
        """Replace the settings, unless they are another revision than the body's."""
        body = self.body()
        settings, revision = settings_in(body), text_in(body, "revision") or None
        await self.edit(lambda: self._own.change(which, settings, revision))
        await self.finish_declared(which)

    @web.authenticated
    @authorized
    @may("read", AUTH_RESOURCE)
    async def patch(self, which: str) -> None:
        """Switch the provider on or off, by the body ``{"enabled": true}``."""
        is_enabled = self.body().get("enabled")
        if not isinstance(is_enabled, bool):
            message = 'The body must be {"enabled": true} or {"enabled": false}.'
            raise Refusal(400, "invalid", message, "enabled")
        await self.edit(lambda: self._own.switch(which, is_enabled=is_enabled))
        await self.finish_declared(which)

    @web.authenticated
    @authorized
    async def delete(self, which: str) -> None:
        """Remove the provider, unless it is another revision than the query's ``revision``."""
        revision = self.get_query_argument("revision", None)
        await self.edit(lambda: self._own.remove(which, revision))
        self.set_status(204)
        self.finish()


class RestoreHandler(ProviderAPIHandler):
    """``POST /api/kernel-providers/<id>/restore``, which undoes a removal."""

    auth_resource = DECLARATIONS

    @web.authenticated
    @authorized
    @may("read", AUTH_RESOURCE)
    async def post(self, which: str) -> None:
        """Write the file again as it was, and answer with `models.declared_model`."""
        await self.edit(lambda: self._own.restore(which))
        await self.finish_declared(which)


class TestHandler(ProviderAPIHandler):
    """``POST /api/kernel-providers/-/test``: whether a provider could be used."""

    auth_resource = DECLARATIONS

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Ask a provider of the body's settings, and answer with `models.probe_model`."""
        body = self.body()
        provider_id, settings = text_in(body, "id"), settings_in(body)
        with refusing():
            config = self._own.check(provider_id, settings)
            found = await probe(config, self._providers.log)
        self.finish(json.dumps(probe_model(found)))


class DocumentHandler(ProviderAPIHandler):
    """``GET /api/kernel-providers/-/<name>``: the schema of a provider, and of this API."""

    auth_resource = DECLARATIONS
    _track_activity = False

    @web.authenticated
    @authorized
    async def get(self, which: str) -> None:
        """Answer with the JSON schema of a provider's file, or with the OpenAPI document."""
        self.finish(json.dumps(dict(SCHEMA) if which == "schema" else document(self.base_url)))


class RetryHandler(ProviderAPIHandler):
    """``POST /api/kernel-providers/<id>/retry``, which answers with what may be read."""

    @web.authenticated
    @authorized
    @may("read", AUTH_RESOURCE)
    async def post(self, which: str) -> None:
        """Poll the provider, and answer with `models.provider_model`; 404 if there is none."""
        await self._providers.monitor(which).retry()
        monitor = self._providers.monitor(which)  # it may have been replaced meanwhile
        self.finish(json.dumps(provider_model(self._providers, monitor)))


class KernelsHandler(ProviderAPIHandler):
    """``/api/kernel-providers/<id>/kernels``: a provider's kernels."""

    auth_resource = "kernels"

    @web.authenticated
    @authorized
    async def get(self, which: str) -> None:
        """
        Fetch the kernels that are not this server's, and answer with ``{"kernels": [model, …]}``.
        """
        found = await self._remote(which).other_kernels(which)
        models = [
            {field: _plain(model.get(field)) for field in KERNEL_FIELDS} | {"id": model["id"]}
            for model in found
        ]
        self.finish(json.dumps({"kernels": models}))

    @web.authenticated
    @authorized
    @may("read", "kernels")
    async def post(self, which: str) -> None:
        """Attach the kernel of the body ``{"id": …}``, and answer with its model here, as 201."""
        remote = self._remote(which)
        remote_id = self.body().get("id")
        if not is_name(remote_id):
            raise Refusal(400, "invalid", 'The body must have the id of a kernel: {"id": …}.', "id")
        kernel_id = await remote.attach(which, remote_id)
        model = await ensure_async(self.kernel_manager.kernel_model(kernel_id))
        self.set_status(201)
        self.set_header("Location", url_path_join(self.base_url, "api", "kernels", kernel_id))
        self.finish(json.dumps(model, default=json_default))

    @web.authenticated
    @authorized
    async def delete(self, which: str) -> None:
        """
        Shut down all of this server's kernels at the provider.

        It answers with ``{"shut_down": [id, …], "failed": [{"id", "message"}, …]}``.
        """
        kernels = [k for k in self._remote(which).listed if k.provider_id == which]
        ids = [str(kernel.kernel_id) for kernel in kernels]
        results = await asyncio.gather(
            *(ensure_async(self.kernel_manager.shutdown_kernel(kernel_id)) for kernel_id in ids),
            return_exceptions=True,
        )
        failures = {i: r for i, r in zip(ids, results, strict=True) if isinstance(r, BaseException)}
        for kernel_id, error in failures.items():
            if not isinstance(error, ProviderError):
                self.log.error("Could not shut down the kernel %s.", kernel_id, exc_info=error)
        failed = [{"id": i, "message": _message(error)} for i, error in failures.items()]
        shut_down = [kernel_id for kernel_id in ids if kernel_id not in failures]
        self.finish(json.dumps({"shut_down": shut_down, "failed": failed}))

    def _remote(self, which: str) -> RemoteKernels:
        """Return this server's remote kernels; raises NoSuchProvider if there is no provider."""
        manager = self.kernel_manager
        assert isinstance(manager, KernelProvidersKernelManager)
        self._providers.monitor(which)
        return manager.remote


def _message(error: BaseException) -> str:
    return error.message if isinstance(error, ProviderError) else "It failed. See the log."


def _plain(value: object) -> str | int | None:
    """Return a field of a remote's model if it is a text or a number; else None."""
    if isinstance(value, str):
        return one_line(value, LONGEST)
    return value if isinstance(value, int) else None
