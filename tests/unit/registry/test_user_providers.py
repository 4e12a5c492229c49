"""What a user may do with declarations, and what is refused."""

from __future__ import annotations

import json
import site
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from traitlets.config import Config

from kernel_providers_ext.config.files import ExistingFile, StaleFile
from kernel_providers_ext.config.loader import FOLDER, KernelProvidersLoader
from kernel_providers_ext.config.saved_secrets import SAVED
from kernel_providers_ext.config.traits import NotAllowed
from kernel_providers_ext.provider.errors import ConfigurationError
from kernel_providers_ext.registry.providers import KernelProviders
from kernel_providers_ext.registry.user_providers import (
    MOST_REMOVED,
    NoSuchDeclaration,
    UserProviders,
)

URL = "http://gpu.example.org:8888"
FARM = {"url": URL, "label": "GPU farm", "token": {"value": "token-of-gpu"}}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a user's files; beside it is an administrator's."""
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path / "user"))
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", str(tmp_path / "admin"))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("JUPYTERHUB_API_TOKEN", raising=False)
    write(tmp_path / "admin" / FOLDER / "theirs.json", {"url": URL})
    write(tmp_path / "admin" / FOLDER / "dormant.json", {"url": URL, "enabled": False})
    return tmp_path / "user" / FOLDER


def write(path: Path, content: object) -> None:
    """Write a file: text unchanged, anything else as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))


def read(path: Path) -> Any:
    """Return the JSON in a file."""
    return json.loads(path.read_text())


class Own(UserProviders):
    """A user's providers, whose changes are applied at once."""

    def __init__(self, **traits: Any) -> None:
        config = Config({"KernelProviders": traits})
        self.all = KernelProviders(config=config)
        self.all.load()
        super().__init__(self.all)

    def apply(self) -> None:
        """Apply the files as they are."""
        self.all.load()


@pytest.fixture
def own(folder: Path) -> Own:
    """The providers of a user who has none of their own."""
    return Own(providers={"fixed": {"url": URL}})


async def test_a_provider_is_added_changed_and_removed(own: Own, folder: Path) -> None:
    """Its secret stays where it is, and is never shown."""
    assert own.add("gpu", FARM).path == folder / "gpu.json"
    own.apply()
    settings, revision = own.settings("gpu")
    assert settings == {**FARM, "token": SAVED}
    own.change("gpu", {**settings, "label": "GPU"}, revision)
    own.apply()
    assert read(folder / "gpu.json") == {**FARM, "label": "GPU"}
    own.remove("gpu", own.settings("gpu")[1])
    own.apply()
    assert not (folder / "gpu.json").exists()
    with pytest.raises(NoSuchDeclaration, match=r"there is no provider 'gpu'\. There are: "):
        own.settings("gpu")


def test_a_removal_is_undone(own: Own, folder: Path) -> None:
    """With its secret, and as it was written."""
    write(folder / "gpu.json", json.dumps(FARM, indent=7))
    before = (folder / "gpu.json").read_text()
    own.apply()
    own.remove("gpu")
    own.restore("gpu")
    assert (folder / "gpu.json").read_text() == before
    with pytest.raises(NoSuchDeclaration, match="was removed since the start"):
        own.restore("gpu")


def test_a_removal_is_not_undone_over_another_provider(own: Own, folder: Path) -> None:
    """It can still be undone when that one is gone."""
    write(folder / "gpu.json", FARM)
    own.apply()
    own.remove("gpu")
    write(folder / "gpu.json", {"url": URL})
    with pytest.raises(ExistingFile):
        own.restore("gpu")
    (folder / "gpu.json").unlink()
    assert own.restore("gpu").settings == FARM


def test_few_removals_are_remembered(own: Own, folder: Path) -> None:
    """The last ones."""
    ids = [f"gpu-{number}" for number in range(MOST_REMOVED + 1)]
    for provider_id in ids:
        write(folder / f"{provider_id}.json", FARM)
    own.apply()
    for provider_id in ids:
        own.remove(provider_id)
    with pytest.raises(NoSuchDeclaration):
        own.restore(ids[0])
    for provider_id in ids[1:]:
        own.restore(provider_id)


