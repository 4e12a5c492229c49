"""The multiplexer: which providers there are, and which provider a name belongs to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

import pytest
from traitlets.config import Config, LoggingConfigurable

from kernel_providers_ext.config.loader import FOLDER, Declaration, FileLoader
from kernel_providers_ext.provider.config import Timeouts
from kernel_providers_ext.provider.errors import (
    ConfigurationError,
    NoSuchKernelspec,
    ProviderUnavailable,
)
from kernel_providers_ext.provider.interface import RemoteKernelProvider
from kernel_providers_ext.registry.providers import KernelProviders
from tests.conftest import MakeProviders
from tests.support.client import wait_for_answers, wait_until
from tests.support.fake_provider import (
    UNREACHABLE,
    FakeProvider,
    Kernel,
    ListLoader,
    gateway,
    scripted,
    started,
)


class UnfinishedProvider(RemoteKernelProvider):
    """A kind without the methods of the interface."""


class DefectiveProvider(FakeProvider):
    """A kind whose constructor has a defect."""

    def __init__(self, *_: Any) -> None:
        raise ZeroDivisionError("a defect")


class ChoosyProvider(FakeProvider):
    """A kind that does not accept its configuration."""

    def __init__(self, *_: Any) -> None:
        raise ConfigurationError("'choosy' needs the option 'queue'.")


class Impostor:
    """A kind that is no provider."""

    def __init__(self, *_: Any) -> None:
        pass


def provider_of(providers: KernelProviders, name: str) -> tuple[str | None, str]:
    """Return the id of a name's provider, None for this server, and the rest of the name."""
    provider, kernel_name = providers.resolve(name)
    return provider.id if provider else None, kernel_name


def refusal(providers: KernelProviders, name: str) -> str:
    """Return the message with which a name is refused."""
    with pytest.raises(NoSuchKernelspec) as caught:
        providers.resolve(name)
    return str(caught.value)


async def test_without_configuration_all_is_local(make_providers: MakeProviders) -> None:
    """Without configuration nothing is remote, and every name is this server's."""
    providers = await started(make_providers())
    assert (providers.problems, providers.kernelspecs("/", ())) == ({}, {})
    assert providers.default_kernel_name is None
    assert [provider_of(providers, name) for name in ("python3", "a/b")] == [
        (None, "python3"),
        (None, "a/b"),
    ]


@pytest.mark.parametrize(
    ("name", "belongs_to"),
    [
        ("python3", (None, "python3")),
        ("gpu", (None, "gpu")),
        ("gpu/python3", ("gpu", "python3")),
        ("gpu/hub/farm/python3", ("gpu", "hub/farm/python3")),
        ("gpu/my kernel", ("gpu", "my kernel")),
        ("gpu/100%", ("gpu", "100%")),
        ("GPU/python3", (None, "GPU/python3")),
        ("elsewhere/python3", (None, "elsewhere/python3")),
    ],
)
def test_a_name_belongs_to_its_provider_before_it_has_answered(
    make_providers: MakeProviders, name: str, belongs_to: tuple[str | None, str]
) -> None:
    """Names are resolved from the start; a name without a provider's prefix is local."""
    assert provider_of(make_providers(gateway("gpu")), name) == belongs_to


def test_a_kernel_that_is_not_offered_is_refused(make_providers: MakeProviders) -> None:
    """A message says that a name is excluded, or that its provider is off or not loaded."""
    providers = make_providers(
        gateway("gpu", exclude=["*-old"]),
        gateway("off", enabled=False),
        Declaration("bad", "bad.json", {"url": UNREACHABLE, "tokn": 1}),
    )
    assert refusal(providers, "gpu/py-old") == "gpu offers no kernel called 'py-old'."
    assert refusal(providers, "off/py") == "The kernel provider off is off. See off.json."
    assert refusal(providers, "bad/py").startswith("bad.json: the field 'tokn' is not known.")


@pytest.mark.parametrize("provider_id", ["", "Bad", "a/b", "python3"])
def test_a_bad_declaration_does_not_touch_local_names(
    make_providers: MakeProviders, provider_id: str
) -> None:
    """Local kernels keep their names, whatever a provider's id is."""
    providers = make_providers(Declaration(provider_id, "bad.json", {}))
    assert list(providers.problems) == ["bad.json"]
    assert provider_of(providers, "python3") == (None, "python3")


