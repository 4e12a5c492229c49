"""``jupyter kernel-providers kernels``, ``start``, ``attach``, ``stop``."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from traitlets import Bool

from ..kernels.environment import kernel_environment
from ..provider import names
from ..provider.errors import KernelGone, ProviderError
from ..provider.interface import RemoteKernelProvider
from ..provider.remote_text import one_line
from ..registry.kinds import Kinds
from ..server.models import KERNEL_FIELDS
from .output import CommandError, Output, progress, table
from .provider_app import ServerCommand
from .running_server import PROVIDERS, RunningServer

T = TypeVar("T")


class KernelsCommand(ServerCommand):
    """A command about the kernels of a provider."""

    def ask(self, provider_id: str, question: Callable[[RemoteKernelProvider], Awaitable[T]]) -> T:
        """Ask a provider without a server; raises ProviderError if it does not answer."""

        async def answer() -> T:
            config = self.providers().monitor(provider_id).provider.config
            provider = Kinds().make(config, self.log)
            try:
                await provider.prepare()
                return await question(provider)
            finally:
                await provider.aclose()

        return asyncio.run(answer())


class KernelsApp(KernelsCommand):
    """Lists the kernels that run at the providers."""

    name = "jupyter-kernel-providers-kernels"
    description = "List the running kernels of all providers, or of one."
    arguments = ("[NAME]",)

    def run(self, *arguments: str) -> Output:
        """Return a table with the kernels of the running server first, then those of others."""
        server = self.running_server()
        ids = list(arguments) or self._ids(server)
        own = _own_kernels(server, ids) if server else []
        others, failures = [], []
        for provider_id in ids:
            try:
                with progress(f"Asking {provider_id}…"):
                    others += self._others(server, provider_id)
            except (CommandError, ProviderError) as error:
                failures.append({"provider": provider_id, "message": str(error)})
        data = {"server": server and server.url, "kernels": [*own, *others], "failed": failures}
        has_failed = bool(failures and arguments and not data["kernels"])
        return Output(_text(data), data, exit_code=1 if has_failed else 0)

    def _ids(self, server: RunningServer | None) -> list[str]:
        if server is None:
            return [monitor.provider.id for monitor in self.providers().monitors]
        models = server.request("GET", PROVIDERS)["providers"]
        return [m["id"] for m in models if m["id"] != names.LOCAL_ID and m["state"] != "off"]

    def _others(self, server: RunningServer | None, provider_id: str) -> list[dict[str, Any]]:
        if server is not None:
            found = server.request("GET", f"{PROVIDERS}/{names.encode(provider_id)}/kernels")
            models: Sequence[Mapping[str, Any]] = found["kernels"]
        else:
            running = self.ask(provider_id, lambda provider: provider.running_kernels())
            models = [
                {**model, "name": names.qualify(provider_id, str(model.get("name")))}
                for model in running
            ]
        return [_row(provider_id, model, is_ours=False) for model in models]


class StartApp(KernelsCommand):
    """Starts a kernel at a provider."""

    name = "jupyter-kernel-providers-start"
    description = "Start a kernel, such as gpu-farm/python3, and print its id."
    arguments = ("KERNEL",)

    def run(self, *arguments: str) -> Output:
        """Start the kernel for the running server; without one, for whoever attaches it."""
        [kernel_name] = arguments
        server = self.running_server()
        with progress(f"Starting {kernel_name}…"):
            kernel_id = self._start(server, kernel_name)
        return Output(kernel_id, {"id": kernel_id, "name": kernel_name})

    def _start(self, server: RunningServer | None, kernel_name: str) -> str:
        if server is not None:
            model = server.request("POST", "api/kernels", {"name": kernel_name})
        else:
            provider_id, name = names.split(kernel_name)
            if not provider_id:
                raise CommandError("Name a provider's kernel, like gpu-farm/python3.")
            providers = self.providers()
            config = providers.monitor(provider_id).provider.config
            env = kernel_environment(config, os.environ, providers.secret_variables)
            model = self.ask(
                provider_id,
                lambda provider: provider.start_kernel(
                    name, kernel_id=str(uuid.uuid4()), path=None, env=env
                ),
            )
        return one_line(model["id"], names.LONGEST)


class AttachApp(KernelsCommand):
    """Makes a running server use a kernel that others have started."""

    name = "jupyter-kernel-providers-attach"
    description = "Attach a provider's running kernel to the running Jupyter server."
    arguments = ("NAME", "KERNEL_ID")

    def run(self, *arguments: str) -> Output:
        """Attach the kernel, and return its id at the server."""
        provider_id, kernel_id = arguments
        server = self.running_server()
        if server is None:
            raise CommandError(
                "No Jupyter server of yours with kernel providers is running. Start one first, "
                "for example with 'jupyter lab'."
            )
        path = f"{PROVIDERS}/{names.encode(provider_id)}/kernels"
        model = server.request("POST", path, {"id": kernel_id})
        text = f"{server.url} now has the kernel {model['id']}."
        return Output(text, {"id": model["id"], "name": model["name"]})


class StopApp(KernelsCommand):
    """Stops kernels of a provider."""

    name = "jupyter-kernel-providers-stop"
    description = "Stop a kernel of a provider, or all kernels of the running server there."
    arguments = ("NAME", "[KERNEL_ID]")
    all = Bool(False, config=True, help="Stop all kernels of the running server at the provider.")
    flags: Any = {
        **KernelsCommand.flags,
        "all": ({"StopApp": {"all": True}}, "Stop all kernels of the running server there."),
    }

    def run(self, *arguments: str) -> Output:
        """Stop the kernels, and say which."""
        provider_id, *ids = arguments
        if self.all == bool(ids):
            raise CommandError("Name one kernel by its id, or give --all.")
        server = self.running_server()
        if self.all:
            return self._stop_all(server, provider_id)
        [kernel_id] = ids
        if server is not None and kernel_id in _own_ids(server, provider_id):
            server.request("DELETE", f"api/kernels/{names.encode(kernel_id)}")
        else:
            self.ask(provider_id, lambda provider: _stop(provider, kernel_id))
        return Output(f"Stopped {kernel_id}.", {"stopped": [kernel_id], "failed": []})

    def _stop_all(self, server: RunningServer | None, provider_id: str) -> Output:
        if server is None:
            raise CommandError("No Jupyter server of yours is running. Name a kernel by its id.")
        path = f"{PROVIDERS}/{names.encode(provider_id)}/kernels"
        found = server.request("DELETE", path)
        lines = [f"Stopped {kernel_id}." for kernel_id in found["shut_down"]]
        lines += [f"{failure['id']}: {failure['message']}" for failure in found["failed"]]
        data = {"stopped": found["shut_down"], "failed": found["failed"]}
        text = "\n".join(lines) or "There is none."
        return Output(text, data, exit_code=1 if found["failed"] else 0)


async def _stop(provider: RemoteKernelProvider, kernel_id: str) -> None:
    """Stop a kernel; raises KernelGone if there is none, as the id may be wrong."""
    found = await provider.kernels([kernel_id])
    if found.get(kernel_id) is None:
        message = f"{provider.label} has no kernel {kernel_id}."
        raise KernelGone(provider.id, "kernel_gone", message)
    await provider.shutdown_kernel(kernel_id)


def _own_ids(server: RunningServer, provider_id: str) -> set[str]:
    return {row["id"] for row in _own_kernels(server, [provider_id])}


def _own_kernels(server: RunningServer, ids: Sequence[str]) -> list[dict[str, Any]]:
    """Return the server's kernels at some providers."""
    default = server.request("GET", PROVIDERS)["default"]
    models = server.request("GET", "api/kernels")
    found = [(names.split(model["name"])[0] or default, model) for model in models]
    return [_row(owner, model, is_ours=True) for owner, model in found if owner in ids]


def _row(provider_id: str, model: Mapping[str, Any], *, is_ours: bool) -> dict[str, Any]:
    fields = {name: model.get(name) for name in KERNEL_FIELDS}
    return {"provider": provider_id, "is_ours": is_ours, **fields}


def _text(data: Mapping[str, Any]) -> str:
    heads = ("KERNEL", "ID", "STATE", "LAST ACTIVITY", "STARTED BY")
    rows = [
        (
            *(one_line(k[name] or "-", names.LONGEST) for name in KERNEL_FIELDS[1::-1]),
            one_line(k["execution_state"] or "-", 20),
            one_line(k["last_activity"] or "-", 40),
            "this server" if k["is_ours"] else "others",
        )
        for k in data["kernels"]
    ]
    messages = [failure["message"] for failure in data["failed"]]
    if rows:
        return "\n\n".join([table(heads, rows), *messages])
    return "\n\n".join(messages) or "There are no running kernels."
