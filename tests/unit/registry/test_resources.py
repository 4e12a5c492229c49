"""Files of kernelspecs: which one is the logo, and what its name is."""

from __future__ import annotations

import asyncio
import gc
import logging
from typing import Any

import pytest

from kernel_providers_ext.provider.config import ProviderConfig
from kernel_providers_ext.provider.errors import ProviderUnavailable
from kernel_providers_ext.provider.interface import Resource
from kernel_providers_ext.registry.resources import Resources, file_of, logo_of
from tests.support.fake_provider import FakeProvider


def test_the_file_of_a_url_is_decoded() -> None:
    """The file that a resource's URL leads to is its last segment, decoded."""
    assert file_of("http://gpu/kernelspecs/py/logo%2064.png?x=/y#z") == "logo 64.png"


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
    """An SVG goes before the large PNG, and nothing else is a logo to JupyterLab."""
    assert logo_of({"name": "py", "spec": {}, "resources": resources}) == logo


class Library(FakeProvider):
    """Has every file, each fetched by its name and how often it was before."""

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
    """Those who ask at once and those who ask later get what was fetched for the first of them."""
    library, resources = Library(), Resources()
    at_once = [resources.get(library, "py", model(), "a.png") for _ in range(5)]
    found = [*await asyncio.gather(*at_once), await resources.get(library, "py", model(), "a.png")]
    assert {resource.body for resource in found} == {b"1"}
    await resources.get(library, "py", model(), "b.png")
    await resources.get(library, "r", model(), "a.png")
    assert library.fetched == ["py/a.png", "py/b.png", "r/a.png"]


async def test_a_provider_that_is_away_is_not_asked() -> None:
    """Files that are known are served, and others fail at once, with the reason that is known."""
    library, resources = Library(), Resources()
    await resources.get(library, "py", model(), "a.png")
    failure = ProviderUnavailable("gpu", "timeout", "Cannot reach gpu.")
    assert (await resources.get(library, "py", model(), "a.png", failure)).body == b"1"
    with pytest.raises(ProviderUnavailable, match="Cannot reach gpu"):
        await resources.get(library, "py", model(), "b.png", failure)
    assert library.fetched == ["py/a.png"]


async def test_a_changed_kernelspec_has_its_files_fetched_again() -> None:
    """A kernelspec that is not what it was may have another logo under the same name."""
    library, resources = Library(), Resources()
    for version, expected in ((1, b"1"), (1, b"1"), (2, b"2"), (2, b"2")):
        resource = await resources.get(library, "py", model(version=version), "a.png")
        assert resource.body == expected


async def test_a_file_that_could_not_be_had_is_asked_for_again() -> None:
    """A failure is not kept, and one who stops waiting takes the file away from nobody."""
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


async def test_a_logo_that_nobody_waits_for_may_fail(caplog: pytest.LogCaptureFixture) -> None:
    """Such as at the server's end, while it is fetched: there is no complaint in the log."""

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
