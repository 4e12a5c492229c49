"""The configuration of a gateway client as the settings of a provider."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from jupyter_events import EventLogger
from jupyter_server.gateway.gateway_client import (
    GatewayClient,
    GatewayTokenRenewerBase,
    NoOpTokenRenewer,
)
from traitlets.config import Config

from kernel_providers_ext.config.gateway_import import (
    GatewayImport,
    former_settings,
    import_gateway,
    variable,
)
from kernel_providers_ext.provider.config import parse
from kernel_providers_ext.provider.errors import ConfigurationError

URL = "https://gateway.test:8888"
ENV = ["KERNEL_WORKING_DIR"]  # what every gateway client passes
SECRET = "token-of-gateway"


class Renewer(GatewayTokenRenewerBase):
    """Renews a token with code of its own."""

    def get_token(
        self, auth_header_key: str, auth_scheme: str | None, auth_token: str, **_: Any
    ) -> str:
        """Return the token as it is."""
        return auth_token


@dataclass(frozen=True)
class Case:
    """A trait's value, what it becomes in the settings, or what is said about it."""

    value: object
    settings: dict[str, Any] = field(default_factory=dict)
    remark: str = ""
    needs: dict[str, Any] = field(default_factory=dict)  # other traits


PASSWORD = {"user": "ada", "password": {"value": SECRET}}
NO_USERNAME = "is carried over as the header Authorization, and is no longer the KERNEL_USERNAME"
UNSUPPORTED = "is not carried over: the {} of a provider are at"
RETRIES = "is not needed: a provider that cannot be reached is asked again"
#: Every trait of the gateway client; the first case can be given by a variable, too.
CASES: dict[str, list[Case]] = {
    "url": [Case(f"{URL}/base", {"url": f"{URL}/base"})],
    "auth_token": [
        Case(SECRET, {"token": {"value": SECRET}}),
        Case(
            SECRET,
            {"auth": PASSWORD},
            "is not carried over: http_user takes its place in the header Authorization",
            {"http_user": "ada", "http_pwd": SECRET},
        ),
        Case(""),
    ],
    "auth_scheme": [
        Case("Bearer", {"auth": {"scheme": "Bearer"}}),
        Case(None, {"auth": {"scheme": ""}}),
        Case(
            "Bearer",
            {"auth": PASSWORD},
            "is not carried over: it has no effect with http_user and http_pwd",
            {"http_user": "ada", "http_pwd": SECRET},
        ),
    ],
    "auth_header_key": [Case("X-Auth", {"auth": {"header": "X-Auth"}})],
    "gateway_token_renewer_class": [
        Case(Renewer, {}, '"token": {"command": ["program", "argument"]}'),
        Case(f"{__name__}.Renewer", {}, "a file cannot have code"),
        Case(NoOpTokenRenewer),
    ],
    "http_user": [
        Case("ada", {"auth": PASSWORD}, needs={"http_pwd": SECRET}),
        Case("ada", {"headers": {"Authorization": "Basic YWRhOg=="}}, NO_USERNAME),
        Case(
            "ada",
            {
                "token": {"value": SECRET},
                "auth": {"header": "X-Auth"},
                "headers": {"Authorization": "Basic YWRhOg=="},
            },
            NO_USERNAME,
            {"auth_token": SECRET, "auth_header_key": "X-Auth"},
        ),
    ],
    "http_pwd": [
        Case(SECRET, {}, "is not carried over: it has no effect without http_user."),
        Case(SECRET, {"auth": PASSWORD}, needs={"http_user": "ada"}),
    ],
    "headers": [
        Case('{"X-Team": "blue"}', {"headers": {"X-Team": "blue"}}),
        Case(
            '{"authorization": "x"}',
            {"token": {"value": SECRET}},
            "is not carried over: the token or the user takes the place of its header",
            {"auth_token": SECRET},
        ),
        Case("{}"),
    ],
    "accept_cookies": [Case(True, {"accept_cookies": True})],
    "ca_certs": [Case("/ca.pem", {"tls": {"ca": "/ca.pem"}})],
    "client_cert": [Case("/cert.pem", {"tls": {"certificate": "/cert.pem"}})],
    "client_key": [
        Case(
            "/key.pem",
            {"tls": {"certificate": "/cert.pem", "key": "/key.pem"}},
            needs={"client_cert": "/cert.pem"},
        ),
        Case("/key.pem", {}, "is not carried over: it has no effect without client_cert."),
    ],
    "validate_cert": [Case(False, {"tls": {"verify": False}})],
    "connect_timeout": [Case(7.0, {"timeouts": {"connect": 7.0}})],
    "request_timeout": [Case(90.0, {"timeouts": {"request": 90.0, "start": 90.0}})],
    "launch_timeout_pad": [Case(12.0, {"timeouts": {"request": 52.0, "start": 42.0}})],
    "allowed_envs": [Case("A,B", {"env": [*ENV, "A", "B"]}), Case("")],
    "env_whitelist": [Case("A,B", {"env": [*ENV, "A", "B"]})],
    "ws_url": [Case("wss://elsewhere.test", {}, UNSUPPORTED.format("websockets"))],
    "kernels_endpoint": [Case("/a/api/kernels", {}, UNSUPPORTED.format("kernels"))],
    "kernelspecs_endpoint": [Case("/a/api/kernelspecs", {}, UNSUPPORTED.format("kernelspecs"))],
    "kernelspecs_resource_endpoint": [Case("/logos", {}, UNSUPPORTED.format("logos"))],
    "gateway_retry_interval": [Case(3.0, {}, RETRIES)],
    "gateway_retry_interval_max": [Case(30.0, {}, RETRIES)],
    "gateway_retry_max": [Case(9, {}, RETRIES)],
    "event_logger": [Case(EventLogger(), {}, "is not needed: this server has an event of its own")],
}
TRAITS = [*GatewayClient.class_trait_names(config=True)]


