"""Reads a large JSON text piece by piece."""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")

FIRST_WINDOW = 4 * 2**10  # characters of a value that are tried first
#: A piece of a text is not read if it has more values than this, and more than one for every eight
#: characters. Each value is an object in memory, and thousands of them at once make Python search
#: all of its memory for garbage.
DENSE = 1_000
MANY = 1_000  # brackets and quotation marks that are skipped before a rest
WORK, REST = 0.001, 0.0002  # seconds
SPACE = re.compile(r"[ \t\n\r]*")
#: The characters that matter for where a value ends.
STRUCTURE = re.compile(r'["\\\[\]{}]')


class TooLong(ValueError):
    """A value is longer or deeper than its reader can read; the reader has skipped it."""


def number(text: str) -> float | None:
    """Return a JSON number; None for ``NaN`` and the like, which no browser reads."""
    value = float(text)
    return value if math.isfinite(value) else None


class JsonReader:
    """
    Reads a JSON text, one value after the other.

    It is for a thread. Python's parser holds the interpreter's lock until it has read all of a
    text: 8 MiB of brackets keep an event loop waiting for half a second. This reader reads no value
    that takes more than a millisecond, and lets other threads run between two of them. All methods
    raise ValueError if the text is not what they read.

    Args:
        text: The text.
        longest: The characters of a single value at most.
    """

    def __init__(self, text: str, longest: int) -> None:
        self._text = text
        self._longest = longest
        self._decoder = json.JSONDecoder(parse_float=number, parse_constant=number)
        self._at = 0
        self._rested_at = time.perf_counter()

    def members(self) -> Iterator[str]:
        """Read an object: yield each key, whose value the caller reads before the next one."""
        return self._elements("{", "}", self._key)

    def items(self) -> Iterator[Any]:
        """Read an array: yield each of its values; None for one that is too long."""
        return self._elements("[", "]", self._value_or_none)

    def value(self) -> Any:
        """Read one value of any type; raises TooLong after it has skipped one that is too long."""
        begin = self._skip_space()
        window = min(FIRST_WINDOW, self._longest)
        while True:
            self._rest()
            piece = self._text[begin : begin + window]
            is_whole = len(piece) < window
            if piece[:1] in ("[", "{") and _is_dense(piece):
                return self._dense_value(begin)
            try:
                value, length = self._decoder.raw_decode(piece)
            except RecursionError as error:
                self._skip_value()
                raise TooLong from error
            except ValueError:
                if is_whole:
                    raise
            else:
                if is_whole or length < len(piece):  # else a number may go on
                    self._at = begin + length
                    return value
            if window == self._longest:
                self._skip_value()
                raise TooLong
            window = min(8 * window, self._longest)

    def _dense_value(self, begin: int) -> Any:
        """Read a value only if it is not itself what makes the text dense."""
        self._skip_value()
        piece = self._text[begin : self._at]
        if len(piece) > self._longest or _is_dense(piece):
            raise TooLong
        try:
            return self._decoder.decode(piece)
        except RecursionError as error:
            raise TooLong from error

    def _value_or_none(self) -> Any:
        with suppress(TooLong):
            return self.value()
        return None

    def _elements(self, opening: str, closing: str, read: Callable[[], T]) -> Iterator[T]:
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

    def _skip_space(self) -> int:
        found = SPACE.match(self._text, self._at)
        self._at = found.end() if found else self._at
        return self._at

    def _skip_value(self) -> None:
        """Go behind an object, an array or a string, without a check of what is in it."""
        depth, is_string, escaped = 0, False, -1
        for number, found in enumerate(STRUCTURE.finditer(self._text, self._at)):
            if not number % MANY:
                self._rest()
            character, at = found[0], found.start()
            if at == escaped:
                continue
            if is_string:
                is_string = character != '"'
                escaped = at + 1 if character == "\\" else -1
            elif character == '"':
                is_string = True
            else:
                depth += 1 if character in "[{" else -1
            if depth <= 0 and not is_string:
                self._at = at + 1
                return
        raise ValueError("no end")

    def _rest(self) -> None:
        """
        Give other threads the interpreter's lock, if this one has worked for a while.

        They would wait 5 ms for each time that they need it, and an event loop needs it a dozen
        times for an answer.
        """
        if time.perf_counter() - self._rested_at > WORK:
            time.sleep(REST)
            self._rested_at = time.perf_counter()

    def _take(self, character: str) -> bool:
        is_next = self._text.startswith(character, self._skip_space())
        self._at += is_next
        return is_next

    def _expect(self, character: str) -> None:
        if not self._take(character):
            raise ValueError(f"no {character!r} at {self._at}")


def _is_dense(piece: str) -> bool:
    return sum(map(piece.count, "[{,")) > max(DENSE, len(piece) // 8)
