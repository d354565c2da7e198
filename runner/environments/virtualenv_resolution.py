"""From a specification to an env_id: which interpreter, which lock, which packages."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from runner.core.canonical import digest as digest_of
from runner.environments import virtualenv_local
from runner.environments.home import write_once
from runner.environments.virtualenv_lock import (
    Locked,
    check_answers,
    env_id,
    header,
    is_lock,
    parse,
    render,
)
from runner.environments.virtualenv_memory import (
    INDEX_VARIABLES,
    Resolution,
    remember,
    signature,
    text_digest,
)
from runner.environments.virtualenv_python import choose
from runner.environments.virtualenv_requirements import (
    Line,
    hashes,
    limited_content,
    local_path,
    without_credentials,
    without_hashes,
)
from runner.environments.virtualenv_resolve import resolve
from runner.environments.virtualenv_spec import read_specification
from runner.errors import EnvironmentFailure

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from runner.core.model import EnvironmentSpec
    from runner.environments.interpreters import Interpreter

KIND = "virtualenv"
UV_SETTINGS = ("uv.toml", "pyproject.toml")


def resolution_of(
    spec: EnvironmentSpec, folder: Path, home: Path, progress: Callable[[str], None]
) -> Resolution:
    """Settle everything a specification leaves open, and remember it.

    A lock committed beside the specification is used as it is; else the one made here before;
    else one is made now.

    Raises:
        EnvironmentFailure: A file is wrong, there is no such Python, nothing satisfies the
            requirements, or an index cannot be reached.
    """
    return _Settling(spec, folder, home, progress).resolution()


class _Settling:
    """One specification while its open questions are settled one after the other."""

    def __init__(
        self, spec: EnvironmentSpec, folder: Path, home: Path, progress: Callable[[str], None]
    ) -> None:
        self._spec = spec
        self._folder = folder
        self._home = home
        self._progress = progress
        self._specification = read_specification(spec, folder)
        self._asked = self._specification.requirements.asked
        # Taken before they are read, so that an edit in between is seen the next time.
        watched = [*self._lock_places(), *(folder / name for name in UV_SETTINGS)]
        read = self._specification.requirements.texts
        self._texts = {**{str(path): text_digest(path) for path in watched}, **read}
        self._signatures = {place: signature(place) for place in map(self._place, self._local())}
        self._digest = self._spec_digest()

    def resolution(self) -> Resolution:
        interpreter, committed = self._interpreter()
        lock, packages = self._packages(interpreter, committed)
        local = {
            package.source: virtualenv_local.digest(self._place(package.source))
            for package in packages
            if package.is_local_project
        }
        for place in (interpreter.path, *map(self._place, local)):
            self._signatures.setdefault(place, signature(place))
        resolution = Resolution(
            env_id(packages, interpreter, local, KIND),
            interpreter,
            lock,
            all(package.is_exact for package in packages),
            local,
        )
        remember(
            self._home,
            self._spec,
            self._folder,
            resolution,
            texts=self._texts,
            signatures=self._signatures,
        )
        return resolution

    def _interpreter(self) -> tuple[Interpreter, Path | None]:
        """Choose the Python, and the committed lock if there is one that holds for it."""
        committed = next((path for path in self._lock_places() if path.is_file()), None)
        origin = header(committed.read_text("utf-8")) if committed else None
        current = origin is not None and origin.spec == self._digest
        interpreter = choose(
            self._specification.python,
            home=self._home,
            preferred=origin.python.partition(" ")[2] if origin and current else "",
            downloads=bool(self._spec.settings.get("python_downloads")),
        )
        if committed and origin and not origin.fits(interpreter, self._digest):
            why = (
                f"is for {origin.python} on {origin.platform}"
                if current
                else f"was made before {self._specification.file} changed"
            )
            self._progress(f"{committed.name} {why}: locking again")
            return interpreter, None
        return interpreter, committed

    def _packages(
        self, interpreter: Interpreter, committed: Path | None
    ) -> tuple[Path, list[Locked]]:
        """Give the lock and its packages: the committed one, else ours, else a new one."""
        source = limited_content(committed).decode("utf-8", "replace") if committed else ""
        lock = self._kept_lock(interpreter, source)
        if lock.is_file():
            return lock, parse(lock.read_text("utf-8"), lock.name, interpreter)
        if committed:
            packages = parse(source, committed.name, interpreter)
            if header(source) is None:
                check_answers(packages, self._asked, committed.name)
        elif is_lock(self._asked):
            text = "\n".join(line.text for line in self._asked)
            packages = parse(text, self._specification.file, interpreter)
        else:
            packages = resolve(
                self._specification,
                interpreter,
                self._folder,
                home=self._home,
                exclude_newer=str(self._spec.settings.get("exclude_newer") or ""),
                progress=self._progress,
            )
        # Of two that lock at once, both keep to what the first one found.
        text = write_once(lock, render(packages, interpreter, self._digest))
        return lock, parse(text, lock.name, interpreter)

    def _kept_lock(self, interpreter: Interpreter, committed: str) -> Path:
        indexes = [without_credentials(os.environ.get(name, "")) for name in INDEX_VARIABLES]
        made_for = [interpreter.identity, interpreter.platform]
        key = digest_of([self._digest, *made_for, committed or indexes])
        return self._home / "locks" / f"{key}.txt"

    def _lock_places(self) -> list[Path]:
        """List where a lock may be committed; the first that is there counts."""
        named = self._spec.settings.get("lock")
        if named:
            path = self._folder / str(named)
            if not path.is_file():
                raise EnvironmentFailure(
                    f"the environment {self._spec.name} is locked by {named}, which is not there"
                )
            return [path]
        beside = (self._folder / self._specification.file).with_suffix(".lock")
        return [self._folder / "env.lock" / f"{self._spec.name}.lock", beside]

    def _place(self, source: str) -> str:
        return str(self._folder / source)

    def _local(self) -> list[str]:
        paths = {local_path(line.text) for line in self._asked}
        return sorted(path for path in paths if path and (self._folder / path).is_dir())

    def _spec_digest(self) -> str:
        """Identify what is asked for: comments, order and repetition do not count."""
        requirements = self._specification.requirements
        return digest_of(
            [
                self._specification.python,
                sorted({_normal(line) for line in self._asked}),
                sorted({_normal(line) for line in requirements.constraints}),
                [_normal(line) for line in requirements.options],
                str(self._spec.settings.get("exclude_newer") or ""),
                [virtualenv_local.metadata_digest(self._place(each)) for each in self._local()],
                self._uv_settings(),
            ]
        )

    def _uv_settings(self) -> list[str]:
        """Give the project's own settings for uv, which take part in a resolution."""
        import tomllib  # noqa: PLC0415  # read only when a file changed

        told = []
        for name in UV_SETTINGS:
            path = self._folder / name
            try:
                document = tomllib.loads(path.read_text("utf-8"))
            except FileNotFoundError:
                continue
            except (ValueError, OSError) as error:
                raise EnvironmentFailure(f"{name}: {error}") from error
            if name == "pyproject.toml":
                document = document.get("tool", {}).get("uv", {})
            told.append(repr(sorted(document.items())))
        return told


def _normal(line: Line) -> str:
    bare = without_credentials(without_hashes(line.text))
    return " ".join((bare, *hashes(line.text)))
