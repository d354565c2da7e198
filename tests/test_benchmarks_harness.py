"""The harness measures what it says, and the projects it writes are what it says they are."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from runner import project_files
from tests.benchmarks import projects
from tests.benchmarks.measuring import Case, CommandError, Measured, Results, compare, measure

MIB = 2**20
HOLD_100_MIB = "held = b'x' * (100 * 2**20)"
HOLD_AND_SPAWN = """
import subprocess, sys
held = b'x' * (60 * 2**20)
inner = "held = b'x' * (60 * 2**20); print(sum(range(3_000_000)))"
subprocess.run([sys.executable, "-I", "-S", "-c", inner], check=True)
"""


def case(folder: Path, *argv: str) -> Case:
    return Case("case", argv, folder, dict(os.environ))


def test_a_child_of_100_mib_is_reported_as_100_mib(tmp_path: Path) -> None:
    child = case(tmp_path, sys.executable, "-I", "-S", "-c", HOLD_100_MIB)
    assert 100 * MIB <= measure(child, tmp_path).peak <= 125 * MIB


def test_the_measuring_process_lends_its_own_size_to_nobody(tmp_path: Path) -> None:
    ballast = b"x" * (200 * MIB)
    assert measure(case(tmp_path, "true"), tmp_path).peak < 12 * MIB
    assert len(ballast) == 200 * MIB


def test_the_tree_is_the_sum_of_what_lives_at_once_and_the_peak_that_of_the_largest(
    tmp_path: Path,
) -> None:
    nested = case(tmp_path, sys.executable, "-I", "-c", HOLD_AND_SPAWN)
    measured = measure(nested, tmp_path, tree=True)
    assert measured.tree > 100 * MIB
    assert 60 * MIB < measured.peak < 100 * MIB


def test_cpu_time_includes_that_of_children(tmp_path: Path) -> None:
    busy = f"{sys.executable} -I -S -c 'sum(range(10_000_000))'; true"
    measured = measure(case(tmp_path, "sh", "-c", busy), tmp_path)
    assert measured.cpu > 0.05


def test_a_command_that_fails_stops_the_measurement_and_shows_its_output(tmp_path: Path) -> None:
    failing = case(tmp_path, "sh", "-c", "echo no such luck; exit 3")
    with pytest.raises(CommandError, match=r"ended with 3 .*\n(.*\n)*no such luck"):
        measure(failing, tmp_path)


def test_before_and_after_surround_every_measured_process(tmp_path: Path) -> None:
    ledger: list[str] = []
    watched = case(tmp_path, "true")._replace(
        before=lambda: ledger.append("before"), after=lambda: ledger.append("after")
    )
    results = compare([watched], 3, tmp_path)
    assert ledger == ["before", "after"] * 4  # the warm-up and three rounds
    assert results.names() == ["python -c pass", "case"]


def test_ratios_are_medians_of_the_ratios_within_a_round() -> None:
    ours = [Measured(1.0, 1.0, 1), Measured(10.0, 1.0, 1), Measured(3.0, 1.0, 1)]
    its = [Measured(1.0, 1.0, 1), Measured(5.0, 1.0, 1), Measured(1.0, 1.0, 1)]
    results = Results({"ours": ours, "its": its}, {})
    assert results.ratio("ours", "its", "wall") == 2.0
    assert results.median("ours", "wall") == 3.0


@pytest.mark.parametrize(
    ("generate", "first_deps"),
    [
        (projects.independent, []),
        (projects.chain, ["in/0.txt"]),
        (projects.copying, ["in/0.txt"]),
    ],
)
def test_a_generated_project_has_its_steps_and_is_committed(
    tmp_path: Path, generate, first_deps
) -> None:
    generate(tmp_path, 12)
    assert status(tmp_path) == b""
    project, warnings = project_files.load(tmp_path)
    assert not warnings
    assert list(project.entry_points) == [f"s{n}" for n in range(12)]
    assert [dep.path for dep in project.entry_points["s0"].deps] == first_deps
    for n, step in enumerate(project.entry_points.values()):
        assert [out.path for out in step.outs] == [f"out/{n}.txt"]


def test_the_verified_project_reads_every_file_and_git_sees_none_of_them(tmp_path: Path) -> None:
    projects.verifying(tmp_path, big=2, big_size=MIB, small=3)
    assert status(tmp_path) == b""
    deps = [dep.path for dep in project_files.load(tmp_path)[0].entry_points["look"].deps]
    assert deps == ["data/big/0.bin", "data/big/1.bin", "data/small"]
    assert (tmp_path / "data/big/1.bin").stat().st_size == MIB
    assert len(list((tmp_path / "data/small").iterdir())) == 3


def test_the_trivial_project_is_one_that_mlflow_understands_too(tmp_path: Path) -> None:
    projects.trivial(tmp_path)
    project, warnings = project_files.load(tmp_path)
    assert not warnings
    assert project.entry_points["main"].command == "true"
    assert project.default_environment == "system"


def status(folder: Path) -> bytes:
    words = ["git", "status", "--porcelain"]
    return subprocess.run(words, cwd=folder, capture_output=True, check=True).stdout


def test_the_bare_loop_runs_the_very_commands_of_the_project(tmp_path: Path) -> None:
    projects.independent(tmp_path, 5)
    steps = yaml.safe_load((tmp_path / "MLproject").read_text())["entry_points"]
    lines = (tmp_path / "commands.txt").read_text().splitlines()
    assert lines == [step["command"] for step in steps.values()]


def test_dvc_takes_the_written_lock_and_cache_for_its_own_work(tmp_path: Path) -> None:
    projects.copying_in_dvc(tmp_path, 3)
    dvc = [sys.executable, "-m", "dvc"]
    words = [*dvc, "status", "--json"]
    answer = subprocess.run(words, cwd=tmp_path, capture_output=True, check=True)
    assert json.loads(answer.stdout) == {}
    (tmp_path / "out/1.txt").unlink()
    subprocess.run([*dvc, "checkout", "-q"], cwd=tmp_path, check=True)
    assert (tmp_path / "out/1.txt").read_text() == "1\n"


def test_a_run_that_does_something_is_no_run_with_nothing_to_do(tmp_path: Path) -> None:
    (tmp_path / "1.txt").write_text("1")
    outs = projects.Untouched(tmp_path)
    outs.look()
    outs.check()
    os.utime(tmp_path / "1.txt", ns=(1, 1))
    with pytest.raises(AssertionError, match="something was done"):
        outs.check()


def test_the_command_lists_its_rows() -> None:
    run = Path(__file__).parent / "benchmarks" / "run"
    answer = subprocess.run(
        [sys.executable, run, "--help"], capture_output=True, text=True, check=True
    )
    for row in ("trivial", "noop-1000", "first-1000", "verify", "start", "chain"):
        assert row in answer.stdout
