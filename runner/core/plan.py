"""Decide what a step needs, and say why.

A decision is a pure function of the step's components, of what was last recorded for it, of
what lies in its place now and of what the run cache remembers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from runner.core.fingerprint import Components
    from runner.core.model import Step

Action = Literal["run", "restore", "up-to-date", "maybe"]


class Reason(NamedTuple):
    """Why a step is not up to date. `kind` is one of INTERFACE's reason kinds."""

    kind: str
    what: str = ""
    old: object = None
    new: object = None


class Decision(NamedTuple):
    """What a step needs: `maybe` waits for an upstream step's outputs to be known.

    `outputs` maps the outs to the md5s that a restore brings back, or that are there.
    """

    step: str
    action: Action
    reasons: tuple[Reason, ...] = ()
    step_key: str = ""
    outputs: Mapping[str, str] = {}

    @property
    def word(self) -> str:
        """The word users see: run, up-to-date or maybe (a restore runs no command)."""
        return "up-to-date" if self.action == "restore" else self.action


class Remembered(Protocol):
    """What was last recorded for a step's name; its components are read only when asked for."""

    @property
    def step_key(self) -> str:
        """The key it had."""

    @property
    def components(self) -> Mapping[str, Any]:
        """What the key was made from."""

    @property
    def outputs(self) -> Mapping[str, str]:
        """The md5 of each out."""


NEVER_RUN = Reason("never-run")
NO_FINGERPRINT = Reason("no-fingerprint", "it declares neither deps nor outs")


def always_runs(step: Step) -> bool:
    """Tell whether a step has nothing to be up to date with (MLflow's meaning)."""
    return not step.deps and not step.outs and step.command is not None


def decide(  # each is one fact of the decision
    step: Step,
    *,
    step_key: str,
    parts: Components,
    last: Remembered | None,
    there: Mapping[str, str | None],
    result: Mapping[str, str] | None,
    restorable: bool,
    forced: bool,
) -> Decision:
    """Decide one step whose inputs are all known.

    Args:
        step: the step.
        step_key: its key now.
        parts: what the key was made from.
        last: what was last recorded under its name.
        there: its outs as they lie in the project, md5 or None.
        result: what a run with this very key gave (run cache or last record), or None.
        restorable: whether every cached out of `result` can be brought back.
        forced: run it whatever is known.
    """
    if always_runs(step):
        return Decision(step.name, "run", (NO_FINGERPRINT,), step_key)
    if forced:
        return Decision(step.name, "run", (Reason("forced"),), step_key)
    if result is None:
        reasons = tuple(changes(last, parts)) if last else (NEVER_RUN,)
        return Decision(step.name, "run", reasons or (_lost(last),), step_key)
    lost = tuple(output_changes(result, there))
    if not lost:
        return Decision(step.name, "up-to-date", (), step_key, result)
    return Decision(step.name, "restore" if restorable else "run", lost, step_key, result)


def _lost(last: Remembered | None) -> Reason:
    """Say why a step runs although nothing that it is made from differs."""
    if last is not None and not last.step_key:
        return Reason("no-fingerprint", "its inputs changed while it last ran")
    return Reason("no-fingerprint", "its last result is not known any more")


def output_changes(result: Mapping[str, str], there: Mapping[str, str | None]) -> Iterable[Reason]:
    """Name each out that is missing, or is not what the result was."""
    for path, md5 in result.items():
        found = there.get(path)
        if found is None:
            yield Reason("output-missing", path, md5, None)
        elif found != md5:
            yield Reason("output-changed", path, md5, found)


def changes(last: Remembered, parts: Components) -> Iterable[Reason]:
    """Name each component that differs from the last record, old and new."""
    old = last.components
    if old.get("command") != parts["command"]:
        yield Reason("command", "", old.get("command"), parts["command"])
    yield from _differences("parameter", old.get("parameters", {}), parts["parameters"])
    yield from _differences("dep", old.get("deps", {}), parts["deps"])
    yield from _differences("parameter", old.get("params", {}), parts["params"])
    if old.get("environment") != parts["environment"]:
        yield Reason("environment", "", old.get("environment"), parts["environment"])
    yield from _differences("variable", old.get("variables", {}), parts["variables"])
    if old.get("code") != parts["code"]:
        yield Reason("code", "the project's code", old.get("code"), parts["code"])
    for what, name in (("declared outs", "outs"), ("shell", "shell"), ("secrets", "secrets")):
        if old.get(name) != parts.get(name):
            yield Reason("command", what, old.get(name), parts.get(name))


def _differences(
    kind: str, old: Mapping[str, object], new: Mapping[str, object]
) -> Iterable[Reason]:
    for what in sorted(old.keys() | new.keys()):
        before, after = old.get(what), new.get(what)
        if _differ(before, after) or (what in old) != (what in new):
            yield Reason(kind, what, before, after)


def gathers(step: Step, pending: Iterable[str]) -> Decision:
    """Decide a step without a command: there is nothing to run, only something to wait for."""
    reasons = tuple(Reason("upstream", name) for name in pending)
    return Decision(step.name, "maybe" if reasons else "up-to-date", reasons)


def _differ(before: object, after: object) -> bool:
    """Tell values apart as the fingerprint does: 1, 1.0 and True are three values."""
    return before != after or type(before) is not type(after)


def waits_for(step: Step, upstream: Iterable[str], known: Iterable[Reason]) -> Decision:
    """Forecast a step some of whose upstream steps run first.

    What is known already (a changed command, say) makes it run for sure; else it runs if an
    upstream output comes out changed.
    """
    certain = tuple(known)
    pending = tuple(Reason("upstream", name) for name in upstream)
    return Decision(step.name, "run" if certain else "maybe", certain + pending)
