"""One entry of `entry_points:`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from runner.core.command import Template, compile_template
from runner.core.mlproject import file_paths, parameters
from runner.core.mlproject.environments import variables
from runner.core.mlproject.quantities import bytes_of, seconds
from runner.core.mlproject.wording import meant, quoted
from runner.core.mlproject.yaml_values import Path, YamlList, YamlMap
from runner.core.model import Dep, EntryPoint, Out, Resources

if TYPE_CHECKING:
    from runner.core.mlproject.findings import Findings

MLFLOWS = frozenset(("parameters", "command"))
OURS = frozenset(
    (
        *("deps", "outs", "metrics", "plots", "needs", "matrix", "environment", "env", "secrets"),
        *("resources", "timeout", "retries", "desc"),
    )
)
EXCERPT = 20
_OUT_KINDS = {"outs": "out", "metrics": "metric", "plots": "plot"}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]|^$")
_NOT_IN_STEP_NAMES = re.compile(r"[/@:\s]|^-")


class Surroundings(NamedTuple):
    """What an entry point can refer to."""

    entry_points: tuple[str, ...]
    environments: tuple[str, ...]
    file: str
    findings: Findings


def uses_ours(document: YamlMap | None) -> bool:
    """Tell whether an entry point has a key that MLflow does not know."""
    return isinstance(document, dict) and not OURS.isdisjoint(document)


def read(name: str, document: YamlMap, around: Surroundings) -> EntryPoint:
    """Give the entry point; whatever is wrong with it goes to the findings."""
    return _Reader(name, document, around).read()


class _Reader:
    """Reads one entry point; `known` are the names that may stand in braces."""

    def __init__(self, name: str, document: YamlMap, around: Surroundings) -> None:
        self.name = name
        self.document = document
        self.around = around
        self.findings = around.findings
        self.path: Path = ("entry_points", name)
        self.ours = uses_ours(document)
        names = (*(document.get("parameters") or ()), *(document.get("matrix") or ()))
        self.known = frozenset(names)

    def read(self) -> EntryPoint:
        document = self.document
        self.check_name()
        declared = parameters.read(
            document.get("parameters"), self.at("parameters"), self.findings, lenient=not self.ours
        )
        matrix = parameters.read_matrix(
            document.get("matrix"), declared, self.at("matrix"), self.findings
        )
        timeout = document.get("timeout")
        return EntryPoint(
            self.name,
            self.command(),
            declared,
            self.deps(),
            self.outs(frozenset(key for key, values in matrix if len(values) > 1)),
            self.needs(),
            matrix,
            self.environment(),
            variables(document.get("env")),
            self.secrets(),
            _resources(document.get("resources")),
            None if timeout is None else seconds(timeout),
            int(document.get("retries") or 0),
            document.get("desc") or "",
        )

    def at(self, *parts: str | int) -> Path:
        return (*self.path, *parts)

    def check_name(self) -> None:
        wrong = _CONTROL.search(self.name) or (self.ours and _NOT_IN_STEP_NAMES.search(self.name))
        if wrong:
            self.findings.error(
                f"{quoted(self.name)} cannot be the name of an entry point",
                self.path,
                hint="use letters, digits, `.`, `_` and `-`",
                at_key=True,
            )

    def command(self) -> str | None:
        command: str | None = self.document.get("command")
        if command is not None and command.strip():
            self.template(command, self.at("command"))
            return command
        if "command" not in self.document or command is not None:
            self.check_gathers()
        return None

    def check_gathers(self) -> None:
        if "command" not in self.document and self.document.get("needs"):
            outs = [key for key in _OUT_KINDS if self.document.get(key)]
            if not outs:
                return
            message = f"{quoted(self.name)} has {outs[0]}, but no command that writes them"
        else:
            message = f"{quoted(self.name)} has no command"
        slip = next((key for key in self.document if self.means_command(key)), "")
        hint = f"is `{slip}:` meant to be `command:`?" if slip else "add `command:`"
        self.findings.error(message, self.path, hint=hint)

    def means_command(self, key: str) -> bool:
        unknown = key not in OURS | MLFLOWS
        return unknown and meant(key, OURS | MLFLOWS) == "command"

    def template(self, text: str, path: Path) -> Template:
        template = compile_template(text, self.known)
        for problem in template.problems:
            line = text.split("\n")[problem.line - 1]
            start = max(0, problem.column - 1 - EXCERPT)
            excerpt = line[start : problem.column + EXCERPT], problem.column - 1 - start
            self.findings.error(problem.message, path, hint=problem.hint, excerpt=excerpt)
        return template

    def deps(self) -> tuple[Dep, ...]:
        found: dict[Dep, None] = {}
        for index, entry in enumerate(self.document.get("deps") or ()):
            here = self.at("deps", index)
            text = entry.get("params") if isinstance(entry, YamlMap) else entry
            if not isinstance(text, str):
                continue
            dep = Dep(self.tidy(text, "dep", here))
            if isinstance(entry, YamlMap):
                dep = dep._replace(keys=_texts(entry.get("keys")))
            if dep in found:
                message = f"dep {quoted(text)} stands twice in this list"
                self.findings.warn(message, here, hint="keep one")
            found[dep] = None
        return tuple(found)

    def outs(self, varying: frozenset[str]) -> tuple[Out, ...]:
        found: dict[str, Out] = {}
        for key, entries in self.document.items():
            if key not in _OUT_KINDS:
                continue
            for index, entry in enumerate(entries or ()):
                here = self.at(key, index)
                text = entry.get("path") if isinstance(entry, YamlMap) else entry
                if isinstance(text, str):
                    self.add_out(found, _out(text, _OUT_KINDS[key], entry), here, varying)
        return tuple(found.values())

    def add_out(self, found: dict[str, Out], out: Out, here: Path, varying: frozenset[str]) -> None:
        tidy = self.tidy(out.path, "out", here)
        if tidy in found:
            message = f"{quoted(out.path)} is written twice by {quoted(self.name)}"
            self.findings.error(message, here, hint="keep one")
        lacking = sorted(varying.difference(compile_template(out.path, self.known).names))
        if lacking:
            braces = ", ".join(f"{{{name}}}" for name in lacking)
            message = f"{quoted(out.path)} is the same for several steps of the matrix"
            self.findings.error(message, here, hint=f"put {braces} into the path")
        found[tidy] = out._replace(path=tidy)

    def tidy(self, text: str, kind: str, path: Path) -> str:
        template = self.template(text, path)
        if template.problems:
            return text
        checked = file_paths.check(text, template, kind, self.around.file)
        if checked.trouble:
            message = f"{kind} {quoted(text)} {checked.trouble}"
            self.findings.error(message, path, hint=checked.hint)
        return checked.path

    def needs(self) -> tuple[str, ...]:
        needs = _texts(self.document.get("needs"))
        for index, need in enumerate(self.document.get("needs") or ()):
            if need == self.name:
                message = f"{quoted(need)} needs itself"
                self.findings.error(message, self.at("needs", index), hint="remove it")
            elif need is not None and need not in self.around.entry_points:
                self.findings.error(
                    f"there is no entry point {quoted(need)}",
                    self.at("needs", index),
                    word=need,
                    known=self.around.entry_points,
                )
        return tuple(dict.fromkeys(needs))

    def environment(self) -> str | None:
        name: str | None = self.document.get("environment")
        if name is not None and name not in self.around.environments:
            self.findings.error(
                f"there is no environment {quoted(name)}",
                self.at("environment"),
                hint="declare it under `environments:`",
                word=name,
                known=self.around.environments,
            )
        return name

    def secrets(self) -> tuple[str, ...]:
        return read_secrets(self.document, self.path, self.findings)


def read_secrets(document: YamlMap, path: Path, findings: Findings) -> tuple[str, ...]:
    """Read `secrets:`; a name that `env:` beside it has too is an error."""
    secrets = _texts(document.get("secrets"))
    open_names = {variable.name for variable in variables(document.get("env"))}
    for index, name in enumerate(document.get("secrets") or ()):
        if name in open_names:
            findings.error(
                f"{quoted(name)} is a secret here and recorded with its value under `env:`",
                (*path, "secrets", index),
                hint="keep one of them",
            )
    return tuple(dict.fromkeys(secrets))


def _texts(entries: YamlList | None) -> tuple[str, ...]:
    return tuple(entry for entry in entries or () if entry is not None)


def _out(text: str, kind: str, entry: YamlMap | str) -> Out:
    if isinstance(entry, str):
        return Out(text, kind)
    given = {key: value for key, value in entry.items() if key in Out._fields and value is not None}
    return Out(**{**given, "path": text, "kind": kind})


def _resources(document: YamlMap | None) -> Resources:
    if not document:
        return Resources()
    memory = document.get("memory")
    return Resources(
        float(document.get("cpus") or 1),
        0 if memory is None else bytes_of(memory),
        int(document.get("gpus") or 0),
    )
