"""
The routes of this package, and those that it answers instead of Jupyter Server.

They come before Jupyter Server's own and match only what is remote: Jupyter Server answers all
requests about local kernels. The ``/`` of a name may be percent-encoded, as in our URLs, or raw, as
some reverse proxies make it.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from hashlib import sha256
from typing import Any
from urllib.parse import unquote

from jupyter_client.jsonutil import json_default
from jupyter_core.utils import ensure_async
from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler, JupyterHandler
from jupyter_server.utils import url_path_join
from tornado import web
from tornado.httputil import HTTPServerRequest
from tornado.routing import Matcher, PathMatches, Rule

from ..kernels.lifecycle import RemoteKernels
from ..provider.errors import ProviderError
from ..provider.kernelspecs import file_of
from ..provider.names import LONGEST, is_name
from ..provider.remote_text import one_line
from ..registry.providers import KernelProviders
from .files import contents_paths
from .kernel_manager import KernelProvidersKernelManager
from .kernelspec_manager import KernelProvidersSpecManager
from .models import provider_model, providers_model

AUTH_RESOURCE = "kernelspecs"
KERNEL_FIELDS = ("id", "name", "execution_state", "last_activity", "connections")
MAX_WAIT = 2.0  # seconds for a logo that is not in memory
MAX_AGE = 86400  # seconds for which a browser may cache a logo; after that it revalidates


class RemoteMatcher(Matcher):
    """Matches a path if its group ``which`` is accepted as the name or id of something remote."""

    def __init__(self, pattern: str, accepts: Callable[[str], bool]) -> None:
        self._pattern = re.compile(pattern)
        self._accepts = accepts

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        """Return the decoded groups as the handler's arguments; None if it does not match."""
        found = self._pattern.fullmatch(request.path)
        if found is None:
            return None
        groups = {key: unquote(value) for key, value in found.groupdict().items()}
        if not self._accepts(groups["which"]):
            return None
        return {"path_kwargs": {key: value.encode() for key, value in groups.items()}}


class WithProviders:
    """A mixin for handlers that need this server's providers."""

    def initialize(self, providers: KernelProviders) -> None:
        """Keep the providers of this server."""
        self._providers = providers


class ProvidersHandler(WithProviders, APIHandler):
    """``GET /api/kernel-providers``, from memory."""

    auth_resource = AUTH_RESOURCE
    _track_activity = False  # an open page must not keep its server from being culled

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer with `models.providers_model`, and which of its sources can be opened."""
        model = providers_model(self._providers)
        sources = [entry["source"] for entry in (*model["providers"], *model["problems"])]
        files = contents_paths(sources, self.contents_manager)
        self.finish(json.dumps({**model, "files": files}))


class RetryHandler(WithProviders, APIHandler):
    """``POST /api/kernel-providers/<id>/retry``, which answers with what may be read."""

    auth_resource = AUTH_RESOURCE

    @web.authenticated
    @authorized
    @authorized("read")  # type: ignore[untyped-decorator] # beside "write", of which POST is
    async def post(self, which: str) -> None:
        """Poll the provider, and answer with `models.provider_model`; 404 if there is none."""
        await self._providers.monitor(which).retry()
        monitor = self._providers.monitor(which)  # it may have been replaced meanwhile
        self.finish(json.dumps(provider_model(self._providers, monitor)))


class KernelsHandler(WithProviders, APIHandler):
    """``/api/kernel-providers/<id>/kernels``: a provider's kernels that are not this server's."""

    auth_resource = "kernels"

    @web.authenticated
    @authorized
    async def get(self, which: str) -> None:
        """Fetch the kernels from the provider, and answer with ``{"kernels": [model, …]}``."""
        found = await self._remote(which).other_kernels(which)
        models = [
            {field: _plain(model.get(field)) for field in KERNEL_FIELDS} | {"id": model["id"]}
            for model in found
        ]
        self.finish(json.dumps({"kernels": models}))

    @web.authenticated
    @authorized
    @authorized("read")  # type: ignore[untyped-decorator] # beside "write", of which POST is
    async def post(self, which: str) -> None:
        """Attach the kernel of the body ``{"id": …}``, and answer with its model here, as 201."""
        remote = self._remote(which)
        try:
            body = self.get_json_body()
        except UnicodeDecodeError:
            body = None
        remote_id = body.get("id") if isinstance(body, dict) else None
        if not is_name(remote_id):
            raise web.HTTPError(400, 'The body must have the id of a kernel: {"id": …}.')
        kernel_id = await remote.attach(which, remote_id)
        model = await ensure_async(self.kernel_manager.kernel_model(kernel_id))
        self.set_status(201)
        self.set_header("Location", url_path_join(self.base_url, "api", "kernels", kernel_id))
        self.finish(json.dumps(model, default=json_default))

    def _remote(self, which: str) -> RemoteKernels:
        """Return this server's remote kernels; raises ProviderError if there is no provider."""
        self._providers.monitor(which)
        manager = self.kernel_manager
        assert isinstance(manager, KernelProvidersKernelManager)
        return manager.remote


