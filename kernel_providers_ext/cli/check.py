"""``jupyter kernel-providers test``: whether a provider can be used."""

from __future__ import annotations

import asyncio

from ..provider.config import ProviderConfig
from ..registry.probe import probe
from ..server.models import probe_model
from .output import Output, progress, state_word
from .provider_app import TokenApp


class CheckApp(TokenApp):
    """Asks a provider, which need not be configured yet; the exit code is 1 if it is of no use."""

    name = "jupyter-kernel-providers-test"
    description = "Ask a kernel provider, by its name or its address, whether it can be used."
    arguments = ("NAME|URL",)

    def run(self, *arguments: str) -> Output:
        """Return what the provider has, or why it cannot be used."""
        with progress(f"Asking {arguments[0]}…"):
            found = asyncio.run(probe(self._config(*arguments), self.log))
        is_fine = found.status.is_available
        text = f"{state_word(found.status.reachable.value)}: {found.summary}"
        return Output(text, probe_model(found), exit_code=0 if is_fine else 1)

    def _config(self, which: str) -> ProviderConfig:
        if "://" in which:
            return self.own_providers().check("", self.settings(which))
        self.check_no_token(which)
        return self.providers().monitor(which).provider.config
