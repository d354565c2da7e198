"""Files of values give plain JSON values, or say what is wrong and where."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from runner.core.model import Dep
from runner.errors import WorkspaceError
from runner.workspace import values

if TYPE_CHECKING:
    from pathlib import Path

BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)
)


def read(folder: Path, text: str, name: str = "params.yaml") -> object:
    (folder / name).write_text(text)
    return values.read(str(folder), name)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("day: 2026-01-02\n", {"day": "2026-01-02"}),
        ("at: 2026-01-02 03:04:05\n", {"at": "2026-01-02T03:04:05"}),
        ("1: a\nb: c\n", {"1": "a", "b": "c"}),
        ("yes: a\nnull: b\n", {"true": "a", "null": "b"}),
        ("2026-01-02: a\n", {"2026-01-02": "a"}),
        ("x: &x [1, 2]\ny: *x\n", {"x": [1, 2], "y": [1, 2]}),
    ],
)
def test_what_yaml_reads_becomes_plain(tmp_path: Path, text: str, plain: object) -> None:
    found = read(tmp_path, text)

    assert found == plain
    assert json.loads(json.dumps(found, sort_keys=True)) == plain


def test_toml_dates_become_texts(tmp_path: Path) -> None:
    text = "day = 2026-01-02\nat = 03:04:05\n"

    assert read(tmp_path, text, "p.toml") == {"day": "2026-01-02", "at": "03:04:05"}


@pytest.mark.parametrize(
    ("text", "saying"),
    [
        ("a:\n  s: !!set {x, y}\n", "`a.s` is a set"),
        ("a: [!!binary aGVsbG8=]\n", "`a.0` is binary data"),
        ("1: a\n'1': b\n", "`1` is there twice"),
        ("x: &x {a: *x}\n", "nested more than 100 levels"),
        ("{a: 1, [1, {b: 2}]: 3}\n", "cannot be read as its name says"),
        (BOMB, "more than 100,000 values"),
    ],
)
def test_what_json_cannot_hold_is_refused(tmp_path: Path, text: str, saying: str) -> None:
    with pytest.raises(WorkspaceError, match=r"^params\.yaml: ") as caught:
        read(tmp_path, text)

    assert saying in caught.value.message


def test_keys_that_are_numbers_are_found_by_their_text(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text("layers: {1: 64}\nsince: 2026-01-02\n")
    dep = Dep("params.yaml", keys=("layers.1", "since"))

    assert values.parameters(str(tmp_path), [dep]) == {
        "params.yaml:layers.1": 64,
        "params.yaml:since": "2026-01-02",
    }


def test_only_numbers_are_metrics(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text("rmse: 0.5\nday: 2026-01-02\nok: true\nname: x\n")

    assert values.metrics(str(tmp_path), ["m.yaml"]) == ({"rmse": 0.5}, [])


def test_too_many_metrics_are_cut_and_said(tmp_path: Path) -> None:
    count = values.MOST_METRICS + 1
    (tmp_path / "m.json").write_text(json.dumps({f"m{n}": n for n in range(count)}))

    found, problems = values.metrics(str(tmp_path), ["m.json"])

    assert len(found) == values.MOST_METRICS
    assert problems == ["m.json: only the first 10,000 numbers became metrics"]


def test_a_metric_file_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "m.json").write_text("{")

    found, problems = values.metrics(str(tmp_path), ["m.json"])

    assert found == {}
    assert len(problems) == 1
    assert problems[0].startswith("m.json: cannot be read")
