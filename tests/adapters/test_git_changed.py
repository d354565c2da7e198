from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from runner.versioning.git import GitSourceControl
from tests.adapters.git_repositories import Repository

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    repository = Repository(tmp_path / "repository", "project")
    repository.write(".gitignore", "*.log\n")
    repository.write("b c.py", "b\n")
    (repository.root / "shared.py").write_text("shared\n")
    repository.commit(train="train\n", src__model="model\n")
    return repository


def dirty(repository: Repository) -> GitSourceControl:
    """The code of a tree with an edited, a new, a removed and a large file."""
    repository.write("train.py", "edited\n")
    repository.write("new.py", "new\n")
    repository.write("large.bin", "x" * 2000)
    (repository.folder / "b c.py").unlink()
    code = repository.code(snapshot_file_limit=1000)
    code.revision(("out",))
    return code


def test_nothing_changed(repository: Repository) -> None:
    assert dirty(repository).changed() == []


def test_edits_of_clean_and_of_dirty_files_are_seen(repository: Repository) -> None:
    code = dirty(repository)
    repository.write("train.py", "edited again\n")
    repository.write("new.py", "new again\n")
    repository.write("large.bin", "x" * 3000)
    repository.write("src/model.py", "another model\n")
    repository.write("added.py")
    repository.write("b c.py", "b\n")
    repository.write("run.log")
    repository.write("out/result.bin")
    (repository.root / "shared.py").write_text("edited\n")
    expected = ["../shared.py", "added.py", "b c.py", "large.bin", "new.py", "src/model.py"]
    assert code.changed() == [*expected, "train.py"]


def test_reverting_and_removing_are_changes(repository: Repository) -> None:
    code = dirty(repository)
    repository.write("train.py", "train\n")
    (repository.folder / "new.py").unlink()
    (repository.folder / "src/model.py").unlink()
    assert code.changed() == ["new.py", "src/model.py", "train.py"]


def test_a_replaced_file_with_old_size_and_times_is_seen(repository: Repository) -> None:
    code = dirty(repository)
    before = (repository.folder / "new.py").stat()
    other = repository.write("other", "now\n")
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.rename(repository.folder / "new.py")
    assert code.changed() == ["new.py"]


def test_committing_what_was_there_changes_no_file(repository: Repository) -> None:
    code = dirty(repository)
    repository.commit()
    assert code.changed() == []


def test_files_that_a_step_edits_and_commits_are_seen(repository: Repository) -> None:
    code = dirty(repository)
    repository.write("src/model.py", "another model\n")
    repository.write("added.py")
    repository.write("out/result.bin")
    repository.commit()
    assert code.changed() == ["added.py", "src/model.py"]


def test_the_first_commit_of_a_repository_is_no_edit(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository")
    repository.write("train.py")
    code = repository.code()
    code.revision(())
    repository.write("added.py")
    repository.commit()
    assert code.changed() == ["added.py"]


def test_edits_in_a_submodule_are_seen(repository: Repository, tmp_path: Path) -> None:
    other = Repository(tmp_path / "other")
    other.commit(inside="inside\n")
    repository.git("submodule", "--quiet", "add", str(other.root), "project/vendor")
    repository.commit()
    code = repository.code()
    code.revision(())
    assert code.changed() == []
    repository.write("vendor/inside.py", "edited\n")
    assert code.changed() == ["vendor"]


def test_without_git_stats_tell(tmp_path: Path) -> None:
    for name in ("a.py", "b.py", "c.py", "out.bin"):
        (tmp_path / name).write_text("x\n")
    code = GitSourceControl(str(tmp_path))
    code.revision(("out.bin",))
    assert code.changed() == []
    (tmp_path / "a.py").write_text("longer\n")
    (tmp_path / "b.py").unlink()
    (tmp_path / "d.py").write_text("x\n")
    (tmp_path / "out.bin").write_text("longer\n")
    assert code.changed() == ["a.py", "b.py", "d.py"]
