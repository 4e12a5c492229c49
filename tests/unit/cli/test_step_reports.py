"""The results of a diagnosis as lines."""

from __future__ import annotations

import io

import pytest

from kernel_providers_ext.cli.step_reports import StepLines
from kernel_providers_ext.provider.diagnosis import Outcome, StepResult

RESULTS = [
    StepResult("DNS", Outcome.PASSED, 0.0031, "gpu.example.org is 10.0.0.7"),
    StepResult("proxy", Outcome.SKIPPED, 0.0, "none is configured"),
    StepResult(
        "TCP", Outcome.FAILED, 1.5, reason_code="refused", cause="Gpü refuses.", remedy="Start it."
    ),
]


class Terminal(io.TextIOWrapper):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        return True


def printed(stream: io.TextIOWrapper, results: list[StepResult], summary: str = "") -> str:
    """Return what is printed for some results."""
    lines = StepLines(stream)
    for result in results:
        lines.step(result)
    lines.end(summary)
    stream.seek(0)
    return stream.read()


def stream(encoding: str = "utf-8") -> io.TextIOWrapper:
    """Return a stream that is no terminal."""
    return io.TextIOWrapper(io.BytesIO(), encoding)


def test_a_line_has_mark_name_detail_and_time() -> None:
    """Causes and remedies come at the end."""
    at = 70 - 16
    assert printed(stream(), RESULTS, "All is well.") == (
        f"✓ DNS             {'gpu.example.org is 10.0.0.7':<{at}}  3 ms\n"
        "– proxy           none is configured\n"
        f"✗ TCP             {'failed':<{at}}  1500 ms\n"
        "\n"
        "Cause:  Gpü refuses.\n"
        "Remedy: Start it.\n"
    )


def test_a_success_is_summed_up() -> None:
    """A step that was skipped is none that failed."""
    assert printed(stream(), RESULTS[:2], "All is well.").endswith("configured\n\nAll is well.\n")


def test_an_unknown_remedy_is_left_out() -> None:
    """There is no empty line of it."""
    result = StepResult("start", Outcome.FAILED, 0.0, cause="No quota.")
    assert printed(stream(), [result]).endswith("\n\nCause:  No quota.\n")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_marks_are_ascii_if_the_encoding_has_no_others(encoding: str) -> None:
    """What else it cannot print is escaped."""
    output = printed(stream(encoding), RESULTS)
    assert [line.split()[:2] for line in output.splitlines()[:3]] == [
        ["ok", "DNS"],
        ["skip", "proxy"],
        ["FAIL", "TCP"],
    ]
    assert ("Gp\\xfc refuses." if encoding == "ascii" else "Gpü refuses.") in output


def test_colours_are_for_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless NO_COLOR is set."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    output = printed(Terminal(io.BytesIO(), "utf-8"), RESULTS)
    assert output.startswith("\x1b[32m✓\x1b[0m DNS")
    assert "\x1b[31m✗\x1b[0m TCP" in output
    assert "\x1b" not in printed(stream(), RESULTS)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in printed(Terminal(io.BytesIO(), "utf-8"), RESULTS)


def test_a_reader_that_has_left_ends_nothing() -> None:
    """As in ``doctor | head -1``: a kernel still has to be stopped."""

    class Gone(io.TextIOWrapper):
        def write(self, _: str) -> int:
            raise BrokenPipeError

    lines = StepLines(Gone(io.BytesIO(), "utf-8"))
    for result in RESULTS:
        lines.step(result)
    lines.end("")
