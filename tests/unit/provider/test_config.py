"""A provider's configuration: what is accepted, and the messages about mistakes."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from kernel_providers_ext.provider.config import (
    SCHEMA,
    Auth,
    ProviderConfig,
    Timeouts,
    Tls,
    parse,
    secret_variables,
)
from kernel_providers_ext.provider.errors import ConfigurationError
from kernel_providers_ext.provider.secrets import Secret

SOURCE = "/etc/jupyter/kernel_providers.d/gpu.json"
URL = "https://gpu.example.org:8888/user/ada/"


def refusal(settings: object, provider_id: str = "gpu") -> str:
    """Return the message with which a configuration is refused."""
    with pytest.raises(ConfigurationError) as caught:
        parse(provider_id, settings, SOURCE)
    return str(caught.value)


def test_every_field_is_adopted() -> None:
    """The provider gets each field of its file."""
    settings = {
        "kind": "gateway",
        "url": URL,
        "label": " GPU farm ",
        "enabled": False,
        "token": {"env": "GPU_TOKEN"},
        "auth": {"scheme": "Bearer", "header": "X-Auth"},
        "headers": {"X-Team": "blue", "X-Key": {"file": "key"}},
        "cookies": {"session": {"command": ["vault", "read"]}},
        "accept_cookies": True,
        "tls": {"ca": "ca.pem", "certificate": "me.pem", "key": "me.key", "verify": False},
        "proxy": "http://proxy.example.org:3128",
        "timeouts": {"connect": 1, "request": 2.5, "start": 3},
        "refresh_interval": 10,
        "include": ["py*"],
        "exclude": ["*-old"],
        "max_kernelspecs": 10,
        "resources": "all",
        "env": ["LANG"],
        "on_server_exit": "keep",
        "options": {"queue": "long"},
    }
    assert set(settings) == set(SCHEMA["properties"])
    assert parse("gpu", settings, SOURCE) == ProviderConfig(
        id="gpu",
        source=SOURCE,
        kind="gateway",
        url=URL,
        label="GPU farm",
        enabled=False,
        token=Secret("env", "GPU_TOKEN"),
        auth=Auth("Bearer", "X-Auth"),
        headers={"X-Team": Secret("value", "blue"), "X-Key": Secret("file", "key")},
        cookies={"session": Secret("command", ("vault", "read"))},
        accept_cookies=True,
        tls=Tls("ca.pem", "me.pem", "me.key", verify=False),
        proxy=Secret("value", "http://proxy.example.org:3128"),
        timeouts=Timeouts(1, 2.5, 3),
        refresh_interval=10,
        include=("py*",),
        exclude=("*-old",),
        max_kernelspecs=10,
        resources="all",
        env=("LANG",),
        on_server_exit="keep",
        options={"queue": "long"},
    )


def test_an_address_is_enough() -> None:
    """With only an address, a provider is an enabled gateway whose label is its id."""
    config = parse("gpu", {"url": URL}, SOURCE)
    assert config == ProviderConfig("gpu", SOURCE, label="gpu", url=URL)
    assert (config.kind, config.enabled, config.tls.verify) == ("gateway", True, True)


def test_defaults_fill_missing_fields() -> None:
    """A default holds for fields that the settings leave out, and for each timeout separately."""
    defaults = {"refresh_interval": 5, "env": ["A"], "timeouts": {"connect": 1, "request": 2}}
    settings = {"url": URL, "env": ["B"], "timeouts": {"request": 3}}
    config = parse("gpu", settings, SOURCE, defaults)
    assert (config.refresh_interval, config.env) == (5, ("B",))
    assert config.timeouts == Timeouts(connect=1, request=3, start=Timeouts.start)


@pytest.mark.parametrize("settings", [{"enabled": False}, {"kind": "slurm"}])
def test_only_a_gateway_that_is_on_needs_an_address(settings: dict[str, Any]) -> None:
    """A provider that is off, or of another kind, needs no URL."""
    assert parse("gpu", settings, SOURCE).url == ""


@pytest.mark.parametrize("provider_id", ["gpu", "0", "gpu-farm_2.example"])
def test_an_id_may_be_a_host_name(provider_id: str) -> None:
    """Lower-case letters, digits, dots, underscores and hyphens make an id."""
    assert parse(provider_id, {"url": URL}, SOURCE).id == provider_id


@pytest.mark.parametrize(
    "provider_id", ["", "GPU", "-gpu", ".gpu", "gpu farm", "gpu/a", "gpü", "٣", "gpu\n", "gpu%2Fa"]
)
def test_a_bad_id_is_explained(provider_id: str) -> None:
    """The message names the source and the id, and says what an id may consist of."""
    message = refusal({"url": URL}, provider_id)
    assert message.startswith(f"{SOURCE}: the id {provider_id!r} cannot be used.")
    assert "lower-case letters" in message


def test_the_id_of_this_server_is_taken() -> None:
    """No provider can have the id of this server's own kernels."""
    assert refusal({"url": URL}, "local").startswith(f"{SOURCE}: the id 'local' is this server's")


