"""A plan in words."""

from __future__ import annotations

from runner.core.plan import Decision, Reason
from runner.views.plans import explained, summed_up, text
from tests.views.screens import Stream


def test_a_plan_is_a_line_a_step_with_its_reasons() -> None:
    decisions = [
        Decision("prepare", "up-to-date"),
        Decision("train@0.1", "run", (Reason("dep", "train.py", "1", "2"),)),
        Decision("best", "maybe", (Reason("upstream", "train@0.1"),)),
        Decision("plot", "restore", (Reason("output-missing", "plot.svg"),)),
    ]

    assert text(decisions, Stream(), color="never").splitlines() == [
        "prepare    up to date",
        "train@0.1  run         train.py changed",
        "best       maybe       waits for train@0.1",
        "plot       restore     plot.svg is missing",
        "4 steps: 1 to run, 1 maybe, 1 from the cache, 1 up to date",
    ]


def test_nothing_to_do_is_said_in_words() -> None:
    assert summed_up(["up-to-date", "up-to-date"]) == "everything is up to date"


def test_every_reason_is_explained_with_old_and_new() -> None:
    reasons = (
        Reason("dep", "train.py", "a" * 32, "b" * 32),
        Reason("dep", "data", None, "c" * 32 + ".dir"),
        Reason("parameter", "alpha", 0.1, 0.2),
        Reason("command", "", "python a.py\npython b.py", "python a.py"),
        Reason("never-run"),
    )

    lines = explained([Decision("train", "run", reasons)], {}, Stream(), color="never")

    assert lines.splitlines() == [
        "train  run",
        "  train.py changed",
        f"    {'a' * 12} -> {'b' * 12}",
        "  data is new",
        f"    not there -> {'c' * 12}.dir",
        "  alpha: 0.1 -> 0.2",
        "  command changed",
        "    was python a.py",
        "        python b.py",
        "    now python a.py",
        "  never run",
    ]


def test_a_step_that_is_up_to_date_says_who_did_it() -> None:
    found = explained(
        [Decision("a", "up-to-date")], {"a": "done by run 01X"}, Stream(), color="never"
    )

    assert found == "a  up to date  done by run 01X"
