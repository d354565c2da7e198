"""How a project stands, in words."""

from __future__ import annotations

from runner.core.plan import Decision, Reason
from runner.views.status_text import LastRun, Standing, text
from tests.records import BEGIN, at, run_id
from tests.views.screens import Stream


def shown(**changes: object) -> list[str]:
    known: dict[str, object] = {
        "name": "wine",
        "code": "1a2b3c4",
        "branch": "main",
        "newest": {"run_id": run_id(0), "status": "succeeded", "started": at(0)},
        "live": (),
        "decisions": [Decision("train", "up-to-date")],
        "last_runs": {"train": LastRun(run_id(0), at(0), 1.5)},
    }
    standing = Standing(**{**known, **changes})  # type: ignore[arg-type]
    return text(standing, Stream(), color="never", now=BEGIN + 300).splitlines()


def test_a_project_stands_with_its_code_and_its_newest_run() -> None:
    assert shown() == [
        "wine  1a2b3c4 on main",
        f"last run {run_id(0)}  succeeded  5 min ago",
        "",
        "STEP   STATE       LAST RUN    WHEN       TOOK",
        f"train  up to date  {run_id(0)[:10]}  5 min ago  1.50 s",
        "everything is up to date",
    ]


def test_a_project_that_never_ran_says_so() -> None:
    lines = shown(
        newest=None, last_runs={}, decisions=[Decision("train", "run", (Reason("never-run"),))]
    )

    assert lines[1] == "never run"
    assert lines[4].split("  ") == ["train", "out of date", "never"]


def test_a_step_that_failed_says_with_what_unless_it_is_up_to_date_again() -> None:
    failed = {"train": LastRun(run_id(0), at(0), 1.5, "exit code 3\nhint: x")}
    reason = (Reason("dep", "train.py", "1", "2"),)

    lines = shown(decisions=[Decision("train", "run", reason)], last_runs=failed)
    again = shown(last_runs=failed)

    assert "failed: exit code 3" in lines[4]
    assert lines[4].endswith("train.py changed")
    assert "up to date" in again[4]


def test_a_run_under_way_can_be_watched() -> None:
    lines = shown(live=[run_id(1)])

    assert lines[1] == f"running  {run_id(1)}, to watch it: runner logs -f {run_id(1)}"
