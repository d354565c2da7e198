from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runner.errors import SourceControlError
from tests.adapters.git_repositories import OLD, Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    repository = Repository(tmp_path / "repository")
    repository.commit(train="train\n", src__model="model\n")
    return repository


def test_a_snapshot_survives_gc(repository: Repository) -> None:
    repository.write("new.py", "new\n")
    revision = repository.code().revision(())
    (repository.folder / "new.py").unlink()
    repository.git("reflog", "expire", "--expire=now", "--all")
    repository.git("gc", "-q", "--prune=now")
    assert repository.git("show", f"{revision.commit}:new.py") == "new"


def test_a_snapshot_made_again_after_its_ref_was_removed_is_kept_again(
    repository: Repository,
) -> None:
    repository.write("new.py", "new\n")
    first = repository.code().revision(())
    repository.git("update-ref", "-d", f"refs/runner/snapshots/{first.commit}")
    repository.git("gc", "-q", "--prune=now")
    assert repository.code().revision(()) == first
    assert repository.git("show", f"{first.commit}:new.py") == "new"


def test_hooks_and_settings_of_the_user_do_not_take_part(
    repository: Repository, tmp_path: Path
) -> None:
    mark = tmp_path / "a hook ran"
    for name in ("pre-commit", "post-commit", "reference-transaction", "post-index-change"):
        hook = repository.root / ".git/hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\necho {name} >> '{mark}'\n")
        hook.chmod(0o755)
    for setting, value in {
        "core.fsmonitor": str(repository.root / ".git/hooks/pre-commit"),
        "core.splitIndex": "true",
        "core.logAllRefUpdates": "always",
        "core.safecrlf": "true",
        "core.autocrlf": "input",
        "commit.gpgSign": "true",
        "status.showStash": "true",
        "status.relativePaths": "true",
        "status.renames": "copies",
    }.items():
        repository.git("config", setting, value)
    mark.unlink(missing_ok=True)
    repository.write("train.py", "edited\r\n")
    before = repository.picture()
    revision = repository.code().revision(("src",))
    assert repository.picture() == before
    assert revision.state == "snapshot"
    assert repository.git("cat-file", "-s", f"{revision.commit}:train.py") == "7"
    assert not mark.exists()
    assert not list((repository.root / ".git").glob("sharedindex*"))
    assert not (repository.root / ".git/logs/refs/runner").exists()


def test_a_split_index_of_the_user_is_read(repository: Repository) -> None:
    repository.git("update-index", "--split-index")
    repository.write("train.py", "edited\n")
    index = repository.root / ".git/index"
    before = index.read_bytes(), index.stat().st_mtime_ns
    revision = repository.code().revision(())
    assert repository.paths(revision.tree) == ["src/model.py", "train.py"]
    assert (index.read_bytes(), index.stat().st_mtime_ns) == before


def test_filters_and_line_ends_are_git_s(repository: Repository) -> None:
    repository.git("config", "filter.upper.clean", "tr a-z A-Z")
    repository.write(".gitattributes", "*.up filter=upper\n*.txt text\n")
    repository.write("a.up", "loud\n")
    repository.write("b.txt", "one\r\ntwo\r\n")
    revision = repository.code().revision(())
    assert repository.git("show", f"{revision.tree}:a.up") == "LOUD"
    assert repository.git("cat-file", "-s", f"{revision.tree}:b.txt") == "8"
    repository.commit()
    assert repository.code().revision(()).tree == revision.tree


STRANGE = ["a b.py", 'q"uote.py', "new\nline.py", "--all", "-f", "\N{SNOWMAN}.py", "*", ":x", "#"]


def test_strange_names_are_tracked_removed_and_excluded(repository: Repository) -> None:
    for name in STRANGE:
        repository.write(name, "1\n")
        repository.write(f"out/{name}", "1\n")
    repository.write("out-folder/file")
    code = repository.code()
    tree = code.revision(("out",)).tree
    assert {*repository.paths(tree)} == {*STRANGE, "out-folder/file", "src/model.py", "train.py"}
    assert all(code.is_code(name) for name in STRANGE)
    repository.commit()
    assert repository.code().revision(("out",)).tree == tree
    for name in STRANGE:
        (repository.folder / name).unlink()
    assert repository.paths(repository.code().revision(("out",)).tree) == [
        "out-folder/file",
        "src/model.py",
        "train.py",
    ]


