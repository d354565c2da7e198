"""The lock of a virtualenv: every package with its version and the hash of its file.

Its text is a requirements file, so that pip and uv can install it without us; a header says what
it was made for. It names no index, no absolute path and no credentials.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from runner.core.canonical import digest as digest_of
from runner.environments.virtualenv_requirements import (
    Line,
    hashes,
    local_path,
    logical_lines,
    normalized,
    without_hashes,
)
from runner.errors import EnvironmentFailure

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from runner.environments.interpreters import Interpreter

TITLE = "# Locked by runner."
BUILT = "# built from source: "
HEADER = re.compile(r"^# (python|platform|spec): (.+)$", re.MULTILINE)
PINNED = re.compile(
    r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*"
    r"(?:===?\s*(?P<version>[^\s;,*]+)|@\s*(?P<source>[^\s;]+))\s*(?:;\s*(?P<marker>.+))?"
)


class Locked(NamedTuple):
    """One package of a lock.

    `source` is empty for one from an index; else the URL or the path (`./…`, relative to the
    project) it comes from. Without hashes it is a local project or a commit of a repository.
    `built` when its only file that fits here is a source archive.
    """

    name: str
    version: str
    hashes: tuple[str, ...] = ()
    source: str = ""
    built: bool = False

    @property
    def is_exact(self) -> bool:
        """Tell whether the same bytes are installed everywhere."""
        return bool(self.hashes) and not self.built

    @property
    def is_local_project(self) -> bool:
        """Tell whether it is built from a folder of this machine."""
        return self.source.startswith(".") and not self.hashes


class Header(NamedTuple):
    """What a lock of ours was made for: `implementation version`, platform, digest of the spec."""

    python: str
    platform: str
    spec: str

    def fits(self, interpreter: Interpreter, spec: str) -> bool:
        """Tell whether the lock can be used with this interpreter for this spec."""
        implementation, _, version = self.python.partition(" ")
        return (
            implementation == interpreter.implementation
            and version.split(".")[:2] == interpreter.version.split(".")[:2]
            and self.platform == interpreter.platform
            and self.spec == spec
        )


def render(packages: Iterable[Locked], interpreter: Interpreter, spec: str) -> str:
    """Write a lock's text: the same for the same packages, whatever the order they come in."""
    lines = [
        TITLE,
        f"# python: {interpreter.identity}",
        f"# platform: {interpreter.platform}",
        f"# spec: {spec}",
    ]
    for package in sorted(packages):
        pin = f" @ {package.source}" if package.source else f"=={package.version}"
        lines += [BUILT + package.name] if package.built else []
        lines.append(" \\\n    --hash=".join((package.name + pin, *sorted(package.hashes))))
    return "\n".join(lines) + "\n"


def header(text: str) -> Header | None:
    """Read the header of a lock; None when it is not one of ours."""
    fields = dict(HEADER.findall(text))
    if not text.startswith(TITLE) or len(fields) != 3:
        return None
    return Header(fields["python"], fields["platform"], fields["spec"])


def parse(text: str, file: str, interpreter: Interpreter) -> list[Locked]:
    """Read the packages of a lock, of ours or of another tool, that this interpreter needs.

    Raises:
        EnvironmentFailure: A line does not lock its package.
    """
    built = {line.removeprefix(BUILT) for line in text.splitlines() if line.startswith(BUILT)}
    lines = [line for line in logical_lines(text, file) if not line.text.startswith("--")]
    locked = [_locked(line, interpreter) for line in lines]
    return sorted(
        package._replace(built=package.name in built) for package in locked if package is not None
    )


def is_lock(lines: Sequence[Line]) -> bool:
    """Tell whether requirements leave nothing open: each one pinned, with a hash."""
    return bool(lines) and all(
        PINNED.fullmatch(without_hashes(line.text)) and hashes(line.text) for line in lines
    )


def env_id(
    packages: Iterable[Locked], interpreter: Interpreter, local: Mapping[str, str], kind: str
) -> str:
    """Identify a resolved set; `local` gives the content digests of local projects by source."""
    resolved = sorted(
        [
            package.name,
            package.version or package.source,
            [local[package.source]] if package.is_local_project else sorted(package.hashes),
        ]
        for package in packages
    )
    return digest_of([kind, interpreter.platform, interpreter.identity, resolved])


def check_answers(packages: Sequence[Locked], asked: Sequence[Line], lock: str) -> None:
    """Refuse a lock of another tool that does not hold what is asked for.

    Raises:
        EnvironmentFailure: A package is missing or of another version: all of them.
    """
    from packaging.requirements import (  # noqa: PLC0415  # not for a warm environment
        InvalidRequirement,
        Requirement,
    )

    versions = {package.name: package for package in packages}
    wrong = []
    for line in asked:
        if local_path(line.text):
            continue
        try:
            requirement = Requirement(without_hashes(line.text))
        except InvalidRequirement:
            continue
        found = versions.get(normalized(requirement.name))
        if found is None:
            answered = requirement.marker is not None
        else:
            version = found.version
            answered = not version or requirement.specifier.contains(version, prereleases=True)
        if not answered:
            wrong.append(f"  {line.file}:{line.number}: {line.text}")
    if wrong:
        raise EnvironmentFailure(
            f"{lock} does not lock what is asked for:\n" + "\n".join(wrong),
            hint=f"make {lock} again, or remove it to let runner lock",
        )


def _locked(line: Line, interpreter: Interpreter) -> Locked | None:
    bare = without_hashes(line.text)
    found = PINNED.fullmatch(bare)
    allowed = hashes(line.text)
    source = (found["source"] or "") if found else ""
    if found is None or not (allowed or source.startswith(".") or "git+" in source):
        raise EnvironmentFailure(
            f"{line.file}:{line.number}: not locked: {bare}",
            hint="a lock pins every package with == and --hash",
        )
    if found["marker"] and not _applies(found["marker"], interpreter):
        return None
    return Locked(normalized(found["name"]), found["version"] or "", allowed, source)


def _applies(marker: str, interpreter: Interpreter) -> bool:
    from packaging.markers import (  # noqa: PLC0415  # only locks for several platforms have them
        InvalidMarker,
        Marker,
    )

    here = {
        "python_full_version": interpreter.version,
        "python_version": ".".join(interpreter.version.split(".")[:2]),
        "implementation_name": interpreter.implementation,
        "platform_python_implementation": {"cpython": "CPython", "pypy": "PyPy"}.get(
            interpreter.implementation, interpreter.implementation
        ),
    }
    try:
        return Marker(marker).evaluate(here)
    except InvalidMarker as error:
        raise EnvironmentFailure(f"not a marker: {marker}") from error
