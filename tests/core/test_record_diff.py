from __future__ import annotations

from typing import Any

import pytest

from runner.core.record_diff import SECTIONS, diff
from tests.records import ENV_ID, document, record, step_run

NEW_ENV = "f" * 64


def only(section: str, a: dict[str, Any], b: dict[str, Any]) -> dict[str, Any]:
    """The one section that differs; all others have to be empty."""
    result = diff(a, b)
    assert tuple(result) == SECTIONS
    assert [name for name, changes in result.items() if changes] == [section]
    return result[section]


def environment(*packages: object, **fields: object) -> dict[str, object]:
    return {"kind": "virtualenv", "packages": list(packages), **fields}


def test_a_record_does_not_differ_from_itself() -> None:
    assert not any(diff(record(1), record(1)).values())


def test_times_are_no_difference() -> None:
    assert not any(diff(record(1), record(2)).values())


def test_another_commit_is_shown_old_and_new() -> None:
    code = document()["code"]
    found = only("code", record(), record(code=code | {"commit": "d" * 40}))
    assert found == {"commit": {"old": code["commit"], "new": "d" * 40}}


def test_a_parameter_that_only_one_has_is_none_in_the_other() -> None:
    a = record(request={"parameters": {"alpha": {"value": 1}, "same": {"value": 0}}})
    b = record(request={"parameters": {"beta": {"value": 2}, "same": {"value": 0}}})
    assert only("parameters", a, b) == {
        "alpha": {"old": 1, "new": None},
        "beta": {"old": None, "new": 2},
    }


def test_a_logged_parameter_is_compared_too() -> None:
    a = record(steps=[step_run("train", params_logged={"seed": "1"})])
    b = record(steps=[step_run("train", params_logged={"seed": "2"})])
    assert only("parameters", a, b) == {"seed": {"old": "1", "new": "2"}}


def test_data_is_compared_file_by_file_and_git_files_are_code() -> None:
    inputs = step_run("train")["inputs"]
    other = [version | {"md5": "9" * 32} for version in inputs]
    result = diff(record(), record(steps=[step_run("train", inputs=other)]))
    assert result["data"] == {"data.csv": {"old": "1" * 32, "new": "9" * 32}}
    assert result["code"] == {"train.py": {"old": "2" * 32, "new": "9" * 32}}


def test_what_a_step_of_the_run_wrote_is_an_output_only() -> None:
    def run(md5: str) -> dict[str, Any]:
        made = {"path": "out/a", "md5": md5, "size": 1, "nfiles": None}
        inside = {"path": "out/a/x", "md5": md5, "size": 1, "nfiles": None, "kind": "out"}
        first = step_run("a", inputs=[], outputs=[made | {"stored": "dvc"}])
        return record(steps=[first, step_run("b", inputs=[made | {"kind": "out"}, inside])])

    assert only("outputs", run("1" * 32), run("2" * 32)) == {
        "out/a": {"old": "1" * 32, "new": "2" * 32}
    }


def test_metrics_are_compared_by_name() -> None:
    a = record(steps=[step_run("train", metrics={"rmse": 0.7, "mae": 1})])
    b = record(steps=[step_run("train", metrics={"rmse": 0.6, "mae": 1})])
    assert only("metrics", a, b) == {"rmse": {"old": 0.7, "new": 0.6}}


def test_variables_and_the_machine_are_compared() -> None:
    assert only("variables", record(), record(variables={"TZ": "CET"})) == {
        "TZ": {"old": "UTC", "new": "CET"}
    }
    machine = {"system": "Linux", "cpu": {"cores": 4}}
    assert only("machine", record(), record(machine=machine)) == {"cpu.cores": {"old": 2, "new": 4}}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("numpy==1.0", "numpy==2.0"),
        ({"name": "numpy", "version": "1.0"}, {"name": "numpy", "version": "2.0"}),
    ],
)
def test_environments_are_compared_package_by_package(old: object, new: object) -> None:
    a = record(environments={ENV_ID: environment("same==1", old, python="3.11")})
    b = record(
        steps=[step_run("train", env_id=NEW_ENV)],
        environments={NEW_ENV: environment("same==1", new, "more==1", python="3.12")},
    )
    a["environments"] = {ENV_ID: environment("same==1", old, python="3.11")}
    assert only("environment", a, b) == {
        "more": {"old": None, "new": "1"},
        "numpy": {"old": "1.0", "new": "2.0"},
        "python": {"old": "3.11", "new": "3.12"},
    }


def test_a_package_that_changed_differently_in_two_environments_names_the_step() -> None:
    ids = [letter * 64 for letter in "1234"]

    def run(first: int, versions: tuple[str, str]) -> dict[str, Any]:
        names = ("a", "b")
        steps = [step_run(name, env_id=ids[first + n]) for n, name in enumerate(names)]
        made = {ids[first + n]: environment(f"numpy=={versions[n]}") for n in range(2)}
        return record(steps=steps, environments=made)

    assert only("environment", run(0, ("1", "1")), run(2, ("2", "3"))) == {
        "b:numpy": {"old": "1", "new": "3"},
        "numpy": {"old": "1", "new": "2"},
    }


def test_an_environment_that_differs_in_nothing_we_know_is_named_by_its_id() -> None:
    a = record(environments={ENV_ID: environment("a==1")})
    b = record(
        steps=[step_run("train", env_id=NEW_ENV)], environments={NEW_ENV: environment("a==1")}
    )
    a["environments"] = b["environments"] = {ENV_ID: environment(), NEW_ENV: environment()}
    assert only("environment", a, b) == {"env_id": {"old": ENV_ID, "new": NEW_ENV}}
