"""The paths of deps and outs: relative, inside the project, and told why when they are not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from runner.core.project_paths import has_scheme, normal, trouble_with_dep, trouble_with_out

if TYPE_CHECKING:
    from runner.core.command import Template

_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
_HINTS = {
    "dep": "bring it into the project: dvc import, dvc import-url, or a copy",
    "out": "let the step write inside the project's folder",
}


class Checked(NamedTuple):
    """A path in its shortest form, what is wrong with it, and what to do."""

    path: str
    trouble: str
    hint: str


def check(text: str, template: Template, kind: str, file: str) -> Checked:
    """Check the path of a dep or an out (`kind`) of the project whose file is `file`.

    A path with placeholders is left as it is: it is checked again when they are filled in.
    """
    plain = not template.names
    written = template.render({}) if plain else text
    trouble, hint = _trouble(written, kind, file, plain=plain)
    keeps = not plain or "{" in text or "}" in text
    return Checked(text if keeps else normal(written), trouble, hint)


def _trouble(path: str, kind: str, file: str, *, plain: bool) -> tuple[str, str]:
    if has_scheme(path):
        return "is a URL", "track it first: dvc import-url URL PATH; then name PATH"
    if path[:1] == "~":
        return "starts with ~, which only a shell replaces", _HINTS[kind]
    if _DRIVE.match(path):
        return "is absolute", _HINTS[kind]
    slashed = path.replace("\\", "/")
    if not plain:
        return _leaves(slashed), _HINTS[kind]
    tidy = normal(path)
    trouble = trouble_with_dep(tidy) if kind == "dep" else trouble_with_out(tidy, file)
    return trouble or _leaves(normal(slashed)), _HINTS[kind] if path else "name a path"


def _leaves(path: str) -> str:
    if path.startswith("/"):
        return "is absolute"
    return "leaves the project" if ".." in path.split("/") else ""
