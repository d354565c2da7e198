"""Install a virtualenv at the place its env_id names, completely or not at all."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING, NamedTuple

from runner.core.spelling import listed
from runner.environments import virtualenv_local, virtualenv_state
from runner.environments.virtualenv_lock import parse
from runner.environments.virtualenv_uv import Uv, failure
from runner.errors import EnvironmentFailure, RunnerError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from runner.environments.virtualenv_lock import Locked
    from runner.environments.virtualenv_memory import Resolution
    from runner.environments.virtualenv_state import State, Survey

REQUIREMENTS = ".requirements.txt"
COPIES = ".sources"


class Installation(NamedTuple):
    """What is to be installed, and where.

    `prefix` is the final place: a virtualenv cannot be moved. `holding` is the locked file that
    keeps others away; uv inherits it, so that the lock outlives us as long as uv still writes.
    `document` is the environment's entry in the record, still without what is installed.
    """

    name: str
    folder: Path
    prefix: Path
    home: Path
    holding: int
    resolution: Resolution
    document: dict[str, object]

    def install(self, progress: Callable[[str], None]) -> State:
        """Install everything, check every file against its RECORD, and write the state.

        Raises:
            EnvironmentFailure: A package could not be had, or is not what was locked. Nothing
                is left behind.
        """
        lock = self.resolution.lock
        packages = parse(lock.read_text("utf-8"), lock.name, self.resolution.interpreter)
        progress(f"installing {len(packages)} packages for {self.name}")
        try:
            survey, wrong = self._attempt(packages)
            if wrong:
                progress(f"{listed(wrong, 3)}: the package cache is damaged, fetching again")
                self._uv(["cache", "clean", *(each.name for each in packages)], "clean the cache")
                survey, wrong = self._attempt(packages)
            if wrong:
                raise EnvironmentFailure(
                    f"{self.name}: installed files are not what their packages say: "
                    + listed(wrong, 5),
                    hint="the packages themselves are damaged: check where the index gets them",
                )
            return self._finished(packages, survey)
        except RunnerError:
            discard(self.prefix)
            raise

    def _attempt(self, packages: Sequence[Locked]) -> tuple[Survey, list[str]]:
        """Install from nothing; give what is there, and the files that their RECORD denies."""
        discard(self.prefix)
        self.prefix.parent.mkdir(parents=True, exist_ok=True)
        python = self.resolution.interpreter.path
        self._uv(["venv", "--no-project", "--python", python, str(self.prefix)], "create it")
        hashed = [package for package in packages if package.hashes]
        if hashed:
            self._sync(hashed)
        for package in packages:
            if not package.hashes:
                self._build(package)
        shutil.rmtree(self.prefix / COPIES, ignore_errors=True)
        (self.prefix / REQUIREMENTS).unlink(missing_ok=True)
        survey = virtualenv_state.survey(self.prefix)
        return survey, virtualenv_state.changes(self.prefix, survey)

    def _sync(self, packages: Sequence[Locked]) -> None:
        """Install exactly what is locked, from the cache if it holds all of it."""
        requirements = self.prefix / REQUIREMENTS
        lines = [
            " --hash=".join((f"{package.name}{self._pin(package)}", *package.hashes))
            for package in packages
        ]
        requirements.write_text("\n".join(lines) + "\n", "utf-8")
        arguments = ["pip", "sync", "--require-hashes", "--python", self._python]
        arguments.append(str(requirements))
        uv = Uv(self.home)
        # Asking the index again whether a locked file is still the same costs ten times as much.
        if uv.attempt([*arguments, "--offline"], holding=self.holding, folder=self.folder).code:
            output = uv.attempt(arguments, holding=self.holding, folder=self.folder)
            if output.code != 0:
                raise failure(output, f"install the environment {self.name}")

    def _build(self, package: Locked) -> None:
        """Install a commit of a repository, or a copy of a local project's files."""
        source = f"{package.name} @ {package.source}"
        if package.is_local_project:
            copy = self.prefix / COPIES / package.name
            virtualenv_local.copy(str(self.folder / package.source), copy)
            source = str(copy)
        arguments = ["pip", "install", "--no-deps", "--python", self._python]
        # uv takes a project for unchanged as long as its pyproject.toml is.
        arguments += ["--reinstall-package", package.name, source]
        self._uv(arguments, f"install {package.name} from {package.source}")

    def _finished(self, packages: Sequence[Locked], survey: Survey) -> State:
        # A lock for several platforms does not say which of its files was the one.
        single = {each.name: each.hashes[0] for each in packages if len(each.hashes) == 1}
        documented = [
            {"name": name, "version": version}
            | ({"hashes": [single[name]]} if name in single else {})
            for name, version in virtualenv_state.packages(self.prefix)
        ]
        state = virtualenv_state.State(
            self.resolution.env_id,
            {**self.document, "packages": documented},
            virtualenv_state.signature(self.prefix),
            *survey,
            time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),
        )
        virtualenv_state.save(self.prefix, state)
        return state

    @property
    def _python(self) -> str:
        return str(self.prefix / "bin" / "python")

    def _pin(self, package: Locked) -> str:
        if not package.source:
            return f"=={package.version}"
        if package.source.startswith("."):
            return f" @ {(self.folder / package.source).resolve().as_uri()}"
        return f" @ {package.source}"

    def _uv(self, arguments: list[str], doing: str) -> None:
        doing = f"install the environment {self.name}: {doing}"
        Uv(self.home).run(arguments, doing=doing, folder=self.folder, holding=self.holding)


def discard(prefix: Path) -> None:
    """Remove an environment, the state first: half removed, it is none.

    Raises:
        EnvironmentFailure: It cannot be removed.
    """
    try:
        (prefix / virtualenv_state.STATE).unlink(missing_ok=True)
        if prefix.exists():
            shutil.rmtree(prefix)
    except OSError as error:
        raise EnvironmentFailure(
            f"cannot remove {prefix}: {error.strerror}", hint=f"rm -rf {prefix}"
        ) from error
