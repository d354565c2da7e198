from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from runner.versioning.git import GitSourceControl
from runner.versioning.git_absent import PlainFolder
from runner.versioning.git_cache import Cache
from runner.versioning.git_identity import Differences, Identity
from runner.versioning.git_omissions import Limits
from runner.versioning.git_repository import locate
from runner.versioning.git_stamps import RACY_NS, stamp
from runner.versioning.git_status import STATUS, status
from tests.adapters.git_repositories import OLD, Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    repository = Repository(tmp_path / "repository")
    repository.commit(train="train\n", src__model="model\n")
    return repository


def test_a_clean_tree_is_its_head_commit(repository: Repository) -> None:
    revision = repository.code().revision(())
    assert revision.state == "clean"
    assert revision.commit == revision.base_commit == repository.git("rev-parse", "HEAD")
    assert revision.tree == repository.git("rev-parse", "HEAD^{tree}")
    assert revision.snapshot is None
    assert revision.branch == "main"
    assert revision.root == "."
    assert revision.warnings == ()


def test_a_clean_revision_makes_no_object_and_no_ref(repository: Repository) -> None:
    before = repository.git("count-objects"), repository.git("for-each-ref")
    repository.code().revision(("models", "metrics.json"))
    assert (repository.git("count-objects"), repository.git("for-each-ref")) == before


def edit(repository: Repository) -> None:
    repository.write("train.py", "train more\n")


def stage(repository: Repository) -> None:
    repository.write("train.py", "staged\n")
    repository.git("add", "train.py")


def stage_and_edit(repository: Repository) -> None:
    stage(repository)
    repository.write("train.py", "edited after staging\n")


def add_untracked(repository: Repository) -> None:
    repository.write("deep/new/module.py", "new\n")


def remove(repository: Repository) -> None:
    (repository.folder / "train.py").unlink()


def remove_staged(repository: Repository) -> None:
    repository.git("rm", "-q", "train.py")


def remove_from_index_only(repository: Repository) -> None:
    repository.git("rm", "-q", "--cached", "train.py")
    repository.write("train.py", "still here\n")


def rename(repository: Repository) -> None:
    repository.git("mv", "train.py", "fit.py")


def make_executable(repository: Repository) -> None:
    (repository.folder / "train.py").chmod(0o755)


def replace_by_symlink(repository: Repository) -> None:
    (repository.folder / "train.py").unlink()
    (repository.folder / "train.py").symlink_to("src/model.py")


def replace_file_by_folder(repository: Repository) -> None:
    (repository.folder / "train.py").unlink()
    repository.write("train.py/__init__.py", "a package\n")


def replace_folder_by_file(repository: Repository) -> None:
    (repository.folder / "src/model.py").unlink()
    (repository.folder / "src").rmdir()
    repository.write("src", "a file\n")


def replace_folder_by_symlink(repository: Repository) -> None:
    repository.git("mv", "src", "source")
    repository.git("reset", "-q")
    (repository.folder / "src").symlink_to("source")


def announce(repository: Repository) -> None:
    repository.write("soon.py", "soon\n")
    repository.git("add", "-N", "soon.py")


def rename_and_announce(repository: Repository) -> None:
    (repository.folder / "train.py").rename(repository.folder / "fit.py")
    repository.git("add", "-N", "fit.py")
    repository.git("config", "status.renames", "copies")


def binary(repository: Repository) -> None:
    repository.write("weights.bin", bytes(range(256)) * 9)


DIRTY = [
    edit,
    stage,
    stage_and_edit,
    add_untracked,
    remove,
    remove_staged,
    remove_from_index_only,
    rename,
    rename_and_announce,
    make_executable,
    replace_by_symlink,
    replace_file_by_folder,
    replace_folder_by_file,
    replace_folder_by_symlink,
    announce,
    binary,
]


@pytest.mark.parametrize("change", DIRTY, ids=lambda change: change.__name__)
def test_a_dirty_tree_is_a_snapshot_of_what_git_would_commit(
    repository: Repository, change: object
) -> None:
    assert callable(change)
    change(repository)
    before = repository.picture()
    revision = repository.code().revision(())
    assert repository.picture() == before
    assert revision.state == "snapshot"
    assert revision.commit == revision.snapshot
    assert repository.git("rev-parse", f"{revision.commit}^{{tree}}") == revision.tree
    assert repository.git("rev-parse", f"{revision.commit}^") == revision.base_commit
    again = repository.code().revision(())
    stand_in = repository.code().stand_in(())
    repository.commit()
    clean = repository.code()
    assert again == revision
    assert clean.revision(()).tree == revision.tree
    assert clean.revision(()).state == "clean"
    assert clean.stand_in(()) == stand_in


