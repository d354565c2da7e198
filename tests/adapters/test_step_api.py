"""What a step imports as `runner`, with and without runner in its environment."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from runner.core.step_log import parse
from runner.process import capture, step_api_folder

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def run(tmp_path):
    """Run Python code as a step: the API is last on PYTHONPATH, `installed` in site-packages."""

    def run_code(code, installed="", **variables):
        for name in ("RUNNER_LOG", "RUNNER_ARTIFACTS"):
            variables.setdefault(name, str(tmp_path / name))
        prelude = f"import sys; sys.path.append({str(installed)!r})\n" if installed else ""
        # Isolated from whatever else this interpreter has: -S leaves site-packages out.
        return capture(
            [sys.executable, "-S", "-c", prelude + code],
            folder=str(tmp_path),
            variables={"PYTHONPATH": step_api_folder(), **variables},
        )

    return run_code


def lines(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "RUNNER_LOG").read_text().splitlines()]


def test_metrics_and_parameters_become_lines(run, tmp_path):
    output = run(
        "import runner\n"
        "runner.log_metric('loss', 0.5)\n"
        "runner.log_metric('loss', 1, step=3)\n"
        "runner.log_metrics({'a': 2.5, 'b\\u00e4\"\\n': True}, 7)\n"
        "runner.log_param('seed', 7)\n"
        "runner.log_params({'x': None, 'y': 'text'})\n"
    )
    assert output == (0, b"", b"")
    shown = [{k: v for k, v in line.items() if k != "time"} for line in lines(tmp_path)]
    assert shown == [
        {"metric": "loss", "value": 0.5, "number": None},
        {"metric": "loss", "value": 1.0, "number": 3},
        {"metric": "a", "value": 2.5, "number": 7},
        {"metric": 'b\u00e4"\n', "value": 1.0, "number": 7},
        {"param": "seed", "value": "7"},
        {"param": "x", "value": "None"},
        {"param": "y", "value": "text"},
    ]
    assert all(
        len(str(line["time"])) == len("2026-01-01T00:00:00.000Z") for line in lines(tmp_path)
    )


def test_numbers_that_json_cannot_spell_come_back(run, tmp_path):
    run("import runner\nfor v in ('nan', 'inf', '-inf'): runner.log_metric('m', float(v))")
    entries, problems = parse((tmp_path / "RUNNER_LOG").read_bytes())
    assert [str(fields["value"]) for _, fields in entries] == ["nan", "inf", "-inf"]
    assert problems == []


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("log_metric('m', 'high')", "TypeError: the value of metric 'm' is a number"),
        ("log_metric('', 1)", "TypeError: a name is a text"),
        ("log_metric('m', 1, step=1.5)", "TypeError: a step is an integer, unlike 1.5"),
        ("log_param(3, 1)", "TypeError: a name is a text"),
        ("log_artifact('missing')", "FileNotFoundError: there is no file or folder"),
        ("log_artifact('.', '../x')", "ValueError: an artifact's name stays inside the run"),
        ("log_artifact('.', '/x')", "ValueError: an artifact's name stays inside the run"),
        ("log_artifact('.', './.')", "ValueError: an artifact has a name of its own"),
    ],
)
@pytest.mark.parametrize("log", ["", "log"])
def test_wrong_values_are_refused_inside_and_outside_a_run(run, tmp_path, call, message, log):
    output = run(f"import runner\nrunner.{call}", RUNNER_LOG=log and str(tmp_path / log))
    assert message in output.stderr.decode()
    assert not (tmp_path / "log").exists()


def test_outside_a_run_nothing_is_kept(run, tmp_path):
    (tmp_path / "file").write_text("x")
    output = run(
        "import runner\nrunner.log_metric('m', 1); runner.log_artifact('file')",
        RUNNER_LOG=None,
        RUNNER_ARTIFACTS=None,
    )
    assert output.code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_artifacts_are_copied_as_they_are_now(run, tmp_path):
    (tmp_path / "plot.png").write_text("first")
    (tmp_path / "folder" / "sub").mkdir(parents=True)
    (tmp_path / "folder" / "sub" / "x").write_text("x")
    output = run(
        "import runner\n"
        "runner.log_artifact('plot.png')\n"
        "open('plot.png', 'w').write('second')\n"
        "runner.log_artifact('plot.png', 'later/./plot.png')\n"
        "runner.log_artifact('folder')\n"
    )
    assert output == (0, b"", b"")
    kept = tmp_path / "RUNNER_ARTIFACTS"
    assert (kept / "plot.png").read_text() == "first"
    assert (kept / "later" / "plot.png").read_text() == "second"
    assert (kept / "folder" / "sub" / "x").read_text() == "x"
    named = [(line["artifact"], line["source"]) for line in lines(tmp_path)]
    assert named == [
        ("plot.png", str(tmp_path / "plot.png")),
        ("later/plot.png", str(tmp_path / "plot.png")),
        ("folder", str(tmp_path / "folder")),
    ]


def test_many_writers_never_tear_each_others_lines(run, tmp_path):
    output = run(
        "import os, runner\n"
        "pids = []\n"
        "for writer in range(4):\n"
        "    pid = os.fork()\n"
        "    if not pid:\n"
        "        for n in range(300): runner.log_metric('m' * 200, n, step=writer)\n"
        "        os._exit(0)\n"
        "    pids.append(pid)\n"
        "for pid in pids: os.waitpid(pid, 0)\n"
    )
    assert output.code == 0
    entries, problems = parse((tmp_path / "RUNNER_LOG").read_bytes())
    assert (len(entries), problems) == (1200, [])


def test_without_runner_in_the_environment_the_rest_is_refused_clearly(run):
    output = run("import runner\nrunner.run")
    assert "AttributeError: module 'runner' has no attribute 'run'" in output.stderr.decode()
    assert "runner itself is not installed in this environment" in output.stderr.decode()
    output = run("import runner.core.model")
    assert "ModuleNotFoundError: No module named 'runner.core'" in output.stderr.decode()
    output = run("from runner import nonsense")
    assert "ImportError: cannot import name 'nonsense'" in output.stderr.decode()


def test_with_runner_in_the_environment_its_modules_are_the_real_ones(run, tmp_path):
    output = run(
        "import runner, runner.core.model\n"
        "from runner.errors import UsageError\n"
        "print(runner.core.model.__file__)\n"
        "print(runner.__version__)\n"
        "runner.log_metric('m', 1)\n",
        REPOSITORY,
    )
    assert output.code == 0, output.stderr
    model = str(REPOSITORY / "runner" / "core" / "model.py")
    assert output.stdout.decode().splitlines()[0] == model
    assert len(lines(tmp_path)) == 1


def test_a_package_that_happens_to_be_called_runner_still_works(run, tmp_path):
    package = tmp_path / "site" / "runner"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(
        "print('loaded')\nfrom . import part\nspeed = part.speed\n"
    )
    (package / "part.py").write_text("speed = 7\n")
    output = run(
        "import runner\n"
        "runner.log_metric('m', 1)\n"
        "print('then', runner.speed)\n"
        "from runner.part import speed\n",
        tmp_path / "site",
    )
    assert output == (0, b"loaded\nthen 7\n", b"")
    assert len(lines(tmp_path)) == 1


def test_a_folder_of_that_name_is_no_package(run, tmp_path):
    (tmp_path / "site" / "runner").mkdir(parents=True)
    output = run("import runner\nrunner.run", tmp_path / "site")
    assert "is not installed in this environment" in output.stderr.decode()


def test_importing_it_loads_nothing_else(run):
    output = run(
        "import os, sys; before = set(sys.modules)\n"
        "import runner; runner.log_metric('m', 1)\n"
        "print(sorted(set(sys.modules) - before - {'time'}))"
    )
    assert output.stdout == b"['__future__', '_json', 'runner']\n"


def test_the_folder_holds_nothing_that_could_shadow_something_else():
    names = {entry.name for entry in os.scandir(step_api_folder())} - {"__pycache__"}
    assert names - {"__init__.py"} == {"runner.py"}
