"""What a command prints: for people, or as JSON for programs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TextIO

from ..provider.status import WORDS, Reachable

#: Colours, as parameters of SGR (ECMA-48, 8.3.117).
FAINT, RED, GREEN, YELLOW = 2, 31, 32, 33
COLOURS: Mapping[Reachable, int] = {
    Reachable.ONLINE: GREEN,
    Reachable.SLOW: YELLOW,
    Reachable.BLOCKED: YELLOW,
    Reachable.UNAUTHORISED: YELLOW,
    Reachable.OFFLINE: RED,
    Reachable.INCOMPATIBLE: RED,
}


class CommandError(Exception):
    """A command cannot be done; the message is for people."""


@dataclass(frozen=True)
class Output:
    """
    The result of a command.

    Args:
        text: For people.
        data: The same for programs, as an object of JSON.
        exit_code: 0 if all is well.
    """

    text: str
    data: Mapping[str, Any] = field(default_factory=dict)
    exit_code: int = 0


def write(text: str, stream: TextIO) -> None:
    """Print a text, with escapes for what the stream's encoding does not have."""
    encoding = stream.encoding or "ascii"
    try:
        print(text.encode(encoding, "backslashreplace").decode(encoding), file=stream, flush=True)
    except OSError:  # the reader has left, or the terminal is closed
        _discard(stream)


def _discard(stream: TextIO) -> None:
    """Let what is printed from now on go nowhere, so that the end of Python reports no error."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def coloured(text: str, colour: int, stream: TextIO) -> str:
    """Return a text in a colour if the stream is a terminal; see https://no-color.org."""
    if not stream.isatty() or os.environ.get("NO_COLOR"):
        return text
    return f"\x1b[{colour}m{text}\x1b[0m"


@contextmanager
def progress(text: str) -> Iterator[None]:
    """Show a line on a terminal's standard error until the work is done."""
    if not sys.stderr.isatty():
        yield
        return
    print(text, end="\r", flush=True, file=sys.stderr)
    try:
        yield
    finally:
        print(" " * len(text), end="\r", flush=True, file=sys.stderr)


def state_word(state: str) -> str:
    """Return the word for a state, in colour on a terminal."""
    reachable = Reachable(state)
    word, colour = WORDS[reachable], COLOURS.get(reachable)
    return word if colour is None else coloured(word, colour, sys.stdout)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return aligned columns; no line ends in blanks."""
    lines = [heads, *rows]
    widths = [max(_width(row[column]) for row in lines) for column in range(len(heads))]
    return "\n".join(
        "  ".join(
            cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in lines
    )


def _width(cell: str) -> int:
    """Return how many columns a text takes, without its colours."""
    colours = [part.partition("m")[0] for part in cell.split("\x1b[")[1:]]
    return len(cell) - sum(len(colour) + 3 for colour in colours)