async def test_without_local_kernels_the_gateway_is_the_default(
    make_providers: MakeProviders,
) -> None:
    """The gateway of --gateway-url replaces local kernels, and its names have no prefix."""
    gateway_declaration = Declaration(
        "gateway", "--gateway-url", scripted("", "py", default="py").settings
    )
    providers = await started(
        make_providers(scripted("b", "py", default="py"), gateway_declaration=gateway_declaration)
    )
    assert list(providers.kernelspecs("/", ())) == ["py", "b/py"]
    assert providers.default_kernel_name == "py"
    for name, belongs_to in {
        "py": ("gateway", "py"),
        "not-known-yet": ("gateway", "not-known-yet"),
        "gateway/py": ("gateway", "py"),
        "b/py": ("b", "py"),
    }.items():
        assert provider_of(providers, name) == belongs_to
    assert providers.offered_name("gateway", "py") == "py"
    assert providers.offered_name("b", "py") == "b/py"


async def test_without_local_kernels_a_providers_default_is_the_default(
    make_providers: MakeProviders,
) -> None:
    """The default kernel is that of the first provider whose default is offered."""
    excluding = scripted("a", "py", "r", default="py")
    assert isinstance(excluding.settings, dict)
    excluding.settings["exclude"] = ["py"]
    providers = make_providers(excluding, scripted("b", "ir", default="ir"), local_enabled=False)
    defaults = [providers.default_kernel_name]
    await started(providers)
    defaults.append(providers.default_kernel_name)
    assert defaults == [None, "b/ir"]
    assert refusal(providers, "py") == (
        "No kernel is called 'py', neither here nor at a provider. The kernel providers are: a, b."
    )


async def test_one_providers_problem_is_its_own(make_providers: MakeProviders) -> None:
    """
    A provider with a mistake is not loaded, with a message; one that does not answer is offline.
    """
    providers = make_providers(
        Declaration("broken", "broken.json", problem="line 1 is not JSON."),
        Declaration("bad", "bad.json", {"token": "token-of-gpu", "url": UNREACHABLE}),
        Declaration("Upper", "Upper.json", {"url": UNREACHABLE}),
        Declaration("strange", "strange.json", {"kind": "slurm"}),
        gateway("gpu"),
        Declaration("gpu", "system/gpu.json", {"url": UNREACHABLE}),
        scripted("good", "py"),
    )
    await started(providers)
    assert repr(providers) == "<KernelProviders gpu: Offline, good: Online>"
    assert list(providers.kernelspecs("/", ())) == ["good/py"]
    words = {
        "broken.json": "line 1 is not JSON",
        "bad.json": "'token'",
        "Upper.json": "'Upper'",
        "strange.json": "'slurm', which is not installed",
        "system/gpu.json": "already, from gpu.json. Rename or remove one of them.",
    }
    assert list(providers.problems) == list(words)
    for source, problem in providers.problems.items():
        provider_id, message = problem.provider_id, problem.message
        assert message.startswith(f"{source}: ")
        assert words[source] in message
        assert message.endswith("Not loaded until this is fixed.")
        assert provider_id in source
        assert "token-of-gpu" not in message


@pytest.mark.parametrize("kind", ["unfinished", "defective", "choosy", "impostor", "no-class"])
async def test_a_defective_kind_is_not_loaded(make_providers: MakeProviders, kind: str) -> None:
    """A kind that fails for any reason affects only its own provider."""
    bad = Declaration("bad", "bad.json", {"kind": kind})
    providers = await started(make_providers(bad, scripted("good", "py")))
    assert list(providers.kernelspecs("/", ())) == ["good/py"]
    [problem] = providers.problems.values()
    provider_id, message = problem.provider_id, problem.message
    assert provider_id == "bad"
    assert message.startswith("bad.json: ")
    assert repr(kind) in message


def test_a_provider_that_is_off_is_no_problem(make_providers: MakeProviders) -> None:
    """A provider that is off needs neither its kind nor anything else."""
    off = [
        Declaration("a", "a.json", {"kind": "slurm", "enabled": False}),
        Declaration("b", "b.json", {"kind": "defective", "enabled": False}),
    ]
    assert make_providers(*off).problems == {}


def test_a_problem_is_logged_once(
    make_providers: MakeProviders, caplog: pytest.LogCaptureFixture
) -> None:
    """A problem is logged when it appears or changes; once solved, it is gone."""
    bad, worse = gateway("a", tokn=1), Declaration("a", "a.json", [])
    providers = make_providers(bad)
    providers.apply([bad])
    providers.apply([worse])
    assert [record.getMessage() for record in caplog.records] == [
        "a.json: the field 'tokn' is not known. Did you mean 'token'? "
        "Not loaded until this is fixed.",
        'a.json: a provider is a JSON object, like {"kind": "gateway", "url": '
        '"https://gpu.example.org:8888"}. Not loaded until this is fixed.',
    ]
    providers.apply([gateway("a")])
    assert providers.problems == {}