@pytest.mark.parametrize("proxy", ["http://ada:token-of-gpu@proxy:port", "http://"])
def test_a_bad_proxy_is_explained(proxy: str) -> None:
    """A proxy's address is checked, and not quoted: it may have a password."""
    message = refusal({"url": URL, "proxy": proxy})
    assert message.startswith(f"{SOURCE}: the field 'proxy' is not a web address.")
    assert "token-of-gpu" not in message


@pytest.mark.parametrize("settings", [None, [], "token-of-gpu", 1, [{"url": URL}]])
def test_a_provider_is_an_object(settings: object) -> None:
    """JSON other than an object is refused with an example, and is not quoted."""
    message = refusal(settings)
    assert message.startswith(f"{SOURCE}: a provider is a JSON object, like {{")
    assert "token-of-gpu" not in message


@pytest.mark.parametrize(
    ("settings", "field", "remedy"),
    [
        ({}, "'url' is missing", "https://"),
        ({"url": ""}, "'url' is not right", "https://"),
        ({"url": 1}, "'url' is not right", "https://"),
        ({"ulr": URL}, "'ulr' is not known", "Did you mean 'url'?"),
        ({"tokn": "token-of-gpu"}, "'tokn' is not known", "Did you mean 'token'?"),
        ({"Url": URL}, "'Url' is not known", "Did you mean 'url'?"),
        ({"colour": "token-of-gpu"}, "'colour' is not known", "There are: kind, url, label"),
        ({"kind": 5}, "'kind' is not right", '"gateway"'),
        ({"label": "  "}, "'label' is not right", "GPU farm"),
        ({"label": "x" * 61}, "'label' is not right", "at most 60"),
        ({"enabled": "false"}, "'enabled' is not right", "true or false"),
        ({"token": "token-of-gpu"}, "'token' is not right", '{"env": "NAME"}'),
        ({"token": {}}, "'token' is not right", '{"env": "NAME"}'),
        ({"token": {"token-of-gpu": "token-of-gpu"}}, "'token' is not right", '{"env": "NAME"}'),
        ({"token": {"env": "A", "value": "token-of-gpu"}}, "'token' is not right", "one of"),
        ({"token": {"value": ["token-of-gpu"]}}, "'token.value' is not right", '{"value"'),
        ({"token": {"value": ""}}, "'token.value' is not right", '{"value"'),
        ({"token": {"command": "token-of-gpu"}}, "'token.command' is not right", '["program"'),
        ({"token": {"command": []}}, "'token.command' is not right", '["program"'),
        ({"headers": "X-Key: token-of-gpu"}, "'headers' is not right", "by name"),
        ({"headers": {"X-Key: token-of-gpu": ""}}, "'headers' is not right", "by name"),
        ({"headers": {"X-Key": ["token-of-gpu"]}}, "'headers.X-Key' is not right", "by name"),
        ({"cookies": {"a": {"vaule": "token-of-gpu"}}}, "'cookies.a' is not right", "by name"),
        ({"tls": {"verfy": False}}, "'tls' is not right", '"verify"'),
        ({"tls": {"key": "me.key"}}, "'tls' is not right", '"certificate"'),
        ({"proxy": "https://me:token-of-gpu@proxy"}, "'proxy' is not right", "http://proxy"),
        ({"timeouts": 5}, "'timeouts' is not right", "seconds"),
        ({"timeouts": {"connect": -1}}, "'timeouts.connect' is not right", "seconds"),
        ({"timeouts": {"start": 0}}, "'timeouts.start' is not right", "seconds"),
        ({"timeouts": {"request": "5"}}, "'timeouts.request' is not right", "seconds"),
        ({"refresh_interval": 0.5}, "'refresh_interval' is not right", "at least 1"),
        ({"refresh_interval": True}, "'refresh_interval' is not right", "at least 1"),
        ({"include": "py*"}, "'include' is not right", "a list of patterns"),
        ({"exclude": [""]}, "'exclude.0' is not right", "a list of patterns"),
        ({"env": {"A": "token-of-gpu"}}, "'env' is not right", "a list of names"),
        ({"on_server_exit": "stop"}, "'on_server_exit' is not right", '"shutdown" or "keep"'),
        ({"options": ["token-of-gpu"]}, "'options' is not right", "another package"),
    ],
)
def test_a_bad_field_is_explained(settings: dict[str, Any], field: str, remedy: str) -> None:
    """The message names the source, the field and the remedy, and quotes no value."""
    needs_url = settings and not {"url", "ulr"} & set(settings)
    message = refusal({**settings, **({"url": URL} if needs_url else {})})
    assert message.startswith(f"{SOURCE}: the field {field}. ")
    assert remedy in message
    assert message[-1] in ".?"
    assert "token-of-gpu" not in message


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost",
        "http://127.0.0.1:8888/",
        "https://[::1]:8888/user/x/",
        "HTTPS://GPU.example.org",
        "http://gpu.example.org/a%20b/",
    ],
)
def test_a_web_address_is_accepted(url: str) -> None:
    """An http or https URL, with or without port and base URL, stays unchanged."""
    assert parse("gpu", {"url": url}, SOURCE).url.casefold() == url.casefold()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("gpu.example.org:8888", "is not a web address"),
        ("gpu.example.org", "is not a web address"),
        ("/user/ada", "is not a web address"),
        ("http:gpu.example.org", "is not a web address"),
        ("ftp://gpu.example.org", "is not a web address"),
        ("ws://gpu.example.org", "is not a web address"),
        ("http://", "is not a web address"),
        ("http://:8888", "is not a web address"),
        ("http://gpu.example.org:port", "is not a web address"),
        ("http://gpu.example.org:99999", "is not a web address"),
        ("http://gpu.example.org:0", "is not a web address"),
        ("http://[::1", "is not a web address"),
        (" http://gpu.example.org", "is not a web address"),
        ("http://gpu.example.org/a b", "is not a web address"),
        ("http://gpu.example.org\n", "is not a web address"),
        ("http://ada:token-of-gpu@gpu.example.org", "'token'"),
        ("http://token-of-gpu@gpu.example.org", "'token'"),
        ("http://gpu.example.org/?token=token-of-gpu", "'token'"),
        ("http://gpu.example.org/lab?", "'?'"),
        ("http://gpu.example.org/#token-of-gpu", "'#'"),
        ("http://gpu.example.org/#", "'#'"),
    ],
)
def test_a_bad_address_is_explained(url: str, words: str) -> None:
    """A URL that is not a plain web address is refused and not quoted."""
    message = refusal({"url": url})
    assert message.startswith(f"{SOURCE}: the field 'url' ")
    assert words in message
    assert "token-of-gpu" not in message