def test_the_same_dirty_state_in_a_clone_elsewhere_gives_the_same_commit(
    repository: Repository, tmp_path: Path
) -> None:
    repository.git("clone", "-q", ".", str(tmp_path / "clone"))
    clone = Repository(tmp_path / "clone")
    clone.git("config", "user.name", "Somebody Else")
    clone.git("config", "i18n.commitEncoding", "ISO-8859-1")
    revisions = []
    for place in (repository, clone):
        place.write("train.py", "train more\n")
        place.write("new.py", "new\n")
        revisions.append(place.code().revision(()))
    assert revisions[0].commit == revisions[1].commit


def test_staged_and_reverted_is_clean(repository: Repository) -> None:
    repository.write("train.py", "staged\n")
    repository.git("add", "train.py")
    repository.write("train.py", "train\n")
    code = repository.code()
    revision = code.revision(())
    assert (revision.state, revision.commit) == ("clean", repository.git("rev-parse", "HEAD"))
    stand_in = code.stand_in(())
    repository.git("reset", "-q", "--hard")
    assert repository.code().stand_in(()) == stand_in


def test_a_touched_file_is_clean(repository: Repository) -> None:
    os.utime(repository.folder / "train.py")
    assert repository.code().revision(()).state == "clean"


def test_ignored_files_are_not_code(repository: Repository) -> None:
    repository.write(".gitignore", "*.log\n")
    repository.commit()
    repository.write("run.log")
    assert repository.code().revision(()).state == "clean"


def test_a_same_size_edit_in_the_second_of_the_commit_is_seen(repository: Repository) -> None:
    # Only the index's own time tells git to look again: its copy must keep it.
    repository.git("config", "core.trustctime", "false")
    file = repository.write("train.py", "alpha = 1\n", old=True)
    repository.commit()
    os.utime(repository.root / ".git/index", (OLD, OLD))
    inode = file.stat().st_ino
    repository.write("train.py", "alpha = 2\n", old=True)
    assert file.stat().st_ino == inode
    tree = repository.code().revision(()).tree
    assert repository.git("show", f"{tree}:train.py") == "alpha = 2"


def test_a_same_size_edit_of_a_dirty_file_gives_another_snapshot(repository: Repository) -> None:
    found = set()
    for number in range(5):
        repository.write("train.py", f"alpha = {number}\n")
        found.add(repository.code().revision(()).tree)
    assert len(found) == 5


def test_a_young_dirty_state_is_not_remembered(repository: Repository) -> None:
    repository.write("train.py", "edited\n", old=True)
    repository.code().revision(())
    cache = repository.folder / ".runner/git-cache.json"
    assert "snapshots" not in json.loads(cache.read_text())["kinds"], "its ctime is young"


def test_a_dirty_state_of_old_is_remembered_while_its_ref_is_there(repository: Repository) -> None:
    repository.write("train.py", "edited\n")
    located = locate(str(repository.folder))
    assert located is not None
    cache = Cache(str(repository.folder))
    told = status(repository.git(*STATUS).encode())
    stamps = {entry.path: stamp(str(repository.root / entry.path)) for entry in told.entries}
    later = time.time_ns() + 10 * RACY_NS
    found = Differences(told, told.entries, (), stamps, later)
    identity = Identity(str(repository.folder), located, cache)
    first = identity.revision(found)
    (key,) = cache.kind("snapshots")
    repository.git("pack-refs", "--all")
    cache.keep("snapshots", key, ["a tree only the cache knows", first.commit])
    assert identity.revision(found).tree == "a tree only the cache knows"
    assert identity.revision(found._replace(time=0)).tree == first.tree
    repository.git("update-ref", "-d", f"refs/runner/snapshots/{first.commit}")
    assert identity.revision(found) == first
    assert repository.git("for-each-ref", "--format=%(objectname)", "refs/runner") == first.commit


def test_a_cache_of_nonsense_is_ignored(repository: Repository) -> None:
    clean = repository.code().revision(())
    cache = repository.folder / ".runner/git-cache.json"
    for nonsense in ("", "{", "[]", '{"format": 1, "kinds": {"commits": {"x": 3}}}', "\0"):
        cache.write_text(nonsense)
        assert repository.code().revision(()) == clean


def test_the_state_folder_ignores_itself_and_is_never_code(repository: Repository) -> None:
    repository.code().revision(())
    assert repository.git("status", "--porcelain") == ""
    (repository.folder / ".runner/.gitignore").unlink()
    repository.write(".runner/record.json", "{}")
    code = repository.code()
    assert code.revision(()).state == "clean"
    assert not code.is_code(".runner/record.json")


