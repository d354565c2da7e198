"""Repositories, folders and names as they should not be, and are: it works or says what to do."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.projects import Project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILE = """\
    name: odd
    entry_points:
      make:
        deps: [in.txt]
        outs: [made.txt, folder]
        command: "echo make >> $LEDGER; cat in.txt > made.txt; mkdir folder; cp in.txt folder/a"
      after:
        deps: [made.txt, folder]
        outs: [after.txt]
        command: "echo after >> $LEDGER; cat made.txt folder/a > after.txt"
"""
BOTH = {"make", "after"}


def fill(project: Project) -> None:
    project.write({"MLproject": FILE, "in.txt": "data\n"})
    project.write({".gitignore": "made.txt\nfolder/\nafter.txt\n"})


def assert_works(project: Project, state: str, tmp_path: Path) -> None:
    """Run, find everything up to date, change the input, run again, restore."""
    ledger = str(tmp_path / "the-ledger")
    assert project.run(LEDGER=ledger) == dict.fromkeys(BOTH, "succeeded")
    assert project.record()["code"]["state"] == state
    assert set(project.run(LEDGER=ledger).values()) <= {"up-to-date"}
    project.write({"in.txt": "more\n"})
    assert project.run(LEDGER=ledger) == dict.fromkeys(BOTH, "succeeded")
    project.write({"in.txt": "data\n"})
    assert project.run(LEDGER=ledger) == dict.fromkeys(BOTH, "restored")
    assert project.read("after.txt") == "data\ndata\n"
    assert (tmp_path / "the-ledger").read_text().split() == ["make", "after"] * 2
    answer = project.runner("doctor")
    assert answer.code == 0, answer.out


def test_without_git(tmp_path: Path) -> None:
    project = Project(tmp_path / "project", git=False)
    fill(project)

    assert_works(project, "nogit", tmp_path)


def test_in_an_empty_repository(tmp_path: Path) -> None:
    project = Project(tmp_path / "project")
    fill(project)

    assert_works(project, "snapshot", tmp_path)
    assert project.git("status", "--porcelain").split("\n")[0].startswith("??")


def test_on_a_detached_head(tmp_path: Path) -> None:
    project = Project(tmp_path / "project")
    fill(project)
    project.commit()
    project.git("checkout", "-q", "--detach")

    assert_works(project, "clean", tmp_path)
    assert project.record()["project"]["branch"] == ""


def test_in_a_shallow_clone(tmp_path: Path) -> None:
    origin = Project(tmp_path / "origin")
    fill(origin)
    origin.commit()
    origin.commit()
    origin.git("clone", "-q", "--depth", "1", f"file://{origin.folder}", str(tmp_path / "shallow"))
    project = Project(tmp_path / "shallow", git=False)

    assert_works(project, "clean", tmp_path)


def test_in_a_linked_work_tree(tmp_path: Path) -> None:
    origin = Project(tmp_path / "origin")
    fill(origin)
    origin.commit()
    origin.git("worktree", "add", "-q", str(tmp_path / "tree"), "-b", "other")

    assert_works(Project(tmp_path / "tree", git=False), "clean", tmp_path)


def test_in_a_submodule_and_around_one(tmp_path: Path) -> None:
    inner, outer = Project(tmp_path / "inner"), Project(tmp_path / "outer")
    fill(inner)
    inner.commit()
    fill(outer)
    outer.git("submodule", "--quiet", "add", str(inner.folder), "sub")
    outer.commit()

    assert_works(Project(outer.folder / "sub", git=False), "clean", tmp_path / "outer")
    (outer.folder / "the-ledger").unlink()
    outer.git("-C", "sub", "checkout", "-q", ".")
    assert_works(outer, "clean", tmp_path)


@pytest.mark.parametrize("kind", ["empty folder", "no config", "empty config", "file"])
def test_with_a_bare_dvc_folder(tmp_path: Path, kind: str) -> None:
    project = Project(tmp_path / "project")
    fill(project)
    dvc = project.folder / ".dvc"
    if kind == "file":
        dvc.write_text("outs: []\n")
    else:
        dvc.mkdir()
        if kind == "no config":
            (dvc / "tmp").mkdir()
        elif kind == "empty config":
            (dvc / "config").write_text("")
    project.commit()

    assert_works(project, "clean", tmp_path)
    cache = ".runner/cache" if kind == "file" else ".dvc/cache"
    assert (project.folder / cache / "files" / "md5").is_dir()


NAMES = {
    "spaces": "a name with  spaces",
    "quotes": 'it\'s "quoted" `here` $HOME',
    "newline": "two\nlines",
    "control": "tab\tbell\x07",
    "unicode": "gro\u00dfe Daten \u6570\u636e \N{GRINNING FACE}",
    "decomposed": "e\u0301te\u0301",
    "dash": "-rf",
    "option": "--help",
    "pattern": "*[a-z]?{x}",
    "shell": "100% #1 & more; true",
    "backslash": "back\\slash",
    "hidden": ".hidden",
    "colon": ":(top)x",
    "end": "trailing space ",
    "long": "x" * 250,
}
# Run as the step's command: reads one name, writes a file and a folder with a file of that name.
COPY = """\
import json, os, pathlib, shutil, sys
source, made, folder = json.loads(pathlib.Path("names.json").read_text())[sys.argv[1]]
shutil.copyfile(source, made)
os.mkdir(folder)
shutil.copyfile(source, os.path.join(folder, os.path.basename(folder)))
"""


def as_declared(name: str) -> str:
    return name.replace("{", "{{").replace("}", "}}")


def test_names_of_any_kind_for_inputs_and_outputs(tmp_path: Path) -> None:
    project = Project(tmp_path / "project")
    names = {
        what: (
            name if name.startswith("-") else f"in {name}"[:250],
            f"{name[:245]}.out",
            f"d/{name}",
        )
        for what, name in NAMES.items()
    }
    steps = {
        what: {
            "deps": ["names.py", as_declared(source)],
            "outs": [as_declared(made), as_declared(folder)],
            "command": f"python3 names.py {what}",
        }
        for what, (source, made, folder) in names.items()
    }
    file = json.dumps({"name": "names", "entry_points": steps}, ensure_ascii=False)
    project.write({"MLproject": file, "names.py": COPY, "names.json": json.dumps(names)})
    for source, _, _ in names.values():
        (project.folder / source).write_text("data\n")
    project.commit()

    assert project.run() == dict.fromkeys(names, "succeeded")

    assert set(project.run().values()) <= {"up-to-date"}
    record = project.record()
    assert record["code"]["state"] == "clean"
    for step in record["steps"]:
        source, *outs = names[step["step"]]
        assert [out["path"] for out in step["outputs"]] == outs
        assert source in [found["path"] for found in step["inputs"]]
    for _, made, folder in names.values():
        (project.folder / made).unlink()
        (project.folder / folder / folder.removeprefix("d/")).unlink()
    assert project.run() == dict.fromkeys(names, "restored")
    for _, made, folder in names.values():
        assert (project.folder / made).read_text() == "data\n"
        assert (project.folder / folder / folder.removeprefix("d/")).read_text() == "data\n"
    for words in (("runs",), ("show", "latest"), ("plan",), ("status",), ("dag",), ("doctor",)):
        answer = project.runner(*words)
        assert answer.code == 0, (words, answer.err)


@pytest.mark.parametrize("what", NAMES)
def test_project_folders_of_any_name(tmp_path: Path, what: str) -> None:
    project = Project(tmp_path / NAMES[what])
    fill(project)
    project.commit()
    ledger = str(tmp_path / "ledger")

    assert project.run(LEDGER=ledger) == dict.fromkeys(BOTH, "succeeded")

    (project.folder / "after.txt").unlink()
    named = Project(tmp_path, git=False).runner("run", f"./{project.folder.name}", LEDGER=ledger)
    assert named.code == 0, named.err
    assert project.read("after.txt") == "data\ndata\n"
    assert (tmp_path / "ledger").read_text().split() == ["make", "after"]
    assert project.record()["code"]["state"] == "clean"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    _mount(folder, "mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(folder))
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _mount(folder: Path, *words: str) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"{folder} cannot be mounted here: {done.stderr.strip()}")


def test_a_read_only_folder_can_be_looked_at_and_not_run(small_disk: Path, tmp_path: Path) -> None:
    project = Project(small_disk / "project")
    fill(project)
    project.commit()
    project.run(LEDGER=str(tmp_path / "ledger"))
    record = project.record()
    project.write({"in.txt": "new\n"})
    project.commit()
    copy = Project(small_disk / "copy", git=False)
    shutil.copytree(project.folder, copy.folder, dirs_exist_ok=True)
    _mount(small_disk, "mount", "-o", "remount,ro", str(small_disk))

    refused = project.runner("run", ".", LEDGER=str(tmp_path / "ledger"))
    looks = [
        project.runner(*words)
        for words in (
            ("runs",),
            ("show", "latest"),
            ("logs", "latest"),
            ("plan",),
            ("status",),
            ("dag",),
            ("why", "make"),
        )
    ]

    assert refused.code == 2, refused.err
    assert "Read-only file system" in refused.err
    assert "hint: " in refused.err
    assert [look.code for look in looks] == [0] * len(looks), [look.err for look in looks]
    assert project.record() == record
    assert copy.record() == record
    assert project.runner("doctor").code == 1


@pytest.mark.parametrize("kind", ["file", "link to nowhere", "read-only"])
def test_a_runner_folder_that_cannot_be_written_is_said(
    tmp_path: Path, kind: str, request: pytest.FixtureRequest
) -> None:
    folder = tmp_path / "project"
    if kind == "read-only":
        folder = request.getfixturevalue("small_disk") / "project"
    project = Project(folder)
    fill(project)
    private = project.folder / ".runner"
    if kind == "file":
        private.write_text("")
    elif kind == "link to nowhere":
        private.symlink_to("/nowhere/at/all")
    project.commit()
    if kind == "read-only":
        _mount(folder, "mount", "-o", "remount,ro", str(folder.parent))

    answer = project.runner("run", ".", LEDGER=os.devnull)

    assert answer.code == 2, answer.err + answer.out
    assert ".runner" in answer.err
    assert "hint: " in answer.err
    assert not (project.folder / "made.txt").exists()


def test_modules_of_the_project_are_never_taken_for_ours(tmp_path: Path) -> None:
    project = Project(tmp_path / "project")
    fill(project)
    names = ("copy", "json", "yaml", "dataclasses", "hashlib", "random", "sqlite3", "signal")
    project.write({f"{name}.py": "raise SystemExit('imported')\n" for name in names})
    project.commit()

    assert_works(project, "clean", tmp_path)
