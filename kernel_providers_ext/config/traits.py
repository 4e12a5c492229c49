"""The traits of all providers; their help texts are the source of the reference."""

from __future__ import annotations

import os
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import urlsplit

from traitlets import Bool, Dict, Enum, Float, Integer, List, Type, Unicode, default
from traitlets.config import LoggingConfigurable

from ..provider import names
from ..provider.config import ProviderConfig, Timeouts
from ..provider.errors import ConfigurationError
from .loader import Declaration, FileLoader, KernelProvidersLoader

DEFAULT_PORTS = {"http": 80, "https": 443}


class NotAllowed(ConfigurationError):
    """Users of this server may not do this; an administrator can allow it."""

    http_status = 403
    reason_code = "not_allowed"


class KernelProvidersConfig(LoggingConfigurable):
    """
    The traits of ``c.KernelProviders``.

    A provider's own file takes precedence over these defaults.
    """

    #: The gateway of --gateway-url, if the server has one.
    gateway_declaration: Declaration | None = None

    providers = Dict(
        config=True,
        help="""Providers by id, each with the fields of a file in kernel_providers.d, like
        {"gpu-farm": {"kind": "gateway", "url": "https://gpu.example.org:8888"}}.""",
    )
    local_enabled = Bool(
        config=True,
        help="""Whether to offer this server's own kernels. The default is true, or false if the
        server is started with --gateway-url.""",
    )
    loader_class = Type(
        FileLoader,
        klass=KernelProvidersLoader,
        config=True,
        help="The class that declares providers, in addition to those in 'providers'.",
    )
    placement = Unicode(
        "suffix",
        config=True,
        help="""Where the provider's name stands in a remote kernel's display name: suffix, prefix,
        none, or a template that has {kernel} and may have {provider}.""",
    )
    refresh_interval = Float(
        ProviderConfig.refresh_interval,
        min=1,
        config=True,
        help="Seconds between two requests for a provider's kernelspecs.",
    )
    connect_timeout = Float(
        Timeouts.connect, min=0.1, config=True, help="Seconds to wait for a connection."
    )
    request_timeout = Float(
        Timeouts.request, min=0.1, config=True, help="Seconds to wait for an answer."
    )
    start_timeout = Float(
        Timeouts.start, min=1, config=True, help="Seconds to wait for a kernel to start."
    )
    start_patience = Float(
        2.0,
        min=0.1,
        config=True,
        help="""Seconds to keep a request for a kernel waiting. A kernel that takes longer to start
        is listed while it starts: no proxy cuts the request, and the kernel can be shut down.""",
    )
    max_kernelspecs = Integer(
        ProviderConfig.max_kernelspecs,
        min=1,
        config=True,
        help="The number of a provider's kernelspecs that are listed at most.",
    )
    max_message_size = Integer(
        2**28,
        min=2**20,
        config=True,
        help="""Bytes of a websocket message between a browser and a remote kernel, in both
        directions. A smaller 'websocket_max_message_size' in c.ServerApp.tornado_settings
        takes precedence.""",
    )
    send_queue_size = Integer(
        2**28,
        min=2**20,
        config=True,
        help="""Bytes of all messages that wait until a provider takes them, for example while it
        is unavailable. One provider may have half of them.""",
    )
    on_server_exit = Enum(
        ["shutdown", "keep"],
        ProviderConfig.on_server_exit,
        config=True,
        help="What happens to remote kernels started from here when this server stops.",
    )
    env = List(
        Unicode(),
        config=True,
        help="""Names of environment variables to pass to remote kernels, in addition to those
        that begin with KERNEL_.""",
    )

    allow_user_providers = Bool(
        True,
        config=True,
        help="""Whether users may have providers of their own: files in their own
        kernel_providers.d, which they also add in JupyterLab and by the command line.""",
    )
    allowed_hosts = List(
        Unicode(),
        config=True,
        help="""Patterns of the hosts at which users may have providers of their own, like
        *.example.org or gpu.example.org:8888. The default is * (all), or nothing if the server was
        started by a JupyterHub.""",
    )

    @default("allowed_hosts")
    def _closed_on_a_hub(self) -> list[str]:
        return [] if os.environ.get("JUPYTERHUB_API_TOKEN") else ["*"]

    @default("local_enabled")
    def _local_unless_gateway(self) -> bool:
        return self.gateway_declaration is None

    @property
    def declared(self) -> list[Declaration]:
        """The providers of the trait `providers`."""
        return [
            Declaration(provider_id, f"c.KernelProviders.providers[{provider_id!r}]", settings)
            for provider_id, settings in self.providers.items()
        ]

    def check_allowed(self, config: ProviderConfig) -> None:
        """Raise NotAllowed if users may not have a provider of their own like this one."""
        if not self.allow_user_providers:
            raise NotAllowed(
                "the administrator of this server does not allow providers of your own "
                "(c.KernelProviders.allow_user_providers)."
            )
        self._check_host("url", config.url)
        if config.proxy is not None:
            self._check_host("proxy", str(config.proxy.source))
        if config.options and "*" not in self.allowed_hosts:
            raise NotAllowed(
                "the administrator of this server allows only some hosts, and 'options' can name "
                "others (c.KernelProviders.allowed_hosts).",
                field="options",
            )

    def _check_host(self, field: str, url: str) -> None:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower().partition("%")[0]  # without the zone of IPv6
        places = (host, f"{host}:{parts.port or DEFAULT_PORTS.get(parts.scheme, 0)}")
        if not any(fnmatchcase(p, a.lower()) for p in places for a in self.allowed_hosts):
            hosts = ", ".join(self.allowed_hosts) or "none"
            raise NotAllowed(
                f"the administrator of this server does not allow providers at {host!r}. Allowed "
                f"hosts (c.KernelProviders.allowed_hosts): {hosts}.",
                field=field,
            )

    @property
    def message_limit(self) -> int:
        """The bytes of a websocket message, also by the server's own limit if that is set."""
        settings = getattr(self.parent, "tornado_settings", {})
        own = settings.get("websocket_max_message_size")
        return min(self.max_message_size, own) if own else self.max_message_size

    @property
    def provider_defaults(self) -> dict[str, Any]:
        """Values for fields of ``config.schema.json`` that a provider leaves out."""
        return {
            "refresh_interval": self.refresh_interval,
            "max_kernelspecs": self.max_kernelspecs,
            "max_message_size": self.message_limit,
            "on_server_exit": self.on_server_exit,
            "env": self.env,
            "timeouts": {
                "connect": self.connect_timeout,
                "request": self.request_timeout,
                "start": self.start_timeout,
            },
        }

    @property
    def template(self) -> str:
        """The template of `placement`; a bad one is logged and replaced by the default."""
        try:
            return names.template_of(self.placement)
        except ValueError as error:
            self.log.error("c.KernelProviders.placement: %s Using 'suffix'.", error)
            self.placement = "suffix"
            return names.PLACEMENTS["suffix"]
