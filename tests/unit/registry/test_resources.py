"""Files of kernelspecs: which one is the logo, and how often files are fetched."""

from __future__ import annotations

import asyncio
import gc
import logging
from typing import Any

import pytest

from kernel_providers_ext.provider.config import ProviderConfig
from kernel_providers_ext.provider.errors import ProviderUnavailable
from kernel_providers_ext.provider.interface import Resource
from kernel_providers_ext.registry.resources import BUDGET, Resources, logo_of
from tests.support.fake_provider import FakeProvider


@pytest.mark.parametrize(
    ("resources", "logo"),
    [
        ({"logo-64x64": "/k/a.png", "logo-svg": "/k/a.svg", "kernel.js": "/k/a.js"}, "a.svg"),
        ({"logo-32x32": "/k/b.png", "logo-64x64": "/k/a.png"}, "a.png"),
        ({"logo-32x32": "/k/b.png"}, None),
        ({}, None),
    ],
)
def test_the_logo_is_the_one_that_lab_shows(resources: dict[str, str], logo: str | None) -> None:
    """An SVG comes before the large PNG; JupyterLab shows nothing else."""
    assert logo_of({"name": "py", "spec": {}, "resources": resources}) == logo


class Library(FakeProvider):
    """Has every file; its contents are its name and how often it was fetched before."""

    def __init__(self) -> None:
        super().__init__(ProviderConfig("gpu", "gpu.json"), logging.getLogger("test_resources"))
        self.fetched: list[str] = []
        self.away = False

    async def resource(self, kernel_name: str, file: str) -> Resource:
        self.fetched.append(f"{kernel_name}/{file}")
        await asyncio.sleep(0)
        if self.away:
            raise ProviderUnavailable("gpu", "refused", "Cannot reach gpu.")
        return Resource(str(len(self.fetched)).encode(), "image/png")


def model(**more: Any) -> dict[str, Any]:
    """Return a kernelspec's model with a logo."""
    return {"name": "py", "spec": more, "resources": {"logo-64x64": "/k/a.png"}}


async def test_a_file_is_fetched_once() -> None:
    """All requests, at the same time and later, get the file that the first one fetched."""
    library, resources = Library(), Resources()
    at_once = [resources.get(library, "py", model(), "a.png") for _ in range(5)]
    found = [*await asyncio.gather(*at_once), await resources.get(library, "py", model(), "a.png")]
    assert {resource.body for resource in found} == {b"1"}
    await resources.get(library, "py", model(), "b.png")
    await resources.get(library, "r", model(), "a.png")
    assert library.fetched == ["py/a.png", "py/b.png", "r/a.png"]


async def test_an_unavailable_provider_is_not_asked() -> None:
    """Fetched files are served; requests for others fail at once, with the known reason."""
    library, resources = Library(), Resources()
    await resources.get(library, "py", model(), "a.png")
    failure = ProviderUnavailable("gpu", "timeout", "Cannot reach gpu.")
    assert (await resources.get(library, "py", model(), "a.png", failure)).body == b"1"
    with pytest.raises(ProviderUnavailable, match="Cannot reach gpu"):
        await resources.get(library, "py", model(), "b.png", failure)
    assert library.fetched == ["py/a.png"]


async def test_the_rest_is_left_if_the_provider_goes_away() -> None:
    """Each further request would wait for its timeout."""
    library, resources = Library(), Resources()
    library.away = True
    kernelspecs = {name: {**model(), "name": name} for name in ("a", "b", "c")}
    with pytest.raises(ProviderUnavailable):
        await resources.fetch_logos(library, kernelspecs)
    assert len(library.fetched) == 1
    library.away = False
    await resources.fetch_logos(library, kernelspecs)
    assert len(library.fetched) == 4


async def test_a_changed_kernelspec_has_its_files_fetched_again() -> None:
    """A changed kernelspec may have another logo under the same name."""
    library, resources = Library(), Resources()
    for version, expected in ((1, b"1"), (1, b"1"), (2, b"2"), (2, b"2")):
        resource = await resources.get(library, "py", model(version=version), "a.png")
        assert resource.body == expected


async def test_a_failed_fetch_is_tried_again() -> None:
    """A failure is not kept, and a cancelled request cancels no other one."""
    library, resources = Library(), Resources()
    library.away = True
    with pytest.raises(ProviderUnavailable):
        await resources.get(library, "py", model(), "a.png")
    library.away = False
    impatient = asyncio.create_task(resources.get(library, "py", model(), "a.png"))
    patient = asyncio.create_task(resources.get(library, "py", model(), "a.png"))
    await asyncio.sleep(0)
    impatient.cancel()
    assert (await patient).body == b"2"
    assert library.fetched == ["py/a.png"] * 2


async def test_an_abandoned_fetch_may_fail(caplog: pytest.LogCaptureFixture) -> None:
    """For example, if the server stops meanwhile: the log has no complaint."""

    library = Library()
    library.away = True
    resources = Resources()
    asking = asyncio.create_task(resources.get(library, "py", model(), "a.png"))
    await asyncio.sleep(0)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    await resources.aclose()
    del resources, asking
    gc.collect()
    assert "never retrieved" not in caplog.text


async def test_what_no_kernelspec_names_is_forgotten() -> None:
    """Files of removed, renamed and changed kernelspecs leave memory; the others stay."""
    library, resources = Library(), Resources()
    for name in ("py", "r", "old"):
        await resources.get(library, name, model(), "a.png")
    resources.retain({"py": model(), "r": model(version=2)})
    for name, version in (("py", {}), ("r", {"version": 2}), ("old", {})):
        await resources.get(library, name, model(**version), "a.png")
    assert library.fetched[3:] == ["r/a.png", "old/a.png"]


async def test_the_files_of_a_provider_have_a_budget() -> None:
    """Only so many bytes stay in memory; the file that was not used for longest leaves first."""

    class Hoard(Library):
        async def resource(self, kernel_name: str, file: str) -> Resource:
            self.fetched.append(kernel_name)
            return Resource(bytes(BUDGET // 4), "image/png")

    library, resources = Hoard(), Resources()
    for name in ("a", "b", "c", "d", "a", "e"):
        await resources.get(library, name, model(), "a.png")
    assert resources.is_full
    await resources.get(library, "a", model(), "a.png")
    await resources.get(library, "b", model(), "a.png")
    assert library.fetched == ["a", "b", "c", "d", "e", "b"]


async def test_a_file_beyond_the_budget_is_not_kept() -> None:
    """It is served all the same."""

    class Giant(Library):
        async def resource(self, kernel_name: str, file: str) -> Resource:
            return Resource(bytes(BUDGET + 1), "image/png")

    resources = Resources()
    assert len((await resources.get(Giant(), "py", model(), "a.png")).body) == BUDGET + 1
    assert not resources.is_full