class KernelspecHandler(APIHandler):
    """``GET /api/kernelspecs/<name>`` of a remote kernel."""

    auth_resource = AUTH_RESOURCE

    @web.authenticated
    @authorized
    async def get(self, which: str) -> None:
        """Answer with the kernelspec's model."""
        manager = self.kernel_spec_manager
        assert isinstance(manager, KernelProvidersSpecManager)
        model = manager.model(which)
        if model is None:
            raise web.HTTPError(404, f"Kernel spec {which} not found")
        self.finish(json.dumps(model))


class KernelspecFileHandler(WithProviders, JupyterHandler):
    """``GET /kernelspecs/<name>/<file>`` of a remote kernel, from memory after the first time."""

    auth_resource = AUTH_RESOURCE

    @property
    def content_security_policy(self) -> str:
        """Show a remote server's SVG, but run none of its scripts in our origin."""
        return "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"

    @web.authenticated
    @authorized
    async def get(self, which: str, file: str) -> None:
        """Answer with the file, if the kernelspec has it."""
        entry = self._providers.entry(which)
        files = entry.original.get("resources", {}).values() if entry else ()
        if entry is None or file not in map(file_of, files):
            raise web.HTTPError(404, f"The kernel {which} has no file {file}")
        try:
            # Slow images would use up the browser's connections to this server.
            resource = await asyncio.wait_for(self._providers.resource(entry, file), MAX_WAIT)
        except (ProviderError, asyncio.TimeoutError) as error:
            self.log.debug("%s of %s: %r", file, which, error)
            raise web.HTTPError(404, f"{file} of the kernel {which} is not available") from error
        self.set_header("Content-Type", resource.content_type)
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cache-Control", f"private, max-age={MAX_AGE}")
        self.set_header("ETag", f'"{sha256(resource.body).hexdigest()}"')
        if self.check_etag_header():
            self.set_status(304)
            self.finish()
        else:
            self.finish(resource.body)

    @web.authenticated
    @authorized
    async def head(self, which: str, file: str) -> None:
        """Answer with the headers."""
        await ensure_async(self.get(which, file))


class RestartHandler(APIHandler):
    """
    ``POST /api/kernels/<id>/restart`` of a remote kernel.

    Jupyter Server's own handler answers a failure with "Exception restarting kernel" and no reason.
    """

    auth_resource = "kernels"

    @web.authenticated
    @authorized
    async def post(self, which: str) -> None:
        """Restart the kernel, and answer with its model."""
        await self.kernel_manager.restart_kernel(which)
        model = await ensure_async(self.kernel_manager.kernel_model(which))
        self.finish(json.dumps(model, default=json_default))


def _plain(value: object) -> str | int | None:
    """Return a field of a remote's model if it is a text or a number; else None."""
    if isinstance(value, str):
        return one_line(value, LONGEST)
    return value if isinstance(value, int) else None


def rules(
    providers: KernelProviders, kernels: KernelProvidersKernelManager, base_url: str
) -> list[Rule]:
    """Return our routes below this server's base URL, which ends in a slash."""
    base = re.escape(base_url)
    slash = "(?:/|%2[Ff])"
    shared = {"providers": providers}

    def is_kernelspec(name: str) -> bool:
        return providers.entry(name) is not None

    def is_kernel(kernel_id: str) -> bool:
        return kernels.remote.get(kernel_id) is not None

    def is_any(_: str) -> bool:
        return True

    return [
        Rule(PathMatches(rf"{base}api/kernel-providers"), ProvidersHandler, shared),
        Rule(
            RemoteMatcher(rf"{base}api/kernel-providers/(?P<which>.+)/retry", is_any),
            RetryHandler,
            shared,
        ),
        Rule(
            RemoteMatcher(rf"{base}api/kernel-providers/(?P<which>.+)/kernels", is_any),
            KernelsHandler,
            shared,
        ),
        Rule(
            RemoteMatcher(rf"{base}api/kernelspecs/(?P<which>.+)", is_kernelspec),
            KernelspecHandler,
        ),
        Rule(
            RemoteMatcher(rf"{base}kernelspecs/(?P<which>.+){slash}(?P<file>[^/]+)", is_kernelspec),
            KernelspecFileHandler,
            shared,
        ),
        Rule(
            RemoteMatcher(rf"{base}api/kernels/(?P<which>[^/]+)/restart", is_kernel),
            RestartHandler,
        ),
    ]
