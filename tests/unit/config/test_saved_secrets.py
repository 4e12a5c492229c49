"""Settings without their secrets: what is shown, and what is kept."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kernel_providers_ext.config.saved_secrets import SAVED, with_secrets, without_secrets
from kernel_providers_ext.provider.errors import ConfigurationError

URL = "https://gpu.example.org:8888"
SECRET = "s3cret"
SETTINGS: dict[str, Any] = {
    "url": URL,
    "label": "GPU farm",
    "token": {"value": SECRET},
    "headers": {"X-Key": SECRET, "X-Env": {"env": "NAME"}},
    "cookies": {"session": {"value": SECRET}},
    "proxy": f"http://ada:{SECRET}@proxy.example.org:3128",
    "options": {"anything": SECRET},
    "timeouts": {"start": 60},
}


def test_secrets_are_left_out_and_restored() -> None:
    """Sources of secrets are shown; what comes back unchanged is as it was."""
    shown = without_secrets(SETTINGS)
    assert shown == {
        "url": URL,
        "label": "GPU farm",
        "token": SAVED,
        "headers": {"X-Key": SAVED, "X-Env": {"env": "NAME"}},
        "cookies": {"session": SAVED},
        "proxy": SAVED,
        "options": SAVED,
        "timeouts": {"start": 60},
    }
    assert with_secrets(shown, SETTINGS) == SETTINGS


@pytest.mark.parametrize(
    "settings",
    [
        {"token": SECRET},
        {"token": [SECRET]},
        {"token": {"value": SECRET, "env": "NAME"}},
        {"tokn": {"value": SECRET}},
        {"password": SECRET},
        {"auth": {"user": "ada", "password": {"value": SECRET}}},
        {"auth": SECRET},
        {"auth": {"user": "ada", "pasword": SECRET}},
        {"headers": [SECRET]},
        {"cookies": SECRET},
        {"url": f"http://ada:{SECRET}@gpu.example.org"},
        {"url": f"{URL}/lab?token={SECRET}"},
        {"url": {"value": SECRET}},
        {"proxy": {"value": SECRET}},
        {"tls": SECRET},
        {"tls": {"password": SECRET}},
        {"timeouts": {"token": SECRET}},
    ],
)
def test_a_secret_in_the_wrong_place_is_not_shown_either(settings: dict[str, Any]) -> None:
    """People make mistakes in files, and the form then shows what is in them."""
    assert SECRET not in json.dumps(without_secrets(settings))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (f"http://ada:{SECRET}@gpu.example.org/user/ada/", "http://gpu.example.org/user/ada/"),
        (f"http://ada:p@{SECRET}@gpu.example.org", "http://gpu.example.org"),
        (f"http://gpu.example.org/?token={SECRET}#x", "http://gpu.example.org/"),
        ("https://hub/user/ada@example.org/", "https://hub/user/ada@example.org/"),
        ("https://hub/user/lab/", "https://hub/user/lab/"),
        ("gpu.example.org:8888", "gpu.example.org:8888"),
    ],
)
def test_an_address_stays_without_its_secret(url: str, expected: str) -> None:
    """The form shows it, and sends it back."""
    assert without_secrets({"url": url}) == {"url": expected}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"url": "https://elsewhere.example.org"}, "token"),
        ({"url": URL.replace("8888", "8889")}, "token"),
        ({"url": URL.replace("https", "http")}, "token"),
        ({"url": "https://[::"}, "token"),
        ({"url": f"{URL}/user/mallory/"}, "token"),
        ({"proxy": "http://elsewhere.example.org:3128"}, "token"),
        ({"options": {"host": "elsewhere"}}, "token"),
    ],
)
def test_a_saved_secret_is_not_sent_to_another_server(change: dict[str, Any], field: str) -> None:
    """Else who may change the address could read the token there."""
    with pytest.raises(ConfigurationError, match="Enter the secret again") as raised:
        with_secrets({**without_secrets(SETTINGS), **change}, SETTINGS)
    assert raised.value.field == field


def test_the_same_server_keeps_the_secret() -> None:
    """Whatever else is changed."""
    changed = {**without_secrets(SETTINGS), "url": f"{URL}/", "label": "x"}
    assert with_secrets(changed, SETTINGS)["token"] == {"value": SECRET}


def test_a_secret_that_is_not_saved_is_asked_for() -> None:
    """The error names its field."""
    with pytest.raises(ConfigurationError, match="no secret is saved") as raised:
        with_secrets({"url": URL, "auth": {"user": "ada", "password": SAVED}}, {"url": URL})
    assert raised.value.field == "auth.password"


def test_new_secrets_replace_saved_ones() -> None:
    """And one that is left out is gone."""
    settings = {"url": "https://elsewhere.example.org", "token": {"value": "new"}}
    assert with_secrets(settings, SETTINGS) == settings
