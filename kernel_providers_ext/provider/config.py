"""
A provider's configuration: a JSON schema, and the frozen value that `parse` returns.

The schema's descriptions are also the words of error messages and of the reference in the docs.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from fnmatch import fnmatchcase
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Literal
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from .errors import ConfigurationError
from .names import LOCAL_ID, PROVIDER_ID
from .secrets import Secret

SCHEMA: Mapping[str, Any] = json.loads(
    files(__package__).joinpath("config.schema.json").read_text("utf-8")
)

#: Whose a provider is: a user's own file, an administrator's file, or a trait, a flag or a loader.
Origin = Literal["user", "administrator", "configuration"]

#: Seconds that a gateway gives up before we do, as `GatewayClient.launch_timeout_pad`.
LAUNCH_TIMEOUT_PAD = 2.0


@dataclass(frozen=True)
class Timeouts:
    """Seconds to wait for a connection, for an answer, and for a kernel to start."""

    connect: float = 5.0
    request: float = 20.0
    start: float = 600.0


@dataclass(frozen=True)
class Tls:
    """Paths of PEM files, and whether to check the server's certificate."""

    ca: str | None = None
    certificate: str | None = None
    key: str | None = None
    verify: bool = True


@dataclass(frozen=True)
class Auth:
    """
    How a server is told who asks: ``<header>: <scheme> <token>``, or Basic if there is a user.

    See RFC 9110, 11.6.2, and RFC 7617 for Basic.
    """

    scheme: str = "token"
    header: str = "Authorization"
    user: str = ""
    password: Secret | None = None


@dataclass(frozen=True)
class ProviderConfig:
    """
    A provider's checked configuration; its fields are those of ``config.schema.json``.

    ``source`` is the path of its file or the name of a trait, for messages; ``origin`` is whose
    that is.
    """

    id: str
    source: str
    origin: Origin = "configuration"
    kind: str = "gateway"
    label: str = ""
    enabled: bool = True
    url: str = ""
    token: Secret | None = None
    auth: Auth = Auth()
    headers: Mapping[str, Secret] = field(default_factory=dict)
    cookies: Mapping[str, Secret] = field(default_factory=dict)
    accept_cookies: bool = False
    tls: Tls = Tls()
    proxy: Secret | None = None
    timeouts: Timeouts = Timeouts()
    refresh_interval: float = 60.0
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    max_kernelspecs: int = 2000
    resources: str = "images"
    env: tuple[str, ...] = ()
    on_server_exit: str = "shutdown"
    #: Bytes of a websocket message; the same for all providers of a server.
    max_message_size: int = 2**28
    #: Left out of the repr, as a kind of another package may keep secrets in it.
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def launch_timeout(self) -> int | None:
        """The seconds that a gateway may take to launch a kernel; None for the gateway's own."""
        start = self.timeouts.start
        return None if start == Timeouts.start else max(int(start - LAUNCH_TIMEOUT_PAD), 1)

    @property
    def connection(self) -> tuple[object, ...]:
        """The fields that a connection depends on; the others can change while it stays open."""
        secrets = (self.token, self.auth, self.headers, self.cookies, self.proxy)
        more = (self.accept_cookies, self.tls, self.options)
        return (self.kind, self.url, *secrets, *more)

    def offers(self, kernel_name: str) -> bool:
        """
        Return whether the include and exclude patterns allow this kernel.

        As for Jupyter, which starts ``python3`` if it is asked for ``Python3``, case does not
        matter; see `KernelSpecManager.get_kernel_spec` in jupyter_client.
        """
        name = kernel_name.lower()
        included = not self.include or any(fnmatchcase(name, p.lower()) for p in self.include)
        return included and not any(fnmatchcase(name, p.lower()) for p in self.exclude)


