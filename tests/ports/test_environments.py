"""What every kind of environment promises. A new kind inherits the suite."""

from __future__ import annotations

import json
import os
import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from runner.core.model import EnvironmentSpec
from runner.environments.system import SystemEnvironment
from runner.environments.virtualenv import VirtualenvEnvironment
from runner.ports import Command, Environment, PreparedEnvironment
from runner.process import capture
from tests.adapters.wheels import Index, use

if TYPE_CHECKING:
    from pathlib import Path

FIELDS = {"kind", "exact", "platform", "python", "packages", "lock", "image"}


def quietly(message: str) -> None:
    assert message


class EnvironmentSuite:
    """Subclasses give `environment`, `another` (a second one, of the same user) and `spec`."""

    kind = ""

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        folder = tmp_path / "project"
        folder.mkdir()
        return folder

    @pytest.fixture
    def spec(self, folder: Path) -> EnvironmentSpec:
        raise NotImplementedError

    @pytest.fixture
    def environment(self) -> Environment:
        raise NotImplementedError

    @pytest.fixture
    def another(self) -> Environment:
        raise NotImplementedError

    @pytest.fixture
    def prepared(
        self, environment: Environment, spec: EnvironmentSpec, folder: Path
    ) -> PreparedEnvironment:
        return environment.prepare(spec, folder, quietly)

    def test_the_env_id_is_a_sha256_that_stays_the_same(self, environment, another, spec, folder):
        first = environment.digest(spec, folder)
        assert re.fullmatch("[0-9a-f]{64}", first)
        assert environment.digest(spec, folder) == first
        assert another.digest(spec, folder) == first

    def test_the_env_id_does_not_depend_on_the_place_of_the_project(
        self, environment, spec, folder, tmp_path
    ):
        here = environment.digest(spec, folder)
        elsewhere = tmp_path / "another place"
        folder.rename(elsewhere)
        assert environment.digest(spec, elsewhere) == here

    def test_what_is_prepared_is_what_was_identified(self, environment, prepared, spec, folder):
        assert prepared.env_id == environment.digest(spec, folder)

    def test_the_document_has_the_fields_of_a_record(self, prepared):
        assert set(prepared.document) == FIELDS
        assert prepared.document["kind"] == self.kind
        assert isinstance(prepared.document["exact"], bool)
        assert json.loads(json.dumps(prepared.document)) == prepared.document

    def test_the_document_names_no_place_of_this_machine(self, prepared, home, tmp_path):
        told = json.dumps(prepared.document) + prepared.lock_text
        assert str(tmp_path) not in told
        assert str(home) not in told

    def test_preparing_again_changes_nothing(self, another, prepared, spec, folder):
        assert another.prepare(spec, folder, quietly) == prepared

    def test_many_at_once_get_the_same(self, environment, spec, folder):
        with ThreadPoolExecutor(4) as pool:
            tasks = [pool.submit(environment.prepare, spec, folder, quietly) for _ in range(4)]
            assert len({task.result().env_id for task in tasks}) == 1

    def test_wrapping_is_pure(self, environment, prepared, folder):
        command = Command(("sh", "-c", "true"), str(folder), {"A": "1"}, ("secret",))
        before = dict(os.environ)
        wrapped = environment.wrap(command, prepared)
        assert wrapped == environment.wrap(command, prepared)
        assert wrapped.variables["A"] == "1"
        assert wrapped.secret_values == ("secret",)
        assert command == Command(("sh", "-c", "true"), str(folder), {"A": "1"}, ("secret",))
        assert dict(os.environ) == before

    def test_a_wrapped_command_runs_in_the_folder_with_its_variables(
        self, environment, prepared, folder
    ):
        command = Command(("sh", "-c", 'pwd; echo "$A"'), str(folder), {"A": "it's 1"})
        assert run(environment.wrap(command, prepared)) == f"{folder.resolve()}\nit's 1\n"


def run(command: Command) -> str:
    variables = {**dict.fromkeys(command.unset), **command.variables}
    output = capture(command.argv, folder=command.folder, variables=variables)
    assert output.code == 0, output.stderr.decode()
    return output.stdout.decode()


