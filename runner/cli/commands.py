"""The commands: where each one is, what it is for, and how it is used.

The examples are shown by `--help`; a test parses every one of them.
"""

from __future__ import annotations

from typing import NamedTuple


class Command(NamedTuple):
    """A command's module in `runner.cli`, its purpose and examples (words, what they do)."""

    module: str
    purpose: str
    examples: tuple[tuple[str, str], ...] = ()


GROUPS: dict[str, tuple[str, ...]] = {
    "run": ("init", "run", "plan", "why", "status", "dag"),
    "look at runs": ("runs", "show", "diff", "logs", "metrics"),
    "look after": ("doctor", "gc", "records", "completion", "help", "version"),
}

COMMANDS: dict[str, Command] = {
    "run": Command(
        "running",
        "run the steps that are out of date, and record it",
        (
            ("run .", "everything that `main` needs"),
            ("run . train -P alpha=0.1", "one target, and what it needs"),
            ("run . train --only --force", "this step alone, in any case"),
            ("run . -j 4 -k", "four at once, going on after a failure"),
            ("run . --dry-run", "only say what would run, and why"),
        ),
    ),
    "plan": Command(
        "planning",
        "say what a run would do, and why",
        (
            ("plan", "every step of a run, with the reason it would run"),
            ("plan . train --json", "the same of one target, for programs"),
            ("plan --exit-code", "for scripts: 1 when something is out of date"),
        ),
    ),
    "why": Command(
        "planning",
        "say why one step would run: what changed, old and new",
        (("why train", "all reasons of one entry point"), ("why train@0.1-0", "or of one step")),
    ),
    "status": Command(
        "status",
        "say how things stand: each step's state, its last run, and when",
        (("status", "all steps that a run would look at"),),
    ),
    "dag": Command(
        "graph",
        "draw the graph of steps",
        (
            ("dag", "the whole project"),
            ("dag . evaluate", "one target and its upstream"),
            ("dag --format mermaid", "for a README"),
            ("dag --format svg", "a picture, on the standard output"),
        ),
    ),
    "runs": Command(
        "records",
        "list recorded runs",
        (
            ("runs --limit 5", "the newest five"),
            ('runs --filter "metrics.rmse < 0.8"', "also: and or not = != <= > >= ( )"),
            ("runs --sort -metrics.rmse", "the largest first"),
        ),
    ),
    "show": Command(
        "records",
        "show one run: code, data, steps, metrics, outputs",
        (("show", "the newest run"), ("show latest~1 --json", "the record of the one before")),
    ),
    "diff": Command(
        "records",
        "show what differs between two runs",
        (
            ("diff latest~1 latest", "what the last run changed"),
            ("diff latest~1 latest --patch", "with the code's patch"),
        ),
    ),
    "logs": Command(
        "logs",
        "print what a run's steps wrote",
        (
            ("logs", "the newest run, each line with its step's name"),
            ("logs latest train", "one step's output as it was"),
            ("logs -f", "what the run under way writes"),
        ),
    ),
    "metrics": Command(
        "records",
        "print a run's metrics",
        (("metrics", "the newest run's"), ("metrics latest --history", "every logged point")),
    ),
    "init": Command(
        "init",
        "begin a project in a folder; overwrites nothing, commits nothing",
        (("init", "here"), ("init models/wine --no-dvc", "elsewhere, without DVC")),
    ),
    "doctor": Command(
        "doctor",
        "check this machine and this project",
        (("doctor", "1 when there is a problem"), ("doctor --rebuild-index", "from the records")),
    ),
    "gc": Command(
        "gc",
        "find, and with --yes remove, what nothing needs any more",
        (("gc", "only say what would go"), ("gc --keep-runs 20 --yes", "forget older runs too")),
    ),
    "records": Command(
        "transfer",
        "import or export records as JSON Lines",
        (
            ("records export runs.jsonl", "every record, one a line"),
            ("records import runs.jsonl", "take in those that are new"),
        ),
    ),
    "completion": Command(
        "completion",
        "print the completion script for a shell",
        (
            ("completion bash", "load it with: source <(runner completion bash)"),
            ("completion fish", "load it with: runner completion fish | source"),
        ),
    ),
    "help": Command(
        "about", "show help, of a command if one is named", (("help run", "of `run`"),)
    ),
    "version": Command("about", "print the version"),
}
