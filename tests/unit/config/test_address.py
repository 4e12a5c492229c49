"""Addresses as people copy them."""

from __future__ import annotations

import json

import pytest

from kernel_providers_ext.config.address import place, server_address
from tests.support.processes import ROOT

SHARED = json.loads((ROOT / "tests" / "shared" / "addresses.json").read_text("utf-8"))


@pytest.mark.parametrize(("copied", "address", "token"), SHARED)
def test_the_server_is_found_in_an_address(copied: str, address: str, token: str) -> None:
    """What is no web address stays as it is, so that its message can name it."""
    assert server_address(copied) == (address, token)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://GPU.example.org:8888/user/ada", "gpu.example.org:8888"),
        ("https://gpu.example.org", "gpu.example.org"),
        ("http://[::", ""),
        ("gpu", ""),
        (None, ""),
    ],
)
def test_the_place_of_an_address(url: object, expected: str) -> None:
    """It is the host, with the port that is in the address."""
    assert place(url) == expected