class TestSystem(EnvironmentSuite):
    kind = "system"

    @pytest.fixture
    def spec(self):
        return EnvironmentSpec("system")

    @pytest.fixture
    def environment(self):
        return SystemEnvironment()

    @pytest.fixture
    def another(self):
        return SystemEnvironment()

    def test_what_is_installed_on_the_host_is_no_part_of_it(
        self, environment, spec, folder, monkeypatch
    ):
        before = environment.digest(spec, folder)
        monkeypatch.setenv("PATH", str(folder))
        assert environment.digest(spec, folder) == before

    def test_identifying_asks_no_interpreter(self, environment, spec, folder, home):
        environment.digest(spec, folder)
        assert not (home / ".cache/runner").exists()

    def test_it_is_not_exact_and_says_which_python_the_host_has(self, prepared):
        answer = capture(["python3", "-c", "import platform; print(platform.python_version())"])
        assert prepared.document["exact"] is False
        assert prepared.document["python"] == answer.stdout.decode().strip()

    def test_an_interpreter_is_asked_once(self, another, prepared, spec, folder, home):
        remembered = home / ".cache/runner/interpreters.json"
        written = remembered.stat().st_ino
        assert another.prepare(spec, folder, quietly) == prepared
        assert remembered.stat().st_ino == written

    def test_a_host_without_python_has_none(self, environment, spec, folder, monkeypatch):
        monkeypatch.setenv("PATH", str(folder))
        assert environment.prepare(spec, folder, quietly).document["python"] == ""

    def test_pyenv_shims_are_looked_behind(self, environment, spec, folder, tmp_path, monkeypatch):
        root = tmp_path / "pyenv"
        shim = root / "shims" / "python3"
        shim.parent.mkdir(parents=True)
        shim.write_text("#!/bin/sh\nexit 127\n")
        shim.chmod(0o755)
        real = root / "versions" / "3.99.1" / "bin"
        real.mkdir(parents=True)
        for name in ("python", "python3"):
            (real / name).symlink_to(find_python())
        monkeypatch.setenv("PYENV_ROOT", str(root))
        monkeypatch.setenv("PATH", str(shim.parent))
        (folder / ".python-version").write_text("3.99\n")
        assert environment.prepare(spec, folder, quietly).document["python"]

    def test_a_command_stays_as_it_is(self, environment, prepared, folder):
        command = Command(("sh", "-c", "true"), str(folder), {})
        assert environment.wrap(command, prepared) == command


def find_python() -> str:
    answer = capture(["python3", "-c", "import sys; print(sys._base_executable)"])
    return answer.stdout.decode().strip()


class TestVirtualenv(EnvironmentSuite):
    kind = "virtualenv"

    @pytest.fixture
    def spec(self, folder, tmp_path, monkeypatch):
        index = Index(tmp_path / "packages")
        index.add("cornet", needs=("trombone>=2",), code="def main(): print('toot')\n", script=True)
        index.add("trombone", "2.5")
        use(index, monkeypatch)
        (folder / "python_env.yaml").write_text("dependencies: [cornet]\n")
        return EnvironmentSpec("default", "virtualenv", "python_env.yaml")

    @pytest.fixture
    def environment(self):
        return VirtualenvEnvironment()

    @pytest.fixture
    def another(self):
        return VirtualenvEnvironment()

    def test_the_document_names_every_package_with_the_hash_of_its_file(self, prepared):
        assert prepared.document["exact"] is True
        packages = {each["name"]: each for each in prepared.document["packages"]}
        assert {name: each["version"] for name, each in packages.items()} == {
            "cornet": "1.0",
            "trombone": "2.5",
        }
        assert all(len(each["hashes"]) == 1 for each in packages.values())

    def test_programs_and_modules_of_the_environment_come_first(
        self, environment, prepared, folder
    ):
        script = "cornet && python -c 'import trombone; print(trombone.version)'"
        command = Command(("sh", "-c", script), str(folder), {})
        assert run(environment.wrap(command, prepared)) == "toot\n2.5\n"

    def test_the_callers_python_settings_stay_outside(
        self, environment, prepared, folder, tmp_path, monkeypatch
    ):
        (tmp_path / "trombone.py").write_text("version = 'the wrong one'\n")
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        monkeypatch.setenv("PYTHONHOME", str(tmp_path))
        script = "python -c 'import trombone; print(trombone.version)'"
        command = Command(("sh", "-c", script), str(folder), {})
        assert run(environment.wrap(command, prepared)) == "2.5\n"