def test_a_stale_write_is_refused(own: Own, folder: Path) -> None:
    """Two pages show the same settings; the second one to write is told so."""
    own.add("gpu", FARM)
    own.apply()
    _, revision = own.settings("gpu")
    own.change("gpu", {"url": URL}, revision)
    for write_again in (
        lambda: own.change("gpu", FARM, revision),
        lambda: own.remove("gpu", revision),
    ):
        with pytest.raises(StaleFile, match="has changed meanwhile"):
            write_again()
    assert read(folder / "gpu.json") == {"url": URL}


def test_an_id_is_made_of_the_label_or_the_host(own: Own) -> None:
    """It is one that no provider has."""

    def added(**settings: Any) -> str:
        provider_id = own.add("", {"url": URL, **settings}).id
        own.apply()
        return provider_id

    assert added(label="GPU farm") == "gpu-farm"
    assert added(label="GPU-Farm!") == "gpu-farm-2"
    assert added() == "gpu.example.org-8888"
    assert added(label="Theirs") == "theirs-2"
    assert added(label="Fixed") == "fixed-2"
    assert added(label="Local") == "local-2"
    assert added(label="研究所") == "provider"
    assert added(label="x" * 60) == "x" * 40


@pytest.mark.parametrize("provider_id", ["gpu", "theirs", "dormant", "fixed", "broken"])
def test_an_id_is_not_taken_twice(own: Own, folder: Path, provider_id: str) -> None:
    """The field concerned is the id."""
    write(folder / "gpu.json", FARM)
    write(folder / "broken.json", "{")
    own.apply()
    with pytest.raises(ExistingFile, match="there is a provider") as raised:
        own.add(provider_id, FARM)
    assert raised.value.field == "id"


def test_what_others_have_declared_is_not_changed(own: Own) -> None:
    """The message says where it is declared."""
    actions: list[Callable[[str], object]] = [
        own.settings,
        own.remove,
        lambda provider_id: own.change(provider_id, FARM),
    ]
    for act in actions:
        with pytest.raises(NotAllowed, match=r"theirs\.json\. Change it there"):
            act("theirs")
        with pytest.raises(NotAllowed, match=r"c\.KernelProviders\.providers\['fixed'\]"):
            act("fixed")
    with pytest.raises(NotAllowed, match="fixed"):
        own.switch("fixed", is_enabled=False)


def test_what_may_be_done_is_told(own: Own) -> None:
    """So that a front end shows what works."""
    assert own.may("user", is_enabled=True) == ["change", "disable", "remove"]
    assert own.may("user", is_enabled=False) == ["change", "enable", "remove"]
    assert own.may("administrator", is_enabled=True) == ["disable"]
    assert own.may("administrator", is_enabled=False) == ["enable"]
    assert own.may("configuration", is_enabled=True) == []


@pytest.mark.parametrize(("provider_id", "default"), [("theirs", True), ("dormant", False)])
async def test_an_administrators_provider_is_switched_for_one_user(
    own: Own, folder: Path, provider_id: str, default: bool
) -> None:
    """And back again, which leaves nothing behind."""
    for is_enabled in (not default, not default, default, default, not default):
        own.switch(provider_id, is_enabled=is_enabled)
        own.apply()
        assert (provider_id in own.all.disabled) == (not is_enabled)
        switch = folder / f"{provider_id}.json"
        assert not switch.exists() if is_enabled == default else read(switch)
    assert own.all.problems == {}


async def test_a_users_provider_is_switched(own: Own, folder: Path) -> None:
    """Its other settings stay."""
    own.add("gpu", FARM)
    for is_enabled in (False, False, True, True):
        own.apply()
        own.switch("gpu", is_enabled=is_enabled)
        assert read(folder / "gpu.json") == (FARM if is_enabled else {**FARM, "enabled": False})


