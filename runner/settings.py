"""Settings: flag, then `RUNNER_<NAME>`, then the project file's `runner:`, then the user's own.

The user's own are in `$XDG_CONFIG_HOME/runner/config.toml`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from runner.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMES = {
    "jobs": int,
    "keep_going": bool,
    "strict": bool,
    "pull": bool,
    "shell": str,
    "snapshot_file_limit": int,
    "snapshot_total_limit": int,
}
TRUE = frozenset({"1", "true", "yes", "on"})
FALSE = frozenset({"0", "false", "no", "off", ""})

Settings = dict[str, object]


def resolve(flags: Mapping[str, object], project: Mapping[str, object]) -> Settings:
    """Give every setting's value, the nearest source first; what nobody sets is absent.

    Raises:
        UsageError: a value does not fit its setting.
    """
    found: Settings = {}
    user = _user_settings()
    for name in NAMES:
        variable = "RUNNER_" + name.upper()
        if flags.get(name) is not None:
            found[name] = flags[name]
        elif variable in os.environ:
            found[name] = _typed(name, os.environ[variable], f"${variable}")
        elif name in project:
            found[name] = _typed(name, project[name], "`runner:` in the project file")
        elif name in user:
            found[name] = _typed(name, user[name], user_file())
    return found


def user_file() -> str:
    """Tell where the user's own settings are."""
    home = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    return os.path.join(home, "runner", "config.toml")


def _user_settings() -> Mapping[str, object]:
    path = user_file()
    if not os.path.exists(path):
        return {}
    import tomllib  # noqa: PLC0415  # imported only where it is used

    try:
        with open(path, "rb") as file:
            return tomllib.load(file)
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: {error}", hint="correct or remove the file") from error


def _typed(name: str, value: object, source: str) -> object:
    kind = NAMES[name]
    if kind is bool:
        text = str(value).lower()
        if text in TRUE or text in FALSE:
            return text in TRUE
    elif kind is int:
        try:
            number = int(str(value))
        except ValueError:
            number = 0
        if number > 0:
            return number
    else:
        return str(value)
    wanted = "true or false" if kind is bool else "a whole number above 0"
    raise UsageError(f"{source}: `{name}` is {value!r}", hint=f"give {wanted}")