def test_a_tracked_state_folder_is_not_code(repository: Repository) -> None:
    tree = repository.code().revision(()).tree
    repository.git("add", "-f", ".runner")
    repository.commit()
    code = repository.code()
    assert code.revision(()).tree == tree
    assert code.revision(()).state == "clean"


# Declared outs ------------------------------------------------------------------------------

OUTS = ("metrics.json", "models")


def test_outs_that_git_tracks_are_no_code(repository: Repository) -> None:
    bare = repository.code().revision(OUTS)
    assert bare.tree == repository.git("rev-parse", "HEAD^{tree}")
    repository.write("metrics.json", "{}")
    repository.write("models/a.bin", "a")
    repository.write("models/deep/b.bin", "b")
    untracked = repository.code().revision(OUTS)
    repository.commit()
    committed = repository.code().revision(OUTS)
    assert (untracked.state, committed.state) == ("clean", "clean")
    assert bare.tree == untracked.tree == committed.tree
    assert repository.code().revision(()).tree != committed.tree
    assert repository.code().stand_in(OUTS) == repository.code().stand_in([*OUTS, "absent"])


@pytest.mark.parametrize("staged", [False, True])
@pytest.mark.parametrize("how", ["edited", "removed", "new"])
def test_changed_outs_do_not_make_the_code_dirty(
    repository: Repository, how: str, *, staged: bool
) -> None:
    repository.write("metrics.json", "{}")
    repository.write("models/a.bin", "a")
    repository.commit()
    clean = repository.code().revision(OUTS)
    if how == "removed":
        (repository.folder / "metrics.json").unlink()
        (repository.folder / "models/a.bin").unlink()
    else:
        repository.write("metrics.json" if how == "edited" else "models/new.bin", '{"a": 1}')
    if staged:
        repository.git("add", "-A")
    before = repository.picture()
    assert repository.code().revision(OUTS) == clean
    assert repository.picture() == before


def test_outs_never_enter_a_snapshot(repository: Repository) -> None:
    repository.write("metrics.json", "{}")
    repository.write("models/a.bin", "a")
    repository.commit()
    repository.write("metrics.json", '{"score": 1}')
    repository.write("models/b.bin", "b, untracked")
    repository.write("train.py", "edited\n")
    revision = repository.code().revision(("metrics.json", "models/"))
    assert revision.state == "snapshot"
    assert repository.paths(revision.tree) == ["src/model.py", "train.py"]
    assert not repository.has_object("b, untracked")
    repository.commit()
    assert repository.code().revision(OUTS).tree == revision.tree


def test_other_outs_of_the_same_commit_are_another_tree(repository: Repository) -> None:
    found = {repository.code().revision(outs).tree for outs in ((), ("train.py",), ("src",))}
    assert len(found) == 3
    assert repository.code().stand_in(("train.py",)) != repository.code().stand_in(("src",))


def test_the_stand_in_is_without_the_revision_s_outs_clean_or_dirty(
    repository: Repository,
) -> None:
    repository.write("metrics.json", "{}")
    repository.commit()
    found = set()
    for content in ("edited\n", "train\n"):
        repository.write("train.py", content)
        code = repository.code()
        code.revision(("metrics.json",))
        repository.write("train.py", "train\n")
        found.add(code.stand_in(()) == code.stand_in(("metrics.json",)))
    assert found == {True}