def test_a_broken_file_can_be_replaced_and_removed(own: Own, folder: Path) -> None:
    """It has no settings, and cannot be switched off."""
    write(folder / "gpu.json", "{")
    write(folder / "list.json", "[]")
    write(folder / "GPU.json", FARM)
    own.apply()
    for provider_id, problem in (("gpu", "line 1 is not JSON"), ("list", "a JSON object")):
        settings, revision = own.settings(provider_id)
        assert settings is None
        with pytest.raises(ConfigurationError, match=problem):
            own.switch(provider_id, is_enabled=False)
        own.change(provider_id, FARM, revision)
        assert read(folder / f"{provider_id}.json") == FARM
    for provider_id in ("gpu", "list", "GPU"):
        own.remove(provider_id)
    assert list(folder.iterdir()) == []


def test_a_file_that_another_declaration_overrides_can_be_removed(own: Own, folder: Path) -> None:
    """For example, after an import, as long as --gateway-url is there."""
    write(folder / "fixed.json", FARM)
    own.apply()
    [problem] = own.all.problems.values()
    assert "there is a provider 'fixed' already" in problem.message
    assert own.settings("fixed")[0] == {**FARM, "token": SAVED}
    own.remove("fixed")
    own.apply()
    assert own.all.problems == {}


async def test_a_leftover_switch_is_no_obstacle(own: Own, folder: Path) -> None:
    """An administrator may have removed the provider that it switched."""
    write(folder / "gpu.json", {"enabled": False})
    own.apply()
    own.add("gpu", FARM)
    assert read(folder / "gpu.json") == FARM


async def test_a_broken_file_of_an_administrator_is_shown(own: Own, folder: Path) -> None:
    """Also to a user who has switched its provider off."""
    own.switch("theirs", is_enabled=False)
    write(folder.parents[1] / "admin" / FOLDER / "theirs.json", "{")
    own.apply()
    [problem] = own.all.problems.values()
    assert (problem.provider_id, problem.origin) == ("theirs", "administrator")


async def test_what_is_no_longer_allowed_can_be_switched_off(folder: Path) -> None:
    """And not on again."""
    write(folder / "gpu.json", FARM)
    own = Own(allowed_hosts=[])
    own.switch("gpu", is_enabled=False)
    own.apply()
    assert own.all.problems == {}
    with pytest.raises(NotAllowed):
        own.switch("gpu", is_enabled=True)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"proxy": "http://127.0.0.1:3128"}, "proxy"),
        ({"options": {"host": "elsewhere"}}, "options"),
        ({"url": "http://[::1%25.example.org]"}, "url"),
        ({"url": "http://127.0.0.1\\@gpu.example.org"}, "url"),
        ({"url": "http://gpu.example.org@127.0.0.1"}, "url"),
    ],
)
def test_no_field_leads_to_another_host(folder: Path, more: dict[str, Any], field: str) -> None:
    """A proxy can answer for each host."""
    own = Own(allowed_hosts=["*.example.org"])
    with pytest.raises(ConfigurationError) as raised:
        own.check("", {"url": URL, **more})
    assert raised.value.field == field


