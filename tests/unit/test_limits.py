"""Defaults and limits are those of the documentation."""

from __future__ import annotations

import re

import pytest

from kernel_providers_ext.config.traits import KernelProvidersConfig
from kernel_providers_ext.gateway import handshakes, http_client, provider, response
from kernel_providers_ext.kernels import lifecycle, send_queue
from kernel_providers_ext.provider import closing, kernelspecs, names, secrets
from kernel_providers_ext.provider.config import Auth, ProviderConfig, Timeouts, Tls
from kernel_providers_ext.registry import monitor, resources, websockets
from kernel_providers_ext.relay import relay
from tests.support.processes import ROOT

PAGE = (ROOT / "docs/admin/untrusted-providers.md").read_text("utf-8")
KIB, MIB = 2**10, 2**20


def row(begin: str) -> str:
    """Return the row of the table that begins with this text."""
    [found] = re.findall(rf"^\| {re.escape(begin)}.*$", PAGE, re.MULTILINE)
    return str(found)


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("kernelspecs of a provider", f"{ProviderConfig.max_kernelspecs:,}; "),
        ("kernelspecs of a provider", f"{kernelspecs.MAX_SPECS / MIB:g} MiB"),
        ("kernelspecs of a provider", f"{kernelspecs.MAX_ALL_VALUES:,} values"),
        ("one kernelspec", f"{kernelspecs.MAX_SPEC / KIB:g} KiB"),
        ("one kernelspec", f"{kernelspecs.MAX_VALUES:,} values"),
        ("one kernelspec", f"{kernelspecs.MAX_LEVELS} levels"),
        ("a list of kernelspecs", f"{provider.MAX_LIST / MIB:g} MiB"),
        ("any other answer", f"{http_client.MAX_BODY / KIB:g} KiB"),
        ("a logo", f"{provider.MAX_FILE / KIB:g} KiB"),
        ("all logos of a provider", f"{resources.BUDGET / MIB:g} MiB"),
        ("a websocket message", f"{ProviderConfig.max_message_size / MIB:g} MiB"),
        ("messages that wait for one client", f"{send_queue.LIMIT / MIB:g} MiB"),
        ("a close of a connection", f"{closing.CLOSE_TIMEOUT:g} s"),
        ("the output of a token's command", f"{secrets.OUTPUT_LIMIT / KIB:g} KiB"),
        ("the output of a token's command", f"{secrets.COMMAND_TIMEOUT:g} s"),
    ],
)
def test_limits_are_those_of_the_documentation(what: str, words: str) -> None:
    """Administrators plan with these numbers."""
    assert words in row(what)


@pytest.mark.parametrize(
    ("trait", "value"),
    [
        ("providers", {}),
        ("local_enabled", True),
        ("placement", "suffix"),
        ("refresh_interval", 60),
        ("connect_timeout", 5),
        ("request_timeout", 20),
        ("start_timeout", 600),
        ("start_patience", 2),
        ("on_server_exit", "shutdown"),
        ("env", []),
        ("max_kernelspecs", 2000),
        ("max_message_size", 256 * MIB),
        ("send_queue_size", 256 * MIB),
    ],
)
def test_defaults_of_the_traits(trait: str, value: object) -> None:
    """They are those of the reference."""
    assert getattr(KernelProvidersConfig(), trait) == value


def test_defaults_of_a_provider() -> None:
    """A file with only an address has these."""
    config = ProviderConfig("gpu", "gpu.json")
    assert (config.kind, config.enabled, config.url, config.label) == ("gateway", True, "", "")
    assert (config.token, config.proxy, config.accept_cookies) == (None, None, False)
    assert config.auth == Auth("token", "Authorization", "", None)
    assert config.tls == Tls(None, None, None, verify=True)
    assert config.timeouts == Timeouts(5, 20, 600)
    assert (config.refresh_interval, config.on_server_exit) == (60, "shutdown")
    assert (config.max_kernelspecs, config.resources) == (2000, "images")
    assert (config.include, config.exclude, config.env, config.headers) == ((), (), (), {})


def test_the_times_and_counts_that_people_wait_for() -> None:
    """They are in the guide, the changelog or the benchmarks; a change is one of behaviour."""
    assert (monitor.KERNELS_INTERVAL, monitor.IDLE_KERNELS_INTERVAL) == (10, 60)
    assert (monitor.IDLE_INTERVAL, monitor.FIRST_RETRY) == (600, 2)
    assert websockets.REFUSED_HANDSHAKES == 2
    assert (provider.CONFIRMATIONS, provider.VARIES_FOR) == (5, 600)
    assert (lifecycle.EXIT_TIMEOUT, lifecycle.FAILED_START_KEPT) == (2.5, 120)
    assert (relay.ATTEMPTS, relay.FIRST_PAUSE, relay.LONGEST_PAUSE) == (10, 1, 30)
    assert (names.LONGEST, response.LONGEST_QUOTE) == (255, 300)
    assert resources.FULL == resources.BUDGET / 2
    assert (http_client.KERNEL_INFO_TIMEOUT, handshakes.ABANDONED_WAIT) == (60, 5)
