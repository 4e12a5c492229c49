"""Files of kernelspecs: which one is the logo, and what its name is."""

from __future__ import annotations

import pytest

from kernel_providers_ext.resources import file_of, logo_of


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
