"""A trivial project of one step, run for the first time, beside `mlflow run`."""

from __future__ import annotations

import os
from pathlib import Path

from tests.benchmarks import projects
from tests.benchmarks.measuring import BARE, Case
from tests.benchmarks.peers import peer
from tests.benchmarks.row import RUNNER, Row, Tools, at_least, at_most, forgotten

MLFLOW = "mlflow run"


def row(folder: Path, tools: Tools) -> Row:
    """Prepare both; MLflow's database is made by the warm-up, as in a folder that was used."""
    project = folder / "project"
    projects.trivial(project)
    cases = []
    if tools.wanted(RUNNER):
        case = tools.runner_case(project, "run", ".")
        cases.append(case._replace(before=forgotten(project, ".runner")))
    if tools.wanted(MLFLOW):
        cases.append(mlflow(folder, project, tools))
    return Row(
        "a trivial one-step project, first run",
        tuple(cases),
        (
            at_least(8, MLFLOW, RUNNER, "wall"),
            at_least(4, MLFLOW, RUNNER, "peak"),
            at_most(25, RUNNER, BARE, "wall"),
        ),
    )


def mlflow(folder: Path, project: Path, tools: Tools) -> Case:
    command = peer("mlflow")
    variables = {
        **tools.variables,
        "MLFLOW_TRACKING_URI": f"sqlite:///{folder / 'mlflow.db'}",
        "PATH": f"{Path(command).parent}{os.pathsep}{tools.variables['PATH']}",
    }
    argv = (command, "run", "--env-manager", "local", str(project))
    return Case(MLFLOW, argv, folder, variables)


ROWS = {"trivial": row}