def parse(
    provider_id: str, settings: object, source: str, defaults: Mapping[str, Any] | None = None
) -> ProviderConfig:
    """
    Return the configuration of one provider.

    Args:
        provider_id: The provider's id, which is the name of its file without ``.json``.
        settings: The contents of that file, parsed from JSON and not yet checked.
        source: The path of the file or the name of a trait, for messages.
        defaults: Values for fields that the settings leave out; ``timeouts`` are merged.

    Raises ConfigurationError with a message that names the source, the field and the remedy. It
    quotes no value, which could be a secret in the wrong field.
    """
    try:
        return _parse(provider_id, settings, source, defaults or {})
    except ConfigurationError as error:
        raise error.at(source) from None


def _parse(
    provider_id: str, settings: object, source: str, defaults: Mapping[str, Any]
) -> ProviderConfig:
    check_id(provider_id)
    given = _checked(settings)
    fields = {**defaults, **given}
    timeouts = {**defaults.get("timeouts", {}), **given.get("timeouts", {})}
    if fields.get("proxy"):
        _check_address("proxy", fields["proxy"])
    _check_auth(fields)
    return ProviderConfig(
        id=provider_id,
        source=source,
        kind=fields.get("kind", "gateway"),
        label=fields.get("label", "").strip() or provider_id,
        enabled=fields.get("enabled", True),
        url=_url(fields.get("url", "")),
        token=_secret(fields.get("token")),
        auth=_auth(fields.get("auth", {})),
        headers=_secrets(fields.get("headers", {})),
        cookies=_secrets(fields.get("cookies", {})),
        accept_cookies=fields.get("accept_cookies", False),
        tls=_tls(fields.get("tls", {})),
        proxy=_secret(fields.get("proxy")),
        timeouts=Timeouts(**timeouts),
        refresh_interval=fields.get("refresh_interval", ProviderConfig.refresh_interval),
        include=tuple(fields.get("include", ())),
        exclude=tuple(fields.get("exclude", ())),
        max_kernelspecs=fields.get("max_kernelspecs", ProviderConfig.max_kernelspecs),
        resources=fields.get("resources", ProviderConfig.resources),
        env=tuple(fields.get("env", ())),
        on_server_exit=fields.get("on_server_exit", ProviderConfig.on_server_exit),
        max_message_size=fields.get("max_message_size", ProviderConfig.max_message_size),
        options=MappingProxyType(dict(fields.get("options", {}))),
    )


def check_id(provider_id: str) -> None:
    """Raise ConfigurationError if a provider cannot have this id."""
    if not PROVIDER_ID.fullmatch(provider_id):
        raise ConfigurationError(
            f"the id {provider_id!r} cannot be used. Use lower-case letters, digits, '.', '_' and "
            "'-', beginning with a letter or digit, like 'gpu-farm'.",
            field="id",
        )
    if provider_id == LOCAL_ID:
        raise ConfigurationError(
            f"the id {LOCAL_ID!r} is this server's own. Choose another one.", field="id"
        )


def secret_variables(settings: object) -> set[str]:
    """Return the environment variables that hold secrets; the settings may be invalid."""
    if not isinstance(settings, Mapping):
        return set()
    headers, cookies, auth = (settings.get(field) for field in ("headers", "cookies", "auth"))
    given = [settings.get("token"), auth.get("password") if isinstance(auth, Mapping) else None]
    for named in (headers, cookies):
        given += named.values() if isinstance(named, Mapping) else ()
    return {one["env"] for one in given if isinstance(one, Mapping) and _is_text(one.get("env"))}


def _checked(settings: object) -> Mapping[str, Any]:
    """Return the settings if they fit the schema; raises ConfigurationError if not."""
    if not isinstance(settings, Mapping):
        raise ConfigurationError(
            'a provider is a JSON object, like {"kind": "gateway", "url": "https://gpu.example.org:8888"}.'
        )
    errors = list(Draft202012Validator(SCHEMA).iter_errors({"kind": "gateway", **settings}))
    # A misspelt field comes first: it may be the one that is missing.
    unknown = [e for e in errors if e.validator == "additionalProperties" and not e.absolute_path]
    error = best_match(unknown or errors)
    if error is not None:
        raise ConfigurationError(_explanation(error), field=_field(error))
    return settings


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _secret(given: str | Mapping[str, Any] | None) -> Secret | None:
    return None if given is None else Secret.parse(given)


