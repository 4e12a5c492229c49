"""What people should know of a provider's configuration, although it can be used."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from ..provider.config import ProviderConfig
from ..provider.secrets import Secret


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
                f"{config.label}. Run: chmod 600 {path}"
            )


def _secrets(config: ProviderConfig) -> list[Secret]:
    given = (config.token, config.auth.password, *config.headers.values(), *config.cookies.values())
    return [secret for secret in given if secret is not None]


def _files(config: ProviderConfig) -> list[str]:
    """Return the paths of files that hold secrets: the provider's own, and those it refers to."""
    secrets = _secrets(config)
    # A header's value may well be public; the other fields are there for secrets.
    given = filter(None, (config.token, config.auth.password))
    own = [config.source] if any(secret.kind == "value" for secret in given) else []
    return own + [os.path.expanduser(str(s.source)) for s in secrets if s.kind == "file"]


def _is_readable_by_others(path: str) -> bool:
    if os.name != "posix":
        return False
    try:
        return bool(os.stat(path).st_mode & (stat.S_IRGRP | stat.S_IROTH))
    except (OSError, ValueError):
        return False


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
