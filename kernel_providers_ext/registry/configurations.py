"""Which of the declared providers can be used, and why the others cannot."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..config.loader import Declaration
from ..provider.config import Origin, ProviderConfig, parse, secret_variables
from ..provider.errors import ConfigurationError


@dataclass(frozen=True)
class Problem:
    """
    A provider that is not loaded; ``message`` says why, and what to do.

    ``field`` is that of its declaration which is wrong; empty if there is no such field.
    """

    provider_id: str
    source: str
    message: str
    origin: Origin = "configuration"
    field: str = ""


@dataclass
class Configurations:
    """
    The checked configurations of all declared providers, by id, in the order of declaration.

    ``problems`` are by source. ``secret_variables`` are the environment variables that hold
    secrets, also those of providers with a problem.
    """

    enabled: dict[str, ProviderConfig] = field(default_factory=dict)
    disabled: dict[str, ProviderConfig] = field(default_factory=dict)
    problems: dict[str, Problem] = field(default_factory=dict)
    secret_variables: set[str] = field(default_factory=set)


def check(
    declarations: Iterable[Declaration],
    defaults: Mapping[str, Any],
    accept: Callable[[ProviderConfig], None],
) -> Configurations:
    """
    Return which declarations can be used; of two with the same id, the first.

    Args:
        declarations: All declarations of a server.
        defaults: Values for fields that a declaration leaves out.
        accept: Called for each enabled provider; raises ConfigurationError if its kind does not
            accept the configuration.
    """
    found = Configurations()
    for declaration in declarations:
        found.secret_variables |= secret_variables(declaration.settings)
        try:
            config = _parse(declaration, {**found.enabled, **found.disabled}, defaults)
            if config.enabled:
                accept(config)
        except ConfigurationError as error:
            source = declaration.source
            message = f"{error.at(source)} Not loaded until this is fixed."
            problem = Problem(declaration.id, source, message, declaration.origin, error.field)
            found.problems[source] = problem
        else:
            (found.enabled if config.enabled else found.disabled)[config.id] = config
    return found


def _parse(
    declaration: Declaration, seen: Mapping[str, ProviderConfig], defaults: Mapping[str, Any]
) -> ProviderConfig:
    if declaration.problem:
        raise ConfigurationError(declaration.problem, source=declaration.source)
    first = seen.get(declaration.id)
    if first is not None:
        raise ConfigurationError(
            f"there is a provider {declaration.id!r} already, from {first.source}. Rename or "
            "remove one of them.",
            source=declaration.source,
        )
    config = parse(declaration.id, declaration.settings, declaration.source, defaults)
    return replace(config, token=declaration.token or config.token, origin=declaration.origin)
