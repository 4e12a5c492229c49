"""
Changes the server's Python code at random, and tells which changes no unit test notices.

A mutant is a copy of the package with one small change, for example ``<=`` instead of ``<``. The
unit tests that execute the changed line run with it. If one fails, the mutant is *killed*. A mutant
that survives shows a missing test, unless its behaviour is the same: `equivalent_mutants.json`
lists those with their reasons, and they do not count. If an entry has a ``line``, only mutants of
lines with that text are meant.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import copy
import importlib
import importlib.util
import json
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import coverage
import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = "kernel_providers_ext"
EQUIVALENT = Path(__file__).with_name("equivalent_mutants.json")
NOT_FOR_UNIT_TESTS = ("_version.py", "__main__.py", "cli/demo.py")
MARKERS = "not server and not wheel"
OPTIONS = (
    "-x",
    *("-p", "no:cacheprovider"),
    *("-o", "timeout=15"),  # seconds for one test
    # Some plugins of pytest are imported before it.
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),
)
MUTANT_TIMEOUT = 120  # seconds for all tests of a mutant
FAILED = "failed.txt"  # the tests that fail without a mutant

#: What takes long to import and does not change; each mutant's process is forked after that.
IMPORTED_ONCE = ("aiohttp", "jupyter_server.serverapp", "psutil", "trustme")
#: The order of their arguments does not matter.
COMMUTATIVE = ("min", "max", "gather")

LOGGERS = ("log", "_log", "logger")
UNTESTED_CALLS = ("cast", "TypeVar", "NotImplementedError")
UNTESTED_KEYWORDS = ("help",)
COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}


Mutable = ast.expr | ast.stmt
Node = TypeVar("Node", bound=ast.AST)


@dataclass(frozen=True)
class Mutant:
    """
    One change of one module.

    Args:
        module: Its path in the package.
        line: The first line of what is changed.
        text: The text of that line.
        executed: The lines of its statement.
        old: The text that is replaced.
        new: The text instead.
        source: The whole module with the change.
        is_imported: Whether the import of the module executes what is changed.
    """

    module: str
    line: int
    text: str
    executed: range
    old: str
    new: str
    source: str
    is_imported: bool

    @property
    def room(self) -> str:
        return self.module.partition("/")[0].removesuffix(".py")

    @property
    def short(self) -> str:
        """What is replaced, on one line."""
        return " ".join(self.old.split())

    def __str__(self) -> str:
        return f"{self.module}:{self.line}  {self.short}  ->  {self.new}"


# -- what is changed -------------------------------------------------------------------------------


def mutants_of(path: Path, module: str) -> Iterator[Mutant]:
    """Yield all mutants of a module."""
    text = path.read_bytes()
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    for node, statement, is_imported in _mutable(ast.parse(text), None, is_imported=True):
        for old, replacement in _changes(node):
            begin, end = (starts[line - 1] + column for line, column in _span(old))
            new = ast.unparse(replacement)
            if isinstance(replacement, ast.expr) and not isinstance(replacement, ast.Constant):
                new = f"({new})"
            yield Mutant(
                module,
                old.lineno,
                text.splitlines()[old.lineno - 1].decode(),
                _executed_lines(old, statement),
                text[begin:end].decode(),
                new,
                (text[:begin] + new.encode() + text[end:]).decode(),
                is_imported,
            )


def _span(node: Mutable) -> tuple[tuple[int, int], tuple[int, int]]:
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    return (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)


def _executed_lines(node: Mutable, statement: ast.stmt) -> range:
    """Return the lines of a statement, or of its header until a part if it has a body."""
    last = node if hasattr(statement, "body") else statement
    return range(statement.lineno, _span(last)[1][0] + 1)


def _mutable(
    node: ast.AST, statement: ast.stmt | None, is_imported: bool
) -> Iterator[tuple[Mutable, ast.stmt, bool]]:
    """Yield what may be changed below a node, with its statement and whether it is imported."""
    is_function = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
    for child in _tested_children(node):
        inner = child if isinstance(child, ast.stmt) else statement
        at_import = is_imported and not (is_function and isinstance(child, ast.stmt))
        if isinstance(child, (ast.expr, ast.stmt)):
            assert inner is not None
            yield child, inner, at_import
        if not isinstance(child, ast.JoinedStr):  # before Python 3.12, its parts have no position
            yield from _mutable(child, inner, at_import)


def _tested_children(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the children of a node without annotations, docstrings and other untested code."""
    match node:
        case ast.AnnAssign():
            yield from [node.value] if node.value else []
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            yield from node.args.defaults
            yield from filter(None, node.args.kw_defaults)
            yield from _tested_statements(node.body)
        case ast.ClassDef():
            yield from _tested_statements(node.body)
        case ast.Module():
            yield from _tested_statements(node.body)
        case ast.keyword() if node.arg in UNTESTED_KEYWORDS:
            pass
        case ast.Call() if _name(node.func) in UNTESTED_CALLS or _is_log_call(node):
            pass
        case ast.ExceptHandler():
            yield from node.body
        case ast.If(test=test) if "win32" in ast.dump(test):
            yield from _tested_statements(node.orelse)
        case _:
            yield from ast.iter_child_nodes(node)