def test_names_that_are_not_utf_8_work(repository: Repository) -> None:
    name = os.fsdecode(b"latin-\xe9.py")
    Path(os.fsdecode(os.fsencode(repository.folder) + b"/latin-\xe9.py")).write_text("x\n")
    Path(os.fsdecode(os.fsencode(repository.folder) + b"/latin-\xe9.key")).write_text("x\n")
    code = repository.code()
    revision = code.revision(())
    assert revision.state == "snapshot"
    assert code.is_code(name)
    "".join(revision.warnings).encode()
    assert len(code.stand_in(())) == 64


def test_nothing_stays_behind_in_the_state_folder(repository: Repository) -> None:
    repository.write("new.py", "new\n")
    repository.code().revision(("train.py",))
    left = {path.name for path in (repository.folder / ".runner").iterdir()}
    assert left == {".gitignore", "git-cache.json"}


def test_what_a_killed_process_left_in_the_state_folder_is_removed(
    repository: Repository,
) -> None:
    forgotten = repository.write(".runner/git-index-1-1/index").parent
    young = repository.write(".runner/git-index-2-2/index").parent
    os.utime(forgotten, (OLD, OLD))
    repository.write("new.py", "new\n")
    repository.code().revision(())
    assert not forgotten.exists()
    assert young.exists()


def test_a_filter_that_fails_is_an_error_in_git_s_words(repository: Repository) -> None:
    repository.git("config", "filter.lfs.clean", "false")
    repository.git("config", "filter.lfs.required", "true")
    repository.write(".gitattributes", "*.bin filter=lfs\n")
    repository.write("a.bin", "x")
    before = repository.picture()
    with pytest.raises(SourceControlError, match=r"a\.bin") as caught:
        repository.code().revision(())
    assert caught.value.hint
    assert repository.picture() == before
    assert not list((repository.folder / ".runner").glob("git-index-*"))


NAMES = ["a.py", "b c.py", "src/x.py", "src/deep/y.py", "src", "out/m.json", "ignored.log"]
ACTS = ["write", "remove", "stage", "unstage", "chmod", "link", "stash", "intend"]


def act(repository: Repository, name: str, what: str, content: str) -> None:
    """Do one thing that people do, as far as it can be done now."""
    file = repository.folder / name
    blocked = any(p.is_file() for p in file.parents if p != repository.root)
    if what in ("stage", "unstage", "stash", "intend"):
        commands = {
            "stage": ("add", "-A"),
            "unstage": ("reset", "-q"),
            "stash": ("stash", "push", "-q", "--include-untracked"),
            "intend": ("add", "-N", "."),
        }
        repository.attempt(*commands[what])
    elif what == "remove" and file.is_file():
        file.unlink()
    elif what == "chmod" and file.is_file() and not file.is_symlink():
        file.chmod(0o755)
    elif what == "write" and not blocked and not file.is_dir():
        repository.write(name, content)
    elif what == "link" and not blocked and not file.exists() and not file.is_symlink():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.symlink_to(content)


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(NAMES), st.sampled_from(ACTS), st.sampled_from(["1\n", "2\n", "33\n"])
        ),
        max_size=8,
    )
)
def test_whatever_was_done_nothing_of_the_user_s_is_touched_and_ids_are_of_content(
    acts: list[tuple[str, str, str]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        repository = Repository(Path(folder))
        repository.write(".gitignore", "*.log\n")
        repository.write("src/x.py", "x\n")
        repository.write("out/m.json", "{}\n")
        repository.commit(a="1\n")
        for name, what, content in acts:
            act(repository, name, what, content)
        before, refs = repository.picture(), repository.git("for-each-ref", "refs/heads")
        code = repository.code()
        revision, stand_in = code.revision(("out",)), code.stand_in(("out",))
        again = repository.code()
        assert again.revision(("out",)) == revision
        assert code.changed() == []
        assert repository.picture() == before
        assert repository.git("for-each-ref", "refs/heads") == refs
        assert not [path for path in repository.paths(revision.tree) if path.startswith("out/")]
        repository.commit()
        clean = repository.code()
        assert clean.revision(("out",))._replace(commit="", base_commit="") == revision._replace(
            state="clean", commit="", base_commit="", snapshot=None
        )
        assert clean.stand_in(("out",)) == stand_in
