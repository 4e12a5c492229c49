"""Asks a provider once whether it can be used; it need not be one of this server's."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from logging import Logger

from ..provider.config import ProviderConfig
from ..provider.errors import ProviderError
from ..provider.interface import RemoteKernelProvider
from ..provider.status import Status
from .client_activity import ClientActivity
from .kinds import Kinds
from .monitor import ProviderMonitor

#: The field that a reason is about, if it is not the address.
FIELDS = {
    "unauthorised": "token",
    "forbidden": "token",
    "no_secret": "token",
    "tls": "tls",
    "tls_file": "tls",
    "proxy": "proxy",
}


@dataclass(frozen=True)
class Probe:
    """
    What a provider answered.

    Args:
        status: Its state, with the reason and the message if it cannot be used.
        kernels: How many kernels it offers.
        server: The product and the version of the server, like ``Jupyter Server 2.21.0``; empty if
            it does not tell.
        warnings: What people should know of it, as sentences.
        field: The field of its configuration that the failure is about; empty if there is none.
    """

    status: Status
    kernels: int
    server: str
    warnings: list[str]
    field: str

    @property
    def summary(self) -> str:
        """What it has, or why it cannot be used, as one line."""
        if self.status.message:
            return self.status.message
        kernels = "1 kernel" if self.kernels == 1 else f"{self.kernels} kernels"
        latency = f"{1000 * (self.status.latency or 0):.0f} ms"
        return ", ".join(filter(None, (kernels, self.server, latency)))


async def probe(config: ProviderConfig, log: Logger) -> Probe:
    """
    Return what a provider of this configuration answers, within its timeouts.

    Raises ConfigurationError if its kind does not accept the configuration.
    """
    # Its states are no changes of a provider of this server.
    log = log.getChild("probe")
    log.setLevel(logging.ERROR)
    provider = Kinds().make(config, log)
    monitor = ProviderMonitor(provider, [], lambda: None, log, ClientActivity())
    try:
        await monitor.refresh()
        status = monitor.status
        server = await _server_name(provider) if status.is_available else ""
        return Probe(
            status,
            len(monitor.snapshot.kernelspecs) if monitor.snapshot else 0,
            server,
            monitor.warnings,
            _field(config, status.reason_code),
        )
    finally:
        await monitor.aclose()


async def _server_name(provider: RemoteKernelProvider) -> str:
    try:
        return await provider.server_name()
    except ProviderError:  # it is of use without a name
        return ""


def _field(config: ProviderConfig, reason: str) -> str:
    field = FIELDS.get(reason, "url" if reason else "")
    return "auth" if field == "token" and config.auth.password is not None else field
