"""``jupyter kernel-providers doctor``: goes through all that a provider needs, step by step."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from traitlets import Bool, Unicode

from ..kernels.diagnosis import KernelDiagnosis
from ..kernels.environment import kernel_environment
from ..provider.closing import CLOSE_TIMEOUT, close_within
from ..provider.config import ProviderConfig, secret_variables
from ..provider.diagnosis import DiagnosticStep, Outcome, StepResult
from ..provider.errors import ConfigurationError, ProviderError
from ..provider.interface import RemoteKernelProvider
from ..registry.diagnosis import ProviderDiagnosis
from ..registry.kinds import Kinds
from ..registry.user_providers import UserProviders
from .provider_app import TokenApp
from .signals import Interrupted, run_until_signal
from .step_reports import StepJson, StepLines, StepReport


class DoctorApp(TokenApp):
    """Takes the steps of a diagnosis until one fails; the exit code is then 1."""

    name = "jupyter-kernel-providers-doctor"
    description = (
        "Find out, step by step, why a kernel provider cannot be used. If nothing fails before, "
        "one of its kernels is started, tried and stopped."
    )
    examples = (
        "jupyter kernel-providers doctor gpu-farm\n"
        "jupyter kernel-providers doctor https://gpu.example.org:8888 --token-stdin --no-start"
    )
    arguments = ("NAME|URL",)
    no_start = Bool(False, config=True, help="Start no kernel.")
    kernel = Unicode(
        config=True,
        help="""The kernelspec to start, by its name there; by default, the provider's default, the
        first one of Python, or the first one.""",
    )
    flags: Any = {
        **TokenApp.flags,
        "no-start": ({"DoctorApp": {"no_start": True}}, "Start no kernel."),
    }
    aliases: Any = {**TokenApp.aliases, "kernel": "DoctorApp.kernel"}

    def run(self, *arguments: str) -> NoReturn:
        """Report the steps, and exit: with 0, with 1 if one failed, or as a signal demands."""
        report = StepJson(sys.stdout) if self.json else StepLines(sys.stdout)
        try:
            passed = self._diagnose(arguments[0], report)
        except Interrupted as interrupted:
            report.end(f"Ended by {interrupted}.")
            sys.exit(interrupted.exit_code)
        report.end("All is well. No kernel was started." if self.no_start else "All is well.")
        sys.exit(0 if passed else 1)

    def _diagnose(self, which: str, report: StepReport) -> bool:
        try:
            config, env = self._config(which)
            provider = Kinds().make(config, self.log)
        except ConfigurationError as error:
            if error.field != "url":
                raise
            report.step(_no_address(error))
            return False
        doctor = Doctor(provider, report)
        return run_until_signal(doctor.run(env, self.kernel, starts_kernel=not self.no_start))

    def _config(self, which: str) -> tuple[ProviderConfig, dict[str, str]]:
        """Return the configuration of a provider, and the variables that its kernels may get."""
        providers = self.providers()
        if "://" in which:
            settings = self.settings(which)
            config = UserProviders(providers).check("", settings)
            secret = providers.secret_variables | secret_variables(settings)
        else:
            self.check_no_token(which)
            try:
                config = providers.monitor(which).provider.config
            except ProviderError as error:
                problems = providers.problems.values()
                fields = [one.field for one in problems if one.provider_id == which]
                raise ConfigurationError(error.message, field="".join(fields[:1])) from error
            secret = providers.secret_variables
        return config, kernel_environment(config, os.environ, secret)


class Doctor:
    """
    Takes the steps of a diagnosis, until one fails.

    Args:
        provider: The provider, which is closed at the end.
        report: Gets each result.
    """

    def __init__(self, provider: RemoteKernelProvider, report: StepReport) -> None:
        self._provider = provider
        self._report = report

    async def run(self, env: Mapping[str, str], wanted: str, *, starts_kernel: bool) -> bool:
        """
        Return whether all steps passed or were skipped.

        If it is cancelled, a kernel that it has started is stopped first; a second cancellation
        leaves that kernel alone, and says so.

        Args:
            env: The environment variables that the kernel may get.
            wanted: The name of the kernelspec to start; empty if any will do.
            starts_kernel: Whether to start a kernel at all.
        """
        try:
            asking = ProviderDiagnosis(self._provider, wanted)
            steps = [*await self._provider.connection_steps(), *asking.steps]
            if not await self._take(steps):
                return False
            return not starts_kernel or await self._try_kernel(asking.kernel_name, env)
        finally:
            await close_within(self._provider.aclose(), 2 * CLOSE_TIMEOUT)

    async def _try_kernel(self, kernel_name: str, env: Mapping[str, str]) -> bool:
        kernel = KernelDiagnosis(self._provider, kernel_name, env, self._report.announce)
        try:
            passed = await self._take(kernel.steps)
        finally:
            stopped = not kernel.may_run or await self._stop(kernel)
        return passed and stopped

    async def _stop(self, kernel: KernelDiagnosis) -> bool:
        try:
            # In a task of its own, as this one may have been cancelled.
            return await asyncio.create_task(self._take([kernel.stop_step]))
        except asyncio.CancelledError:
            label = self._provider.label
            self._report.announce(f"The kernel {kernel.kernel_id} at {label} may still run.")
            raise

    async def _take(self, steps: Iterable[DiagnosticStep]) -> bool:
        for step in steps:
            result = await step.take(self._provider.config, self._provider.log)
            self._report.step(result)
            if result.outcome is Outcome.FAILED:
                return False
        return True


def _no_address(error: ConfigurationError) -> StepResult:
    return StepResult(
        "address", Outcome.FAILED, 0.0, reason_code=error.reason_code, cause=error.message
    )
