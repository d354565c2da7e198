"""The house rules that no other tool holds: sizes, mocks, the layout's promises."""

from __future__ import annotations

import ast
import statistics
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "runner").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_the_median_file_has_at_most_150_lines() -> None:
    assert statistics.median(map(lines, SOURCES)) <= 150


def test_no_file_is_longer_than_500_lines() -> None:
    assert [str(path) for path in SOURCES + TESTS if lines(path) > 500] == []


def test_no_function_is_longer_than_60_lines() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and (node.end_lineno or 0) - node.body[0].lineno >= 60
    ]
    assert long == []


def test_at_most_two_handlers_swallow_every_exception() -> None:
    broad = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) in {"Exception", "BaseException"})
        and not isinstance(node.body[-1], ast.Raise)
    ]
    assert len(broad) <= 2, broad


def test_tests_mock_nothing_and_never_sleep() -> None:
    banned = ("unittest" + ".mock", "time" + ".sleep(", "monkeypatch.setattr" + "(")
    found = [
        f"{path.relative_to(ROOT)}: {word}"
        for path in TESTS
        if "benchmarks" not in path.parts
        for word in banned
        if word in path.read_text(encoding="utf-8")
    ]
    assert found == []


def test_no_test_can_reach_the_real_home(home: Path) -> None:
    assert Path.home() == home


@pytest.mark.parametrize("name", ["README.md", "LICENSE", "MLproject.example", "runner/README.md"])
def test_the_promised_files_are_there(name: str) -> None:
    assert (ROOT / name).is_file()