@pytest.mark.parametrize(
    ("include", "exclude", "offered"),
    [
        ([], [], ["python3", "python3-old", "ir"]),
        (["python*"], [], ["python3", "python3-old"]),
        ([], ["*-old"], ["python3", "ir"]),
        (["python*", "ir"], ["*-old"], ["python3", "ir"]),
        (["PYTHON*"], ["IR"], ["python3", "python3-old"]),
        (["*"], ["*"], []),
    ],
)
def test_patterns_choose_the_kernels(
    include: list[str], exclude: list[str], offered: list[str]
) -> None:
    """
    A kernel is offered if it matches an include pattern, if any, and no exclude pattern.

    Case does not matter, as a Jupyter server starts ``ir`` if it is asked for ``IR``.
    """
    config = parse("gpu", {"url": URL, "include": include, "exclude": exclude}, SOURCE)
    for names in (("python3", "python3-old", "ir"), ("Python3", "PYTHON3-OLD", "iR")):
        assert [name.lower() for name in names if config.offers(name)] == offered


def test_a_configuration_does_not_show_its_secrets() -> None:
    """Its repr shows the address and no secret."""
    config = parse(
        "gpu",
        {
            "url": URL,
            "token": {"value": "token-of-gpu-1"},
            "headers": {"X-Key": "token-of-gpu-2"},
            "cookies": {"session": {"command": ["vault", "token-of-gpu-3"]}},
            "proxy": "http://me:token-of-gpu-4@proxy.example.org",
            "options": {"password": "token-of-gpu-5"},
        },
        SOURCE,
    )
    assert URL in repr(config)
    assert "token-of-gpu" not in repr(config)
    assert "token-of-gpu" not in str(config)


