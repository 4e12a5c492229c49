"""The installed kinds of provider: ours, and those of other packages."""

from __future__ import annotations

from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from logging import Logger

from ..provider.config import ProviderConfig
from ..provider.errors import ConfigurationError
from ..provider.interface import RemoteKernelProvider

GROUP = "kernel_providers_ext.kinds"


class Kinds:
    """The kinds that are installed now; they are looked up once, as that takes milliseconds."""

    @cached_property
    def _points(self) -> dict[str, EntryPoint]:
        return {point.name: point for point in entry_points(group=GROUP)}

    def make(self, config: ProviderConfig, log: Logger) -> RemoteKernelProvider:
        """
        Return a provider of the configuration's kind.

        Raises ConfigurationError if the kind is not installed, or if its code fails.
        """
        try:
            return self._make(config, log)
        except ConfigurationError as error:
            raise error.at(config.source) from error

    def _make(self, config: ProviderConfig, log: Logger) -> RemoteKernelProvider:
        kind = self._kind(config)
        try:
            provider: object = kind(config, log)
        except ConfigurationError:
            raise
        except Exception as error:
            raise ConfigurationError(
                f"the kind {config.kind!r} has a defect: {error}. Update or remove the package "
                "that provides it.",
                field="kind",
            ) from error
        if not isinstance(provider, RemoteKernelProvider) or provider.config != config:
            raise ConfigurationError(
                f"the kind {config.kind!r} is not a kernel provider. Update or remove the package "
                "that provides it.",
                field="kind",
            )
        return provider

    def _kind(self, config: ProviderConfig) -> type[RemoteKernelProvider]:
        point = self._points.get(config.kind)
        if point is None:
            known = ", ".join(sorted(self._points)) or "none"
            raise ConfigurationError(
                f"the field 'kind' names {config.kind!r}, which is not installed. Installed kinds: "
                f"{known}. Correct it, or install the package that provides it.",
                field="kind",
            )
        try:
            kind: type[RemoteKernelProvider] = point.load()
        except Exception as error:
            raise ConfigurationError(
                f"the kind {config.kind!r} cannot be loaded from {point.value}: {error}. Update or "
                "remove the package that provides it.",
                field="kind",
            ) from error
        return kind