@pytest.fixture(autouse=True)
def launch_timeout(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Use Jupyter Server's defaults, whatever is in the environment of the tests."""
    for name in list(os.environ):
        if name.startswith(("JUPYTER_GATEWAY_", "KERNEL_")):
            monkeypatch.delenv(name)
    before, GatewayClient.KERNEL_LAUNCH_TIMEOUT = GatewayClient.KERNEL_LAUNCH_TIMEOUT, 40
    yield
    GatewayClient.KERNEL_LAUNCH_TIMEOUT = before


def imported(**traits: Any) -> GatewayImport:
    """Return what becomes of a gateway client with these traits; its settings can be used."""
    found = import_gateway(Config({"GatewayClient": {"url": URL, **traits}}))
    assert found is not None
    parse("gateway", found.settings, "c.GatewayClient")
    return found


@pytest.mark.parametrize("trait", TRAITS)
def test_each_trait_is_carried_over_or_explained(trait: str) -> None:
    """A trait that a new version of Jupyter Server adds fails here until it has a case."""
    for case in CASES[trait]:
        found = imported(**{**case.needs, trait: case.value})
        assert found.settings == {"url": URL, "env": ENV, **case.settings}
        assert len(found.remarks) == bool(case.remark)
        for remark in found.remarks:
            assert remark.startswith(f"c.GatewayClient.{trait} is ")
            assert case.remark in remark


@pytest.mark.parametrize("trait", [trait for trait in TRAITS if variable(trait)])
def test_each_variable_is_carried_over_or_explained(
    trait: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the trait is, except for secrets, which stay in the environment."""
    case = CASES[trait][0]
    value = f"{__name__}.Renewer" if case.value is Renewer else str(case.value)
    monkeypatch.setenv("JUPYTER_GATEWAY_URL", URL)
    monkeypatch.setenv(variable(trait), value.lower() if case.value in (True, False) else value)
    found = import_gateway(Config({"GatewayClient": case.needs}))
    assert found is not None
    expected = {"url": URL, "env": ENV, **case.settings}
    if trait == "auth_token":
        expected["token"] = {"env": "JUPYTER_GATEWAY_AUTH_TOKEN"}
    assert found.settings == expected
    assert len(found.remarks) == bool(case.remark)
    for remark in found.remarks:
        assert remark.startswith(f"c.GatewayClient.{trait} ({variable(trait)}) is ")
        assert case.remark in remark


def test_all_variables_are_those_of_the_client() -> None:
    """Each trait but one has a variable, and they are named alike."""
    assert [trait for trait in TRAITS if not variable(trait)] == ["event_logger"]
    assert all(variable(t).startswith("JUPYTER_GATEWAY_") for t in TRAITS if variable(t))


def test_a_password_stays_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The file says where it is."""
    monkeypatch.setenv("JUPYTER_GATEWAY_HTTP_PWD", SECRET)
    auth = imported(http_user="ada").settings["auth"]
    assert auth == {"user": "ada", "password": {"env": "JUPYTER_GATEWAY_HTTP_PWD"}}


def test_the_configuration_precedes_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """As for the client, also if a file takes a token away."""
    monkeypatch.setenv("JUPYTER_GATEWAY_URL", "https://other.test")
    monkeypatch.setenv("JUPYTER_GATEWAY_AUTH_TOKEN", "token-of-other")
    settings = imported(auth_token=SECRET).settings
    assert (settings["url"], settings["token"]) == (URL, {"value": SECRET})
    assert "token" not in imported(auth_token="").settings
    assert import_gateway(Config({"GatewayClient": {"url": ""}})) is None


def test_the_launch_timeout_is_carried_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a variable without a trait."""
    monkeypatch.setattr(GatewayClient, "KERNEL_LAUNCH_TIMEOUT", 300)
    assert "timeouts" not in imported().settings
    monkeypatch.setenv("KERNEL_LAUNCH_TIMEOUT", "300")
    assert imported().settings["timeouts"] == {"request": 302.0, "start": 302.0}


def test_what_no_gateway_client_has_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A trait of a later version, or a misspelt one."""
    monkeypatch.setenv("JUPYTER_GATEWAY_MAX_REQUEST_RETRIES", "5")
    assert imported(urll="x").remarks == [
        "c.GatewayClient.urll is not carried over: a provider has no such setting.",
        "JUPYTER_GATEWAY_MAX_REQUEST_RETRIES is not carried over: a provider has no such setting.",
    ]


@pytest.mark.parametrize(
    ("traits", "message"),
    [
        ({"auth_token": 12345}, "does not accept the value of c.GatewayClient.auth_token."),
        ({"url": f"ftp://{SECRET}"}, "does not accept the value of c.GatewayClient.url."),
        ({"gateway_token_renewer_class": "no.such.Class"}, "c.GatewayClient.gateway_token_renewer"),
        ({"headers": f'{{"X-Auth": "{SECRET}"'}, "c.GatewayClient.headers is not a JSON object."),
    ],
)
def test_a_value_that_is_not_accepted_is_not_shown(traits: dict[str, Any], message: str) -> None:
    """It may be a secret."""
    with pytest.raises(ConfigurationError) as raised:
        imported(**traits)
    assert message in str(raised.value)
    assert SECRET not in str(raised.value)
    assert "12345" not in str(raised.value)


@pytest.mark.parametrize(
    ("name", "value", "trait"),
    [
        ("JUPYTER_GATEWAY_CONNECT_TIMEOUT", "soon", "connect_timeout"),
        ("JUPYTER_GATEWAY_TOKEN_RENEWER_CLASS", "no.such.Class", "gateway_token_renewer_class"),
    ],
)
def test_a_variable_that_is_not_accepted_is_named(
    name: str, value: str, trait: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its trait."""
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=rf"c\.GatewayClient\.{trait} \({name}\)\."):
        imported()


def test_secrets_are_not_in_the_repr() -> None:
    """It may be logged."""
    assert SECRET not in repr(imported(auth_token=SECRET))


def test_former_settings_are_those_that_a_provider_replaces() -> None:
    """Others stay, such as the class of local kernelspecs."""
    config = Config(
        {
            "GatewayClient": {"url": URL, "urll": ""},
            "KernelManager": {"transport": "ipc"},
            "ServerApp": {
                "kernel_spec_manager_class": "nb_conda_kernels.CondaKernelSpecManager",
                "kernel_manager_class": "jupyter_server.gateway.managers.AnyKernelManager",
            },
        }
    )
    assert former_settings(config) == [
        "GatewayClient.url",
        "GatewayClient.urll",
        "ServerApp.kernel_manager_class",
    ]
    assert former_settings(Config()) == []