def test_each_field_has_a_description() -> None:
    """Each field of the schema has a description, as messages quote it as the remedy."""
    Draft202012Validator.check_schema(SCHEMA)
    for name, described in SCHEMA["properties"].items():
        assert described.get("description"), name
        assert not described["description"].endswith("."), name


@pytest.mark.parametrize(
    ("settings", "fields"),
    [
        ({"token": {"env": "T"}, "headers": {"Authorization": "x"}}, "'token' and 'headers.Auth"),
        ({"token": {"env": "T"}, "headers": {"authorization": "x"}}, "'token' and 'headers.auth"),
        (
            {"token": {"env": "T"}, "auth": {"user": "a", "password": {"env": "P"}}},
            "'token' and 'auth.password'",
        ),
        (
            {"token": {"env": "T"}, "auth": {"header": "X-Key"}, "headers": {"x-key": "1"}},
            "'token' and 'headers.x-key'",
        ),
    ],
)
def test_two_credentials_for_one_header_are_an_error(settings: dict[str, Any], fields: str) -> None:
    """The message names both fields, and the header that both would set."""
    message = refusal({"url": URL, **settings})
    assert fields in message
    assert "both set the header" in message
    assert "Keep one of them." in message


@pytest.mark.parametrize(
    "settings",
    [
        {"headers": {"Authorization": "Bearer token-of-gpu"}},
        {"token": {"env": "T"}, "headers": {"X-Key": "1"}},
        {"token": {"env": "T"}, "auth": {"header": "X-Key"}, "headers": {"Authorization": "x"}},
    ],
)
def test_credentials_for_different_headers_are_accepted(settings: dict[str, Any]) -> None:
    """A header alone, and a token in another header, are fine."""
    assert parse("gpu", {"url": URL, **settings}, SOURCE).url == URL


@pytest.mark.parametrize(
    "auth", [{"user": "ada"}, {"password": {"env": "P"}}, {"user": "a:b"}, {"x": 1}]
)
def test_incomplete_credentials_are_an_error(auth: dict[str, Any]) -> None:
    """A user needs a password, and the reverse."""
    assert "the field 'auth" in refusal({"url": URL, "auth": auth})


def test_a_variable_with_a_password_is_a_secret() -> None:
    """No kernel gets it."""
    auth = {"user": "ada", "password": {"env": "GPU_PASSWORD"}}
    assert secret_variables({"auth": auth, "token": {"env": "T"}}) == {"GPU_PASSWORD", "T"}
    assert secret_variables({"auth": None}) == set()


@pytest.mark.parametrize(("start", "launch"), [(None, None), (600, None), (62, 60), (1, 1)])
def test_a_gateway_is_told_of_a_start_timeout(start: int | None, launch: int | None) -> None:
    """It is told of one that differs from the default, and gives up two seconds earlier."""
    timeouts = {} if start is None else {"timeouts": {"start": start}}
    assert parse("gpu", {"url": URL, **timeouts}, SOURCE).launch_timeout == launch
