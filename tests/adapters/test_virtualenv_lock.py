"""Which set of packages a specification stands for, and for how long it does."""

from __future__ import annotations

import io
import json
import sys
import tarfile
from pathlib import Path

import pytest

from runner.core.canonical import digest as digest_of
from runner.core.model import EnvironmentSpec
from runner.environments.home import runner_home
from runner.environments.interpreters import interrogate
from runner.environments.virtualenv import VirtualenvEnvironment
from runner.errors import EnvironmentFailure
from runner.process import capture
from tests.adapters.wheels import Index, use

SPEC = EnvironmentSpec("default", "virtualenv", "python_env.yaml")


class Project:
    """A folder with a python_env.yaml, and the index its packages come from."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "project"
        self.folder.mkdir()
        self.index = Index(folder)
        self.told: list[str] = []

    def asks(self, *requirements: str, python: str = "") -> None:
        text = f'python: "{python}"\n' if python else ""
        text += "dependencies:\n" + "".join(f'- "{each}"\n' for each in requirements)
        (self.folder / "python_env.yaml").write_text(text)

    def digest(self, home: Path | None = None) -> str:
        return VirtualenvEnvironment(home).digest(SPEC, self.folder)

    def lock(self, spec: EnvironmentSpec = SPEC) -> str:
        prepared = VirtualenvEnvironment().prepare(spec, self.folder, self.told.append)
        return prepared.lock_text

    def pins(self) -> list[str]:
        return [line.split(" ")[0] for line in self.lock().splitlines() if "==" in line]


@pytest.fixture
def project(tmp_path, monkeypatch):
    project = Project(tmp_path)
    use(project.index, monkeypatch)
    return project


def test_the_env_id_is_made_from_interpreter_platform_names_versions_and_hashes(project):
    one = project.index.add("one", "1.5", needs=("Two_Fold",))
    two = project.index.add("Two_Fold", "2.0")
    project.asks("one>=1")
    python = interrogate(sys.executable, runner_home())
    resolved = [["one", "1.5", [f"sha256:{one}"]], ["two-fold", "2.0", [f"sha256:{two}"]]]
    identity = f"{sys.implementation.name} {python.version}"
    expected = digest_of(["virtualenv", python.platform, identity, resolved])
    assert project.digest() == expected


def test_comments_order_and_repetition_do_not_count(project):
    project.index.add("one")
    project.index.add("two")
    project.asks("one", "two>=1")
    before = project.digest()
    (project.folder / "requirements.txt").write_text("# all of it\ntwo >= 1 # two\none\n\none\n")
    project.asks("-r requirements.txt")
    assert project.digest() == before


def test_a_changed_requirement_is_another_environment(project):
    project.index.add("one")
    project.index.add("two")
    project.asks("one")
    before = project.digest()
    project.asks("one", "two")
    assert project.digest() != before


def test_a_changed_included_file_is_seen(project):
    project.index.add("one", "1.0")
    project.index.add("one", "2.0")
    project.asks("-r requirements.txt")
    (project.folder / "requirements.txt").write_text("one==1.0\n")
    before = project.digest()
    (project.folder / "requirements.txt").write_text("one==2.0\n")
    assert project.digest() != before


def test_constraints_hold(project):
    project.index.add("one", "1.0")
    project.index.add("one", "2.0")
    (project.folder / "limits.txt").write_text("one<2\n")
    project.asks("one", "-c limits.txt")
    assert project.pins() == ["one==1.0"]


def test_a_newer_release_changes_nothing_until_it_is_asked_for(project):
    project.index.add("one", "1.0")
    project.asks("one")
    before = project.digest()
    project.index.add("one", "2.0")
    (project.folder / "python_env.yaml").write_text("# said again\ndependencies: [one]\n")
    assert project.digest() == before
    project.asks("one>=2")
    assert project.digest() != before


def test_the_lock_kept_with_a_run_brings_the_same_set_back_anywhere(project, tmp_path):
    project.index.add("one", "1.0")
    project.asks("one")
    lock = project.lock()
    before = project.digest()
    project.index.add("one", "2.0")
    assert project.digest(tmp_path / "another home") != before
    (project.folder / "python_env.lock").write_text(lock)
    assert project.digest(tmp_path / "a third home") == before
    assert project.digest() == before


def test_a_lock_named_in_the_settings_is_used(project, tmp_path):
    project.index.add("one", "1.0")
    project.asks("one")
    (project.folder / "old.lock").write_text(project.lock())
    before = project.digest()
    project.index.add("one", "2.0")
    spec = SPEC._replace(settings={"lock": "old.lock"})
    home = tmp_path / "another home"
    assert VirtualenvEnvironment(home).digest(spec, project.folder) == before
    (project.folder / "old.lock").unlink()
    with pytest.raises(EnvironmentFailure, match=r"old\.lock, which is not there"):
        VirtualenvEnvironment(home).digest(spec, project.folder)


def test_a_lock_of_ours_that_is_older_than_the_specification_is_made_again(project):
    project.index.add("one", "1.0")
    project.index.add("two", "1.0")
    project.asks("one")
    (project.folder / "python_env.lock").write_text(project.lock())
    project.asks("one", "two")
    assert project.pins() == ["one==1.0", "two==1.0"]
    assert "python_env.lock was made before python_env.yaml changed: locking again" in project.told


def test_a_lock_of_another_tool_is_used_without_asking_any_index(project):
    one = project.index.add("one", "1.0")
    (project.folder / "python_env.lock").write_text(
        "--index-url https://user:secret@example.org/simple\n"
        f"one==1.0 \\\n    --hash=sha256:{one} \\\n    --hash=sha256:{'0' * 64}\n"
        f"old==1.0 ; python_version < '3' --hash=sha256:{'1' * 64}\n"
    )
    project.asks("one")
    project.index.add("one", "2.0")
    assert project.pins() == ["one==1.0"]
    assert "secret" not in project.lock()
    assert not any("resolving" in each for each in project.told)


def test_a_lock_that_does_not_hold_what_is_asked_for_is_refused(project):
    (project.folder / "python_env.lock").write_text(f"one==1.0 --hash=sha256:{'0' * 64}\n")
    project.asks("one>=2", "two", "three; python_version < '3'")
    with pytest.raises(EnvironmentFailure) as failed:
        project.digest()
    assert "python_env.yaml:2: one>=2" in failed.value.message
    assert "python_env.yaml:3: two" in failed.value.message
    assert "three" not in failed.value.message


def test_a_lock_has_to_lock_every_line(project):
    (project.folder / "python_env.lock").write_text("one==1.0\n")
    project.asks("one")
    with pytest.raises(EnvironmentFailure, match=r"python_env\.lock:1: not locked: one==1\.0"):
        project.digest()


def test_requirements_that_are_all_hashed_are_their_own_lock(project):
    one = project.index.add("one", "1.0", needs=("two",))
    text = f"one==1.0 --hash=sha256:{one}\n"
    (project.folder / "requirements.txt").write_text(text)
    project.asks("-r requirements.txt")
    assert project.pins() == ["one==1.0"]
    assert not any("resolving" in each for each in project.told)


def test_a_hash_the_user_gave_stays_binding(project):
    plain = project.index.add("one", "1.0")
    project.index.add("one", "1.0", tag=f"cp3{sys.version_info[1]}-none-any")
    project.index.add("two", "1.0")
    project.asks(f"one==1.0 --hash=sha256:{plain}", "two")
    assert f"one==1.0 \\\n    --hash=sha256:{plain}\ntwo" in project.lock()


def test_a_hash_that_no_file_has_is_refused(project):
    project.index.add("one", "1.0")
    project.index.add("two", "1.0")
    project.asks(f"one==1.0 --hash=sha256:{'0' * 64}", "two")
    with pytest.raises(EnvironmentFailure, match=r"python_env\.yaml:2: .* with the given hash"):
        project.digest()


def test_of_several_files_the_one_that_fits_best_is_locked(project):
    version = f"cp3{sys.version_info[1]}"
    project.index.add("one", tag="py3-none-any")
    project.index.add("one", tag="cp399-cp399-linux_x86_64")
    best = project.index.add("one", tag=f"{version}-none-any")
    project.asks("one")
    hashes = [line.split(":")[1] for line in project.lock().splitlines() if "--hash" in line]
    assert hashes == [best]


def test_a_package_built_from_source_is_not_exact(project):
    add_source_archive(project.index, "one")
    project.asks("one")
    prepared = VirtualenvEnvironment().prepare(SPEC, project.folder, project.told.append)
    assert prepared.document["exact"] is False
    assert [each["name"] for each in prepared.document["packages"]] == ["one"]


def test_what_cannot_be_satisfied_is_told_in_a_few_lines(project):
    project.index.add("one", "1.0", needs=("two<1",))
    project.index.add("two", "2.0")
    project.asks("one", "two")
    with pytest.raises(EnvironmentFailure) as failed:
        project.digest()
    assert failed.value.message.startswith("cannot resolve python_env.yaml\n")
    assert "two<1" in failed.value.message
    assert len(failed.value.message.splitlines()) < 15
    assert failed.value.hint


def test_an_environment_without_packages_needs_no_index(project):
    project.asks()
    (project.folder / "python_env.yaml").write_text("dependencies: []\n")
    prepared = VirtualenvEnvironment().prepare(SPEC, project.folder, project.told.append)
    assert prepared.document["packages"] == []


def test_a_warm_digest_reads_no_yaml_and_starts_no_program(project):
    project.index.add("one")
    project.asks("one")
    expected = project.digest()
    code = (
        "import sys; from pathlib import Path\n"
        "from runner.core.model import EnvironmentSpec\n"
        "from runner.environments.virtualenv import VirtualenvEnvironment\n"
        f"spec = EnvironmentSpec(*{tuple(SPEC)!r})\n"
        f"print(VirtualenvEnvironment().digest(spec, Path({str(project.folder)!r})))\n"
        "print([name for name in sys.modules if name.split('.')[0] in\n"
        "    {'yaml', 'tomllib', 'packaging', 'subprocess', 'dataclasses'}\n"
        "    or name == 'runner.process'])\n"
    )
    output = capture([sys.executable, "-c", code], folder=str(Path(__file__).parents[2]))
    assert output.stdout.decode() == f"{expected}\n[]\n", output.stderr.decode()


def test_a_damaged_memory_is_made_anew(project, home):
    project.index.add("one")
    project.asks("one")
    before = project.digest()
    for path in (home / ".cache/runner/locks/known").iterdir():
        path.write_text(json.dumps({"env_id": "wrong"}))
    (home / ".cache/runner/interpreters.json").write_text("[]")
    assert project.digest() == before


def add_source_archive(index: Index, name: str) -> None:
    """Add a source archive with a build backend of its own, which needs nothing."""
    files = {
        "pyproject.toml": (
            '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
            f'[project]\nname = "{name}"\nversion = "1.0"\n'
        ),
        "PKG-INFO": f"Metadata-Version: 2.2\nName: {name}\nVersion: 1.0\n",
        "backend.py": (Path(__file__).parent / "build_backend.py").read_text(),
        f"{name}.py": "version = '1.0'\n",
    }
    with tarfile.open(index.place(name, f"{name}-1.0.tar.gz"), "w:gz") as archive:
        for path, text in files.items():
            entry = tarfile.TarInfo(f"{name}-1.0/{path}")
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    index.publish(name)
