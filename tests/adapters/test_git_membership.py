from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from runner.versioning.git import GitSourceControl
from runner.versioning.git_paths import Outs
from tests.adapters.git_repositories import Repository

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    repository = Repository(tmp_path / "repository", "project")
    repository.write(".gitignore", "*.log\n/data/\n")
    repository.write("src/deep/model.py")
    repository.write("kept.log")
    (repository.root / "lib").mkdir()
    (repository.root / "lib/shared.py").write_text("shared\n")
    repository.git("add", "-f", "project/kept.log")
    repository.commit()
    repository.write("new/module.py")
    repository.write("run.log")
    repository.write("data/wine.csv")
    (repository.root / "tools").mkdir()
    (repository.root / "tools/new.py").write_text("new\n")
    return repository


@pytest.mark.parametrize(
    "path",
    [
        "src/deep/model.py",
        "src",
        "src/",
        "./src/deep",
        "src//deep",
        "src/../src/deep/model.py",
        "kept.log",
        "new/module.py",
        "new",
        ".gitignore",
        ".",
        "../lib/shared.py",
        "../lib",
        "../tools/new.py",
        "..",
    ],
)
def test_what_git_tracks_or_would_is_code(repository: Repository, path: str) -> None:
    assert repository.code().is_code(path)


@pytest.mark.parametrize(
    "path",
    [
        "run.log",
        "data/wine.csv",
        "data",
        "absent.py",
        "src/deep/model",
        "deep",
        "lib/shared.py",
        "../absent.py",
        "../l*",
        "../../etc/passwd",
        "/etc/passwd",
        "src/deep/model.py/x",
    ],
)
def test_what_git_ignores_or_does_not_have_is_not(repository: Repository, path: str) -> None:
    assert not repository.code().is_code(path)


def test_a_file_removed_but_tracked_is_still_code(repository: Repository) -> None:
    (repository.folder / "src/deep/model.py").unlink()
    assert repository.code().is_code("src/deep/model.py")


def test_content_of_a_submodule_is_code(repository: Repository, tmp_path: Path) -> None:
    other = Repository(tmp_path / "other")
    other.commit(inside="inside\n")
    repository.git("submodule", "--quiet", "add", str(other.root), "project/vendor/other")
    repository.commit()
    code = repository.code()
    assert code.is_code("vendor/other/inside.py")
    assert code.is_code("vendor/other")
    assert not code.is_code("vendor/another/inside.py")


def test_without_git_what_lies_there_is_code(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src/model.py").write_text("x")
    (tmp_path / "out.bin").write_text("x")
    code = GitSourceControl(str(tmp_path))
    code.revision(("out.bin",))
    answers = {p: code.is_code(p) for p in (".", "src", "src/", "src/model.py", "out.bin", "gone")}
    assert answers == {
        ".": True,
        "src": True,
        "src/": True,
        "src/model.py": True,
        "out.bin": False,
        "gone": False,
    }


def test_outs_hold_themselves_and_all_that_is_in_them() -> None:
    outs = Outs(["models/", "./a//b", "metrics.json"], "project/")
    held = [
        "other/.runner/x",
        "project/models",
        "project/models/x/y",
        "project/a/b/c",
        "project/metrics.json",
    ]
    assert all(outs.hold(path) for path in [*held, "project/.runner/x", "project/models/"])
    free = ["models", "project/models.py", "project/a", "project", "project/metrics.json5", "x"]
    assert not any(outs.hold(path) for path in free)
