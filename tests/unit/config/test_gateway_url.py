"""The gateway of ``--gateway-url`` as a provider."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from jupyter_server.gateway.gateway_client import GatewayClient, GatewayTokenRenewerBase
from traitlets.config import Config

from kernel_providers_ext.config.gateway_url import gateway_client_declaration
from kernel_providers_ext.config.loader import Declaration
from kernel_providers_ext.provider.config import LAUNCH_TIMEOUT_PAD, ProviderConfig, Tls, parse
from kernel_providers_ext.provider.secrets import Secret

URL = "https://gateway.test:8888"


class Renewer(GatewayTokenRenewerBase):
    """Renews a token each time."""

    def get_token(
        self, auth_header_key: str, auth_scheme: str | None, auth_token: str, **_: Any
    ) -> str:
        return f"{auth_token}+{auth_header_key}+{auth_scheme}"


class BrokenRenewer(GatewayTokenRenewerBase):
    """Fails, with the token in what it says."""

    def get_token(
        self, auth_header_key: str, auth_scheme: str | None, auth_token: str, **_: Any
    ) -> str:
        raise ValueError(f"{auth_token} has expired")


@pytest.fixture(autouse=True)
def launch_timeout() -> Iterator[None]:
    """Keep what the gateway client changes in its class."""
    before = GatewayClient.KERNEL_LAUNCH_TIMEOUT
    yield
    GatewayClient.KERNEL_LAUNCH_TIMEOUT = before


def declared(**traits: Any) -> Declaration:
    """Return the declaration of a gateway client with these traits."""
    found = gateway_client_declaration(Config({"GatewayClient": {"url": URL, **traits}}))
    assert found is not None
    return found


def config_of(**traits: Any) -> ProviderConfig:
    """Return its checked configuration, which accepts all fields."""
    found = declared(**traits)
    return parse(found.id, found.settings, found.source)


def test_without_a_gateway_there_is_none() -> None:
    """A server with local kernels only has no such provider."""
    assert gateway_client_declaration(Config()) is None


def test_it_has_what_the_stock_client_has() -> None:
    """Address, certificates, timeouts and variables, each under its own name."""
    config = config_of(
        ca_certs="/ca.pem",
        client_cert="/cert.pem",
        client_key="/key.pem",
        validate_cert=False,
        accept_cookies=True,
        connect_timeout=3.0,
        request_timeout=50.0,
        allowed_envs="A,B",
    )
    assert (config.id, config.kind, config.url, config.label) == (
        "gateway",
        "gateway",
        URL,
        "Gateway",
    )
    assert config.source == "--gateway-url"
    tls = config.tls
    assert (tls.ca, tls.certificate, tls.key, tls.verify) == (
        "/ca.pem",
        "/cert.pem",
        "/key.pem",
        False,
    )
    assert config.accept_cookies
    assert config.timeouts.connect == 3.0
    assert {"KERNEL_WORKING_DIR", "A", "B"} <= set(config.env)


def test_without_variables_only_the_folder_is_passed() -> None:
    """An empty list is not a variable without a name."""
    assert config_of(allowed_envs="").env == ("KERNEL_WORKING_DIR",)


@pytest.mark.parametrize(("request_timeout", "expected"), [(90.0, 90.0), (10.0, 42.0)])
def test_a_request_may_take_as_long_as_a_launch(request_timeout: float, expected: float) -> None:
    """As in the stock client; the gateway is told how long a launch may take."""
    GatewayClient.KERNEL_LAUNCH_TIMEOUT = 40
    config = config_of(request_timeout=request_timeout, launch_timeout_pad=2.0)
    assert config.timeouts.request == expected
    assert config.timeouts.start == expected - 2.0 + LAUNCH_TIMEOUT_PAD
    assert config.launch_timeout == expected - 2.0


def test_a_token_is_sent_as_configured() -> None:
    """With its scheme and header."""
    found = declared(auth_token="token-of-gateway", auth_scheme="Bearer", auth_header_key="X-Auth")
    assert found.token == Secret("value", "token-of-gateway")
    assert isinstance(found.settings, dict)
    assert found.settings["auth"] == {"scheme": "Bearer", "header": "X-Auth"}


def test_without_a_token_none_is_sent() -> None:
    """Not an empty one either."""
    assert declared().token is None


async def test_a_token_is_renewed() -> None:
    """Each time with the one before, as the stock client does."""
    found = declared(
        auth_token="token-of-gateway",
        auth_scheme="Bearer",
        auth_header_key="X-Auth",
        gateway_token_renewer_class=Renewer,
    )
    assert found.token is not None
    renewed = "token-of-gateway+X-Auth+Bearer"
    assert await found.token.reveal() == renewed
    assert await found.token.reveal() == f"{renewed}+X-Auth+Bearer"


async def test_a_token_that_is_not_renewed_is_sent_as_it_is(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The log has one line, without the token."""
    found = declared(auth_token="token-of-gateway", gateway_token_renewer_class=BrokenRenewer)
    assert found.token is not None
    assert await found.token.reveal() == "token-of-gateway"
    assert caplog.messages == [
        "The token of the gateway was not renewed. The code that renews it failed: ValueError."
    ]
    assert "token-of-gateway" not in caplog.text


