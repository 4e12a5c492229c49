"""What can be configured for all providers, as traits; their help is the reference's source."""

from __future__ import annotations

from typing import Any

from traitlets import Bool, Dict, Enum, Float, List, Type, Unicode, default
from traitlets.config import LoggingConfigurable

from ..provider import names
from ..provider.config import ProviderConfig, Timeouts
from .loader import Declaration, FileLoader, KernelProvidersLoader


class KernelProvidersConfig(LoggingConfigurable):
    """
    The traits of ``c.KernelProviders``.

    What a provider's own file says goes before the defaults for all providers here.
    """

    #: The gateway of --gateway-url, if there is one.
    gateway_declaration: Declaration | None = None

    providers = Dict(
        config=True,
        help="""Providers by id, each with the fields of a file in kernel_providers.d, like
        {"gpu-farm": {"kind": "gateway", "url": "https://gpu.example.org:8888"}}.""",
    )
    local_enabled = Bool(
        config=True,
        help="""Whether this server's own kernels are offered. By default they are, unless the
        server is started with --gateway-url.""",
    )
    loader_class = Type(
        FileLoader,
        klass=KernelProvidersLoader,
        config=True,
        help="The class that says which providers there are, beside those in 'providers'.",
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
        help="Seconds from one look at a provider's kernelspecs to the next.",
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
        10.0,
        min=0.1,
        config=True,
        help="""Seconds that a request for a kernel is kept waiting. One that takes longer to start
        is listed while it starts, so that no proxy on the way cuts the request, and it can be shut
        down.""",
    )
    on_server_exit = Enum(
        ["shutdown", "keep"],
        ProviderConfig.on_server_exit,
        config=True,
        help="What becomes of remote kernels started from here when this server stops.",
    )
    env = List(
        Unicode(),
        config=True,
        help="""Names of environment variables to pass to remote kernels, beside those that begin
        with KERNEL_.""",
    )

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

    @property
    def provider_defaults(self) -> dict[str, Any]:
        """Values for fields of ``config.schema.json`` that a provider leaves out."""
        return {
            "refresh_interval": self.refresh_interval,
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
        """The template of `placement`; that of the suffix, and a line in the log, for a bad one."""
        try:
            return names.template_of(self.placement)
        except ValueError as error:
            self.log.error("c.KernelProviders.placement: %s 'suffix' is used.", error)
            self.placement = "suffix"
            return names.PLACEMENTS["suffix"]
