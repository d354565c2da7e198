"""What a terminal would obey is shown, not sent, wherever it was put."""

from __future__ import annotations

import io
from typing import Any

import pytest

from runner.core.plan import Decision, Reason
from runner.views import plans, tables
from runner.views.step_lines import step_line, undeclared
from runner.views.words import Painter, reason_text, values_text, visible, visible_lines

EVIL = "\x1b]0;evil\x07"
SHOWN = r"\x1b]0;evil\x07"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a name, ä, 步骤", "a name, ä, 步骤"),
        (EVIL, SHOWN),
        ("a\x9bb\x7f\r", r"a\x9bb\x7f\r"),
        ("a\nb", r"a\nb"),
        ("\u202eevil", r"\u202eevil"),
        ("a\tb\xa0c", "a\tb\xa0c"),
    ],
)
def test_control_characters_are_shown(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_lines_stay_lines() -> None:
    assert visible_lines(f"a\n{EVIL}") == f"a\n{SHOWN}"


def test_names_and_values_reach_no_terminal() -> None:
    run: dict[str, Any] = {
        "status": "failed",
        "problem": EVIL,
        "reasons": [{"kind": "dep", "what": EVIL, "old": "1"}],
        "metrics": {},
        "seconds": 1.0,
        "peak_memory": 0,
    }
    decision = Decision(EVIL, "run", (Reason("parameter", EVIL, EVIL, EVIL),))
    stream = io.StringIO()
    paint = Painter(colours=False)
    for text in (
        values_text({EVIL: EVIL}),
        reason_text(run["reasons"]),
        step_line(EVIL, run, 4, paint),
        undeclared({"what": "out", "path": EVIL}),
        plans.text([decision], stream, color="never"),
        plans.explained([decision], {}, stream, color="never"),
        tables.metrics({EVIL: 1.0}),
    ):
        assert "\x1b" not in text
        assert "\x07" not in text
        assert SHOWN in text