def test_other_folders_of_the_user_are_limited_as_well(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Jupyter also reads that of packages which a user has installed."""
    monkeypatch.setattr(site, "getuserbase", lambda: str(tmp_path / "local"))
    theirs = tmp_path / "local" / "etc" / "jupyter"
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", str(theirs))
    write(theirs / FOLDER / "gpu.json", FARM)
    own = Own(allow_user_providers=False)
    [problem] = own.all.problems.values()
    assert "does not allow providers of your own" in problem.message
    own.remove("gpu")
    assert not (theirs / FOLDER / "gpu.json").exists()


def test_a_mistake_in_a_file_can_be_corrected(own: Own, folder: Path) -> None:
    """What is known of it is shown, without what could be a secret."""
    write(folder / "gpu.json", {"url": URL, "tokn": "token-of-gpu"})
    own.apply()
    settings, revision = own.settings("gpu")
    assert settings == {"url": URL, "tokn": SAVED}
    own.change("gpu", {"url": URL}, revision)
    own.apply()
    assert own.all.problems == {}


def test_what_is_not_saved_yet_is_checked(own: Own) -> None:
    """With the secrets that the user's provider of this id has."""
    assert own.check("", {"url": URL}).label == "gpu.example.org:8888"
    own.add("gpu", FARM)
    own.apply()
    config = own.check("gpu", {"url": f"{URL}/", "label": "x", "token": SAVED})
    assert config.token is not None
    assert config.token.source == "token-of-gpu"
    with pytest.raises(ConfigurationError, match="Enter the secret again"):
        own.check("gpu", {"url": "http://elsewhere.example.org", "token": SAVED})
    with pytest.raises(ConfigurationError, match="no secret is saved"):
        own.check("theirs", {"url": URL, "token": SAVED})


@pytest.mark.parametrize(
    ("patterns", "url", "is_allowed"),
    [
        (["*"], URL, True),
        (["*.example.org"], URL, True),
        (["*.EXAMPLE.org"], URL.upper().replace("HTTP", "http"), True),
        (["gpu.example.org:8888"], URL, True),
        (["gpu.example.org:443"], "https://gpu.example.org", True),
        (["gpu.example.org:443"], URL, False),
        (["*.example.org"], "http://gpu.example.org.evil.net", False),
        (["example.org"], URL, False),
        ([], URL, False),
        (["10.0.0.*"], "http://10.0.0.7", True),
        (["::1"], "http://[::1]:8888", True),
    ],
)
def test_an_administrator_limits_the_hosts(
    folder: Path, patterns: list[str], url: str, is_allowed: bool
) -> None:
    """For what is added, changed or tested, and for files that a user writes by hand."""
    own = Own(allowed_hosts=patterns)
    write(folder / "by-hand.json", {"url": url})
    own.apply()
    assert [m.provider.id for m in own.all.monitors if m.provider.id == "by-hand"] == (
        ["by-hand"] if is_allowed else []
    )
    for act in (
        lambda: own.check("", {"url": url}),
        lambda: own.add("gpu", {"url": url}),
        lambda: own.change("by-hand", {"url": url, "label": "x"}),
    ):
        if is_allowed:
            act()
        else:
            with pytest.raises(NotAllowed, match="does not allow providers at") as raised:
                act()
            assert raised.value.field == "url"
    assert own.may_add == bool(patterns)
    assert "theirs" in [m.provider.id for m in own.all.monitors]


def test_on_a_hub_an_administrator_opens_hosts(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a word of theirs, none is open."""
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "token-of-hub")
    assert not Own().may_add
    with pytest.raises(NotAllowed, match=r"allowed_hosts\): none"):
        Own().add("gpu", FARM)
    assert Own(allowed_hosts=["*"]).may_add


def test_an_administrator_forbids_providers_of_users(folder: Path) -> None:
    """Also those that are there; they are listed with the reason, and are not contacted."""
    write(folder / "gpu.json", FARM)
    own = Own(allow_user_providers=False)
    assert not own.may_add
    [problem] = own.all.problems.values()
    assert "does not allow providers of your own" in problem.message
    with pytest.raises(NotAllowed):
        own.add("cpu", FARM)
    own.switch("theirs", is_enabled=False)
    own.remove("gpu")


class OtherLoader(KernelProvidersLoader):
    """Declares nothing."""

    def load(self) -> list[Any]:
        return []


def test_a_loader_without_files_has_no_users_providers(folder: Path) -> None:
    """They would not be read."""
    own = Own(loader_class=OtherLoader, providers={"fixed": {"url": URL}})
    assert not own.may_add
    assert own.may("configuration", is_enabled=True) == []
    with pytest.raises(NotAllowed, match="does not read providers from files"):
        own.add("gpu", FARM)
    assert not folder.exists()
