"""
Our routes: one remote kernelspec, and its files.

They stand before Jupyter Server's own and match only names of remote kernels, so that whatever
concerns a local kernel is answered as ever. A name's ``/`` may come percent-encoded, as in the URLs
that we emit, or raw, as some reverse proxies make it.
"""

from __future__ import annotations

import json
import re
from hashlib import sha256
from typing import Any
from urllib.parse import unquote

from jupyter_core.utils import ensure_async
from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler, JupyterHandler
from tornado import web
from tornado.httputil import HTTPServerRequest
from tornado.routing import Matcher, Rule

from .errors import ProviderError
from .kernelspecs import KernelProvidersSpecManager
from .providers import KernelProviders
from .resources import file_of

AUTH_RESOURCE = "kernelspecs"
MAX_AGE = 86400  # seconds that a browser may keep a logo; after that it asks with the validator


class RemoteKernelspecMatcher(Matcher):
    """Matches a path whose group ``name`` is the name of a remote kernelspec."""

    def __init__(self, providers: KernelProviders, pattern: str) -> None:
        self._providers = providers
        self._pattern = re.compile(pattern)

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        """Return the decoded groups as the handler's arguments; None where it is not for us."""
        found = self._pattern.fullmatch(request.path)
        if found is None:
            return None
        groups = {key: unquote(value) for key, value in found.groupdict().items()}
        if self._providers.entry(groups["name"]) is None:
            return None
        return {"path_kwargs": {key: value.encode() for key, value in groups.items()}}


class KernelspecHandler(APIHandler):
    """``GET /api/kernelspecs/<name>`` of a remote kernel."""

    auth_resource = AUTH_RESOURCE

    @web.authenticated
    @authorized
    async def get(self, name: str) -> None:
        """Answer with the kernelspec's model."""
        manager = self.kernel_spec_manager
        assert isinstance(manager, KernelProvidersSpecManager)
        model = manager.model(name)
        if model is None:
            raise web.HTTPError(404, f"Kernel spec {name} not found")
        self.finish(json.dumps(model))


class KernelspecFileHandler(JupyterHandler):
    """``GET /kernelspecs/<name>/<file>`` of a remote kernel, from memory after the first time."""

    auth_resource = AUTH_RESOURCE

    def initialize(self, providers: KernelProviders) -> None:
        """Take the providers of this server."""
        self._providers = providers

    @property
    def content_security_policy(self) -> str:
        """Let a remote server's SVG be shown, but not run scripts in our origin."""
        return "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"

    @web.authenticated
    @authorized
    async def get(self, name: str, file: str) -> None:
        """Answer with the file, if the kernelspec has it."""
        entry = self._providers.entry(name)
        files = entry.original.get("resources", {}).values() if entry else ()
        if entry is None or file not in map(file_of, files):
            raise web.HTTPError(404, f"The kernel {name} has no file {file}")
        try:
            resource = await self._providers.resource(entry, file)
        except ProviderError as error:
            self.log.debug("%s of %s: %s", file, name, error)
            raise web.HTTPError(404, f"{file} of the kernel {name} cannot be had") from error
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
    async def head(self, name: str, file: str) -> None:
        """Answer with the headers."""
        await ensure_async(self.get(name, file))


def rules(providers: KernelProviders, base_url: str) -> list[Rule]:
    """Return our routes below this server's base URL, which ends in a slash."""
    base = re.escape(base_url)
    slash = "(?:/|%2[Ff])"
    return [
        Rule(
            RemoteKernelspecMatcher(providers, rf"{base}api/kernelspecs/(?P<name>.+)"),
            KernelspecHandler,
        ),
        Rule(
            RemoteKernelspecMatcher(
                providers, rf"{base}kernelspecs/(?P<name>.+){slash}(?P<file>[^/]+)"
            ),
            KernelspecFileHandler,
            {"providers": providers},
        ),
    ]
