"""Outs that would lie outside of the project, however they try: nothing is written there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.projects import Project, statuses

if TYPE_CHECKING:
    from pathlib import Path

FILE = """\
    name: leaving
    entry_points:
      make:
        parameters: {{where: {{type: string, default: inside}}}}
        deps: [in.txt]
        outs:
        - {out}
        command: "echo make >> ../ledger; mkdir -p $(dirname {path}); echo written > {path}"
"""
OUTSIDE = "untouched\n"


def make(tmp_path: Path, out: str) -> Project:
    project = Project(tmp_path / "project")
    project.write({"MLproject": FILE.format(out=out, path=out.strip("'")), "in.txt": "data\n"})
    project.write({"../outside/x": OUTSIDE, ".gitignore": "inside/\nlink\n"})
    project.commit()
    return project


def assert_refused(project: Project, *words: str, saying: str = "leaves the project") -> None:
    for command in ("plan", "run"):
        answer = project.runner(command, ".", *words)
        assert answer.code == 2, answer.out + answer.err
        assert saying in answer.err
        assert "hint: " in answer.err
    assert project.ledger() == []
    assert (project.folder.parent / "outside" / "x").read_text() == OUTSIDE
    assert project.runner("runs", "--json").document == []


@pytest.mark.parametrize(
    ("out", "saying"),
    [
        ("../outside/x", "leaves the project"),
        ("a/../../outside/x", "leaves the project"),
        ("{absolute}/outside/x", "is absolute"),
        (".git/x", "no step may write to"),
        (".runner/x", "no step may write to"),
        (".dvc/x", "no step may write to"),
        ("a/../.git/x", "no step may write to"),
        (".", "is the whole project"),
        ("MLproject", "is the project file"),
    ],
)
def test_a_path_that_leaves_is_refused(tmp_path: Path, out: str, saying: str) -> None:
    project = make(tmp_path, out.format(absolute=tmp_path))

    answer = project.runner("run", ".")

    assert answer.code == 2, answer.out
    assert saying in answer.err
    assert "MLproject:" in answer.err, "it says where"
    assert project.ledger() == []


@pytest.mark.parametrize("where", ["..", "../outside", "{absolute}/outside", "a/../../outside"])
def test_a_parameter_that_leads_out_is_refused(tmp_path: Path, where: str) -> None:
    project = make(tmp_path, "'{where}/x'")
    value = where.format(absolute=tmp_path)
    saying = "is absolute" if value.startswith("/") else "leaves the project"

    assert_refused(project, "-P", f"where={value}", saying=saying)

    assert project.run() == {"make": "succeeded"}
    assert project.read("inside/x") == "written\n"


@pytest.mark.parametrize("out", ["link/x", "link/deep/x", "inside/link/x"])
def test_a_linked_folder_that_leads_out_is_refused(tmp_path: Path, out: str) -> None:
    project = make(tmp_path, out)
    link = project.folder / out.partition("link")[0] / "link"
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(tmp_path / "outside")

    assert_refused(project)


@pytest.mark.parametrize("inner", [".git", ".runner"])
def test_a_link_to_where_no_step_may_write_is_refused(tmp_path: Path, inner: str) -> None:
    project = make(tmp_path, "link/x")
    (project.folder / ".runner").mkdir()
    (project.folder / "link").symlink_to(inner)

    assert_refused(project)


def test_a_link_that_stays_inside_is_fine(tmp_path: Path) -> None:
    project = make(tmp_path, "link/x")
    (project.folder / "inside").mkdir()
    (project.folder / "link").symlink_to("inside")

    assert project.run() == {"make": "succeeded"}
    assert project.read("inside/x") == "written\n"


def test_a_linked_out_that_persists_is_not_written_through(tmp_path: Path) -> None:
    project = make(tmp_path, "{path: link, persist: true}")
    text = project.read("MLproject").partition("command:")[0]
    project.write({"MLproject": text + 'command: "echo make >> ../ledger; echo more >> link"\n'})
    (project.folder / "link").symlink_to(tmp_path / "outside" / "x")

    assert_refused(project)


def test_a_linked_out_that_does_not_persist_is_replaced(tmp_path: Path) -> None:
    project = make(tmp_path, "link")
    (project.folder / "link").symlink_to(tmp_path / "outside" / "x")

    assert project.run("--force") == {"make": "succeeded"}

    assert not (project.folder / "link").is_symlink()
    assert (tmp_path / "outside" / "x").read_text() == OUTSIDE


BY_A_STEP = """\
    name: by-a-step
    entry_points:
      first:
        outs: [both/first.txt]
        command: "echo first > both/first.txt"
      trap:
        deps: [both/first.txt]
        outs: [trap.txt]
        command: "mv both gone && ln -s ../outside both && cp gone/first.txt both/ && \\
          echo trap > trap.txt"
      second:
        deps: [trap.txt]
        outs: [both/x]
        command: "echo second >> ../ledger; echo second > both/x"
"""


def test_a_link_that_an_earlier_step_made_stops_the_next_before_its_command(
    tmp_path: Path,
) -> None:
    project = make(tmp_path, "inside/x")
    project.write({"MLproject": BY_A_STEP, ".gitignore": "both\ngone/\ntrap.txt\n"})
    project.commit()

    answer = project.runner("run", ".", "--json")

    assert answer.code == 1
    assert statuses(answer) == {"first": "succeeded", "trap": "succeeded", "second": "failed"}
    assert project.ledger() == []
    assert (tmp_path / "outside" / "x").read_text() == OUTSIDE
    assert "leaves the project" in project.record()["steps"][2]["problem"]


def test_a_step_that_links_its_own_folder_out_fails(tmp_path: Path) -> None:
    project = make(tmp_path, "inside/x")
    command = "rmdir folder; ln -s ../outside folder"
    project.write({"MLproject": OWN_TRAP.format(command=command), ".gitignore": "folder\n"})
    project.commit()

    answer = project.runner("run", ".", "--json")

    assert answer.code == 1
    assert statuses(answer) == {"make": "failed"}
    assert "folder/x: leaves the project through a link" in project.record()["steps"][0]["problem"]
    assert (tmp_path / "outside" / "x").read_text() == OUTSIDE
    assert not (tmp_path / "outside" / "x").is_symlink()


OWN_TRAP = """\
    name: own-trap
    entry_points:
      make:
        deps: [in.txt]
        outs: [folder/x]
        command: "{command}"
"""


def test_a_step_that_links_its_own_folder_away_gets_it_back(tmp_path: Path) -> None:
    project = make(tmp_path, "inside/x")
    project.write({".gitignore": "folder\n"})
    project.write({"MLproject": OWN_TRAP.format(command="echo good > folder/x")})
    project.commit()
    project.run()
    for command in (
        "rm -r folder; ln -s ../outside folder; exit 1",
        "rm -r folder; echo x > folder; exit 1",
        "rm -r folder; ln -s /nowhere folder; exit 1",
    ):
        project.write({"MLproject": OWN_TRAP.format(command=command)})

        assert project.runner("run", ".").code == 1

        assert not (project.folder / "folder").is_symlink()
        assert project.read("folder/x") == "good\n"
        assert (tmp_path / "outside" / "x").read_text() == OUTSIDE
