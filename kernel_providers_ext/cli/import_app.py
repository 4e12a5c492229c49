"""``jupyter kernel-providers import``: a gateway client's gateway as a provider."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator
from typing import Any

from jupyter_server.gateway.gateway_client import GatewayClient

from ..config.gateway_import import VARIABLES, former_settings, import_gateway
from ..config.gateway_url import GATEWAY_ID
from ..config.jupyter_config import NAMES, ConfigFile, config_files, merged, section
from ..config.kernels_mixer import is_used
from ..provider.config import check_id, parse, secret_variables
from ..provider.errors import ConfigurationError
from ..registry.probe import probe
from ..server.models import probe_model
from .output import Output
from .provider_app import SEEN_BY_OTHERS, ProviderApp

SECRET_TRAITS = {"auth_token", "http_pwd", "headers"}


class ImportApp(ProviderApp):
    """Makes a provider of the gateway that Jupyter Server or kernels-mixer is configured with."""

    name = "jupyter-kernel-providers-import"
    description = "Make a kernel provider of the gateway of --gateway-url or kernels-mixer."
    examples = """
        jupyter kernel-providers import
        jupyter kernel-providers import gpu-farm --gateway-url=https://gpu.example.org:8888
    """
    arguments = ("[NAME]",)
    classes: Any = [GatewayClient]
    aliases: Any = {**ProviderApp.aliases, "gateway-url": "GatewayClient.url"}

    def load_config_file(self, suppress_errors: bool = True) -> None:  # type: ignore[override]
        """Load all files that a server loads; `run` says which ones cannot be read."""
        self._files = config_files(self.config_file_paths, self.config_file)
        self.update_config(merged(self._files))

    def run(self, *arguments: str) -> Output:
        """Write the file, ask the provider, and say what is left to do."""
        [provider_id] = arguments or [GATEWAY_ID]
        check_id(provider_id)
        for file in self._files:
            if file.problem:
                raise ConfigurationError(file.problem)
        gateway = import_gateway(self.config)
        if gateway is None:
            raise ConfigurationError(self._nothing_found())
        parse(provider_id, gateway.settings, "c.GatewayClient")
        own = self.own_providers()
        path = own.add(provider_id, gateway.settings).path
        if SECRET_TRAITS & section(self.cli_config, GatewayClient.__name__).keys():
            print(SEEN_BY_OTHERS, file=sys.stderr)
        found = asyncio.run(probe(own.check(provider_id, gateway.settings), self.log))
        what_to_do = [*self._what_to_do(provider_id, kept=secret_variables(gateway.settings))]
        lines = [f"Added {path}.", found.summary, *gateway.remarks, *what_to_do]
        data = {
            "id": provider_id,
            "file": str(path),
            "test": probe_model(found),
            "not_carried_over": list(gateway.remarks),
            "to_do": list(what_to_do),
        }
        return Output("\n".join(lines), data)

    def _nothing_found(self) -> str:
        return (
            f"No gateway is configured: c.GatewayClient.url is not set in {', '.join(NAMES)} (.py "
            f"or .json) in {', '.join(self.config_file_paths)}, JUPYTER_GATEWAY_URL is not set in "
            "the environment, and there is no option --gateway-url. To add a provider, run: "
            "jupyter kernel-providers add NAME URL"
        )

    def _what_to_do(self, provider_id: str, kept: set[str]) -> Iterator[str]:
        yield (
            f"The gateway's kernels are now called {provider_id}/…. A notebook that was saved "
            "before has a name without that: select its kernel again."
        )
        yield (
            "Now remove the former configuration. Until then, a server uses the gateway as with "
            "--gateway-url."
        )
        for file in self._files:
            yield from _lines_to_remove(file)
        flags = [f"--{name}" for name in former_settings(self.cli_config)]
        if flags:
            names = ", ".join(flags).replace("--GatewayClient.url", "--gateway-url")
            yield f"Start the server without {names}."
        variables = {name for name in os.environ if name.startswith(VARIABLES)}
        if variables - kept:
            names = ", ".join(sorted(variables - kept))
            yield f"Remove from the environment of the server: {names}."
        if kept:
            names = ", ".join(sorted(kept))
            yield f"Keep in the environment of the server: {names}. The provider reads it there."


def _lines_to_remove(file: ConfigFile) -> Iterator[str]:
    settings = former_settings(file.config)
    if settings:
        yield f"Remove from {file.path}: {', '.join(f'c.{name}' for name in settings)}."
    if is_used(file.config) and file.path.suffix == ".py":
        yield "If it calls kernels_mixer.configure_kernels_mixer(c), remove that call instead."
