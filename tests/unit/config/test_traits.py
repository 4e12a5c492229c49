"""The traits of all providers, as an administrator configures them."""

from __future__ import annotations

from typing import Any

import pytest
from traitlets import TraitError
from traitlets.config import Config

from kernel_providers_ext.config.loader import KernelProvidersLoader
from kernel_providers_ext.config.traits import KernelProvidersConfig

LIMIT = 2**24
TRAITS: dict[str, Any] = {
    "providers": {"gpu": {"url": "http://gpu.test"}},
    "local_enabled": False,
    "loader_class": KernelProvidersLoader,
    "placement": "prefix",
    "refresh_interval": 7.0,
    "connect_timeout": 1.5,
    "request_timeout": 2.5,
    "start_timeout": 3.5,
    "start_patience": 4.5,
    "max_kernelspecs": 8,
    "max_message_size": LIMIT,
    "send_queue_size": LIMIT,
    "on_server_exit": "keep",
    "env": ["WANTED"],
    "allow_user_providers": False,
    "allowed_hosts": ["*.example.org"],
}


@pytest.mark.parametrize("trait", TRAITS)
def test_each_trait_can_be_configured(trait: str) -> None:
    """By a line of a configuration file."""
    config = Config({"KernelProvidersConfig": {trait: TRAITS[trait]}})
    assert getattr(KernelProvidersConfig(config=config), trait) == TRAITS[trait]


def test_all_traits_are_tested() -> None:
    """A new one needs a row above."""
    names = set(KernelProvidersConfig.class_own_traits(config=True))
    assert names == set(TRAITS)


def test_traits_are_defaults_of_fields() -> None:
    """Each under the name that it has in a provider's file."""
    config = Config({"KernelProvidersConfig": TRAITS})
    assert KernelProvidersConfig(config=config).provider_defaults == {
        "refresh_interval": 7.0,
        "max_kernelspecs": 8,
        "max_message_size": LIMIT,
        "on_server_exit": "keep",
        "env": ["WANTED"],
        "timeouts": {"connect": 1.5, "request": 2.5, "start": 3.5},
    }


def test_a_trait_declares_providers() -> None:
    """Their source is what the messages name."""
    config = Config({"KernelProvidersConfig": TRAITS})
    [declared] = KernelProvidersConfig(config=config).declared
    assert (declared.id, declared.settings) == ("gpu", {"url": "http://gpu.test"})
    assert declared.source == "c.KernelProviders.providers['gpu']"


@pytest.mark.parametrize(
    ("trait", "least", "too_little"),
    [
        ("refresh_interval", 1, 0.9),
        ("connect_timeout", 0.1, 0.09),
        ("request_timeout", 0.1, 0.09),
        ("start_timeout", 1, 0.9),
        ("start_patience", 0.1, 0.09),
        ("max_kernelspecs", 1, 0),
        ("max_message_size", 2**20, 2**20 - 1),
        ("send_queue_size", 2**20, 2**20 - 1),
    ],
)
def test_a_value_that_is_too_little_is_refused(trait: str, least: float, too_little: float) -> None:
    """Rather than to have a server that cannot work."""
    configured = KernelProvidersConfig()
    setattr(configured, trait, least)
    with pytest.raises(TraitError):
        setattr(configured, trait, too_little)
