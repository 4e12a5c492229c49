"""Providers that were removed while something of theirs still runs."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from traitlets.config import LoggingConfigurable

from kernel_providers_ext.provider.errors import (
    ConfigurationError,
    ProviderUnavailable,
    RequestRefused,
)
from kernel_providers_ext.provider.secrets import Secret
from kernel_providers_ext.registry.providers import KernelProviders
from tests.conftest import MakeProviders
from tests.support.fake_provider import Kernel, gateway, scripted, started
from tests.unit.running_provider import OFFLINE

BLOCKED = type(OFFLINE)("a", "websocket", "A proxy passes no websockets.")


@pytest.mark.parametrize(
    "report",
    [
        lambda providers, name: providers.request_failed(name, OFFLINE),
        lambda providers, name: providers.handshake_failed(name, BLOCKED),
        lambda providers, name: providers.handshake_done(name),
        lambda providers, name: providers.warn(name, "A warning."),
        lambda providers, name: providers.wake(name),
        lambda providers, name: providers.stop_polling(name, Kernel("1")),
    ],
)
async def test_what_is_reported_of_a_removed_provider_is_no_error(
    make_providers: MakeProviders, report: Callable[[KernelProviders, str], None]
) -> None:
    """A relay or a request may end after its provider was removed."""
    providers = await started(make_providers(scripted("a", "py")))
    report(providers, "a")
    providers.apply([])
    report(providers, "a")


async def test_why_a_provider_cannot_be_used_any_more(make_providers: MakeProviders) -> None:
    """A relay gives up if its provider was removed, or if the server stops."""
    providers = await started(make_providers(scripted("a", "py")))
    providers.apply([])
    with pytest.raises(ProviderUnavailable, match="is no longer configured") as removed:
        await providers.admit("a")
    await providers.aclose()
    with pytest.raises(ProviderUnavailable, match="This server is stopping") as stopping:
        await providers.admit("a")
    assert (removed.value.reason_code, stopping.value.reason_code) == ("removed", "stopping")


class Server(LoggingConfigurable):
    """A server with settings of tornado."""

    def __init__(self) -> None:
        super().__init__()
        self.tornado_settings: dict[str, int | None] = {}


@pytest.mark.parametrize(
    ("own", "limit"), [(None, 2**28), (2**24, 2**24), (2**30, 2**28), (0, 2**28)]
)
def test_the_servers_own_limit_of_messages_counts(
    make_providers: MakeProviders, own: int | None, limit: int
) -> None:
    """If it is set and smaller; all providers have it."""
    providers = make_providers()
    providers.parent = server = Server()
    assert providers.message_limit == 2**28
    server.tornado_settings["websocket_max_message_size"] = own
    assert providers.message_limit == limit
    assert providers.provider_defaults["max_message_size"] == limit


async def test_a_kind_may_not_list_its_kernels(make_providers: MakeProviders) -> None:
    """It says so, for programs and for people."""
    providers = make_providers(scripted("a", "py"))
    with pytest.raises(RequestRefused, match="a does not list its kernels") as error:
        await providers.provider("a").running_kernels()
    assert (error.value.reason_code, error.value.status_code) == ("no_listing", 502)


def test_an_unknown_kind_is_explained(make_providers: MakeProviders) -> None:
    """With those that are installed."""
    providers = make_providers(gateway("a", kind="ssh"))
    [problem] = providers.problems.values()
    assert "the field 'kind' names 'ssh', which is not installed" in problem.message
    assert (
        "Installed kinds: choosy, defective, gateway, impostor, no-class, scripted, unfinished"
        in problem.message
    )


async def test_a_renewer_that_fails_is_said_without_its_secret() -> None:
    """What the code of others says may have the secret in it."""

    def renew() -> str:
        raise ValueError("token-of-renewer is not valid")

    with pytest.raises(ConfigurationError) as error:
        await Secret("function", renew).reveal()
    assert str(error.value) == "The code that renews the token failed: ValueError."
