"""The completion scripts of each shell, as texts."""

from __future__ import annotations

import argparse
from typing import NamedTuple

from runner.cli.commands import COMMANDS
from runner.cli.parser import parser_of

PLACES = {
    "folder": "folders",
    "targets": "targets",
    "step": "targets",
    "run": "runs",
    "a": "runs",
    "b": "runs",
    "file": "files",
    "topic": "commands",
}
VALUES = {"folder_of_work": "folders", "entry_point": "targets"}
FOLDERS_AND_FILES = frozenset({"folders", "files"})


class Words(NamedTuple):
    """What one command understands.

    `options` are (spelling, help); `valued` maps those that take a value to what it can be, and
    `places` says it for the positional words, the last one for all that follow.
    """

    options: list[tuple[str, str]]
    valued: dict[str, str]
    places: list[str]


def script(shell: str) -> str:
    """Give the script for a shell: `bash`, `zsh` or `fish`."""
    words = {name: _words(name) for name in COMMANDS}
    return {"bash": _bash, "zsh": _zsh, "fish": _fish}[shell](words)


def _words(name: str) -> Words:
    words = Words([], {}, [])
    for action in parser_of(name)._actions:  # noqa: SLF001  # argparse has no other list
        if action.help == argparse.SUPPRESS:
            continue
        if not action.option_strings:
            words.places.append(_choices(action, PLACES))
        for spelling in action.option_strings:
            if spelling.startswith("--"):
                words.options.append((spelling, (action.help or "").replace("'", "")))
            if action.nargs != 0:
                words.valued[spelling] = _choices(action, VALUES)
    return words


def _choices(action: argparse.Action, kinds: dict[str, str]) -> str:
    if action.choices:
        return " ".join(map(str, action.choices))
    if action.dest == "color":
        return "auto always never"
    return kinds.get(action.dest, "")


def _cases(words: dict[str, Words]) -> str:
    """Give the shell's `case` branches that bash and zsh share."""
    lines = []
    for name, (options, valued, places) in words.items():
        spelled = " ".join(option for option, _ in options)
        lines.append(f"        {name})")
        lines.append(f"            options='{spelled}'")
        if places:
            lines.append(f"            places=({' '.join(repr(place) for place in places)})")
        by_value: dict[str, list[str]] = {}
        for spelling, values in valued.items():
            by_value.setdefault(values, []).append(spelling)
        if by_value:
            lines.append('            case "$previous" in')
            lines += [
                f"                {'|'.join(spellings)}) kind='{values or 'anything'}' ;;"
                for values, spellings in by_value.items()
            ]
            lines.append("            esac")
        lines.append("            ;;")
    return "\n".join(lines)


def _valued(words: dict[str, Words]) -> str:
    return "|".join(dict.fromkeys(option for each in words.values() for option in each.valued))


def _bash(words: dict[str, Words]) -> str:
    return f"""\
# Load with: source <(runner completion bash)
_runner() {{
    local line="${{COMP_LINE:0:COMP_POINT}}" word previous command="" options="" kind="" names=""
    local folder="." place=0 i cut
    local -a typed places=()
    # COMP_WORDS is split at = and @ too, which names of steps may hold.
    read -ra typed <<< "$line"
    [[ "$line" == *[[:space:]] ]] && typed+=("")
    word="${{typed[-1]}}" previous="${{typed[-2]}}"
    for ((i = 1; i < ${{#typed[@]}} - 1; i++)); do
        case "${{typed[i]}}" in
            {_valued(words)}) ((++i)) ;;
            -*) ;;
            *)
                if [[ -z "$command" ]]; then
                    command="${{typed[i]}}"
                else
                    [[ $place == 0 && -d "${{typed[i]}}" ]] && folder="${{typed[i]}}"
                    ((++place))
                fi
                ;;
        esac
    done
    case "$command" in
        "") options='--help --version --color' places=('commands') ;;
{_cases(words)}
    esac
    if [[ -z "$kind" && "$word" == -* ]]; then
        COMPREPLY=($(compgen -W "$options" -- "$word"))
        return
    fi
    ((place >= ${{#places[@]}})) && place=$((${{#places[@]}} - 1))
    [[ -z "$kind" && $place -ge 0 ]] && kind="${{places[place]}}"
    case "$kind" in
        folders) compopt -o filenames 2> /dev/null; COMPREPLY=($(compgen -d -- "$word")); return ;;
        files) compopt -o filenames 2> /dev/null; COMPREPLY=($(compgen -f -- "$word")); return ;;
        commands) names='{" ".join(COMMANDS)}' ;;
        targets|runs) names="$(runner completion bash --names "$kind" "$folder" 2> /dev/null)" ;;
        anything) ;;
        *) names="$kind" ;;
    esac
    COMPREPLY=($(compgen -W "$names" -- "$word"))
    # readline replaces from the last @ on, and keeps that one.
    if [[ "$word" == *@* && "$COMP_WORDBREAKS" == *@* ]]; then
        cut="${{word%@*}}"
        COMPREPLY=("${{COMPREPLY[@]#"$cut"}}")
    fi
}}
complete -F _runner runner"""