async def test_only_changed_providers_are_replaced(make_providers: MakeProviders) -> None:
    """Unchanged providers stay; others are replaced, added or removed."""
    providers = await started(make_providers(*(scripted(name, "py") for name in "abc")))
    before = {name: providers.provider(name) for name in "abc"}
    calls: list[None] = []
    providers.subscribe(lambda: calls.append(None))
    providers.apply([scripted("a", "py"), scripted("b", "py", "r"), scripted("d", "py")])
    assert len(calls) == 1
    await wait_for_answers(providers)
    assert list(providers.kernelspecs("/", ())) == ["a/py", "b/py", "b/r", "d/py"]
    assert providers.provider("a") is before["a"]
    assert providers.provider("b") is not before["b"]
    with pytest.raises(
        ProviderUnavailable, match=r"c is no longer configured\. Configure it again"
    ):
        providers.provider("c")

    async def closed() -> bool:
        old = [p for p in before.values() if isinstance(p, FakeProvider) and p.closed]
        return old == [before["b"], before["c"]]

    await wait_until(closed, pause=0.01)


def shown(providers: KernelProviders) -> list[str]:
    """Return the display names of all kernelspecs."""
    return [m["spec"]["display_name"] for m in providers.kernelspecs("/", ()).values()]


async def test_a_changed_provider_keeps_its_kernelspecs(make_providers: MakeProviders) -> None:
    """They stay while the provider is polled again after a change of its file."""
    providers = await started(make_providers(scripted("a", "py")))
    relabelled = scripted("a", "py")
    assert isinstance(relabelled.settings, dict)
    providers.apply([Declaration("a", "a.json", {**relabelled.settings, "label": "New"})])
    assert shown(providers) == ["py (New)"]


async def test_equal_labels_differ_from_the_start(make_providers: MakeProviders) -> None:
    """Two providers with one label show their ids, also before both have answered."""
    declared = [scripted("a", "py"), gateway("b")]
    for declaration in declared:
        assert isinstance(declaration.settings, dict)
        declaration.settings["label"] = "Farm"
    providers = await started(make_providers(*declared))
    assert shown(providers) == ["py (Farm [a])"]


async def test_running_kernels_stay_with_a_reconfigured_provider(
    make_providers: MakeProviders,
) -> None:
    """A running kernel is updated by the provider with its new configuration."""
    providers = await started(make_providers(scripted("a", "py", running={"1": {"state": "old"}})))
    kernel = Kernel("1")
    providers.poll("a", kernel)

    async def was_told(state: str) -> bool:
        return {"state": state} in kernel.news

    await wait_until(lambda: was_told("old"), pause=0.01)
    providers.apply([scripted("a", "py", running={"1": {"state": "new"}})])
    await wait_until(lambda: was_told("new"), pause=0.01)
    providers.stop_polling("a", kernel)
    providers.stop_polling("a", kernel)


@pytest.mark.parametrize(
    ("placement", "shown"),
    [
        ("suffix", "py (a)"),
        ("prefix", "a: py"),
        ("none", "py"),
        ("{provider}'s {kernel}", "a's py"),
    ],
)
async def test_placement(make_providers: MakeProviders, placement: str, shown: str) -> None:
    """The administrator's placement is the position of the provider's name."""
    providers = await started(make_providers(scripted("a", "py"), placement=placement))
    assert providers.kernelspecs("/", ())["a/py"]["spec"]["display_name"] == shown


async def test_a_bad_placement_is_not_used(
    make_providers: MakeProviders, caplog: pytest.LogCaptureFixture
) -> None:
    """An unusable placement is logged once, and the default is used."""
    providers = await started(make_providers(scripted("a", "py"), placement="{place}"))
    for base_url in ("/", "/other/"):
        model = providers.kernelspecs(base_url, ())["a/py"]
        assert model["spec"]["display_name"] == "py (a)"
    assert caplog.text.count("c.KernelProviders.placement: '{place}' is not a placement") == 1


def test_traits_are_the_defaults_of_all_providers(make_providers: MakeProviders) -> None:
    """Traits hold for all providers whose files do not say otherwise."""
    providers = make_providers(
        gateway("a"),
        gateway("b", refresh_interval=5, timeouts={"start": 7}, on_server_exit="shutdown"),
        refresh_interval=30,
        connect_timeout=1,
        request_timeout=2,
        start_timeout=3,
        on_server_exit="keep",
        env=["LANG"],
    )
    a, b = (providers.provider(name).config for name in "ab")
    assert (a.refresh_interval, a.timeouts, a.on_server_exit, a.env) == (
        30,
        Timeouts(1, 2, 3),
        "keep",
        ("LANG",),
    )
    assert (b.refresh_interval, b.timeouts, b.on_server_exit) == (5, Timeouts(1, 2, 7), "shutdown")


