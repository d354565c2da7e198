"""One run, and the difference of two, in words."""

from __future__ import annotations

from typing import Any

import pytest

from runner.core.record_diff import diff
from runner.views import diff_text, run_text
from tests.records import COMMIT, changed, record, step_run
from tests.views.screens import Stream


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")


def shown(document: dict[str, Any]) -> list[str]:
    return run_text.text(document, Stream(), color="never").splitlines()


def test_a_run_says_what_ran_from_what_with_what_result() -> None:
    steps = [
        step_run("train", metrics={"rmse": 0.5}),
        step_run("best", status="failed", problem="exit code 2\nhint: x"),
    ]
    document = record(0, steps=steps, status="failed")

    lines = shown(document)

    assert lines[0] == f"run {document['run_id']}  failed"
    assert f"code      {COMMIT[:12]} on main" in lines
    assert "started   2026-01-01 00:00, took 0.03 s" in lines
    assert "with      alpha=0.5" in lines
    assert "train  succeeded  0.50 s  8.6 MiB  rmse=0.5  never run" in lines
    assert "  best: exit code 2" in lines
    assert f"    all it wrote: runner logs {document['run_id']} best" in lines
    assert f"  data.csv  {'1' * 12}  10 B" in lines
    assert f"  out/best   {'3' * 12}  30 B" in lines


def test_a_dirty_tree_and_no_git_are_said() -> None:
    code = {"commit": COMMIT, "base_commit": "b" * 40, "state": "snapshot", "snapshot": "d" * 40}
    dirty = changed(record(), code=code)
    without = changed(record(), code={"commit": "", "state": "nogit", "snapshot": None})

    assert f"code      {'b' * 12} on main with changes, kept as {'d' * 12}" in shown(dirty)
    assert "code      not in git" in shown(without)


def test_what_was_written_beside_the_outs_is_listed() -> None:
    document = record(end={"undeclared_writes": [{"path": "stray", "what": "file", "step": None}]})

    assert shown(document)[-2:] == ["written beside the outs", "  stray"]


def test_an_environment_is_named_with_its_first_packages() -> None:
    packages = [{"name": f"p{number}", "version": "1"} for number in range(10)]
    environment = {"kind": "virtualenv", "exact": True, "python": "3.12.1", "packages": packages}

    lines = shown(changed(record(), environments={"e" * 64: environment}))

    assert f"  {'e' * 12}  virtualenv (Python 3.12.1, 10 packages), exact" in lines
    assert lines[-1].strip() == ", ".join(f"p{n} 1" for n in range(8)) + " and 2 more"


def difference(a: dict[str, Any], b: dict[str, Any], **more: str) -> list[str]:
    return diff_text.text(diff(a, b), Stream(), color="never", **more).splitlines()


def test_only_what_differs_is_told() -> None:
    a = record(0, steps=[step_run("train", metrics={"rmse": 0.5})])
    b = record(1, steps=[step_run("train", metrics={"rmse": 0.25, "mae": 1.0})])

    assert difference(a, a) == ["nothing differs"]
    assert difference(a, b) == [
        "metrics",
        "  mae   not there -> 1",
        "  rmse  0.5 -> 0.25",
    ]


def test_hashes_are_shortened_and_other_values_are_not() -> None:
    old = step_run("train", params_logged={"note": "abc"})
    new = step_run("train", params_logged={"note": "0123456789abcdef"})
    new["outputs"][0]["md5"] = "4" * 32 + ".dir"

    lines = difference(record(0, steps=[old]), record(1, steps=[new]))

    assert "  note  abc -> 0123456789abcdef" in lines
    assert f"  out/train  {'3' * 12} -> {'4' * 12}.dir" in lines


def test_the_codes_section_tells_commits_and_files() -> None:
    code = {
        "commit": {"old": "a" * 40, "new": "b" * 40},
        "tree": {"old": "c" * 40, "new": "d" * 40},
        "train.py": {"old": "1" * 32, "new": "2" * 32},
        "commits": {"old": [], "new": [{"commit": "b" * 40, "subject": "Train better"}]},
        "files": {
            "train.py": {"added": 3, "removed": 1},
            "logo.png": {"added": None, "removed": None},
        },
    }

    lines = diff_text.text({"code": code}, Stream(), color="never").splitlines()

    assert lines == [
        "code",
        f"  commit  {'a' * 12} -> {'b' * 12}",
        "  + bbbbbbb Train better",
        "  train.py  +3 -1",
        "  logo.png  binary",
    ]


def test_why_git_cannot_tell_more_is_said_and_a_patch_follows() -> None:
    code = {"commit": {"old": "a" * 40, "new": None}}

    text = diff_text.text({"code": code}, Stream(), color="never", note="gone", patch="+new\n")

    assert text.splitlines()[-3:] == ["  gone", "", "+new"]


def test_a_long_difference_is_cut() -> None:
    outputs = {f"out-{number:03}": {"old": 1, "new": 2} for number in range(150)}

    lines = diff_text.text({"outputs": outputs}, Stream(), color="never").splitlines()

    assert lines[-1] == "  and 50 more"
