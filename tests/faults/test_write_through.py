"""Steps that write to what they were given: the cache behind its links stays as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.caches import assert_sound
from tests.projects import Project

if TYPE_CHECKING:
    from pathlib import Path

FILE = """\
    name: through
    entry_points:
      make:
        deps: [in.txt]
        outs: [made.txt, folder]
        command: "cat in.txt > made.txt; mkdir -p folder/deep; cp made.txt folder/deep/a"
      keep:
        deps: [made.txt]
        outs: [{path: kept.txt, persist: true}, {path: kept, persist: true}]
        command: "mkdir -p kept; for file in kept.txt kept/a; do echo more >> $file; done"
      append:
        deps: [made.txt, folder]
        outs: [appended.txt]
        command: "cat made.txt > appended.txt; \\
          for file in made.txt folder/deep/a; do echo more >> $file; done; chmod u+w made.txt"
"""
OUTS = ["made.txt", "folder/deep/a", "kept.txt", "kept/a"]


@pytest.fixture(params=["hardlink", "symlink", "symlink,copy", "reflink,hardlink,copy", ""])
def restored(tmp_path: Path, request: pytest.FixtureRequest) -> Project:
    """A project whose outputs were all brought back from the cache, by that kind of links."""
    project = Project(tmp_path / "project")
    kind = f'    type = "{request.param}"\n' if request.param else ""
    project.write({".dvc/config": f"[cache]\n    dir = ../../cache\n{kind}"})
    project.write({"MLproject": FILE, "in.txt": "data\n"})
    project.write({".gitignore": "".join(f"{out}\n" for out in OUTS)})
    project.commit()
    project.run("make", "keep")
    for out in OUTS:
        (project.folder / out).unlink()
    assert project.run("make", "keep") == {"make": "restored", "keep": "restored"}
    linked = [is_link(project.folder / out) for out in OUTS]
    assert all(linked) if request.param in {"hardlink", "symlink", "symlink,copy"} else True
    assert_sound(tmp_path / "cache", least=4)
    return project


def is_link(path: Path) -> bool:
    return path.is_symlink() or path.stat().st_nlink > 1


def test_appending_to_inputs_and_kept_outs_does_not_reach_the_cache(
    restored: Project, tmp_path: Path
) -> None:
    assert restored.run("append") == {"make": "up-to-date", "append": "succeeded"}
    assert restored.read("made.txt").endswith("more\n")
    assert restored.read("folder/deep/a").endswith("more\n")
    assert restored.run("keep", "--force")["keep"] == "succeeded"

    assert restored.read("kept.txt") == "more\nmore\n"
    assert restored.read("kept/a") == "more\nmore\n"
    assert_sound(tmp_path / "cache", least=6)


def test_a_failing_step_does_not_reach_the_cache_either(restored: Project, tmp_path: Path) -> None:
    failing = FILE.replace("chmod u+w made.txt", "exit 1")
    restored.write({"MLproject": failing.replace('>> $file; done"', '>> $file; done; exit 1"')})

    assert restored.runner("run", ".", "--keep-going").code == 1

    assert restored.read("kept.txt") == "more\n"
    assert restored.read("kept/a") == "more\n"
    assert_sound(tmp_path / "cache", least=4)


def test_rewriting_restored_outs_does_not_reach_the_cache(
    restored: Project, tmp_path: Path
) -> None:
    restored.write({"in.txt": "other data\n"})

    assert restored.run()["make"] == "succeeded"

    assert restored.read("folder/deep/a").startswith("other data\n")
    assert_sound(tmp_path / "cache", least=6)
