"""Ask uv which packages satisfy the requirements, and take the one file of each that fits here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from runner.environments.virtualenv_lock import Locked
from runner.environments.virtualenv_requirements import (
    NAME,
    hashes,
    normalized,
    without_credentials,
)
from runner.environments.virtualenv_uv import Uv, failure, unreachable
from runner.errors import EnvironmentFailure

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from runner.environments.interpreters import Interpreter
    from runner.environments.virtualenv_spec import Specification


def resolve(  # what a resolution depends on
    specification: Specification,
    interpreter: Interpreter,
    folder: Path,
    *,
    home: Path,
    exclude_newer: str,
    progress: Callable[[str], None],
) -> list[Locked]:
    """Resolve requirements to a set of packages with hashes.

    Raises:
        EnvironmentFailure: They cannot be satisfied, or the index cannot be reached and uv's
            cache does not hold what is needed, or a hash the user gave does not fit.
    """
    if not specification.lines:
        return []
    uv = Uv(home)
    progress(f"resolving {specification.file}")
    arguments = ["pip", "compile", "--quiet", "--no-header", "--format", "pylock.toml"]
    arguments += ["--python", interpreter.path]
    arguments += ["--exclude-newer", exclude_newer] if exclude_newer else []
    text = "\n".join(line.text for line in specification.lines) + "\n"
    output = uv.attempt([*arguments, "-"], folder=folder, text=text)
    if output.code != 0 and unreachable(output):
        cached = uv.attempt([*arguments, "--offline", "-"], folder=folder, text=text)
        if cached.code == 0:
            progress(
                f"the index could not be reached: {specification.file} is resolved from the cache"
            )
            output = cached
    if output.code != 0:
        raise failure(output, f"resolve {specification.file}")
    return _locked(output.stdout.decode(), specification, interpreter)


def _locked(pylock: str, specification: Specification, interpreter: Interpreter) -> list[Locked]:
    import tomllib  # noqa: PLC0415  # read only when something is locked

    asked = specification.requirements.asked
    binding = {
        normalized(name[0]): hashes(line.text)
        for line in (*asked, *specification.requirements.constraints)
        if hashes(line.text) and (name := NAME.match(line.text))
    }
    ranks = _ranks(interpreter)
    locked = []
    for package in tomllib.loads(pylock).get("packages", []):
        allowed = binding.get(normalized(package["name"]), ())
        found = _package(package, ranks, allowed)
        if allowed and not found.hashes and not found.is_local_project:
            line = next(line for line in asked if hashes(line.text) == allowed)
            raise EnvironmentFailure(
                f"{line.file}:{line.number}: the index has no file of {found.name} "
                f"{found.version} with the given hash",
                hint="check the --hash of this requirement, and where the index gets its files",
            )
        locked.append(found)
    return locked


def _package(package: dict[str, Any], ranks: dict[str, int], allowed: Sequence[str]) -> Locked:
    name, version = normalized(package["name"]), package.get("version", "")
    if "directory" in package:
        return Locked(name, version, (), _relative(package["directory"]["path"]))
    if "vcs" in package:
        vcs = package["vcs"]
        url = without_credentials(str(vcs.get("url") or vcs.get("path")))
        folder = f"#subdirectory={vcs['subdirectory']}" if vcs.get("subdirectory") else ""
        return Locked(name, version, (), f"{vcs['type']}+{url}@{vcs['commit-id']}{folder}")
    if "archive" in package:
        archive = package["archive"]
        source = without_credentials(archive["url"]) if "url" in archive else ""
        source = source or _relative(archive["path"])
        return Locked(name, version, _hashes(_allowed([archive], allowed)), source)
    wheels = _allowed(package.get("wheels", []), allowed)
    sdists = _allowed([package["sdist"]] if "sdist" in package else [], allowed)
    fitting = _fitting(wheels, ranks)
    if sdists and ranks and not fitting:
        return Locked(name, version, _hashes(sdists), built=True)
    return Locked(name, version, _hashes(fitting or [*wheels, *sdists]))


def _allowed(files: list[dict[str, Any]], allowed: Sequence[str]) -> list[dict[str, Any]]:
    """Keep a hash the user gave binding: uv's own lock would hold the index's instead."""
    return [file for file in files if not allowed or set(_hashes([file])) & set(allowed)]


def _fitting(wheels: list[dict[str, Any]], ranks: dict[str, int]) -> list[dict[str, Any]]:
    """Give the wheels of the one file name that suits the interpreter best, if one does."""
    best = min((_rank(_name(wheel), ranks) for wheel in wheels), default=len(ranks))
    return [wheel for wheel in wheels if ranks and _rank(_name(wheel), ranks) == best < len(ranks)]


def _rank(name: str, ranks: dict[str, int]) -> int:
    parts = name.removesuffix(".whl").split("-")[-3:]
    if len(parts) != 3:
        return len(ranks)
    pythons, abis, platforms = (part.split(".") for part in parts)
    tags = [f"{p}-{a}-{m}".lower() for p in pythons for a in abis for m in platforms]
    return min(ranks.get(tag, len(ranks)) for tag in tags)


def _ranks(interpreter: Interpreter) -> dict[str, int]:
    """Order the wheel tags an interpreter takes; empty when only uv knows them."""
    from packaging import tags  # noqa: PLC0415  # only when something is locked

    if interpreter.implementation != "cpython":
        return {}
    numbers = [int(part) for part in interpreter.version.split(".")[:2]]
    platforms = list(tags.platform_tags())
    name = f"cp{numbers[0]}{numbers[1]}"
    every = [
        *tags.cpython_tags(numbers, [interpreter.abi], platforms),
        *tags.compatible_tags(numbers, name, platforms),
    ]
    return {str(tag): rank for rank, tag in reversed(list(enumerate(every)))}


def _name(file: dict[str, Any]) -> str:
    place = str(file.get("name") or file.get("url") or file.get("path"))
    from urllib.parse import unquote  # noqa: PLC0415  # only when something is locked

    return unquote(place.partition("?")[0].partition("#")[0].rpartition("/")[2])


def _hashes(files: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    return tuple(
        sorted({f"{kind}:{value}" for file in files for kind, value in file["hashes"].items()})
    )


def _relative(path: str) -> str:
    return path if re.match(r"\.\.?(/|$)", path) else f"./{path}"
