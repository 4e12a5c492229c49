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
from tornado import web
from tornado.httputil import HTTPServerRequest
from tornado.routing import Matcher, PathMatches, Rule

from ..provider.errors import ProviderError
from ..provider.kernelspecs import file_of
from ..registry.providers import KernelProviders
from ..registry.user_providers import UserProviders
from .kernel_manager import KernelProvidersKernelManager
from .kernelspec_manager import KernelProvidersSpecManager
from .provider_handlers import (
    AUTH_RESOURCE,
    DocumentHandler,
    KernelsHandler,
    ProviderAPIHandler,
    ProviderHandler,
    ProvidersHandler,
    RestoreHandler,
    RetryHandler,
    TestHandler,
)

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
        if not self._accepts(groups.get("which", "")):
            return None
        return {"path_kwargs": {key: value.encode() for key, value in groups.items()}}


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


class KernelspecFileHandler(JupyterHandler):
    """``GET /kernelspecs/<name>/<file>`` of a remote kernel, from memory after the first time."""

    auth_resource = AUTH_RESOURCE

    def initialize(self, providers: KernelProviders) -> None:
        """Keep the providers of this server."""
        self._providers = providers

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


def rules(
    providers: KernelProviders, kernels: KernelProvidersKernelManager, base_url: str
) -> list[Rule]:
    """Return our routes below this server's base URL, which ends in a slash."""
    base = re.escape(base_url)
    slash = "(?:/|%2[Ff])"
    shared = {"providers": providers, "own": UserProviders(providers)}

    def is_kernelspec(name: str) -> bool:
        return providers.entry(name) is not None

    def is_kernel(kernel_id: str) -> bool:
        return kernels.remote.get(kernel_id) is not None

    def is_any(_: str) -> bool:
        return True

    def below(path: str, handler: type[ProviderAPIHandler]) -> Rule:
        pattern = rf"{base}api/kernel-providers/{path}"
        return Rule(RemoteMatcher(pattern, is_any), handler, shared)

    return [
        Rule(PathMatches(rf"{base}api/kernel-providers"), ProvidersHandler, shared),
        below("-/test", TestHandler),
        below("-/(?P<which>schema|openapi)", DocumentHandler),
        below("(?P<which>.+)/retry", RetryHandler),
        below("(?P<which>.+)/restore", RestoreHandler),
        below("(?P<which>.+)/kernels", KernelsHandler),
        below("(?P<which>.+)", ProviderHandler),
        Rule(
            RemoteMatcher(rf"{base}api/kernelspecs/(?P<which>.+)", is_kernelspec),
            KernelspecHandler,
        ),
        Rule(
            RemoteMatcher(rf"{base}kernelspecs/(?P<which>.+){slash}(?P<file>[^/]+)", is_kernelspec),
            KernelspecFileHandler,
            {"providers": providers},
        ),
        Rule(
            RemoteMatcher(rf"{base}api/kernels/(?P<which>[^/]+)/restart", is_kernel),
            RestartHandler,
        ),
    ]
