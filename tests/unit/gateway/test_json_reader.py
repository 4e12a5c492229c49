"""A large JSON text is read piece by piece, and to the same result as at once."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest

from kernel_providers_ext.gateway.json_reader import FIRST_WINDOW, JsonReader, TooLong

LONGEST = 64 * 2**10

VALUES = [
    None,
    True,
    -1.5e3,
    12345678901234567890123,
    "",
    'a "quoted" \\ text, [brackets] and {braces}',
    "\N{GRINNING FACE} 日本",
    [],
    {},
    [1, [2, {"a": [3]}]],
    {"a": {"b": None}, "": [], "c": "x" * 3 * FIRST_WINDOW},
    "y" * (LONGEST // 2),
]


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("value", VALUES, ids=lambda value: repr(value)[:20])
def test_a_value_is_as_if_read_at_once(value: Any, indent: int | None) -> None:
    """Values of any type and length arrive unchanged, in an object and in an array."""
    reader = JsonReader(json.dumps({"first": value, "second": value}, indent=indent), LONGEST)
    assert {key: reader.value() for key in reader.members()} == {"first": value, "second": value}
    reader = JsonReader(json.dumps([value, value], indent=indent), LONGEST)
    assert list(reader.items()) == [value, value]


@pytest.mark.parametrize(
    "long",
    [
        ["x" * LONGEST],
        {"a": ["]", "}", '\\"', "\\" * 3, {"b": [{}] * LONGEST}]},
        '\\"[{' * LONGEST,
        "\\" * LONGEST,
        [[]] * LONGEST,
    ],
    ids=lambda value: repr(value)[:10],
)
def test_a_value_that_is_too_long_is_skipped(long: Any) -> None:
    """Those before and after it are read."""
    reader = JsonReader(json.dumps({"a": 1, "long": long, "b": 2}), LONGEST)
    found = {}
    for key in reader.members():
        try:
            found[key] = reader.value()
        except TooLong:
            found[key] = "too long"
    assert found == {"a": 1, "long": "too long", "b": 2}


@pytest.mark.parametrize("length", range(FIRST_WINDOW - 3, FIRST_WINDOW + 3))
def test_a_number_at_the_end_of_a_window_is_whole(length: int) -> None:
    """A number that goes on behind the piece that is tried first is not cut."""
    assert list(JsonReader(f"[{'7' * length}]", LONGEST).items()) == [int("7" * length)]


def test_no_number_is_one_that_no_browser_reads() -> None:
    """Python's ``NaN`` and ``Infinity``, and numbers that are too large, become null."""
    assert list(JsonReader("[NaN, -Infinity, 1e999, 1.5]", LONGEST).items()) == [
        None,
        None,
        None,
        1.5,
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "{",
        '{"a"',
        '{"a":',
        '{"a": 1',
        '{"a": 1,',
        '{"a": 1,}',
        '{"a" 1}',
        '{"a": 1 "b": 2}',
        "{1: 2}",
        "[1]",
        '["a": 1}',
        '{"a": tru}',
        '{"a": ' + "[" * 100_000,
        '{"a": "' + "x" * LONGEST,
        '{"a": ' + "[" * LONGEST + "]" * (LONGEST - 1) + "}",
    ],
    ids=lambda text: text[:20],
)
def test_what_is_not_an_object_raises_valueerror(text: str) -> None:
    """So does a value that is nested too deeply, or that has no end."""
    with pytest.raises(ValueError):  # noqa: PT011 - the messages are Python's own
        read_object(text)


def read_object(text: str) -> None:
    """Read a text that should be one object."""
    reader = JsonReader(text, LONGEST)
    for _ in reader.members():
        reader.value()


def test_a_value_that_is_nested_too_deeply_is_skipped() -> None:
    """Python can neither read nor write it; the next value is read."""
    reader = JsonReader('{"deep": ' + "[" * 5000 + "]" * 5000 + ', "b": 2}', LONGEST)
    keys = reader.members()
    assert next(keys) == "deep"
    with pytest.raises(TooLong):
        reader.value()
    assert next(keys) == "b"
    assert reader.value() == 2


def test_a_value_before_many_others_is_read() -> None:
    """Only the value that has too many values itself is skipped."""
    text = json.dumps({"a": {"b": [1, 2]}, "many": [[]] * 3000, "c": {"d": [3]}})
    reader, found = JsonReader(text, LONGEST), {}
    for key in reader.members():
        with suppress(TooLong):
            found[key] = reader.value()
    assert found == {"a": {"b": [1, 2]}, "c": {"d": [3]}}
