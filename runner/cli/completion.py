"""`runner completion bash|zsh|fish`: scripts made from the parsers themselves."""

from __future__ import annotations

import argparse

SHELLS = ("bash", "zsh", "fish")


def add_options(parser: argparse.ArgumentParser, _: str) -> None:
    """Add the options of `completion`."""
    parser.add_argument("shell", choices=SHELLS)


def completion(arguments: argparse.Namespace) -> int:
    """Print the script to load in the shell's start-up file."""
    write = {"bash": _bash, "zsh": _zsh, "fish": _fish}[arguments.shell]
    print(write(_words()))
    return 0


def _words() -> dict[str, list[tuple[str, str]]]:
    """Give each command's long options with their help."""
    from runner.cli.commands import COMMANDS
    from runner.cli.parser import parser_of

    found: dict[str, list[tuple[str, str]]] = {}
    for name in COMMANDS:
        found[name] = [
            (option, (action.help or "").replace("'", ""))
            for action in parser_of(name)._actions  # noqa: SLF001  # argparse has no other list
            for option in action.option_strings
            if option.startswith("--") and action.help != argparse.SUPPRESS
        ]
    return found


def _bash(words: dict[str, list[tuple[str, str]]]) -> str:
    cases = "\n".join(
        f"        {name}) options='{' '.join(option for option, _ in options)}' ;;"
        for name, options in words.items()
    )
    return f"""\
# Load with: source <(runner completion bash)
_runner() {{
    local word="${{COMP_WORDS[COMP_CWORD]}}" command="" options="" i
    for ((i = 1; i < COMP_CWORD; i++)); do
        case "${{COMP_WORDS[i]}}" in
            -C|--color) ((i++)) ;;
            -*) ;;
            *) command="${{COMP_WORDS[i]}}"; break ;;
        esac
    done
    if [[ -z "$command" ]]; then
        COMPREPLY=($(compgen -W '{" ".join(words)}' -- "$word"))
        return
    fi
    case "$command" in
{cases}
    esac
    if [[ "$word" == -* ]]; then
        COMPREPLY=($(compgen -W "$options" -- "$word"))
    else
        COMPREPLY=($(compgen -f -- "$word"))
    fi
}}
complete -o filenames -F _runner runner"""


def _zsh(words: dict[str, list[tuple[str, str]]]) -> str:
    from runner.cli.commands import COMMANDS

    commands = "\n".join(
        f"        '{name}:{purpose}'" for name, (_, purpose, _) in COMMANDS.items()
    )
    cases = "\n".join(
        f"        {name}) _values -w option {' '.join(option for option, _ in options)} ;;"
        for name, options in words.items()
    )
    return f"""\
#compdef runner
# Load with: source <(runner completion zsh)
_runner() {{
    local -a commands
    commands=(
{commands}
    )
    if (( CURRENT == 2 )); then
        _describe command commands
        return
    fi
    if [[ "$words[CURRENT]" != -* ]]; then
        _files
        return
    fi
    case "$words[2]" in
{cases}
    esac
}}
compdef _runner runner"""


def _fish(words: dict[str, list[tuple[str, str]]]) -> str:
    from runner.cli.commands import COMMANDS

    lines = ["# Load with: runner completion fish | source"]
    for name, (_, purpose, _) in COMMANDS.items():
        lines.append(f"complete -c runner -f -n __fish_use_subcommand -a {name} -d '{purpose}'")
    for name, options in words.items():
        lines.extend(
            f"complete -c runner -n '__fish_seen_subcommand_from {name}'"
            f" -l {option[2:]} -d '{text}'"
            for option, text in options
        )
    return "\n".join(lines)
