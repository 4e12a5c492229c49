"""All declarations of providers of one server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from .loader import Declaration, KernelProvidersLoader
from .traits import KernelProvidersConfig


class Declarations:
    """
    The providers of ``--gateway-url``, of the trait ``providers``, and of the loader, in this
    order.

    If the loader fails, that is logged, and what it returned before stays valid.
    """

    def __init__(self, config: KernelProvidersConfig) -> None:
        self._config = config
        self._loader: KernelProvidersLoader | None = None
        self._loaded: list[Declaration] = []
        loader_class: type[Any] = config.loader_class
        try:
            self._loader = loader_class(parent=config.parent, log=config.log)
        except Exception as error:
            self._log_failure(error)

    def read(self) -> list[Declaration]:
        """Return all declarations; raises nothing."""
        config = self._config
        gateway = [config.gateway_declaration] if config.gateway_declaration else []
        try:
            self._loaded = list(self._loader.load()) if self._loader else []
        except Exception as error:
            self._log_failure(error)
        return gateway + config.declared + self._loaded

    @property
    def user_folder(self) -> Path | None:
        """The folder with the files of a user's own providers; None if none are read."""
        return self._loader.user_folder if self._loader is not None else None

    async def changes(self) -> AsyncIterator[None]:
        """Yield whenever `read` may return something new; raises nothing."""
        if self._loader is None:
            return
        try:
            async for _ in self._loader.changes():
                yield
        except Exception as error:
            self._log_failure(error)

    def _log_failure(self, error: Exception) -> None:
        self._config.log.error(
            "The kernel providers could not be loaded: %s in %s. Check c.KernelProviders."
            "loader_class.",
            str(error) or type(error).__name__,
            self._config.loader_class.__name__,
        )
