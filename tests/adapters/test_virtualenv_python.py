"""Which interpreter an environment gets: links to the running one stand for other versions."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from runner.core.model import EnvironmentSpec
from runner.environments.interpreters import interrogate, version_key
from runner.environments.virtualenv import VirtualenvEnvironment
from runner.environments.virtualenv_python import choose, matches
from runner.errors import EnvironmentFailure
from tests.adapters.wheels import Index, use

RUNNING = ".".join(str(part) for part in sys.version_info[:3])
MINOR = ".".join(RUNNING.split(".")[:2])


@pytest.fixture
def alone(tmp_path, monkeypatch, home):
    """No other Python on PATH than what a test puts into this folder."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    assert home.is_dir()
    return folder


def base() -> Path:
    return Path(sys._base_executable)


def test_without_a_version_it_is_the_one_that_runs(tmp_path):
    assert choose("", home=tmp_path).version == RUNNING


@pytest.mark.parametrize("wanted", [RUNNING, MINOR, "3"])
def test_a_version_is_exact_to_the_given_digits(alone, tmp_path, wanted):
    assert alone.is_dir()
    found = choose(wanted, home=tmp_path)
    assert found.version == RUNNING
    assert found.identity == f"{sys.implementation.name} {RUNNING}"


def test_a_virtual_environments_python_stands_for_the_one_it_was_made_with(tmp_path):
    assert interrogate(sys.executable, tmp_path).path == str(base().resolve())


def test_a_version_that_is_nowhere_is_told_with_those_that_are(alone, tmp_path):
    assert alone.is_dir()
    with pytest.raises(EnvironmentFailure, match=r"no Python 3\.99 on this machine") as failed:
        choose("3.99", home=tmp_path)
    assert RUNNING in failed.value.message
    assert failed.value.hint.startswith("uv python install 3.99")


def test_a_shim_is_passed_over_and_pyenvs_versions_are_found(alone, tmp_path):
    shim = alone / f"python{MINOR}"
    shim.write_text("#!/bin/sh\nexit 127\n")
    shim.chmod(0o755)
    versions = tmp_path / "pyenv" / "versions"
    (versions / RUNNING / "bin").mkdir(parents=True)
    (versions / RUNNING / "bin" / "python").symlink_to(base())
    assert choose(RUNNING, home=tmp_path).path == str(base().resolve())


def test_what_is_no_python_is_passed_over(alone, tmp_path):
    (alone / "python3").symlink_to("/bin/false")
    assert choose(MINOR, home=tmp_path).version == RUNNING


def test_an_interpreter_that_changed_is_asked_again(tmp_path):
    first = interrogate(sys.executable, tmp_path)
    memory = tmp_path / "interpreters.json"
    memory.write_text(memory.read_text().replace(f'"{RUNNING}"', '"3.0.0"'))
    assert interrogate(sys.executable, tmp_path).version == "3.0.0"
    stale = memory.read_text().replace("[[", "[[1", 1)
    memory.write_text(stale)
    assert interrogate(sys.executable, tmp_path) == first


def test_versions_are_matched_by_their_parts():
    assert matches("3.10.4", "3.10")
    assert not matches("3.10.4", "3.1")
    assert not matches("3.1.0", "3.10")
    assert matches("3.10.4", "")
    versions = ["3.10.0", "pypy3.10", "3.9.1", "3.10.0-dev"]
    assert sorted(versions, key=version_key) == ["pypy3.10", "3.9.1", "3.10.0-dev", "3.10.0"]


def test_the_interpreter_is_part_of_the_env_id(tmp_path, monkeypatch):
    other = another_minor(tmp_path)
    if other is None:
        pytest.skip("there is only one Python here")
    use(Index(tmp_path), monkeypatch)
    spec = EnvironmentSpec("default", "virtualenv", "python_env.yaml")
    ids = set()
    for wanted in (MINOR, other):
        (tmp_path / "python_env.yaml").write_text(f'python: "{wanted}"\n')
        ids.add(VirtualenvEnvironment().digest(spec, tmp_path))
    assert len(ids) == 2


def another_minor(home: Path) -> str | None:
    for minor in ("3.10", "3.11", "3.12", "3.13"):
        if minor != MINOR:
            try:
                choose(minor, home=home)
            except EnvironmentFailure:
                continue
            return minor
    return None
