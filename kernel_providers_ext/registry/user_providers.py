"""What a user may do with the declarations of providers: add, change, switch, remove, undo."""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import replace
from itertools import chain, count
from pathlib import Path
from typing import Any

from ..config.address import place
from ..config.files import ExistingFile, ProviderFile, ProviderFiles, read_file, stale
from ..config.loader import parse_json
from ..config.saved_secrets import with_secrets, without_secrets
from ..config.traits import NotAllowed
from ..provider.config import Origin, ProviderConfig, parse
from ..provider.errors import ConfigurationError
from ..provider.names import LOCAL_ID
from .kinds import Kinds
from .providers import KernelProviders

NOT_SAVED = "its settings"  # where messages say that a mistake is
MOST_REMOVED = 20  # files that can be restored
LONGEST_ID = 40  # characters of an id that is made of something else


class NoSuchDeclaration(ConfigurationError):
    """No provider of this id is declared, or was removed."""

    http_status = 404
    reason_code = "no_such_provider"


class UserProviders:
    """
    The providers of one server as its user may change them.

    Nothing here waits for a provider. Files are read and written at once, which may take
    milliseconds, and `KernelProviders.reload` is for the caller. All methods raise
    ConfigurationError, whose kinds say why not, and OSError if a file cannot be read or written.
    """

    def __init__(self, providers: KernelProviders) -> None:
        self._providers = providers
        #: To be held during a change and until it is applied, so that one comes after the other.
        self.changing = asyncio.Lock()
        self._removed: OrderedDict[str, ProviderFile] = OrderedDict()

    @property
    def may_add(self) -> bool:
        """Whether the user may have providers of their own at all."""
        providers = self._providers
        is_open = providers.allow_user_providers and bool(providers.allowed_hosts)
        return is_open and providers.user_folder is not None

    def may(self, origin: Origin, *, is_enabled: bool) -> list[str]:
        """Return what may be done with a provider: words of ``change``, ``enable``, …"""
        if self._providers.user_folder is None or origin == "configuration":
            return []
        switch = "disable" if is_enabled else "enable"
        return [switch] if origin == "administrator" else ["change", switch, "remove"]

    def settings(self, provider_id: str) -> tuple[dict[str, Any] | None, str]:
        """
        Return the settings of a user's own provider without secrets, and their revision.

        The settings are None if the file is no JSON object.
        """
        file = self.file(provider_id)
        try:
            return without_secrets(_fields(file)), file.revision
        except ConfigurationError:
            return None, file.revision

    def check(self, provider_id: str, settings: Mapping[str, Any]) -> ProviderConfig:
        """
        Return the configuration that settings would make; nothing is written.

        `SAVED` in them stands for the secrets that the user's provider of this id has.
        """
        _, origin = self._declared().get(provider_id, ("", ""))
        saved = _known_fields(self.file(provider_id)) if origin == "user" else {}
        if not provider_id:
            settings = {"label": place(settings.get("url")) or "The server", **settings}
            provider_id = _free_id(settings, {})
        config = self._parsed(provider_id, with_secrets(settings, saved))
        return replace(config, source=NOT_SAVED)

    def add(self, provider_id: str, settings: Mapping[str, Any]) -> ProviderFile:
        """Write the file of a new provider; an empty id is made of the label or the host."""
        files = self._files()
        taken = self._declared()
        provider_id = provider_id or _free_id(settings, taken)
        config = self._parsed(provider_id, settings)
        if provider_id in taken:
            raise ExistingFile(
                f"there is a provider {config.id!r} already, from {taken[config.id][0]}. Choose "
                "another id, or change or remove that one.",
                field="id",
            )
        return files.add(provider_id, settings)

    def change(
        self, provider_id: str, settings: Mapping[str, Any], revision: str | None = None
    ) -> ProviderFile:
        """Replace a provider's settings; `SAVED` in them keeps a secret."""
        file = self.file(provider_id, revision)
        complete = with_secrets(settings, _known_fields(file))
        self._parsed(provider_id, complete)
        return self._files().change(file, complete)

    def remove(self, provider_id: str, revision: str | None = None) -> None:
        """Remove a provider's file, also a broken one; `restore` undoes it."""
        file = self.file(provider_id, revision)
        self._files().remove(file)
        self._removed[provider_id] = file
        while len(self._removed) > MOST_REMOVED:
            self._removed.popitem(last=False)

    def restore(self, provider_id: str) -> ProviderFile:
        """Write a file that was removed since this server started, as it was."""
        file = self._removed.get(provider_id)
        if file is None:
            raise NoSuchDeclaration(f"no provider {provider_id!r} was removed since the start.")
        restored = self._files().restore(file)
        del self._removed[provider_id]
        return restored

    def switch(self, provider_id: str, *, is_enabled: bool) -> None:
        """Switch a provider on or off; an administrator's one for this user alone."""
        source, origin = self._declaration(provider_id)
        if origin == "configuration":
            raise _not_yours(provider_id, source)
        if origin == "administrator":
            files = self._files()
            theirs = parse_json(Path(source).read_bytes())
            is_default = isinstance(theirs, Mapping) and theirs.get("enabled", True) == is_enabled
            files.switch(provider_id, None if is_default else is_enabled)
            return
        file = self.file(provider_id)
        fields = {name: value for name, value in _fields(file).items() if name != "enabled"}
        settings = fields if is_enabled else {**fields, "enabled": False}
        if settings != file.settings:
            if is_enabled:
                self._parsed(provider_id, settings)
            self._files().change(file, settings)

    def no_such(self, provider_id: str) -> NoSuchDeclaration:
        """Return the error for an id that no provider has."""
        declared = ", ".join(self._declared())
        known = f" There are: {declared}." if declared else ""
        return NoSuchDeclaration(f"there is no provider {provider_id!r}.{known}")

    # -- what there is -----------------------------------------------------------------------------

    def _parsed(self, provider_id: str, settings: Mapping[str, Any]) -> ProviderConfig:
        config = parse(provider_id, settings, "", self._providers.provider_defaults)
        self._providers.check_allowed(config)
        Kinds().make(config, self._providers.log)
        return config

    def _files(self) -> ProviderFiles:
        folder = self._providers.user_folder
        if folder is None:
            raise NotAllowed("this server does not read providers from files of its users.")
        return ProviderFiles(folder)

    def file(self, provider_id: str, revision: str | None = None) -> ProviderFile:
        """Return the file of a user's own provider, if it is the one that was read before."""
        source, origin = self._declaration(provider_id)
        if origin != "user":
            raise _not_yours(provider_id, source)
        file = read_file(Path(source))
        if file is None or revision not in (None, file.revision):
            raise stale(source)
        return file

    def _declaration(self, provider_id: str) -> tuple[str, Origin]:
        declared = self._declared()
        if provider_id not in declared:
            raise self.no_such(provider_id)
        return declared[provider_id]

    def _declared(self) -> dict[str, tuple[str, Origin]]:
        """Return the source and the origin of each declared provider, by id."""
        providers = self._providers
        configs = [m.provider.config for m in providers.monitors]
        configs += [provider.config for provider in providers.disabled.values()]
        problems = {p.provider_id: (p.source, p.origin) for p in providers.problems.values()}
        own = {i: declared for i, declared in problems.items() if declared[1] == "user"}
        # A user's file that another declaration keeps from being loaded can still be changed.
        return {**problems, **{c.id: (c.source, c.origin) for c in configs}, **own}


def _fields(file: ProviderFile) -> Mapping[str, Any]:
    settings = file.settings
    if not isinstance(settings, Mapping):
        raise ConfigurationError(
            "a provider is a JSON object. Correct the file.", source=str(file.path)
        )
    return settings


def _known_fields(file: ProviderFile) -> Mapping[str, Any]:
    """Return the settings of a file; empty if it has none."""
    try:
        return _fields(file)
    except ConfigurationError:
        return {}


def _not_yours(provider_id: str, source: str) -> NotAllowed:
    return NotAllowed(
        f"the provider {provider_id} is not your own. It is declared in {source}. Change it there, "
        "or ask your administrator."
    )


def _free_id(settings: Mapping[str, Any], taken: Collection[str]) -> str:
    """Return an id that is made of the label or the address, and that no provider has."""
    label, url = settings.get("label"), settings.get("url")
    name = label if isinstance(label, str) and label.strip() else place(url)
    words = re.sub(r"[^a-z0-9._-]+", "-", name.lower()).strip("._-")[:LONGEST_ID] or "provider"
    numbered = (f"{words}-{number}" for number in count(2))
    return next(i for i in chain([words], numbered) if i not in {LOCAL_ID, *taken})
