"""The documents list every command, option, exit code and setting, as the help does."""

from __future__ import annotations

import argparse
import re
import shlex
from pathlib import Path

import pytest

from runner.cli import EXIT_CODES
from runner.cli.commands import COMMANDS, GROUPS
from runner.cli.parser import parse, parser_of
from runner.settings import NAMES
from tests.command_reference import PLACE, reference

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
EVERY_COMMAND = list(COMMANDS)


def options(name: str) -> list[argparse.Action]:
    return [each for each in parser_of(name)._actions if each.help != argparse.SUPPRESS]


def test_the_reference_of_the_command_line_is_what_the_parsers_say() -> None:
    assert PLACE.read_text(encoding="utf-8") == reference()


def test_the_reference_names_every_option_of_every_command() -> None:
    text = reference()
    for name in EVERY_COMMAND:
        section = text.partition(f"### `runner {name}")[2].partition("\n##")[0]
        own = [
            each for each in options(name) if each.dest not in {"help", "folder_of_work", "color"}
        ]
        missing = [
            spelling
            for action in own
            for spelling in action.option_strings
            if f"`{spelling}`" not in section
        ]
        assert missing == [], name


@pytest.mark.parametrize("name", EVERY_COMMAND)
def test_every_word_of_a_command_has_a_help_text(name: str) -> None:
    assert [action.dest for action in options(name) if not action.help] == []


def test_every_command_stands_in_one_group_of_the_overview() -> None:
    grouped = [name for names in GROUPS.values() for name in names]

    assert sorted(grouped) == sorted(COMMANDS)


def test_the_readme_names_every_command_that_does_something() -> None:
    absent = [name for name in EVERY_COMMAND if f"runner {name}" not in README]

    assert [name for name in absent if name not in {"help", "version"}] == []


def test_the_readme_names_every_exit_code() -> None:
    table = README.partition("| exit code |")[2].partition("\n\n")[0]

    assert {int(code) for code in re.findall(r"\b\d+\b", table)} >= EXIT_CODES.keys()


def test_the_reference_names_every_setting() -> None:
    assert [name for name in NAMES if f"`{name}`" not in reference()] == []


@pytest.mark.parametrize(
    "words", [words for command in COMMANDS.values() for words, _ in command.examples]
)
def test_every_example_of_the_help_can_be_parsed(words: str) -> None:
    assert parse(shlex.split(words)).command == words.partition(" ")[0]