@pytest.mark.parametrize(
    ("traits", "is_basic"),
    [
        ({"http_user": "ada", "http_pwd": "token-of-ada"}, True),
        ({"http_user": "ada", "http_pwd": "token-of-ada", "auth_token": "token-of-it"}, True),
        (
            {"http_user": "ada", "http_pwd": "token-of-ada", "headers": '{"authorization": ""}'},
            True,
        ),
        ({"http_user": "ada"}, False),
        ({"http_pwd": "token-of-ada"}, False),
    ],
)
def test_a_user_with_a_password_is_basic(traits: dict[str, str], is_basic: bool) -> None:
    """It is what the header Authorization has, whatever else is to be in it."""
    auth = config_of(**traits).auth
    if is_basic:
        assert auth.user == "ada"
        assert auth.password == Secret("value", "token-of-ada")
    else:
        assert (auth.user, auth.password) == ("", None)


def test_a_user_and_a_token_in_another_header_are_both_sent() -> None:
    """Each in its own header."""
    found = declared(
        http_user="ada", http_pwd="token-of-ada", auth_token="token-of-it", auth_header_key="X-Auth"
    )
    config = parse(found.id, found.settings, found.source)
    assert found.token == Secret("value", "token-of-it")
    assert (config.auth.header, config.auth.password) == ("X-Auth", None)
    assert config.headers["Authorization"] == Secret("value", "Basic YWRhOnRva2VuLW9mLWFkYQ==")


@pytest.mark.parametrize("headers", ["nonsense", "[]"])
def test_headers_that_are_no_object_are_a_problem(headers: str) -> None:
    """The server starts, and says what is wrong."""
    assert "c.GatewayClient.headers is not a JSON object" in declared(headers=headers).problem


@pytest.mark.parametrize("traits", [{"client_key": "/key.pem"}, {"ca_certs": ""}])
def test_a_setting_without_effect_is_left_out(traits: dict[str, str]) -> None:
    """A key has no effect without its certificate, and an empty path is none."""
    assert config_of(**traits).tls == Tls()


def test_headers_are_sent_except_that_of_the_token() -> None:
    """The token's own header has the token."""
    assert isinstance(settings := declared(headers='{"X-A": "1", "X-Auth": "2"}').settings, dict)
    assert settings["headers"] == {"X-A": "1", "X-Auth": "2"}
    options = {"headers": '{"X-A": "1", "x-auth": "2"}', "auth_header_key": "X-Auth"}
    with_token = declared(**options, auth_token="token-of-gateway")
    assert isinstance(settings := with_token.settings, dict)
    assert settings["headers"] == {"X-A": "1"}


@pytest.mark.parametrize(
    "trait", ["ws_url", "kernels_endpoint", "kernelspecs_endpoint", "kernelspecs_resource_endpoint"]
)
def test_what_a_provider_does_not_have_is_left_to_jupyter_server(
    trait: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a trait or by an environment variable, with the remedy."""
    value = "ws://elsewhere.test"
    with pytest.raises(
        NotImplementedError, match=rf"c\.GatewayClient\.{trait} is set.*configure the gateway in"
    ):
        declared(**{trait: value})
    monkeypatch.setenv(f"JUPYTER_GATEWAY_{trait.upper()}", value)
    with pytest.raises(NotImplementedError, match=trait):
        declared()
