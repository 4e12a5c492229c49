"""What people should know of a provider, although it can be used."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from ipaddress import ip_address
from logging import Logger
from shlex import quote
from urllib.parse import urlsplit

from ..provider.config import ProviderConfig
from ..provider.secrets import Secret

MOST_INCIDENTS = 5


class Warnings:
    """
    The warnings about one provider, as sentences; each is logged once.

    They are of three sources: its configuration, its last answer, and what has happened with it.
    """

    def __init__(self, provider_id: str, log: Logger) -> None:
        self._provider_id = provider_id
        self._log = log
        self._unsafe: list[str] = []
        self._notices: list[str] = []
        self._incidents: list[str] = []
        self._logged: set[str] = set()

    @property
    def sentences(self) -> list[str]:
        """All warnings."""
        return [*self._unsafe, *self._notices, *self._incidents]

    def configured(self, config: ProviderConfig) -> None:
        """Adopt what is unsafe in a configuration."""
        self._unsafe = list(warnings_of(config))

    def answered(self, notices: Iterable[str]) -> None:
        """Adopt what was left out of the provider's answer, and log what is new."""
        self._notices = list(notices)
        self.log()

    def add(self, incident: str) -> bool:
        """Add what has happened, and log it; return False if it has happened before."""
        if incident in self._incidents:
            return False
        self._incidents = [*self._incidents, incident][-MOST_INCIDENTS:]
        self.log()
        return True

    def inherit(self, before: Warnings) -> None:
        """Adopt what has happened from the warnings that these replace."""
        self._incidents, self._logged = before._incidents, before._logged

    def log(self) -> None:
        """Log all warnings that are not in the log yet."""
        for sentence in self.sentences:
            if sentence not in self._logged:
                self._logged.add(sentence)
                self._log.warning("Kernel provider %s: %s", self._provider_id, sentence)


def warnings_of(config: ProviderConfig) -> Iterator[str]:
    """Yield what is unsafe in a configuration, as sentences; raises nothing."""
    parts = urlsplit(config.url)
    if parts.scheme == "https" and not config.tls.verify:
        yield (
            f"The certificate of {config.label} is not checked: any server in between can read and "
            f"change everything. Set 'ca' of the field 'tls' in {config.source} instead of "
            "'verify': false."
        )
    if parts.scheme == "http" and _secrets(config) and not _is_this_machine(parts.hostname or ""):
        yield (
            f"The credentials of {config.label} are sent without encryption: its address begins "
            f"with http://. Use https://, or an SSH tunnel. See {config.source}."
        )
    for path in _files(config):
        if _is_readable_by_others(path):
            yield (
                f"Other users of this machine can read {path}, which has a secret of "
                f"{config.label}. Run: chmod o-r {quote(path)}"
            )


def _secrets(config: ProviderConfig) -> list[Secret]:
    """Return what is secret; a header with a plain value, such as a team's name, may be public."""
    headers = [
        secret
        for name, secret in config.headers.items()
        if secret.kind != "value" or name.lower() == "authorization"
    ]
    given = (config.token, config.auth.password, *headers, *config.cookies.values())
    return [secret for secret in given if secret is not None]


def _files(config: ProviderConfig) -> list[str]:
    """Return the paths of files that hold secrets: the provider's own, and those it refers to."""
    secrets = _secrets(config)
    own = [config.source] if any(secret.kind == "value" for secret in secrets) else []
    return own + [os.path.expanduser(str(s.source)) for s in secrets if s.kind == "file"]


def _is_readable_by_others(path: str) -> bool:
    if os.name != "posix":
        return False
    try:
        return bool(os.stat(path).st_mode & stat.S_IROTH)
    except (OSError, ValueError):
        return False


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
