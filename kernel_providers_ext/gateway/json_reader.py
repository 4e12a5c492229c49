"""Reads a large JSON text piece by piece."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any

FIRST_WINDOW = 4 * 2**10  # characters of a value that are tried first
LONGEST_VALUE = 256 * 2**10  # characters of a value; the parser holds Python's lock for 10 ms
_SPACE = re.compile(r"[ \t\n\r]*")


def number(text: str) -> float | None:
    """Return a JSON number; None for ``NaN`` and the like, which no browser reads."""
    value = float(text)
    return value if math.isfinite(value) else None


class JsonReader:
    """
    Reads a JSON text from its beginning to its end.

    Python's parser holds the interpreter's lock until it has read all of a text: 16 MiB of brackets
    keep an event loop waiting for a second, even from another thread. Between two values of this
    reader, other threads run. All methods raise ValueError if the text is not what they read, or if
    a value is longer than `LONGEST_VALUE`.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._decoder = json.JSONDecoder(parse_float=number, parse_constant=number)
        self._at = 0

    def members(self) -> Iterator[str]:
        """Read an object: yield each key, whose value the caller reads before the next one."""
        yield from self._elements("{", "}", self._key)

    def items(self) -> Iterator[Any]:
        """Read an array: yield each of its values."""
        yield from self._elements("[", "]", self.value)

    def value(self) -> Any:
        """Read one value of any type."""
        begin = self._skip()
        window = FIRST_WINDOW
        while True:
            piece = self._text[begin : begin + window]
            try:
                value, length = self._decoder.raw_decode(piece)
            except RecursionError as error:
                raise ValueError("nested too deeply") from error
            except ValueError:
                if len(piece) < window or window >= LONGEST_VALUE:
                    raise
            else:
                # A number may go on behind the piece.
                if length < len(piece) or len(piece) < window:
                    self._at = begin + length
                    return value
            window *= 8

    def end(self) -> None:
        """Read the end of the text."""
        if self._skip() != len(self._text):
            raise ValueError("more than one value")

    def _elements(self, opening: str, closing: str, read: Any) -> Iterator[Any]:
        self._expect(opening)
        if self._take(closing):
            return
        while True:
            yield read()
            if self._take(closing):
                return
            self._expect(",")

    def _key(self) -> str:
        key = self.value()
        if not isinstance(key, str):
            raise ValueError("a key that is not a string")
        self._expect(":")
        return key

    def _skip(self) -> int:
        found = _SPACE.match(self._text, self._at)
        self._at = found.end() if found else self._at
        return self._at

    def _take(self, character: str) -> bool:
        is_next = self._text.startswith(character, self._skip())
        self._at += is_next
        return is_next

    def _expect(self, character: str) -> None:
        if not self._take(character):
            raise ValueError(f"no {character!r} at {self._at}")