def _tested_statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for statement in body:
        match statement:
            case ast.Expr(value=ast.Constant()):  # a docstring or an ellipsis
                pass
            case ast.FunctionDef(name="__repr__"):
                pass
            case ast.ClassDef(bases=[*bases]) if "Protocol" in map(_name, bases):
                pass
            case ast.If(test=test) if _name(test) == "TYPE_CHECKING":
                pass
            case ast.Assign(targets=[ast.Name(id="__all__" | "__slots__")]):
                pass
            case ast.Assign(targets=[ast.Name()], value=ast.Subscript()):  # an alias of a type
                pass
            case _:
                yield statement


def _name(node: ast.AST | None) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Subscript(value=value):
            return _name(value)
    return ""


def _is_log_call(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(value=value)):
            return _name(value) in LOGGERS
    return False


# -- how it is changed -----------------------------------------------------------------------------


def _changes(node: Mutable) -> Iterator[tuple[Mutable, Mutable]]:
    """Yield what is replaced in a node, and by what."""
    match node:
        case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test):
            if not isinstance(test, (ast.Compare, ast.BoolOp, ast.UnaryOp)):
                yield test, ast.UnaryOp(ast.Not(), test)
    replacements = _of_expression(node) if isinstance(node, ast.expr) else _of_statement(node)
    for replacement in replacements:
        yield node, replacement


