"""Steps that fail: what was there stays, what they wrote is kept aside, the rest is told apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.faults.live_runs import run
from tests.projects import Project, statuses

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.gates import Gate

FILE = """\
    name: failing
    entry_points:
      make:
        deps: [in.txt, make.sh]
        outs: [{outs}]
        command: "sh make.sh"
"""
GOOD = """\
    cat in.txt > file.txt
    mkdir -p folder/deep
    cat in.txt > folder/deep/one
    cat in.txt >> kept.txt
    mkdir -p kept-folder
    cat in.txt > kept-folder/$(cat in.txt)
"""
OUTS = {
    "plain": "file.txt, folder, kept.txt, kept-folder",
    "not cached": "{path: file.txt, cache: false}, {path: folder, cache: false}, kept.txt, \\\n"
    "          {path: kept-folder, cache: false}",
    "persistent": "file.txt, folder, {path: kept.txt, persist: true}, \\\n"
    "          {path: kept-folder, persist: true}",
}
WAYS = {
    "fails before it wrote": "exit 3",
    "fails half-way": "echo half > file.txt; mkdir folder; echo half > folder/new; exit 3",
    "fails after all": GOOD + "exit 3\n",
    "forgets an out": GOOD + "rm file.txt\n",
    "forgets all": "true",
    "is killed": "echo half > kept.txt; kill -9 $$",
    "puts a file for a folder": "echo half > folder; mkdir file.txt; exit 1",
    "makes what it cannot remove": "mkdir folder && touch folder/x && chmod 0 folder; exit 1",
}


def tree(project: Project) -> dict[str, str]:
    names = ["file.txt", "folder", "kept.txt", "kept-folder"]
    paths = [project.folder / name for name in names]
    files = [path for path in paths if path.is_file()]
    files += [file for path in paths if path.is_dir() for file in path.rglob("*") if file.is_file()]
    return {str(file.relative_to(project.folder)): file.read_text() for file in files}


def make(tmp_path: Path, kind: str, *, tracked: bool) -> Project:
    project = Project(tmp_path / "project")
    file = FILE.replace("{outs}", OUTS[kind].replace("\\\n", "\n    "))
    project.write({"MLproject": file, "make.sh": GOOD, "in.txt": "one\n"})
    if not tracked:
        project.write({".gitignore": "file.txt\nfolder/\nkept.txt\nkept-folder/\n"})
    project.commit()
    project.run()
    project.commit()
    return project


@pytest.mark.parametrize(
    ("kind", "tracked"),
    [("plain", False), ("plain", True), ("not cached", False), ("persistent", False)],
    ids=["plain", "tracked by git", "not cached", "persistent"],
)
def test_a_step_that_fails_destroys_nothing(tmp_path: Path, kind: str, tracked: bool) -> None:
    project = make(tmp_path, kind, tracked=tracked)
    before = tree(project)
    assert set(before.values()) == {"one\n"}
    for way, script in WAYS.items():
        project.write({"make.sh": script, "in.txt": "two\n"})

        answer = project.runner("run", ".", "--json")

        assert answer.code == 1, (way, answer.err)
        assert statuses(answer) == {"make": "failed"}, way
        assert tree(project) == before, way
    if tracked:
        assert project.git("status", "--porcelain", "file.txt", "folder", "kept.txt") == ""
    project.write({"make.sh": GOOD, "in.txt": "one\n"})
    assert project.run() == {"make": "up-to-date"}
    assert project.runner("doctor").code == 0


def only_step(project: Project) -> Any:
    record = project.record()
    assert record["status"] == "failed"
    (step,) = record["steps"]
    return step


def test_what_a_failed_step_wrote_is_kept_beside_the_run(tmp_path: Path) -> None:
    project = make(tmp_path, "persistent", tracked=False)
    project.write({"make.sh": WAYS["fails half-way"], "in.txt": "two\n"})

    assert project.runner("run", ".").code == 1

    run_id = project.record()["run_id"]
    partial = project.folder / ".runner" / "runs" / run_id / "partial" / "make"
    assert (partial / "file.txt").read_text() == "half\n"
    assert (partial / "folder" / "new").read_text() == "half\n"
    assert only_step(project)["problem"] == "exit code 3"


def test_an_out_that_was_not_written_fails_the_step_by_name(tmp_path: Path) -> None:
    project = make(tmp_path, "plain", tracked=False)
    project.write({"make.sh": GOOD + "rm -r file.txt folder\n", "in.txt": "two\n"})

    answer = project.runner("run", ".")

    assert answer.code == 1
    step = only_step(project)
    assert (step["status"], step["exit_code"]) == ("failed", 0)
    assert "did not write file.txt, folder" in step["problem"]
    assert "did not write file.txt, folder" in answer.err


def test_an_out_that_is_a_link_to_nothing_was_not_written(tmp_path: Path) -> None:
    project = make(tmp_path, "plain", tracked=False)
    project.write({"make.sh": GOOD + "ln -sf /nowhere/x file.txt\n", "in.txt": "two\n"})

    assert project.runner("run", ".").code == 1

    assert "did not write file.txt" in only_step(project)["problem"]
    assert project.read("file.txt") == "one\n"


RETRIED = """\
    name: retried
    entry_points:
      shaky:
        deps: [in.txt]
        outs: [out.txt]
        retries: {retries}
        command: "echo shaky >> ../ledger; echo try $(wc -l < ../ledger); \\
          echo half > out.txt; test $(wc -l < ../ledger) -ge 3"
