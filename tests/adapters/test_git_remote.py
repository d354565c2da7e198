from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from runner.versioning.git_remote import without_credentials
from tests.adapters.git_repositories import Repository

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://github.com/org/repo.git", "https://github.com/org/repo.git"),
        ("https://user:token@github.com/org/repo.git", "https://github.com/org/repo.git"),
        ("https://token@host.org:8443/repo", "https://host.org:8443/repo"),
        ("https://user:p@ss@host.org/repo", "https://host.org/repo"),
        ("https://host.org/repo?private_token=abc#x", "https://host.org/repo"),
        ("https://host.org", "https://host.org"),
        ("ssh://git@host.org:22/repo.git", "ssh://git@host.org:22/repo.git"),
        ("ssh://git:secret@host.org/repo.git", "ssh://git@host.org/repo.git"),
        ("git@github.com:org/repo.git", "git@github.com:org/repo.git"),
        ("/home/somebody/repo.git", ""),
        ("../repo.git", ""),
        ("file:///home/somebody/repo.git", ""),
        ("./a:b", ""),
        ("", ""),
    ],
)
def test_addresses_lose_credentials_and_local_folders(url: str, kept: str) -> None:
    assert without_credentials(url) == kept


def url(repository: Repository) -> str:
    return repository.code().revision(()).repo_url


def test_the_branch_s_remote_then_origin_then_any(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository")
    repository.commit()
    assert url(repository) == ""
    repository.git("remote", "add", "fork", "https://host.org/fork")
    assert url(repository) == "https://host.org/fork"
    repository.git("remote", "add", "origin", "https://me:token@host.org/origin")
    assert url(repository) == "https://host.org/origin"
    repository.git("config", "branch.main.remote", "fork")
    assert url(repository) == "https://host.org/fork"


def test_rewritten_addresses_do_not_bring_a_token_in(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repository")
    repository.commit()
    repository.git("remote", "add", "origin", "https://host.org/repo")
    repository.git("config", "url.https://x-token-abc@host.org/.insteadOf", "https://host.org/")
    assert url(repository) == "https://host.org/repo"
    assert "token" not in (repository.folder / ".runner/git-cache.json").read_text()
