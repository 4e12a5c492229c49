"""The steps of a diagnosis that every kind of provider has: token, version, kernelspecs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from ..provider.diagnosis import DiagnosticStep, StepSkipped
from ..provider.errors import ProviderError, RequestRefused, SignInNeeded
from ..provider.interface import RemoteKernelProvider, Snapshot, no_such_kernelspec


class ProviderDiagnosis:
    """
    The steps that ask a provider for what it is and has.

    Args:
        provider: The provider; the caller closes it.
        wanted: The name of a kernelspec, which must be there; empty if any will do.
    """

    def __init__(self, provider: RemoteKernelProvider, wanted: str = "") -> None:
        self._provider = provider
        self._wanted = wanted
        #: The kernelspec to start, once the last step has passed.
        self.kernel_name = ""

    @property
    def steps(self) -> Sequence[DiagnosticStep]:
        """All steps, in order."""
        return [
            DiagnosticStep("token", self.token),
            DiagnosticStep("version", self.version),
            DiagnosticStep("kernelspecs", self.kernelspecs),
        ]

    async def token(self) -> str:
        """Ask for what only those who may sign in get."""
        await self._provider.prepare()
        try:
            await self._provider.snapshot()
        except SignInNeeded:
            raise
        except ProviderError as error:  # for the next steps to tell
            raise StepSkipped("the answer does not tell whether it is accepted") from error
        given = _credentials(self._provider)
        if not given:
            raise StepSkipped("none is configured, and none is asked for")
        return f"the {given} accepted"

    async def version(self) -> str:
        """Ask for the server's name and version, without which a provider can be used."""
        try:
            name = await self._provider.server_name()
        except ProviderError as error:
            raise StepSkipped(f"not known: {error.cause}") from error
        if not name:
            raise StepSkipped("the provider does not tell")
        return name

    async def kernelspecs(self) -> str:
        """Ask for the kernelspecs, and choose one."""
        config = self._provider.config
        snapshot = await self._provider.snapshot()
        offered = await asyncio.to_thread(snapshot.offered, config)
        names = list(offered.kernelspecs)
        if not names:
            raise self._nothing_offered()
        if self._wanted and self._wanted not in names:
            raise no_such_kernelspec(config, self._wanted, names)
        self.kernel_name = self._wanted or _first(offered)
        return "1 kernel" if len(names) == 1 else f"{len(names)} kernels"

    def _nothing_offered(self) -> RequestRefused:
        config = self._provider.config
        message = f"{config.label} offers no kernels."
        remedy = "Install one there, for example with: pip install ipykernel"
        if config.include or config.exclude:
            remedy = f"Check 'include' and 'exclude' in {config.source}. {remedy}"
        return RequestRefused(config.id, "no_kernels", message, remedy=remedy)


def _first(snapshot: Snapshot) -> str:
    """Return the default kernelspec, else the first one of Python, else the first one."""
    if snapshot.default:
        return snapshot.default
    names = list(snapshot.kernelspecs)
    languages = {name: snapshot.kernelspecs[name]["spec"]["language"] for name in names}
    return next((name for name in names if languages[name].lower() == "python"), names[0])


def _credentials(provider: RemoteKernelProvider) -> str:
    """Return which credentials are configured, with a verb; empty if there are none."""
    config = provider.config
    if config.token is not None:
        return "token is"
    if config.auth.password is not None:
        return "password is"
    return "headers are" if config.headers else "cookies are" if config.cookies else ""
