"""`runner gc`: what nothing names goes, what anything names stays."""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING

import pytest

from tests.projects import Project

if TYPE_CHECKING:
    from pathlib import Path

FILE = """\
    entry_points:
      main:
        parameters: {n: {type: int, default: 1}}
        deps: [code.sh]
        outs: [out.txt, folder]
        command: "mkdir folder; echo {n} > folder/a; sh code.sh {n} > out.txt"
"""


def make(folder: Path, *, git: bool = True) -> Project:
    project = Project(folder, git=git)
    project.write(
        {"MLproject": FILE, "code.sh": "echo out $1\n", ".gitignore": "out.txt\nfolder\n"}
    )
    return project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = make(tmp_path / "project")
    made.commit()
    made.runner("init")
    made.commit()
    return made


def objects(folder: Path) -> set[str]:
    cache = folder / ".dvc/cache/files/md5"
    return {path.parent.name + path.name for path in cache.glob("*/*")}


def is_up_to_date(project: Project, parameter: str) -> bool:
    return project.runner("plan", ".", "-P", parameter, "--exit-code").code == 0


def outputs(project: Project, run: str = "latest") -> set[str]:
    return {out["md5"] for step in project.record(run)["steps"] for out in step["outputs"]}


def test_what_a_kept_record_names_stays(project: Project) -> None:
    project.run("-P", "n=1")
    first = outputs(project)
    project.run("-P", "n=2")
    second = outputs(project)

    dry = project.runner("gc", "--keep-runs", "1", "--json").document
    assert len(dry["runs"]) == 1
    assert not dry["removed"]
    assert first <= objects(project.folder)

    done = project.runner("gc", "--keep-runs", "1", "--yes", "--json").document

    assert done["removed"]
    assert done["results"] == 1
    assert first.isdisjoint(objects(project.folder))
    assert second <= objects(project.folder)
    assert is_up_to_date(project, "n=2")
    assert project.run("-P", "n=1") == {"main": "succeeded"}


def test_what_a_dvc_lock_of_another_branch_names_stays(project: Project) -> None:
    project.run()
    named = next(md5 for md5 in outputs(project) if not md5.endswith(".dir"))
    project.git("checkout", "-qb", "other")
    project.write({"data.dvc": f"outs:\n- md5: {named}\n  size: 6\n  hash: md5\n  path: data\n"})
    project.commit()
    project.git("checkout", "-q", "main")

    found = project.runner("gc", "--keep-runs", "0", "--yes", "--json").document

    assert len(found["oids"]) == 2
    assert objects(project.folder) == {named}


def test_what_a_project_beside_this_one_names_stays(project: Project) -> None:
    beside = make(project.folder / "beside", git=False)
    beside.run("-P", "n=5")
    project.run()

    project.runner("gc", "--keep-runs", "0", "--yes")

    assert outputs(beside) <= objects(project.folder)
    assert is_up_to_date(beside, "n=5")


def test_snapshots_go_with_the_last_record_that_names_them(project: Project) -> None:
    project.write({"code.sh": "echo changed $1\n"})
    project.run()
    kept = project.record()["code"]["snapshot"]
    project.write({"code.sh": "echo changed again $1\n"})
    project.runner("plan")

    found = project.runner("gc", "--yes", "--json").document["snapshots"]

    refs = project.git("for-each-ref", "--format=%(objectname)", "refs/runner/snapshots").split()
    assert len(found) == 1
    assert refs == [kept]
    project.runner("gc", "--keep-runs", "0", "--yes")
    assert project.git("for-each-ref", "refs/runner/snapshots") == ""


def test_nothing_goes_while_a_run_lives(project: Project) -> None:
    project.run()
    project.run("-P", "n=2")
    live = project.folder / ".runner/active/01KDVDNA000000000000000000"
    with live.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        answer = project.runner("gc", "--keep-runs", "0", "--yes")
        dry = project.runner("gc", "--keep-runs", "0", "--json")

    assert answer.code == 2
    assert "a run is under way" in answer.err
    assert len(dry.document["live"]) == 1
    assert outputs(project) <= objects(project.folder)


def test_a_damaged_record_stops_everything(project: Project) -> None:
    project.run()
    before = objects(project.folder)
    run_id = project.record()["run_id"]
    record = project.folder / ".runner/runs" / run_id / "record.json"
    record.write_text("{")

    answer = project.runner("gc", "--keep-runs", "0", "--yes")

    assert answer.code == 2
    assert "damaged" in answer.err
    assert objects(project.folder) == before


def test_a_cache_outside_of_the_project_is_left_alone(project: Project, tmp_path: Path) -> None:
    project.write({".dvc/config": f"[cache]\n    dir = {tmp_path / 'shared'}\n"})
    project.run()

    answer = project.runner("gc", "--yes")

    assert answer.code == 2
    assert "others may use it" in answer.err


def test_what_failed_steps_left_behind_goes(project: Project) -> None:
    project.write({"code.sh": "echo half; exit 1\n"})
    project.runner("run", ".")
    left = list((project.folder / ".runner/runs").glob("*/partial/*"))
    assert left

    project.runner("gc", "--yes")

    assert not list((project.folder / ".runner/runs").glob("*/partial"))
    assert len(project.runner("runs", "--json").document) == 1


def test_gc_without_git_and_dvc_works(tmp_path: Path) -> None:
    project = make(tmp_path / "plain", git=False)
    project.run()
    project.run("-P", "n=2")

    found = project.runner("gc", "--keep-runs", "1", "--yes", "--json").document

    assert found["oids"]
    assert is_up_to_date(project, "n=2")
    assert os.listdir(project.folder / ".runner/runs")
