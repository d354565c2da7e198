"""Projects of this machine as dependencies: copied by content, never linked to."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.core.model import EnvironmentSpec
from runner.environments import virtualenv_local
from runner.environments.virtualenv import VirtualenvEnvironment
from runner.ports import Command
from runner.process import capture
from tests.adapters.wheels import Index, use

SPEC = EnvironmentSpec("default", "virtualenv", "python_env.yaml")
METADATA = (
    '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    '[project]\nname = "local_project"\nversion = "1.0"\ndependencies = ["one"]\n'
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    index = Index(tmp_path)
    index.add("one")
    use(index, monkeypatch)
    folder = tmp_path / "project"
    lib = folder / "lib"
    lib.mkdir(parents=True)
    (lib / "pyproject.toml").write_text(METADATA)
    (lib / "backend.py").write_text(Path(__file__).with_name("build_backend.py").read_text())
    (lib / "local_project.py").write_text("answer = 1\n")
    ask(folder, "-e ./lib")
    return folder


def ask(folder, requirement):
    (folder / "python_env.yaml").write_text(f'dependencies: ["{requirement}"]\n')


def prepare(folder):
    return VirtualenvEnvironment().prepare(SPEC, folder, str)


def answer(prepared, folder):
    script = "python -c 'import local_project; print(local_project.answer)'"
    wrapped = VirtualenvEnvironment().wrap(Command(("sh", "-c", script), "/", {}), prepared)
    variables = {**dict.fromkeys(wrapped.unset), **wrapped.variables}
    return capture(wrapped.argv, folder=str(folder), variables=variables).stdout.decode().strip()


@pytest.mark.parametrize("requirement", ["./lib", "-e ./lib", "local_project @ ./lib"])
def test_a_local_project_is_part_of_the_identity_by_its_content(folder, requirement):
    ask(folder, requirement)
    first = prepare(folder)
    assert first.document["exact"] is False
    assert [each["name"] for each in first.document["packages"]] == ["local-project", "one"]
    assert answer(first, folder) == "1"
    (folder / "lib" / "local_project.py").write_text("answer = 2\n")
    second = prepare(folder)
    assert second.env_id != first.env_id
    assert answer(second, folder) == "2"
    (folder / "lib" / "local_project.py").write_text("answer = 1\n")
    assert prepare(folder) == first
    # Not a link to the folder: the environment of the first content still holds that.
    assert answer(first, folder) == "1"


def test_a_build_leaves_nothing_in_the_project(folder):
    before = sorted(folder.rglob("*"))
    prepare(folder)
    assert sorted(folder.rglob("*")) == before


def test_a_clone_elsewhere_has_the_same_env_id(folder, tmp_path):
    before = prepare(folder)
    clone = tmp_path / "clone"
    folder.rename(clone)
    assert prepare(clone) == before
    assert answer(before, clone) == "1"


def test_a_local_projects_dependencies_are_locked_with_it(folder):
    before = prepare(folder)
    metadata = folder / "lib" / "pyproject.toml"
    metadata.write_text(METADATA.replace('["one"]', "[]"))
    assert [each["name"] for each in prepare(folder).document["packages"]] == ["local-project"]
    assert prepare(folder).env_id != before.env_id


def test_data_and_outs_of_a_project_are_no_part_of_it(tmp_path):
    names = (
        "pyproject.toml",
        "README.md",
        "setup.py",
        "script.py",
        "src/package/__init__.py",
        "src/package/templates/page.html",
        "src/package/py.typed",
    )
    others = (
        "data/big.csv",
        "models/model.pkl",
        "metrics.json",
        ".git/config",
        ".venv/lib/site.py",
        "env/pyvenv.cfg",
        "env/lib/site.py",
        "build/lib/package.py",
        "package.egg-info/PKG-INFO",
        "src/package/__pycache__/x.pyc",
    )
    for name in names + others:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert virtualenv_local.files(str(tmp_path)) == sorted(names)
    before = virtualenv_local.digest(str(tmp_path))
    (tmp_path / "data/big.csv").write_text("1")
    assert virtualenv_local.digest(str(tmp_path)) == before
    (tmp_path / "src/package/py.typed").write_text("1")
    assert virtualenv_local.digest(str(tmp_path)) != before


def test_a_wheel_in_the_project_is_taken_from_there(tmp_path, monkeypatch):
    index = Index(tmp_path)
    use(index, monkeypatch)
    folder = tmp_path / "project"
    (folder / "wheels").mkdir(parents=True)
    sha256 = index.add("one")
    wheel = index.place("one", "one-1.0-py3-none-any.whl")
    wheel.rename(folder / "wheels" / wheel.name)
    (folder / "python_env.yaml").write_text(f"dependencies: [./wheels/{wheel.name}]\n")
    prepared = prepare(folder)
    assert prepared.document["exact"] is True
    assert prepared.document["packages"] == [
        {"name": "one", "version": "1.0", "hashes": [f"sha256:{sha256}"]}
    ]
    assert str(tmp_path) not in prepared.lock_text