def test_a_failing_loader_affects_only_its_own_providers(
    make_providers: MakeProviders, caplog: pytest.LogCaptureFixture
) -> None:
    """If a site's loader fails, that is logged, and directly configured providers are there."""
    inline = {"a": {"url": UNREACHABLE}, "b": {"ulr": UNREACHABLE}}
    providers = make_providers(ConnectionError("no database"), providers=inline)
    assert [monitor.provider.id for monitor in providers.monitors] == ["a"]
    assert list(providers.problems) == ["c.KernelProviders.providers['b']"]
    assert "no database in Loader" in caplog.text


async def test_a_loader_that_fails_later_removes_nothing(make_providers: MakeProviders) -> None:
    """If a site's loader fails for a while, its last result stays valid."""
    asked_again = asyncio.Event()

    class Failing(ListLoader):
        calls = 0

        def load(self) -> Iterable[Declaration]:
            self.calls += 1
            if self.calls > 1:
                raise ConnectionError("no database")
            return [gateway("a")]

        async def changes(self) -> AsyncIterator[None]:
            yield
            asked_again.set()  # what came of the first failure is in force by now

    providers = await started(make_providers(loader_class=Failing))
    before = providers.provider("a")
    await asyncio.wait_for(asked_again.wait(), 30)
    assert providers.provider("a") is before


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A folder for files, and traits with which it is polled often."""
    (tmp_path / "config" / FOLDER).mkdir(parents=True)
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.delenv("JUPYTER_NO_CONFIG", raising=False)
    parent = LoggingConfigurable(config=Config({"FileLoader": {"watch_interval": 0.1}}))
    return {"loader_class": FileLoader, "parent": parent}


def write(tmp_path: Path, *kernels: str) -> Path:
    """Write the file of a provider with these kernels."""
    path = tmp_path / "config" / FOLDER / "of-the-tests.json"
    path.write_text(json.dumps(scripted("", *kernels).settings))
    return path


async def test_files_are_followed(
    make_providers: MakeProviders, tmp_path: Path, files: dict[str, Any]
) -> None:
    """A file that is added, changed or removed takes effect without a restart."""
    providers = await started(make_providers(**files))

    async def offered_after_writing(*kernels: str) -> bool:
        write(tmp_path, *kernels)
        offered = set(providers.kernelspecs("/", ()))
        return {f"of-the-tests/{kernel}" for kernel in kernels} <= offered

    await wait_until(lambda: offered_after_writing("py"), pause=0.5)
    await wait_until(lambda: offered_after_writing("py", "r"), pause=0.5)
    write(tmp_path).unlink()

    async def gone() -> bool:
        return not any(n.startswith("of-the-tests") for n in providers.kernelspecs("/", ()))

    await wait_until(gone)


async def test_a_file_that_comes_while_the_server_starts_is_not_missed(
    make_providers: MakeProviders, tmp_path: Path, files: dict[str, Any]
) -> None:
    """A file that is written between the first read and the first poll takes effect, too."""
    providers = make_providers(**files)
    write(tmp_path, "py")
    await started(providers)

    async def offered() -> bool:
        return "of-the-tests/py" in providers.kernelspecs("/", ())

    await wait_until(offered, timeout=10)


async def test_two_servers_in_one_process_do_not_mix(make_providers: MakeProviders) -> None:
    """Each multiplexer has its own providers, problems and kernels."""
    one = await started(make_providers(scripted("a", "py"), gateway("off", enabled=False)))
    two = await started(make_providers(scripted("b", "py"), Declaration("bad", "bad.json", {})))
    assert [list(p.kernelspecs("/", ())) for p in (one, two)] == [["a/py"], ["b/py"]]
    assert [list(p.problems) for p in (one, two)] == [[], ["bad.json"]]
    assert provider_of(two, "off/py") == (None, "off/py")


async def test_a_secrets_variable_stays_secret(make_providers: MakeProviders) -> None:
    """No kernel gets it, also if its provider is off, not loaded or removed."""
    token = {"token": {"env": "TOKEN_OFF"}}
    providers = make_providers(
        gateway("off", enabled=False, **token),
        gateway("wrong", nonsense=1, headers={"X": {"env": "TOKEN_WRONG"}}),
        gateway("gone", cookies={"c": {"env": "TOKEN_GONE"}}),
    )
    assert providers.secret_variables == {"TOKEN_OFF", "TOKEN_WRONG", "TOKEN_GONE"}
    providers.apply([])
    assert "TOKEN_GONE" in providers.secret_variables


async def test_a_provider_is_closed_although_the_server_stops(
    make_providers: MakeProviders,
) -> None:
    """One that has just been replaced is closed as well when the server stops."""
    providers = await started(make_providers(scripted("a", "py")))
    before = providers.provider("a")
    providers.apply([scripted("a", "py", default="py")])
    await providers.aclose()
    assert isinstance(before, FakeProvider)
    assert before.closed