"""


@pytest.mark.parametrize(("retries", "status"), [(1, "failed"), (2, "succeeded"), (5, "succeeded")])
def test_a_step_is_tried_again_as_often_as_it_says(
    tmp_path: Path, retries: int, status: str
) -> None:
    project = Project(tmp_path / "project")
    project.write({"MLproject": RETRIED.replace("{retries}", str(retries)), "in.txt": "x\n"})
    project.write({"out.txt": "old\n", ".gitignore": "out.txt\n"})
    project.commit()

    answer = project.runner("run", ".")

    attempts = min(retries + 1, 3)
    assert answer.code == (1 if status == "failed" else 0)
    assert len(project.ledger()) == attempts
    (step,) = project.record()["steps"]
    assert (step["status"], step["attempts"]) == (status, attempts)
    log = (project.folder / ".runner/runs" / project.record()["run_id"] / step["log"]).read_text()
    wanted = "".join(
        (f"--- attempt {number} ---\n" if number > 1 else "") + f"try {number}\n"
        for number in range(1, attempts + 1)
    )
    assert log == wanted
    assert f"attempt {attempts}" in answer.err
    assert project.read("out.txt") == ("old\n" if status == "failed" else "half\n")


PARTED = """\
    name: parted
    entry_points:
      good:
        outs: [good.txt]
        command: "{gate}; echo good > good.txt"
      bad:
        outs: [bad.txt]
        command: "exit 7"
      after-bad:
        deps: [bad.txt]
        outs: [after-bad.txt]
        command: "cat bad.txt > after-bad.txt"
      later-after-bad:
        deps: [after-bad.txt, good.txt]
        outs: [later.txt]
        command: "cat after-bad.txt > later.txt"
      after-good:
        deps: [good.txt]
        outs: [after-good.txt]
        command: "cat good.txt > after-good.txt"
"""
BLOCKED = {
    "good": "succeeded",
    "bad": "failed",
    "after-bad": "blocked",
    "later-after-bad": "blocked",
}


@pytest.mark.parametrize(
    ("words", "after_good"), [((), "cancelled"), (("--keep-going",), "succeeded")]
)
def test_a_failure_blocks_what_follows_and_ends_the_rest_unless_told_otherwise(
    tmp_path: Path, gate: Gate, words: tuple[str, ...], after_good: str
) -> None:
    project = Project(tmp_path / "project")
    project.write({"MLproject": PARTED.replace("{gate}", gate.passing)})
    project.commit()

    with run(project, "-j", "2", *words) as live:
        gate.wait()
        live.until("step_finished", "bad")
        gate.open()
        answer = live.answer()

    assert answer.code == 1
    assert statuses(answer) == {**BLOCKED, "after-good": after_good}
    record = project.record()
    assert record["status"] == "failed"
    assert {step["step"]: step["status"] for step in record["steps"]} == statuses(answer)