def _secrets(given: Mapping[str, Any]) -> Mapping[str, Secret]:
    return MappingProxyType({name: Secret.parse(value) for name, value in given.items()})


def _auth(given: Mapping[str, Any]) -> Auth:
    return Auth(**{**given, "password": _secret(given.get("password"))})


def _tls(given: Mapping[str, Any]) -> Tls:
    paths = {n: os.path.expanduser(path) for n, path in given.items() if n != "verify"}
    return Tls(**{**given, **paths})


def _check_auth(fields: Mapping[str, Any]) -> None:
    """Raise ConfigurationError if there are two credentials for one header."""
    auth = fields.get("auth", {})
    header = auth.get("header", Auth.header)
    given = [f"'{name}'" for name in ("token", "auth.password") if _has(fields, name)]
    given += [f"'headers.{name}'" for name in fields.get("headers", {}) if _same(name, header)]
    if len(given) > 1:
        raise ConfigurationError(
            f"the fields {' and '.join(given)} both set the header {header}. Keep one of them.",
            field=given[0].strip("'"),
        )


def _has(fields: Mapping[str, Any], path: str) -> bool:
    first, _, rest = path.partition(".")
    return first in fields and (not rest or rest in fields[first])


def _same(header: str, other: str) -> bool:
    return header.lower() == other.lower()


def _explanation(error: ValidationError) -> str:
    """Return which field is wrong and what it should be."""
    properties = SCHEMA["properties"]
    where = ".".join(str(step) for step in error.absolute_path)
    top = str(error.absolute_path[0]) if error.absolute_path else ""
    if error.validator == "required":
        missing = _field(error)
        return f"the field '{missing}' is missing. Expected: {properties[missing]['description']}."
    if error.validator == "additionalProperties" and not top:
        unknown = _field(error)
        close = get_close_matches(unknown, properties, 1)
        hint = f"Did you mean '{close[0]}'?" if close else f"There are: {', '.join(properties)}."
        return f"the field '{unknown}' is not known. {hint}"
    return f"the field '{where}' is not right. Expected: {properties[top]['description']}."


def _field(error: ValidationError) -> str:
    """Return the path of the field that is wrong; of a missing or unknown one, that field's."""
    instance: Any = error.instance
    expected: Any = error.validator_value
    if error.validator == "required":
        return next(str(name) for name in expected if name not in instance)
    if error.validator == "additionalProperties" and not error.absolute_path:
        return next(str(name) for name in instance if name not in SCHEMA["properties"])
    return ".".join(str(step) for step in error.absolute_path)


def _url(url: str) -> str:
    """Return a web address with its scheme in lower case; raises ConfigurationError."""
    if not url:
        return url
    _check_address("url", url)
    if "@" in urlsplit(url).netloc:
        raise ConfigurationError(
            "the field 'url' has a user or a secret before its '@'. Put a token into the field "
            "'token', and a user and a password into the field 'auth', like "
            '{"user": "ada", "password": {"env": "NAME"}}.',
            field="url",
        )
    if "?" in url or "#" in url:
        raise ConfigurationError(
            "the field 'url' has more than an address. Put a token into the field 'token', and "
            "leave out what follows a '?' or '#'.",
            field="url",
        )
    scheme, colon, rest = url.partition(":")
    return scheme.lower() + colon + rest


def _check_address(field: str, url: str) -> None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or any(character.isspace() for character in url):
        remedy = SCHEMA["properties"][field]["description"]
        raise ConfigurationError(
            f"the field {field!r} is not a web address. Expected: {remedy}.", field=field
        )
