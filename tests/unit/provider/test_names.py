"""Names: qualified, in URLs, and for people."""

from __future__ import annotations

import json
from itertools import permutations
from urllib.parse import unquote

import pytest

from kernel_providers_ext.provider.names import (
    display_name,
    encode,
    qualify,
    split,
    template_of,
    unique,
)
from tests.support.processes import ROOT

#: Read by the front end's tests as well: what people see must not depend on who made the name.
CASES = json.loads((ROOT / "tests/shared/names.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("gpu-farm/python3", ("gpu-farm", "python3")),
        ("hub/gpu/python3", ("hub", "gpu/python3")),
        ("gpu/with space", ("gpu", "with space")),
    ],
)
def test_the_first_slash_ends_the_provider(name: str, parts: tuple[str, str]) -> None:
    """A qualified name splits at its first slash, and its parts make the same name again."""
    assert split(name) == parts
    assert qualify(*parts) == name


def test_a_name_without_a_prefix_belongs_to_no_provider() -> None:
    """A name without a slash splits into an empty id and itself."""
    assert split("python3") == ("", "python3")


@pytest.mark.parametrize(
    ("name", "encoded"),
    [
        ("python3", "python3"),
        ("gpu/python3", "gpu%2Fpython3"),
        ("hub/gpu/python3", "hub%2Fgpu%2Fpython3"),
        ("gpu/my kernel", "gpu%2Fmy%20kernel"),
        ("gpu/100%", "gpu%2F100%25"),
        ("gpu/a%2Fb", "gpu%2Fa%252Fb"),
        ("gpu/é?#&", "gpu%2F%C3%A9%3F%23%26"),
    ],
)
def test_a_name_is_one_segment_of_a_url(name: str, encoded: str) -> None:
    """Any name is one segment of a URL's path, and is decoded unchanged."""
    assert encode(name) == encoded
    assert unquote(encoded) == name


@pytest.mark.parametrize(("placement", "kernel", "provider", "shown"), CASES["placements"])
def test_placement(placement: str, kernel: str, provider: str, shown: str) -> None:
    """A placement is the position of the provider's name; a display name is never empty."""
    assert display_name(template_of(placement), kernel, provider) == shown


def test_a_template_may_have_formats() -> None:
    """An administrator's template can use Python's format specifications."""
    assert display_name(template_of("{kernel:.6}: {provider}"), "Python 3", "X") == "Python: X"


@pytest.mark.parametrize("placement", CASES["refused"])
def test_a_placement_that_cannot_be_used_is_refused(placement: str) -> None:
    """A template that could not be filled in is refused, with a message that quotes it."""
    with pytest.raises(ValueError, match=r"^'.*\.$") as caught:
        template_of(placement)
    assert repr(placement) in str(caught.value)


@pytest.mark.parametrize(("wanted", "taken", "expected"), CASES["unique"])
def test_display_names_are_unique_in_any_order(
    wanted: dict[str, str], taken: list[str], expected: list[str]
) -> None:
    """No display name occurs twice or is taken, and none depends on the order."""
    found = unique(wanted, taken)
    assert len(set(found.values())) == len(wanted)
    assert not set(found.values()) & set(taken)
    assert list(found.values()) == expected
    for order in permutations(wanted.items()):
        assert unique(dict(order), taken[::-1]) == found
