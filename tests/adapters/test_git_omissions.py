from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from runner.versioning.git_omissions import Limits, is_secret, omissions, shown
from tests.adapters.git_repositories import Repository

if TYPE_CHECKING:
    from pathlib import Path

SECRETS = [
    ".env",
    ".env.local",
    "conf/.env.production",
    "server.pem",
    "Server.KEY",
    "id_rsa",
    "id_rsa.old",
    "keys/id_ed25519",
    "store.p12",
    "store.pfx",
    ".netrc",
    "credentials.json",
    "credentials",
    ".aws/config",
    ".ssh/known_hosts",
    ".pypirc",
    ".git-credentials",
]
PLAIN = [".env.example", ".env.template", "environment.py", "keyboard.py", "id.py", "pem.py"]


@pytest.mark.parametrize("path", SECRETS)
def test_names_that_secrets_have(path: str) -> None:
    assert is_secret(path)


@pytest.mark.parametrize("path", PLAIN)
def test_names_that_code_has(path: str) -> None:
    assert not is_secret(path)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    repository = Repository(tmp_path / "repository")
    repository.commit(train="train\n")
    return repository


def test_untracked_secrets_never_become_git_objects(repository: Repository) -> None:
    for path in SECRETS:
        repository.write(path, f"the secret of {path}")
    repository.write("new.py", "new\n")
    code = repository.code()
    revision = code.revision(())
    assert repository.paths(revision.tree) == ["new.py", "train.py"]
    assert not [path for path in SECRETS if repository.has_object(f"the secret of {path}")]
    (warning,) = revision.warnings
    assert ".gitignore" in warning
    assert f"and {len(SECRETS) - 5} more" in warning
    assert not code.is_code(".env")


def test_a_secret_announced_to_git_but_not_added_is_left_out(repository: Repository) -> None:
    repository.write(".env", "the secret")
    repository.git("add", "-N", ".env")
    repository.write("new.py", "new\n")
    code = repository.code()
    assert repository.paths(code.revision(()).tree) == ["new.py", "train.py"]
    assert not repository.has_object("the secret")
    (repository.folder / "new.py").unlink()
    announced = repository.code().stand_in(())
    repository.git("reset", "-q")
    assert repository.code().stand_in(()) == announced


def test_secrets_alone_leave_the_code_clean_with_a_warning(repository: Repository) -> None:
    clean = repository.code().revision(())
    stand_in = repository.code().stand_in(())
    repository.write(".env", "the secret")
    code = repository.code()
    revision = code.revision(())
    assert revision._replace(warnings=()) == clean
    assert ".env" in revision.warnings[0]
    assert code.stand_in(()) == stand_in


def test_a_secret_that_git_tracks_is_the_user_s_own_decision(repository: Repository) -> None:
    repository.write("test.pem", "a test key")
    repository.commit()
    repository.write("test.pem", "another test key")
    revision = repository.code().revision(())
    assert repository.git("show", f"{revision.tree}:test.pem") == "another test key"
    assert revision.warnings == ()


def test_a_secret_taken_out_of_the_index_is_out_of_the_code(repository: Repository) -> None:
    tree = repository.git("rev-parse", "HEAD^{tree}")
    repository.write(".env", "the secret")
    repository.commit()
    repository.git("rm", "-q", "--cached", ".env")
    revision = repository.code().revision(())
    assert (revision.state, revision.tree) == ("snapshot", tree)
    assert ".env" in revision.warnings[0]


def test_large_untracked_files_are_left_out_by_size(repository: Repository) -> None:
    repository.write("data.bin", "x" * 1001)
    repository.write("code.py", "x" * 1000)
    code = repository.code(snapshot_file_limit=1000)
    revision = code.revision(())
    assert repository.paths(revision.tree) == ["code.py", "train.py"]
    assert not repository.has_object("x" * 1001)
    assert "data.bin (1001 bytes)" in revision.warnings[0]
    assert "dvc add" in revision.warnings[0]
    assert code.is_code("code.py")
    assert not code.is_code("data.bin")


def test_the_limits_are_a_megabyte_and_twenty(repository: Repository) -> None:
    repository.write("large.bin", b"\0" * 1_000_001)
    repository.write("small.bin", b"\0" * 1_000_000)
    revision = repository.code().revision(())
    assert repository.paths(revision.tree) == ["small.bin", "train.py"]
    assert "large.bin (1.0 MB) (limit 1.0 MB" in revision.warnings[0]
    assert Limits().total == 20_000_000


def test_of_too_much_in_all_the_largest_are_left_out(repository: Repository) -> None:
    for number in range(1, 6):
        repository.write(f"{number}.txt", "x" * number * 100)
    revision = repository.code(snapshot_total_limit=700).revision(())
    assert repository.paths(revision.tree) == ["1.txt", "2.txt", "3.txt", "train.py"]
    assert "4.txt" in revision.warnings[0]
    assert "5.txt" in revision.warnings[0]


def test_outs_are_neither_counted_nor_warned_about(repository: Repository) -> None:
    repository.write("models/a.bin", "x" * 5000)
    revision = repository.code(snapshot_file_limit=1000, snapshot_total_limit=1000).revision(
        ("models",)
    )
    assert (revision.state, revision.warnings) == ("clean", ())


def test_which_files_are_surplus_depends_on_sizes_and_names_alone() -> None:
    files = [("b", 5), ("a", 5), ("c", 1)]
    for order in (files, files[::-1]):
        assert omissions(order, Limits(10, 6)).paths() == {"a"}


def test_warnings_are_printable() -> None:
    assert shown(["a b", "new\nline", "\udce9.key"]) == "a b, 'new\\nline', \\xe9.key"
