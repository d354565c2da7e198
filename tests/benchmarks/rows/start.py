"""What only answers a question: `runner --help`, `runner runs` with 1,000 records."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.benchmarks import projects
from tests.benchmarks.measuring import BARE, prepare
from tests.benchmarks.row import Row, Tools, at_most

if TYPE_CHECKING:
    from pathlib import Path

HELP, RUNS = "runner --help", "runner runs"


def row(folder: Path, tools: Tools) -> Row:
    """Prepare a project with 1,000 records, brought in as anyone would."""
    projects.trivial(folder)
    cases = []
    if tools.wanted(HELP):
        cases.append(tools.runner_case(folder, "--help", name=HELP))
    if tools.wanted(RUNS):
        lines = (json.dumps(record(number)) + "\n" for number in range(1000))
        projects.write(folder / "records.jsonl", "".join(lines))
        prepare(tools.runner_case(folder, "records", "import", "records.jsonl"))
        cases.append(tools.runner_case(folder, "runs", name=RUNS))
    bars = (at_most(8, HELP, BARE, "wall"), at_most(8, RUNS, BARE, "wall"))
    return Row("questions", tuple(cases), bars)


def record(number: int) -> dict[str, object]:
    """Make up the record of a finished run."""
    when = f"2025-01-{1 + number // 86_400:02d}T{number // 3600 % 24:02d}:{number // 60 % 60:02d}"
    started, ended = f"{when}:{number % 60:02d}.000Z", f"{when}:{number % 60:02d}.500Z"
    score = round(0.5 + number % 97 / 200, 6)
    data = {"path": "data.csv", "kind": "dvc", "md5": f"{number:032x}", "size": 1, "nfiles": None}
    step = {
        "step": "train",
        "entry_point": "train",
        "status": "succeeded",
        "step_key": f"{number:064x}",
        "command": f"python train.py --alpha {number}",
        "env_id": "system",
        "inputs": [data],
        "outputs": [],
        "metrics": {"score": score},
        "reasons": [],
        "exit_code": 0,
        "started": started,
        "seconds": 0.5,
        "cpu_seconds": 0.4,
        "peak_memory": 10_000_000,
        "attempts": 1,
        "restored_from": None,
    }
    alpha = {"value": number, "type": "int", "source": "command-line"}
    return {
        "schema": 1,
        "run_id": f"01J{number:023d}",
        "kind": "run",
        "status": "succeeded",
        "project": {"name": "bench", "root": ".", "repo_url": "", "branch": "main"},
        "code": {
            "commit": f"{number:040x}",
            "tree": f"{number:040x}",
            "state": "clean",
            "snapshot": None,
            "base_commit": f"{number:040x}",
        },
        "request": {"entry_point": "main", "targets": [], "parameters": {"alpha": alpha}},
        "data_version": f"{number:032x}",
        "plan_id": f"{number:064x}",
        "result_id": f"{number:064x}",
        "steps": [step],
        "environments": {},
        "variables": {},
        "machine": {},
        "runner": {"version": "0"},
        "started": started,
        "ended": ended,
        "seconds": 0.5,
        "rerun_of": None,
        "verdict": None,
        "tags": {},
    }


ROWS = {"start": row}
