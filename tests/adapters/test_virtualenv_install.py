"""Installing: once, completely or not at all, and never something else than was locked."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from runner.core.model import EnvironmentSpec
from runner.environments.virtualenv import VirtualenvEnvironment
from runner.errors import EnvironmentFailure, UsageError
from runner.ports import Command
from runner.process import capture
from tests.adapters.wheels import Index, use

SPEC = EnvironmentSpec("default", "virtualenv", "python_env.yaml")
ROOT = Path(__file__).parents[2]
ANOTHER_RUNNER = """
import sys
from pathlib import Path
from runner.core.model import EnvironmentSpec
from runner.environments.virtualenv import VirtualenvEnvironment
tell = lambda line: print(line, flush=True)
spec = EnvironmentSpec("default", "virtualenv", "python_env.yaml")
prepared = VirtualenvEnvironment().prepare(spec, Path(sys.argv[1]), tell)
tell("ready " + prepared.env_id)
sys.stdin.read()
"""


class Runner:
    """Another process that prepares the project's environment, and uses it until it is told."""

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", ANOTHER_RUNNER, str(folder)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def says(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().rstrip("\n")

    def end(self) -> list[str]:
        """Let it go; give what else it said."""
        rest, _ = self._process.communicate("")
        assert self._process.returncode == 0
        return rest.splitlines()

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.communicate()


@pytest.fixture
def index(tmp_path, monkeypatch):
    index = Index(tmp_path)
    use(index, monkeypatch)
    index.add("one", code="def main(): print('original')\n", script=True)
    return index


@pytest.fixture
def folder(tmp_path, index):
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "python_env.yaml").write_text("dependencies: [one]\n")
    assert index.folder.is_dir()
    return folder


@pytest.fixture
def gate(folder, monkeypatch, tmp_path):
    """A local project among the dependencies, whose build stops until it is let through."""
    gate = tmp_path / "gate"
    gate.mkdir()
    (gate / "wait").touch()
    os.mkfifo(gate / "started")
    os.mkfifo(gate / "go")
    monkeypatch.setenv("BUILD_GATE", str(gate))
    local = folder / "local_project"
    local.mkdir()
    (local / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "local_project"\nversion = "1.0"\n'
    )
    backend = Path(__file__).with_name("build_backend.py")
    (local / "backend.py").write_text(backend.read_text())
    (local / "local_project.py").write_text("here = True\n")
    (folder / "python_env.yaml").write_text("dependencies: [one, ./local_project]\n")
    return gate


def prepare(folder):
    """Prepare in this process; give what is prepared and what was told."""
    told: list[str] = []
    return VirtualenvEnvironment().prepare(SPEC, folder, told.append), told


def installed(folder) -> Path:
    prepared, _ = prepare(folder)
    return next(prepared.prefix.glob("lib/*/site-packages"))


def output(prepared, folder, script) -> str:
    command = Command(("sh", "-c", script), str(folder), {})
    wrapped = VirtualenvEnvironment().wrap(command, prepared)
    variables = {**dict.fromkeys(wrapped.unset), **wrapped.variables}
    found = capture(wrapped.argv, folder=str(folder), variables=variables)
    return found.stdout.decode()


def test_two_runners_that_want_the_same_install_it_once(folder, gate):
    first = Runner(folder)
    assert first.says() == "resolving python_env.yaml"
    assert first.says() == "installing 2 packages for default"
    (gate / "started").read_text()
    second = Runner(folder)
    assert second.says() == "waiting for another runner to prepare or release default"
    (gate / "go").write_text("go")
    ready = first.says()
    assert ready.startswith("ready ")
    assert second.says() == ready
    assert (first.end(), second.end()) == ([], [])


def test_a_killed_installation_is_done_again_when_its_uv_has_ended(folder, gate):
    first = Runner(folder)
    first.says()
    first.says()
    (gate / "started").read_text()
    first.kill()
    second = Runner(folder)
    # The killed runner's uv still writes: nobody else may begin.
    assert second.says() == "waiting for another runner to prepare or release default"
    (gate / "wait").unlink()
    (gate / "go").write_text("go")
    assert second.says() == "installing 2 packages for default"
    assert second.says().startswith("ready ")
    second.end()
    prepared, told = prepare(folder)
    assert told == []
    assert VirtualenvEnvironment().verify(prepared) == []
    assert output(prepared, folder, "one") == "original\n"


def test_what_has_no_state_file_is_no_environment(folder):
    prepared, _ = prepare(folder)
    (prepared.prefix / "runner-env.json").unlink()
    (prepared.prefix / "left over").touch()
    again, told = prepare(folder)
    assert told == ["installing 1 packages for default"]
    assert again == prepared
    assert not (prepared.prefix / "left over").exists()


def test_a_second_preparation_installs_nothing(folder):
    first, _ = prepare(folder)
    assert prepare(folder) == (first, [])


def change_in_place(site: Path) -> str:
    module = site / "one.py"
    before = module.stat()
    module.write_text(module.read_text().replace("original", "modified"))
    os.utime(module, ns=(before.st_atime_ns, before.st_mtime_ns))
    return "changed: lib"


def remove_module(site: Path) -> str:
    (site / "one.py").unlink()
    return "missing: lib"


