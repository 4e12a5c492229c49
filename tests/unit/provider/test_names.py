"""Names: qualified, in URLs, and for people."""

from __future__ import annotations

import json
from itertools import permutations
from urllib.parse import unquote

import pytest

from kernel_providers_ext.provider.names import (
    display_name,
    encode,
    is_name,
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


def test_crafted_collisions_take_one_pass() -> None:
    """50,000 names that collide again with each bracket are unique at once, not after an hour."""
    wanted = {}
    text = "A"
    for number in range(50_000):
        name = f"p/k{number}"
        wanted[name] = text
        text = f"A [{name}]" if number % 2 else text
    shown = unique(wanted, taken=[f"A [p/k{number}]" for number in range(0, 50_000, 3)])
    assert len(set(shown.values())) == len(wanted)
    assert shown.keys() == wanted.keys()


def test_equal_results_are_numbered() -> None:
    """If the name in brackets is in use as well, a number follows."""
    wanted = {"b] [c": "a", "x": "a", "c": "a [b]", "y": "a [b]", "z": "a [b] [c]"}
    assert unique(wanted, taken=["a [x]"]) == {
        "b] [c": "a [b] [c] (2)",
        "x": "a [x] (2)",
        "c": "a [b] [c] (3)",
        "y": "a [b] [y]",
        "z": "a [b] [c]",
    }


@pytest.mark.parametrize(
    "name",
    ["python3", "gpu/python3", "my kernel", "100%", "日本", "a..b", "...", "x" * 255, "'\"<"],
)
def test_a_name_can_be_any_printable_text(name: str) -> None:
    """Spaces, other scripts and signs are allowed."""
    assert is_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "a/..",
        "../a",
        "a/./b",
        "a\n",
        "\x00",
        "\u202e",
        "\ud800",
        "x" * 256,
        None,
        5,
        b"x",
    ],
)
def test_what_cannot_be_a_name(name: object) -> None:
    """What leaves a path, cannot be printed, is too long, or is no text."""
    assert not is_name(name)
