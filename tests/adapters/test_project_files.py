"""Finding, reading and caching a folder's project file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from runner import project_files
from runner.errors import ProjectFileError, UsageError

MINIMAL = "name: one\nentry_points: {main: {command: echo}}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "MLproject").write_text(MINIMAL)
    return tmp_path


def cached(folder: Path) -> list[Path]:
    return sorted((folder / ".runner" / "project").iterdir())


def only_problem(folder: Path) -> str:
    with pytest.raises(ProjectFileError) as caught:
        project_files.load(folder)
    assert len(caught.value.problems) == 1
    return str(caught.value)


@pytest.mark.parametrize("name", ["MLproject", "mlproject", "MLPROJECT", "mlProject"])
def test_the_file_is_found_in_whatever_case_as_mlflow_does(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(MINIMAL)
    assert project_files.load(tmp_path)[0].file == name


def test_a_name_with_an_ending_is_not_the_project_file(tmp_path: Path) -> None:
    (tmp_path / "MLproject.yaml").write_text(MINIMAL)
    with pytest.raises(UsageError, match="there is no MLproject file") as caught:
        project_files.load(tmp_path)
    assert caught.value.hint == "runner init"
    assert not (tmp_path / ".runner").exists()


def test_of_two_project_files_the_same_one_is_always_taken(folder: Path) -> None:
    (folder / "mlproject").write_text("name: two\n")
    assert project_files.load(folder)[0].name == "one"


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot look into"):
        project_files.load(tmp_path / "lost")


def test_a_cached_project_is_the_same_with_the_same_warnings(folder: Path) -> None:
    (folder / "MLproject").write_text(MINIMAL + "nmae: x\n")
    first = project_files.load(folder)
    assert len(first[1]) == 1
    assert project_files.load(folder) == first
    assert len(cached(folder)) == 1


def test_a_cached_project_is_used_without_yaml_and_jsonschema(folder: Path) -> None:
    project_files.load(folder)
    script = (
        "import sys; from runner import project_files\n"
        f"project, _ = project_files.load({str(folder)!r})\n"
        "assert project.name == 'one'\n"
        "print([m for m in ('yaml', 'jsonschema', 'pathlib', 'dataclasses') if m in sys.modules])"
    )
    told = subprocess.run(
        [sys.executable, "-S", "-c", script],
        cwd=Path(__file__).parents[2],
        check=True,
        capture_output=True,
        text=True,
    )
    assert told.stdout.strip() == "[]"


def test_an_edited_file_is_read_anew_also_with_its_old_size_and_time(folder: Path) -> None:
    file = folder / "MLproject"
    before = file.stat()
    project_files.load(folder)
    file.write_text(MINIMAL.replace("one", "two"))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert project_files.load(folder)[0].name == "two"


def test_an_environment_file_that_comes_or_goes_is_noticed(folder: Path) -> None:
    assert project_files.load(folder)[0].default_environment == "system"
    (folder / "conda.yaml").write_text("")
    assert project_files.load(folder)[0].environments["default"].kind == "conda"
    (folder / "python_env.yaml").write_text("")
    assert project_files.load(folder)[0].environments["default"].kind == "virtualenv"
    (folder / "python_env.yaml").unlink()
    (folder / "conda.yaml").unlink()
    assert project_files.load(folder)[0].default_environment == "system"


def test_a_named_environment_file_that_is_gone_is_an_error_again(folder: Path) -> None:
    (folder / "MLproject").write_text("python_env: env.yaml\n" + MINIMAL)
    (folder / "env.yaml").write_text("")
    project_files.load(folder)
    (folder / "env.yaml").unlink()
    assert 'no such file: "env.yaml"' in only_problem(folder)


def test_what_was_only_a_warning_is_an_error_when_strict(folder: Path) -> None:
    (folder / "MLproject").write_text(MINIMAL + "nmae: x\n")
    project_files.load(folder)
    with pytest.raises(ProjectFileError, match="nmae"):
        project_files.load(folder, strict=True)


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"[]", b"null", b'{"asked": {}}', b"\xff", b'{"asked": [1]}']
)
def test_a_damaged_cache_file_is_ignored_and_written_anew(folder: Path, damage: bytes) -> None:
    first = project_files.load(folder)
    (file,) = cached(folder)
    good = file.read_bytes()
    file.write_bytes(damage)
    assert project_files.load(folder) == first
    assert file.read_bytes() == good


def test_a_cached_project_of_another_shape_is_ignored(folder: Path) -> None:
    first = project_files.load(folder)
    (file,) = cached(folder)
    document = json.loads(file.read_text())
    document["project"]["entry_points"] = [{"name": "main", "colour": "red"}]
    file.write_text(json.dumps(document))
    assert project_files.load(folder) == first


def test_the_runner_folder_ignores_itself_and_keeps_its_own_gitignore(folder: Path) -> None:
    project_files.load(folder)
    ignore = folder / ".runner" / ".gitignore"
    assert ignore.read_text() == "*\n"
    ignore.write_text("*\n# mine\n")
    (folder / "MLproject").write_text(MINIMAL.replace("one", "two"))
    project_files.load(folder)
    assert ignore.read_text() == "*\n# mine\n"


def test_where_nothing_can_be_written_the_project_is_still_read(folder: Path) -> None:
    (folder / ".runner").write_text("a file where the folder should be")
    assert project_files.load(folder)[0].name == "one"
    assert project_files.load(folder)[0].name == "one"


def test_only_the_latest_cached_projects_are_kept(folder: Path) -> None:
    for number in range(project_files.KEPT + 5):
        (folder / "MLproject").write_text(f"name: p{number}\n")
        project_files.load(folder)
    assert len(cached(folder)) == project_files.KEPT


def test_sixteen_first_loads_at_once_all_succeed(folder: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        loaded = list(pool.map(project_files.load, [folder] * 16))
    assert all(one == loaded[0] for one in loaded)
    assert len(cached(folder)) == 1


def test_a_file_over_16_mib_is_refused(folder: Path) -> None:
    with (folder / "MLproject").open("ab") as file:
        file.truncate(project_files.LARGEST + 1)
    assert "larger than 16 MiB" in only_problem(folder)


def test_text_that_is_not_utf_8_is_located(folder: Path) -> None:
    (folder / "MLproject").write_bytes(b"name: one\nentry_points: {ma\xefn: 1}\n")
    with pytest.raises(ProjectFileError) as caught:
        project_files.load(folder)
    problem = caught.value.problems[0]
    assert problem.message == "this is not UTF-8 (byte 0xef)"
    assert (problem.line, problem.column) == (2, 18)
    assert problem.source == "entry_points: {ma\\xefn: 1}"


def test_utf_16_is_refused_and_a_byte_order_mark_is_not(folder: Path) -> None:
    (folder / "MLproject").write_bytes(MINIMAL.encode("utf-16"))
    assert "not UTF-8" in only_problem(folder)
    (folder / "MLproject").write_bytes(MINIMAL.encode("utf-8-sig"))
    assert project_files.load(folder)[0].name == "one"


def test_a_folder_or_a_pipe_of_that_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "MLproject").mkdir()
    assert "this is not a file" in only_problem(tmp_path)
    (tmp_path / "MLproject").rmdir()
    os.mkfifo(tmp_path / "MLproject")
    assert "this is not a file" in only_problem(tmp_path)


def test_a_link_to_nowhere_is_said(tmp_path: Path) -> None:
    (tmp_path / "MLproject").symlink_to(tmp_path / "lost")
    assert "cannot be read" in only_problem(tmp_path)


def test_errors_name_the_file_as_one_would_type_it_here(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "MLproject").write_text("- a\n")
    assert only_problem(folder).startswith(f"{folder}/MLproject:1:1: ")
    monkeypatch.chdir(folder.parent)
    assert only_problem(folder).startswith(f"{folder.name}/MLproject:1:1: ")
    monkeypatch.chdir(folder)
    assert only_problem(Path()).startswith("MLproject:1:1: ")


def test_every_schema_can_be_loaded_by_name() -> None:
    assert project_files.schema("mlproject")["title"] == "MLproject"


NONSENSE = {
    "many keys": "".join(f"key{number}: {number}\n" for number in range(350_000)),
    "many nulls": "entry_points:\n" + "".join(f" e{number}:\n" for number in range(450_000)),
    "one long list": "- a\n" * 1_250_000,
    "one long text": "word " * 1_000_000,
    "lists in a list": "a:\n" + "- [b, c]\n" * 550_000,
    "braces": "entry_points:\n e:\n  command: '" + "{a}" * 1_600_000 + "'\n",
}
MEASURE = """
import resource, sys
from runner import project_files
from runner.errors import ProjectFileError
try:
    project_files.load(sys.argv[1])
except ProjectFileError as error:
    cpu = resource.getrusage(resource.RUSAGE_SELF)
    print(int(cpu.ru_utime + cpu.ru_stime), cpu.ru_maxrss // 1024, len(error.problems))
"""


@pytest.mark.slow
@pytest.mark.parametrize("kind", NONSENSE)
def test_five_megabytes_of_nonsense_are_refused_within_bounds(tmp_path: Path, kind: str) -> None:
    (tmp_path / "MLproject").write_text(NONSENSE[kind])
    # A shell between the two: a child's peak memory starts from its parent's.
    told = subprocess.run(
        ["sh", "-c", '"$0" -c "$1" "$2"; exit $?', sys.executable, MEASURE, str(tmp_path)],
        cwd=Path(__file__).parents[2],
        check=True,
        capture_output=True,
        text=True,
    )
    seconds, mebibytes, problems = map(int, told.stdout.split())
    assert seconds < 60  # the bar is 10 on an idle machine; measured 0.1 to 4
    assert mebibytes < 400
    assert problems <= 51