def _zsh(words: dict[str, Words]) -> str:
    purposes = "\n".join(
        f"        '{name}:{_quoted(each.purpose)}'" for name, each in COMMANDS.items()
    )
    return f"""\
#compdef runner
# Load with: source <(runner completion zsh)
_runner() {{
    local word="$words[CURRENT]" previous="$words[CURRENT-1]"
    local command="" options="" kind="" folder="." names=""
    local -i place=0 i
    local -a places=() purposes=(
{purposes}
    )
    for ((i = 2; i < CURRENT; i++)); do
        case "$words[i]" in
            {_valued(words)}) ((++i)) ;;
            -*) ;;
            *)
                if [[ -z "$command" ]]; then
                    command="$words[i]"
                else
                    [[ $place == 0 && -d "$words[i]" ]] && folder="$words[i]"
                    ((++place))
                fi
                ;;
        esac
    done
    case "$command" in
        "") options='--help --version --color' places=('commands') ;;
{_cases(words)}
    esac
    if [[ -z "$kind" && "$word" == -* ]]; then
        compadd -- ${{=options}}
        return
    fi
    ((place >= $#places)) && place=$(($#places - 1))
    [[ -z "$kind" && $place -ge 0 ]] && kind="$places[place + 1]"
    case "$kind" in
        folders) _files -/ ;;
        files) _files ;;
        commands) _describe command purposes ;;
        targets|runs)
            names="$(runner completion zsh --names "$kind" "$folder" 2> /dev/null)"
            compadd -- ${{(f)names}}
            ;;
        anything) ;;
        *) compadd -- ${{=kind}} ;;
    esac
}}
compdef _runner runner"""


def _fish(words: dict[str, Words]) -> str:
    lines = [
        "# Load with: runner completion fish | source",
        "function __runner_names",
        "    set -l typed (commandline -opc)",
        "    set -l folder .",
        '    test (count $typed) -gt 2; and test -d "$typed[3]"; and set folder $typed[3]',
        '    runner completion fish --names $argv[1] "$folder" 2> /dev/null',
        "end",
        "complete -c runner -f",
    ]
    for name, command in COMMANDS.items():
        lines.append(
            f"complete -c runner -n __fish_use_subcommand -a {name} -d '{_quoted(command.purpose)}'"
        )
    for name, (options, valued, places) in words.items():
        here = f"complete -c runner -n '__fish_seen_subcommand_from {name}'"
        for option, purpose in options:
            takes = f" -x -a '{_fish_values(valued[option])}'" if option in valued else ""
            lines.append(f"{here} -l {option[2:]} -d '{_quoted(purpose)}'{takes}")
        lines += [f"{here} -a '{_fish_values(place)}'" for place in dict.fromkeys(places) if place]
    return "\n".join(lines)


def _fish_values(kind: str) -> str:
    if kind == "folders":
        return "(__fish_complete_directories)"
    if kind == "files":
        return "(__fish_complete_path)"
    if kind == "commands":
        return " ".join(COMMANDS)
    return f"(__runner_names {kind})" if kind in {"targets", "runs"} else kind


def _quoted(text: str) -> str:
    """Give a text as it stands between single quotes in every shell."""
    return text.replace("'", "'\\''")
