from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from runner.errors import SourceControlError
from runner.versioning.git_history import (
    blobs_on_all_branches,
    commit_time,
    commits_between,
    files_between,
    patch_between,
)
from tests.adapters.git_repositories import Repository

if TYPE_CHECKING:
    from pathlib import Path

DVC = ("dvc.lock", ".dvc")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    repository = Repository(tmp_path / "repository", "project")
    repository.write("dvc.lock", "main")
    repository.write("data/a.csv.dvc", "a")
    repository.write("data/b.csv.dvc", "a")
    repository.write("copy.txt", "a")
    repository.write(".dvc/config", "no pointer")
    repository.commit(train="train\n")
    return repository


def contents(repository: Repository) -> set[tuple[str, str]]:
    found = blobs_on_all_branches(str(repository.folder), DVC)
    return {(path.rpartition("/")[2], content.decode()) for path, content in found}


BASE = {("dvc.lock", "main"), ("a.csv.dvc", "a"), ("b.csv.dvc", "a")}


def test_files_at_the_tips_of_all_refs_are_given(repository: Repository, tmp_path: Path) -> None:
    assert contents(repository) == BASE
    for name, command in {
        "branch": ("branch",),
        "tag": ("tag",),
        "annotated": ("tag", "-m", "words"),
        "remote": ("update-ref", "refs/remotes/origin/x"),
    }.items():
        repository.git("checkout", "-q", "--detach", "main")
        repository.write("dvc.lock", name)
        commit = repository.commit()
        repository.git(*command, commit if name == "remote" else name)
    repository.git("checkout", "-q", "--detach", "main")
    repository.write("dvc.lock", "detached")
    repository.commit()
    repository.git("worktree", "add", "-q", "--detach", str(tmp_path / "side"), "main")
    (tmp_path / "side/project/dvc.lock").write_text("another work tree")
    Repository(tmp_path / "side", "project").commit()
    repository.write("dvc.lock", "dirty")
    repository.code().revision(())
    repository.git("stash", "-q")
    repository.git("tag", "blob", "main:project/dvc.lock")
    repository.git("pack-refs", "--all")
    names = ["branch", "annotated", "tag", "remote", "detached", "another work tree", "dirty"]
    assert contents(repository) == BASE | {("dvc.lock", name) for name in names}


def test_old_commits_that_no_ref_names_do_not_count(repository: Repository) -> None:
    repository.write("dvc.lock", "newer")
    repository.commit()
    assert contents(repository) == (BASE - {("dvc.lock", "main")}) | {("dvc.lock", "newer")}


def test_paths_are_of_the_repository_and_given_once(repository: Repository) -> None:
    repository.git("branch", "same")
    paths = sorted(path for path, _ in blobs_on_all_branches(str(repository.folder), DVC))
    assert paths == ["project/data/a.csv.dvc", "project/data/b.csv.dvc", "project/dvc.lock"]


def test_nothing_is_found_without_git_or_without_a_commit(tmp_path: Path) -> None:
    assert list(blobs_on_all_branches(str(tmp_path), DVC)) == []
    assert contents(Repository(tmp_path / "empty")) == set()


def test_commits_between_two_are_listed_newest_first(repository: Repository) -> None:
    old = repository.git("rev-parse", "HEAD")
    repository.write("train.py", "more\n")
    repository.git("commit", "-qam", "Train more\n\nwords")
    middle = repository.git("rev-parse", "HEAD")
    new = repository.commit(other="other\n")
    listed = commits_between(str(repository.folder), old, new)
    assert listed == [(new, "a commit"), (middle, "Train more")]
    assert commits_between(str(repository.folder), new, old) == []


def test_the_patch_leaves_outs_out(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    repository.write("metrics.json", "1\n")
    repository.write("out/a b", "1\n")
    old = repository.commit()
    repository.write("metrics.json", "2\n")
    repository.write("out/a b", "2\n")
    repository.write("*", "literal\n")
    (repository.root / "top.py").write_text("top\n")
    new = repository.commit(train="more\n")
    repository.git("config", "diff.noprefix", "true")
    repository.git("config", "color.diff", "always")
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", "false")
    patch = patch_between(str(repository.folder), old, new, ("metrics.json", "out"))
    assert "-train\n+more\n" in patch
    assert "diff --git a/top.py b/top.py" in patch
    assert "metrics.json" not in patch
    assert "out/a b" not in patch
    assert patch.endswith("\n")
    assert "\x1b" not in patch
    assert "literal" not in patch_between(str(repository.folder), old, new, ("*",))
    assert "more" in patch_between(str(repository.folder), old, new, ("*",))
    assert patch_between(str(repository.folder), old, old, ()) == ""


def test_files_between_two_commits_are_counted_by_line(repository: Repository) -> None:
    repository.write("kept out.txt", "1\n")
    repository.write("logo.png", b"\x00\x01")
    old = repository.commit(train="a\nb\n", gone="1\n")
    (repository.folder / "gone.py").unlink()
    repository.write("logo.png", b"\x00\x02")
    repository.write("kept out.txt", "2\n")
    repository.write("tab\tand ü.txt", "new\n")
    new = repository.commit(train="a\nc\nd\n")

    found = files_between(str(repository.folder), old, new, ["kept out.txt"])

    place = repository.folder.relative_to(repository.root)
    assert sorted(found) == [
        (f"{place}/gone.py", 0, 1),
        (f"{place}/logo.png", None, None),
        (f"{place}/tab\tand ü.txt", 1, 0),
        (f"{place}/train.py", 2, 1),
    ]


def test_a_patch_applies(repository: Repository) -> None:
    old = repository.git("rev-parse", "HEAD")
    new = repository.commit(train="gr\N{LATIN SMALL LETTER U WITH DIAERESIS}n\n")
    patch = patch_between(str(repository.folder), old, new, ())
    repository.git("checkout", "-q", old)
    repository.git("apply", "-", stdin=patch)
    assert repository.git("diff", "--stat", new) == ""


def test_the_time_of_a_commit(repository: Repository) -> None:
    head = repository.git("rev-parse", "HEAD")
    expected = int(repository.git("show", "-s", "--format=%ct"))
    assert commit_time(str(repository.folder), head) == expected


@pytest.mark.parametrize("name", ["0" * 40, "no-such-branch", "--output=x"])
def test_a_missing_commit_says_how_to_get_it(repository: Repository, name: str) -> None:
    folder = str(repository.folder)
    for question in (
        lambda: commits_between(folder, name, "HEAD"),
        lambda: patch_between(folder, "HEAD", name, ()),
        lambda: commit_time(folder, name),
    ):
        with pytest.raises(SourceControlError) as caught:
            question()
        assert caught.value.hint


def test_without_git_there_is_no_history(tmp_path: Path) -> None:
    with pytest.raises(SourceControlError, match="not in a git repository"):
        commits_between(str(tmp_path), "a", "b")


def test_a_hook_s_variables_lead_nowhere_else(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Repository(tmp_path / "other")
    other.commit()
    for name in ("GIT_DIR", "GIT_OBJECT_DIRECTORY", "GIT_INDEX_FILE"):
        monkeypatch.setenv(name, str(other.root / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other.root))
    assert {name for name, _ in contents_of(repository)} == {name for name, _ in BASE}


def contents_of(repository: Repository) -> set[tuple[str, bytes]]:
    found = blobs_on_all_branches(str(repository.folder), DVC)
    return {(path.rpartition("/")[2], content) for path, content in found}
