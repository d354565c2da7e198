"""The reference of the command line, made from the parsers.

python -m tests.command_reference     write `runner/cli/README.md` anew
"""

from __future__ import annotations

import argparse
from pathlib import Path

from runner.cli import EXIT_CODES
from runner.cli.commands import COMMANDS, GROUPS
from runner.cli.help import usage
from runner.cli.parser import parser_of, top_parser
from runner.core.events import NAMES
from runner.settings import NAMES as NAMES_OF_SETTINGS

PLACE = Path(__file__).parent.parent / "runner" / "cli" / "README.md"
GENERAL = ("-h", "-C", "--color")
HEAD = """\
# The command line

Made from the parsers by `python -m tests.command_reference`; a test holds it to them.

Results go to the standard output, everything else to the standard error. On a terminal a run
shows a live region below its lines; elsewhere there are no cursor codes, and twice a minute a line
says what still runs. Colours follow `--color`, then `NO_COLOR`, then `FORCE_COLOR`, then the
terminal.
"""


def reference() -> str:
    """Give the text of the reference."""
    parts = [HEAD, "## For every command\n", _options(top_parser(), general=True)]
    for title, names in GROUPS.items():
        parts.append(f"## {title[0].upper()}{title[1:]}\n")
        parts += [_command(name) for name in names]
    parts += ["## Settings\n", _settings()]
    parts += ["## Exit codes\n", _exit_codes(), "## Events of `runner run --json`\n", _events()]
    return "\n".join(parts)


def _command(name: str) -> str:
    parser = parser_of(name)
    line = usage(parser).removesuffix(" [options]")
    own = _options(parser, general=False)
    examples = "\n".join(f"runner {words:<36} # {does}" for words, does in COMMANDS[name].examples)
    shown = f"\n```sh\n{examples}\n```\n" if examples else ""
    return f"### `{line}`\n\n{parser.description}\n\n{own}{shown}"


def _options(parser: argparse.ArgumentParser, *, general: bool) -> str:
    rows = []
    for action in parser._actions:
        if action.help == argparse.SUPPRESS:
            continue
        if general or not _is_general(action):
            rows.append(f"- {_spelled(action)}: {action.help}")
    return "\n".join(rows) + "\n" if rows else ""


def _is_general(action: argparse.Action) -> bool:
    return any(option in GENERAL for option in action.option_strings)


def _spelled(action: argparse.Action) -> str:
    value = action.metavar or ("|".join(action.choices) if action.choices else action.dest.upper())
    if not action.option_strings:
        return f"`{value}`"
    spellings = ", ".join(f"`{option}`" for option in action.option_strings)
    return spellings if action.nargs == 0 else f"{spellings} `{value}`"


def _exit_codes() -> str:
    return "\n".join(f"- {code}: {meaning}" for code, meaning in EXIT_CODES.items()) + "\n"


def _settings() -> str:
    names = ", ".join(f"`{name}`" for name in NAMES_OF_SETTINGS)
    return (
        f"{names}.\n\nA flag goes before `RUNNER_<NAME>` in the environment, that before "
        "`runner:` in the\nproject file, and that before `config.toml` in "
        "`$XDG_CONFIG_HOME/runner`.\n"
    )


def _events() -> str:
    head = (
        "One a line; each has `schema`, `event`, `time` and `run_id`, and its own fields.\n"
        "Where nothing was to do, a single `run_finished` with `reused` names the run before.\n"
    )
    lines = [head]
    for kind, name in NAMES.items():
        fields = [field for field in kind._fields if field != "time"]  # type: ignore[attr-defined]
        shown = ", ".join(f"`{field}`" for field in fields if field not in {"document", "step_run"})
        first = str(kind.__doc__).split("; ")[0].rstrip(".")
        lines.append(f"- `{name}` ({shown or 'see the record'}): {first[0].lower()}{first[1:]}.")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PLACE.write_text(reference(), encoding="utf-8")
