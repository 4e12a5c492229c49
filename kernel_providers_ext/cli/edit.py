"""``jupyter kernel-providers add``, ``enable``, ``disable``, ``remove``: a user's own providers."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from traitlets import Bool, Unicode

from ..registry.probe import probe
from ..server.models import probe_model
from .output import Output, progress
from .provider_app import ProviderApp, TokenApp


class AddApp(TokenApp):
    """Adds a provider, and asks it for its kernels."""

    name = "jupyter-kernel-providers-add"
    description = "Add a kernel provider by a name of your choice and its address."
    examples = "jupyter kernel-providers add gpu-farm https://gpu.example.org:8888 --token-stdin"
    arguments = ("NAME", "URL")
    label = Unicode(config=True, help="The name that people see; by default, NAME.")
    aliases: Any = {**TokenApp.aliases, "label": "AddApp.label"}

    def run(self, *arguments: str) -> Output:
        """Write the file, then ask the provider; the file stays if it cannot be reached."""
        provider_id, copied = arguments
        settings = self.settings(copied)
        if self.label:
            settings["label"] = self.label
        own = self.own_providers()
        file = own.add(provider_id, settings)
        with progress(f"Asking {provider_id}…"):
            found = asyncio.run(probe(own.check(provider_id, settings), self.log))
        data = {"id": file.id, "file": str(file.path), "test": probe_model(found)}
        return Output(f"Added {file.path}.\n{found.summary}", data)


class EnableApp(ProviderApp):
    """Switches a provider on."""

    name = "jupyter-kernel-providers-enable"
    description = "Switch a kernel provider on."

    def run(self, *arguments: str) -> Output:
        """Switch it on, also an administrator's provider that this user had switched off."""
        self.own_providers().switch(*arguments, is_enabled=True)
        return Output(f"{arguments[0]} is on.", {"id": arguments[0], "enabled": True})


class DisableApp(ProviderApp):
    """Switches a provider off; its kernels keep running."""

    name = "jupyter-kernel-providers-disable"
    description = "Switch a kernel provider off. Its kernels keep running."

    def run(self, *arguments: str) -> Output:
        """Switch it off, an administrator's provider for this user alone."""
        self.own_providers().switch(*arguments, is_enabled=False)
        text = f"{arguments[0]} is off. Its kernels keep running."
        return Output(text, {"id": arguments[0], "enabled": False})


class RemoveApp(ProviderApp):
    """Removes a provider; its kernels keep running."""

    name = "jupyter-kernel-providers-remove"
    description = "Remove a kernel provider. Its kernels keep running."
    yes = Bool(False, config=True, help="Do not ask.")
    flags: Any = {**ProviderApp.flags, "yes": ({"RemoveApp": {"yes": True}}, "Do not ask.")}

    def run(self, *arguments: str) -> Output:
        """Remove the file, also if it is broken."""
        [provider_id] = arguments
        own = self.own_providers()
        file = own.file(provider_id)
        question = f"Remove {file.path}? Kernels of {file.id} keep running. [y/N] "
        if not self.yes and not _agrees(question):
            return Output("Nothing was removed.", {"id": provider_id, "removed": False})
        own.remove(provider_id, file.revision)
        return Output(f"Removed {file.path}.", {"id": provider_id, "removed": True})


def _agrees(question: str) -> bool:
    try:
        print(question, end="", flush=True, file=sys.stderr)
        return input().strip().lower() in ("y", "yes")
    except EOFError:
        return False
