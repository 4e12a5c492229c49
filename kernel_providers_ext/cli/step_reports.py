"""The results of a diagnosis, as lines for people or as JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Protocol, TextIO

from ..provider.diagnosis import Outcome, StepResult
from .output import FAINT, GREEN, RED, coloured, write

MARKS: Mapping[Outcome, str] = {Outcome.PASSED: "✓", Outcome.FAILED: "✗", Outcome.SKIPPED: "–"}
ASCII_MARKS: Mapping[Outcome, str] = {
    Outcome.PASSED: "ok  ",
    Outcome.FAILED: "FAIL",
    Outcome.SKIPPED: "skip",
}
COLOURS: Mapping[Outcome, int] = {
    Outcome.PASSED: GREEN,
    Outcome.FAILED: RED,
    Outcome.SKIPPED: FAINT,
}
NAME_WIDTH, TEXT_WIDTH = 14, 70  # characters of a name, and of a line without mark and time


class StepReport(Protocol):
    """Reports the results of a diagnosis."""

    def step(self, result: StepResult) -> None:
        """Report one result."""

    def announce(self, sentence: str) -> None:
        """Report what is about to happen."""

    def end(self, summary: str) -> None:
        """Report the end; ``summary`` is what to say if no step has failed."""


class StepLines:
    """
    Prints a line for each step as soon as it is done, and at the end why one failed.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._marks = MARKS if _canwrite(stream, "".join(MARKS.values())) else ASCII_MARKS
        self._failures: list[StepResult] = []

    def step(self, result: StepResult) -> None:
        """Print mark, name, detail and time."""
        outcome, colour = result.outcome, COLOURS[result.outcome]
        has_failed = outcome is Outcome.FAILED
        text = f"{result.name:<{NAME_WIDTH}}  {'failed' if has_failed else result.detail}"
        if outcome is Outcome.SKIPPED:
            text = coloured(text, colour, self._stream)
        else:
            text = f"{text:<{TEXT_WIDTH}}  {1000 * result.seconds:.0f} ms"
        write(f"{coloured(self._marks[outcome], colour, self._stream)} {text}", self._stream)
        if has_failed:
            self._failures.append(result)

    def announce(self, sentence: str) -> None:
        """Print the sentence."""
        write(sentence, self._stream)

    def end(self, summary: str) -> None:
        """Print cause and remedy of each failure, or the summary."""
        for failure in self._failures:
            write(f"\nCause:  {failure.cause}", self._stream)
            if failure.remedy:
                write(f"Remedy: {failure.remedy}", self._stream)
        if not self._failures:
            write(f"\n{summary}", self._stream)


class StepJson:
    """Prints a JSON list of all results at the end; announcements go to the standard error."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._results: list[StepResult] = []

    def step(self, result: StepResult) -> None:
        """Keep the result."""
        self._results.append(result)

    def announce(self, sentence: str) -> None:
        """Print the sentence to the standard error."""
        write(sentence, sys.stderr)

    def end(self, summary: str) -> None:
        """Print the list."""
        write(json.dumps([_as_json(result) for result in self._results], indent=2), self._stream)


def _as_json(result: StepResult) -> dict[str, Any]:
    return {**asdict(result), "seconds": round(result.seconds, 6)}


def _canwrite(stream: TextIO, text: str) -> bool:
    try:
        text.encode(stream.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True