def _of_expression(node: ast.expr) -> Iterator[ast.expr]:
    match node:
        case ast.Constant(value=bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(value=int(value) | float(value)):
            yield ast.Constant(value + 1)
        case ast.Constant(value="win32"):  # on any other system, it makes no difference
            pass
        case ast.Constant(value=str(value)):
            yield ast.Constant("" if value else "mutant")
        case ast.Constant(value=bytes(value)):
            yield ast.Constant(b"" if value else b"mutant")
        case ast.JoinedStr():
            yield ast.Constant("")
        case ast.Compare(ops=[op]):
            for other in COMPARISONS[type(op)]:
                yield _changed(node, ops=[other()])
        case ast.BoolOp(op=op):
            yield _changed(node, op=ast.And() if isinstance(op, ast.Or) else ast.Or())
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield operand
        case ast.BinOp(op=op) if type(op) in ARITHMETIC:
            yield _changed(node, op=ARITHMETIC[type(op)]())
        case ast.Call(args=[first, second, *rest]) if not _is_log_call(node):
            if _name(node.func) not in COMMUTATIVE and not any(
                isinstance(arg, ast.Starred) for arg in node.args
            ):
                yield _changed(node, args=[second, first, *rest])
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            if any(generator.ifs for generator in node.generators):
                every = [_changed(generator, ifs=[]) for generator in node.generators]
                yield _changed(node, generators=every)


def _of_statement(node: ast.stmt) -> Iterator[ast.stmt]:
    match node:
        case ast.Expr(value=value):
            if not (_is_log_call(value) and "debug" in ast.dump(value)):
                yield ast.Pass()
        case ast.Raise() if "NotImplementedError" not in ast.dump(node):
            yield ast.Pass()
        case ast.Return(value=value) if value is not None and not _is_falsy(value):
            yield ast.Return(ast.Constant(None))
        case ast.AugAssign() | ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
            yield ast.Pass()
        case ast.Delete() | ast.Continue() | ast.Break():
            yield ast.Pass()


def _is_falsy(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and not node.value


def _changed(node: Node, **fields: object) -> Node:
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed


# -- the unit tests --------------------------------------------------------------------------------


class Workshop:
    """
    A copy of the package and its unit tests, in which mutants are tested.

    Tests that fail without a mutant are not used. Raises RuntimeError if all do.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        for name in (PACKAGE, "tests", "docs", "pyproject.toml"):
            _copy(ROOT / name, folder / name)
        self._measure()
        found = folder / FAILED
        failed = set(found.read_text("utf-8").splitlines() if found.exists() else [])
        for test in failed:
            print(f"{test} fails without a mutant, and is not used.")
        data = coverage.CoverageData(str(folder / ".coverage"))
        data.read()
        #: By module, the tests that execute each line.
        self._tests = {
            path: {
                line: set(tests) - failed for line, tests in data.contexts_by_lineno(path).items()
            }
            for path in data.measured_files()
        }
        tests = {test for lines in self._tests.values() for each in lines.values() for test in each}
        some = [test for test in tests if test.startswith("tests/unit/provider/")]
        if not some or not self._pass(some):
            raise RuntimeError("No test passes without a mutant.")

    def is_killed(self, mutant: Mutant) -> bool:
        """Return whether a unit test fails with a mutant, or takes too long."""
        tests = self._tests_of(mutant)
        if not tests:
            return False
        path = self._folder / PACKAGE / mutant.module
        original = path.read_bytes()
        path.write_text(mutant.source, encoding="utf-8")
        # Python tells a change by seconds.
        Path(importlib.util.cache_from_source(str(path))).unlink(missing_ok=True)
        try:
            return not self._pass(tests)
        finally:
            path.write_bytes(original)

    def _pass(self, tests: list[str]) -> bool:
        """Return whether tests pass in time, in a process of their own."""
        process = multiprocessing.get_context("fork").Process(
            target=_run_pytest, args=(self._folder, tests)
        )
        process.start()
        assert process.pid is not None
        try:
            process.join(MUTANT_TIMEOUT)
            return process.exitcode == 0
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.join()

    def _tests_of(self, mutant: Mutant) -> list[str]:
        """Return the tests that execute a mutant's line, those of its room first."""
        lines = self._tests.get(str(self._folder / PACKAGE / mutant.module), {})
        # What the import executes may matter to all tests that use the module.
        executed = lines if mutant.is_imported else mutant.executed
        found = {test for line in executed for test in lines.get(line, [])}
        own = f"tests/unit/{mutant.room}/"
        return sorted(found - {""}, key=lambda test: (not test.startswith(own), test))

    def _measure(self) -> None:
        """Run all tests under coverage."""
        command = ["-m", "coverage", "run", "-m", "pytest", "-q", "-p", "mutants", "-m", MARKERS]
        path = os.pathsep.join([str(self._folder), str(Path(__file__).parent)])
        subprocess.run(
            [sys.executable, *command, "tests/unit"],
            cwd=self._folder,
            env={**os.environ, "PYTHONPATH": path},
            stdout=subprocess.DEVNULL,
            check=False,
        )


def _run_pytest(folder: Path, tests: list[str]) -> None:
    """Run tests in this process, and exit with pytest's code."""
    os.setsid()
    os.chdir(folder)
    os.environ["PYTHONPATH"] = str(folder)  # for the processes of tests
    sys.path.insert(0, str(folder))
    sys.dont_write_bytecode = True
    nothing = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nothing, stream)
    sys.exit(pytest.main([*OPTIONS, *tests]))


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        ignored = shutil.ignore_patterns("__pycache__", "labextension", "integration")
        shutil.copytree(source, target, ignore=ignored)
    else:
        shutil.copy(source, target)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> None:
    """Have coverage record which test executes a line; pytest loads this module for that."""
    measured = coverage.Coverage.current()
    assert measured is not None
    measured.switch_context(_name_of(item.nodeid))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Record the tests that fail."""
    if report.failed:
        with open(FAILED, "a", encoding="utf-8") as file:
            file.write(f"{_name_of(report.nodeid)}\n")


def _name_of(nodeid: str) -> str:
    """Return a test without its parameters."""
    return nodeid.partition("[")[0]


# -- the command -----------------------------------------------------------------------------------


def all_mutants(room: str | None) -> list[Mutant]:
    """Return all mutants of the package, or of a room, except those that are equivalent."""
    found: list[Mutant] = []
    for path in sorted((ROOT / PACKAGE).rglob("*.py")):
        module = path.relative_to(ROOT / PACKAGE).as_posix()
        if module not in NOT_FOR_UNIT_TESTS:
            found += mutants_of(path, module)
    return [mutant for mutant in found if room in (None, mutant.room)]


def reason_for(mutant: Mutant, entries: list[dict[str, str]]) -> str | None:
    """Return why no test can notice a mutant; None if one can."""
    for one in entries:
        same = (one["module"], one["old"], one["new"]) == (mutant.module, mutant.short, mutant.new)
        if same and one.get("line", "") in mutant.text:
            return one["reason"]
    return None


def print_result(killed: list[Mutant], survived: list[Mutant], aside: list[Mutant]) -> None:
    """Print the result for each room, and for all."""
    kills = Counter(one.room for one in killed)
    totals = Counter(one.room for one in [*killed, *survived])
    for room in sorted(totals):
        print(f"{room:12} {kills[room]:3} of {totals[room]:3}  {kills[room] / totals[room]:4.0%}")
    total = len(killed) + len(survived)
    if total:
        print(f"{'all':12} {len(killed):3} of {total:3}  {len(killed) / total:4.0%}")
    print(f"{len(aside)} equivalent mutants were set aside.")


def main() -> None:
    """Test a random sample of mutants."""
    parser = argparse.ArgumentParser(description="Test the unit tests with random mutants.")
    parser.add_argument("--count", type=int, default=60, help="how many mutants")
    parser.add_argument("--seed", type=int, default=1, help="the same seed, the same mutants")
    parser.add_argument("--room", help="only mutants of this room, such as gateway")
    options = parser.parse_args()
    found, entries = all_mutants(options.room), json.loads(EQUIVALENT.read_text("utf-8"))
    sample = random.Random(options.seed).sample(found, min(options.count, len(found)))
    killed: list[Mutant] = []
    survived: list[Mutant] = []
    aside: list[Mutant] = []
    for module in IMPORTED_ONCE:
        importlib.import_module(module)
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        print(f"{len(found)} mutants; testing {len(sample)} with seed {options.seed}.", flush=True)
        workshop = Workshop(Path(folder).resolve())
        for mutant in sample:
            if (reason := reason_for(mutant, entries)) is not None:
                aside.append(mutant)
                print(f"equivalent  {mutant}  ({reason})", flush=True)
            elif workshop.is_killed(mutant):
                killed.append(mutant)
                print(f"killed      {mutant}", flush=True)
            else:
                survived.append(mutant)
                print(f"SURVIVED    {mutant}", flush=True)
    print_result(killed, survived, aside)


if __name__ == "__main__":
    main()