def add_module(site: Path) -> str:
    (site / "sitecustomize.py").write_text("print('hello')\n")
    return "added: lib"


def change_program(site: Path) -> str:
    program = site.parents[2] / "bin" / "one"
    program.write_text(program.read_text() + "\n# more\n")
    return "changed: bin/one"


def change_record(site: Path) -> str:
    record = site / "one-1.0.dist-info" / "RECORD"
    record.write_text(record.read_text().replace("sha256=", "sha256=A"))
    return "changed: lib"


@pytest.mark.parametrize(
    "damage", [change_in_place, remove_module, add_module, change_program, change_record]
)
def test_a_changed_environment_is_found_and_made_again(folder, damage):
    told_of = damage(installed(folder))
    prepared = VirtualenvEnvironment()
    state = prepared.verify(prepare_without_check(folder))
    assert any(each.startswith(told_of) for each in state)
    again, told = prepare(folder)
    assert told[0].startswith("default is installed again: ")
    assert told_of in told[0]
    assert told[1] == "installing 1 packages for default"
    assert output(again, folder, "one") == "original\n"
    assert prepare(folder)[1] == []


def prepare_without_check(folder):
    env_id = VirtualenvEnvironment().digest(SPEC, folder)
    prefix = VirtualenvEnvironment().prefix(env_id)
    from runner.ports import PreparedEnvironment

    return PreparedEnvironment(env_id, {}, prefix)


def test_what_was_only_touched_is_kept(folder):
    module = installed(folder) / "one.py"
    os.utime(module)
    assert prepare(folder)[1] == []


def test_what_python_compiles_is_no_change(folder):
    prepared, _ = prepare(folder)
    output(prepared, folder, "one")
    assert any(prepared.prefix.rglob("__pycache__"))
    assert prepare(folder)[1] == []
    assert VirtualenvEnvironment().verify(prepared) == []


def test_a_changed_environment_does_not_reach_the_next_one(folder, index):
    module = installed(folder) / "one.py"
    assert module.stat().st_nlink == 1
    with module.open("a") as file:
        file.write("print('poison')\n")
    index.add("two")
    (folder / "python_env.yaml").write_text("dependencies: [one, two]\n")
    prepared, _ = prepare(folder)
    assert output(prepared, folder, "one") == "original\n"


def test_a_damaged_package_cache_is_not_installed_from(folder, index, home):
    installed(folder)
    cached = [path for path in (home / ".cache/runner/uv").rglob("one.py") if path.is_file()]
    assert cached
    for path in cached:
        path.write_text("def main(): print('poison')\n")
    index.add("two")
    (folder / "python_env.yaml").write_text("dependencies: [one, two]\n")
    prepared, told = prepare(folder)
    assert "the package cache is damaged" in "\n".join(told)
    assert output(prepared, folder, "one") == "original\n"


def test_a_file_with_another_hash_than_the_locked_one_is_refused(folder, home):
    lock = f"one==1.0 --hash=sha256:{'0' * 64}\n"
    (folder / "python_env.lock").write_text(lock)
    with pytest.raises(EnvironmentFailure, match="Hash mismatch") as failed:
        prepare(folder)
    assert "check where it comes from" in failed.value.hint
    assert [path for path in (home / ".cache/runner/envs").iterdir() if path.is_dir()] == []


def test_after_a_failure_the_same_works_once_its_cause_is_gone(folder, index):
    sha256 = index.add("two")
    (folder / "python_env.lock").write_text(f"two==1.0 --hash=sha256:{sha256}\n")
    (folder / "python_env.yaml").write_text("dependencies: [two]\n")
    wheel = next(index.folder.glob("two/*.whl"))
    content = wheel.read_bytes()
    wheel.unlink()
    with pytest.raises(EnvironmentFailure, match="two"):
        prepare(folder)
    wheel.write_bytes(content)
    assert prepare(folder)[0].document["packages"][0]["name"] == "two"


def test_environments_are_listed_and_removed(folder):
    environment = VirtualenvEnvironment()
    prepared, _ = prepare(folder)
    (listed,) = environment.listing()
    assert listed["env_id"] == prepared.env_id
    assert (listed["kind"], listed["exact"]) == ("virtualenv", True)
    assert listed["path"] == str(prepared.prefix)
    assert listed["size"] > 1000
    assert listed["used"].endswith("Z")
    environment.remove(prepared.env_id)
    assert environment.listing() == []
    assert not prepared.prefix.exists()
    with pytest.raises(UsageError, match="no environment"):
        environment.remove(prepared.env_id)


def test_an_environment_in_use_is_neither_removed_nor_replaced(folder):
    other = Runner(folder)
    ready = [other.says() for _ in range(3)][-1]
    env_id = ready.removeprefix("ready ")
    environment = VirtualenvEnvironment()
    with pytest.raises(UsageError, match="is in use"):
        environment.remove(env_id)
    add_module(next(environment.prefix(env_id).glob("lib/*/site-packages")))
    third = Runner(folder)
    assert third.says().startswith("default is installed again: added")
    assert third.says() == "waiting for another runner to prepare or release default"
    other.end()
    assert third.says() == "installing 1 packages for default"
    assert third.says() == ready
    third.end()
    environment.remove(env_id)