def test_outs_are_relative_to_a_project_in_a_subfolder(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository", "examples/wine")
    repository.write("metrics.json", "{}")
    repository.write("train.py", "train\n")
    (repository.root / "metrics.json").write_text("not an out")
    repository.commit()
    repository.write("train.py", "edited\n")
    revision = repository.code().revision(("metrics.json",))
    assert revision.root == "examples/wine"
    assert repository.paths(revision.tree) == ["examples/wine/train.py", "metrics.json"]


def test_a_change_elsewhere_in_the_repository_is_a_change_of_the_code(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository", "project")
    repository.write("train.py", "train\n")
    (repository.root / "shared.py").write_text("shared\n")
    repository.commit()
    stand_in = repository.code().stand_in(())
    (repository.root / "shared.py").write_text("edited\n")
    code = repository.code()
    assert code.revision(()).state == "snapshot"
    assert code.stand_in(()) == stand_in, "the stand-in is the project folder's"


# The stand-in -------------------------------------------------------------------------------


def test_the_stand_in_leaves_out_the_project_file_the_outs_and_prose(
    repository: Repository,
) -> None:
    stand_in = repository.code().stand_in(())
    repository.write("MLproject", "name: x\n")
    repository.write("README.md", "words")
    repository.write("docs/guide.md", "words")
    repository.write("models/a.bin", "an out")
    assert repository.code().stand_in(("models",)) == stand_in
    repository.git("add", "-A")
    assert repository.code().stand_in(("models",)) == stand_in
    repository.commit()
    assert repository.code().stand_in(("models",)) == stand_in
    repository.write("src/model.py", "another model\n")
    assert repository.code().stand_in(("models",)) != stand_in


def test_the_stand_in_sees_a_project_file_of_a_subfolder_and_a_rename(
    repository: Repository,
) -> None:
    found = {repository.code().stand_in(())}
    repository.write("src/mlproject", "no project file here\n")
    found.add(repository.code().stand_in(()))
    repository.git("mv", "train.py", "fit.py")
    found.add(repository.code().stand_in(()))
    assert len(found) == 3


def test_the_epoch_is_heads_commit_time(repository: Repository) -> None:
    expected = int(repository.git("show", "-s", "--format=%ct", "HEAD"))
    repository.write("train.py", "edited\n")
    assert repository.code().epoch() == expected


# Without git --------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "plain/src").mkdir(parents=True)
    (tmp_path / "plain/train.py").write_text("train\n")
    (tmp_path / "plain/src/model.py").write_text("model\n")
    return tmp_path / "plain"


def test_without_git_the_folder_identifies_the_code_and_says_so(folder: Path) -> None:
    revision = GitSourceControl(str(folder)).revision(("models",))
    assert (revision.state, revision.commit, revision.root) == ("nogit", "", ".")
    assert len(revision.tree) == 64
    assert "git init" in revision.warnings[0]
    for path, content in {
        "models/a.bin": "an out",
        ".dvc/cache/files/md5/00/00": "data",
        ".dvc/tmp/lock": "",
        ".venv/pyvenv.cfg": "home = /usr",
        "env/pyvenv.cfg": "home = /usr",
        "env/lib/x.py": "x",
        "src/__pycache__/model.pyc": "x",
        ".env": "SECRET=1",
        "big.bin": "x" * 1_000_001,
    }.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content)
    same = GitSourceControl(str(folder)).revision(("models",))
    assert same.tree == revision.tree
    assert ".env" in " ".join(same.warnings)
    assert "big.bin" in " ".join(same.warnings)
    (folder / "src/model.py").write_text("Model\n")
    assert GitSourceControl(str(folder)).revision(("models",)).tree != revision.tree


def test_without_git_the_same_content_elsewhere_is_the_same_code(
    folder: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "else where"
    (elsewhere / "src").mkdir(parents=True)
    (elsewhere / "src/model.py").write_text("model\n")
    (elsewhere / "train.py").write_text("train\n")
    one, other = GitSourceControl(str(folder)), GitSourceControl(str(elsewhere))
    assert one.revision(()).tree == other.revision(()).tree
    assert one.stand_in(()) == other.stand_in(())
    assert one.epoch() == other.epoch() == 315532800


def test_without_git_same_size_edits_are_seen(folder: Path) -> None:
    found = set()
    for number in range(5):
        (folder / "train.py").write_text(f"{number}\n")
        found.add(GitSourceControl(str(folder)).revision(()).tree)
    assert len(found) == 5


def test_without_git_hashes_are_remembered_only_of_old_files(folder: Path) -> None:
    code = PlainFolder(str(folder), Limits())
    its = stamp(str(folder / "train.py"))
    assert its is not None
    now = time.time_ns()
    fresh = code._hash({"train.py": its}, now)
    assert code._cache.kind("files") == {}
    assert code._hash({"train.py": its}, now + 10 * RACY_NS) == fresh
    assert code._cache.kind("files") == {"train.py": [fresh["train.py"], *its]}
    code._cache.replace("files", {"train.py": ["remembered", *its]})
    assert code._hash({"train.py": its}, now) == {"train.py": "remembered"}
    assert code._hash({"train.py": (*its[:2], its[2] + 1, *its[3:])}, now) == fresh


def test_without_git_special_files_and_strange_names_do_no_harm(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    (folder / "loop").symlink_to("loop")
    (folder / "up").symlink_to("..")
    (folder / "new\nline \N{SNOWMAN}.py").write_text("x")
    Path(os.fsdecode(os.fsencode(folder) + b"/latin-\xe9.py")).write_text("x")
    code = GitSourceControl(str(folder))
    assert code.revision(()).state == "nogit"
    assert code.is_code("new\nline \N{SNOWMAN}.py")
    assert not code.is_code("pipe")
