from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from runner.errors import RunnerError, SourceControlError
from runner.versioning.git import GitSourceControl
from tests.adapters.git_repositories import Repository

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    repository = Repository(tmp_path / "repository")
    repository.commit(train="train\n")
    return repository


def test_an_empty_repository_gives_a_snapshot_without_a_parent(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository")
    empty = repository.code().revision(())
    assert (empty.state, empty.base_commit, empty.branch) == ("snapshot", "", "main")
    assert repository.paths(empty.tree) == []
    repository.write("train.py", "train\n")
    repository.write("metrics.json", "{}")
    repository.git("add", "metrics.json")
    before = repository.picture()
    code = repository.code()
    revision = code.revision(("metrics.json",))
    assert repository.picture() == before
    assert repository.paths(revision.tree) == ["train.py"]
    assert repository.git("log", "--format=%P %ct", revision.commit) == "315532800"
    assert code.epoch() == 315532800
    stand_in = code.stand_in(("metrics.json",))
    repository.commit()
    committed = repository.code()
    assert committed.revision(("metrics.json",)).tree == revision.tree
    assert committed.stand_in(("metrics.json",)) == stand_in


def test_a_detached_head_has_no_branch(repository: Repository) -> None:
    repository.git("checkout", "-q", "--detach")
    revision = repository.code().revision(())
    assert (revision.state, revision.branch) == ("clean", "")


def test_a_shallow_clone_works(repository: Repository, tmp_path: Path) -> None:
    repository.commit(train="train more\n")
    clone_folder = tmp_path / "clone"
    repository.git("clone", "-q", "--depth=1", f"file://{repository.root}", str(clone_folder))
    clone = Repository(clone_folder)
    assert clone.code().revision(()).commit == repository.git("rev-parse", "HEAD")
    clone.write("new.py", "new\n")
    repository.write("new.py", "new\n")
    assert clone.code().revision(()).commit == repository.code().revision(()).commit


def test_a_partial_clone_snapshots_without_fetching(repository: Repository, tmp_path: Path) -> None:
    repository.write("elsewhere/large.bin", "large")
    repository.commit()
    repository.git("config", "uploadpack.allowFilter", "true")
    repository.git("config", "uploadpack.allowAnySHA1InWant", "true")
    folder = tmp_path / "clone"
    repository.git(
        "clone", "-q", "--filter=blob:none", "--no-checkout", f"file://{repository.root}", folder
    )
    clone = Repository(folder)
    clone.git("sparse-checkout", "set", "nothing")
    clone.git("checkout", "-q", "main")
    repository.root.rename(tmp_path / "away")
    clone.write("new.py", "new\n")
    revision = clone.code().revision(())
    assert clone.paths(revision.tree) == ["elsewhere/large.bin", "new.py", "train.py"]


@pytest.mark.parametrize("inside", ["", "hooks"])
def test_a_bare_repository_is_refused_with_what_to_do(tmp_path: Path, inside: str) -> None:
    bare = Repository(tmp_path / "bare.git", ".", "--bare")
    with pytest.raises(SourceControlError, match="bare") as caught:
        GitSourceControl(str(bare.root / inside)).revision(())
    assert caught.value.hint.startswith(f"git clone {bare.root}")


def test_a_repository_set_to_bare_is_refused(repository: Repository) -> None:
    repository.git("config", "core.bare", "true")
    with pytest.raises(SourceControlError, match="bare"):
        repository.code().revision(())


def test_somebody_else_s_repository_names_the_command_that_trusts_it(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Git's own switch for this, so that the test needs no second user.
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(SourceControlError, match="another user") as caught:
        repository.code().revision(())
    assert caught.value.hint == f"git config --global --add safe.directory {repository.root}"
    repository.git("config", "--global", "--add", "safe.directory", str(repository.root))
    assert repository.code().revision(()).state == "clean"


def test_a_git_file_that_leads_nowhere_is_an_error(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("gitdir: /nowhere/at/all\n")
    with pytest.raises(SourceControlError, match="leads nowhere") as caught:
        GitSourceControl(str(tmp_path)).revision(())
    assert caught.value.hint


def test_a_folder_named_git_that_is_no_repository_is_no_repository(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    assert GitSourceControl(str(tmp_path)).revision(()).state == "nogit"


def test_a_broken_index_is_an_error_in_git_s_words(repository: Repository) -> None:
    (repository.root / ".git/index").write_bytes(b"nonsense" * 9)
    with pytest.raises(SourceControlError, match="bad signature"):
        repository.code().revision(())


def test_without_the_git_program_the_error_names_it(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    with pytest.raises(RunnerError, match="git"):
        repository.code().revision(())
    assert GitSourceControl(str(tmp_path)).revision(()).state == "nogit"


def test_a_linked_work_tree_has_its_own_head_and_shares_snapshots(
    repository: Repository, tmp_path: Path
) -> None:
    repository.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    (tmp_path / "side/new.py").write_text("new\n")
    before = repository.picture()
    revision = GitSourceControl(str(tmp_path / "side")).revision(())
    assert repository.picture() == before
    assert (revision.state, revision.branch) == ("snapshot", "side")
    assert repository.git("show", f"refs/runner/snapshots/{revision.commit}:new.py") == "new"


def test_a_project_behind_a_symbolic_link_is_where_it_leads(
    repository: Repository, tmp_path: Path
) -> None:
    repository.write("project/train.py")
    repository.commit()
    (tmp_path / "link").symlink_to(repository.root / "project")
    assert GitSourceControl(str(tmp_path / "link")).revision(()).root == "project"


def test_a_hook_s_variables_do_not_lead_elsewhere(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Repository(tmp_path / "other")
    other.commit(other="other\n")
    repository.write("new.py", "new\n")
    expected = repository.code().revision(())
    for name, value in {
        "GIT_DIR": other.root / ".git",
        "GIT_WORK_TREE": other.root,
        "GIT_INDEX_FILE": other.root / ".git/index",
        "GIT_PREFIX": "sub/",
        "GIT_OBJECT_DIRECTORY": other.root / ".git/objects",
    }.items():
        monkeypatch.setenv(name, str(value))
    assert repository.code().revision(()) == expected


def test_edits_inside_a_submodule_are_reported_and_never_called_clean(
    repository: Repository, tmp_path: Path
) -> None:
    other = Repository(tmp_path / "other")
    other.commit(inside="inside\n")
    repository.git("submodule", "--quiet", "add", str(other.root), "vendor")
    repository.commit()
    assert repository.code().revision(()).state == "clean"
    repository.write("vendor/inside.py", "edited\n")
    repository.git("config", "diff.ignoreSubmodules", "all")
    repository.git("config", "submodule.vendor.ignore", "all")
    revision = repository.code().revision(())
    assert revision.state == "snapshot"
    assert revision.warnings[0].startswith("dirty-submodule: ")
    assert "vendor" in revision.warnings[0]


def test_another_commit_of_a_submodule_is_part_of_the_snapshot(
    repository: Repository, tmp_path: Path
) -> None:
    other = Repository(tmp_path / "other")
    other.commit(inside="inside\n")
    repository.git("submodule", "--quiet", "add", str(other.root), "vendor")
    repository.commit()
    module = Repository(repository.root / "vendor")
    found = set()
    for number in range(2):
        head = module.commit(inside=f"{number}\n")
        revision = repository.code().revision(())
        found.add(revision.tree)
        assert revision.warnings == ()
        assert head in repository.git("ls-tree", revision.tree, "vendor")
    assert len(found) == 2


@pytest.mark.parametrize("commits", [0, 1])
def test_a_nested_repository_is_left_out_with_a_warning(
    repository: Repository, commits: int
) -> None:
    nested = Repository(repository.root / "nested")
    nested.write("inside.py")
    if commits:
        nested.commit()
    repository.write("new.py", "new\n")
    code = repository.code()
    revision = code.revision(())
    assert repository.paths(revision.tree) == ["new.py", "train.py"]
    assert "nested/" in revision.warnings[0]
    assert not code.is_code("nested")


def test_a_merge_with_conflicts_is_what_lies_in_the_work_tree(repository: Repository) -> None:
    repository.write("gone.py", "1\n")
    repository.write("metrics.json", "1\n")
    repository.commit()
    repository.git("checkout", "-q", "-b", "side")
    repository.git("rm", "-q", "gone.py")
    repository.write("metrics.json", "2\n")
    repository.commit(train="theirs\n")
    repository.git("checkout", "-q", "main")
    repository.write("gone.py", "2\n")
    repository.write("metrics.json", "3\n")
    repository.commit(train="ours\n")
    with pytest.raises(AssertionError):
        repository.git("merge", "-q", "side")
    (repository.folder / "gone.py").unlink()
    before = repository.picture()
    revision = repository.code().revision(("metrics.json",))
    assert repository.picture() == before
    assert repository.paths(revision.tree) == ["train.py"]
    assert "<<<<<<<" in repository.git("show", f"{revision.tree}:train.py")


def test_lfs_pointers_without_lfs_are_files(repository: Repository) -> None:
    repository.write(".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n")
    repository.write("a.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    repository.commit()
    repository.write("new.py")
    revision = repository.code().revision(())
    assert "oid sha256" in repository.git("show", f"{revision.tree}:a.bin")


def test_files_git_was_told_to_overlook_are_named(repository: Repository) -> None:
    repository.git("update-index", "--assume-unchanged", "train.py")
    repository.write("train.py", "edited, unseen\n")
    assert "train.py" in repository.code().revision(()).warnings[0]


def test_a_sha256_repository_works(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository", ".", "--object-format=sha256")
    repository.commit(train="train\n")
    repository.write("new.py", "new\n")
    repository.write("out.bin", "out\n")
    repository.git("add", "out.bin")
    code = repository.code()
    revision = code.revision(("out.bin",))
    assert len(revision.commit) == 64
    assert repository.paths(revision.tree) == ["new.py", "train.py"]
    assert code.is_code("train.py")


def test_a_project_that_cannot_be_written_to_says_so_only_when_it_must(
    repository: Repository,
) -> None:
    # Root may write everywhere; a file in the folder's place stops root too.
    (repository.folder / ".runner").write_text("in the way")
    assert repository.code().revision(()).state == "clean"
    repository.write("new.py", "new\n")
    with pytest.raises(SourceControlError, match=r"\.runner") as caught:
        repository.code().revision(())
    assert "commit" in caught.value.hint
