"""What identifies a step, a run's question and a run's answer.

`step_key`: would this step, run again, be the same question? Its components are kept beside it,
so that a later run can say what changed. `plan_id`: the same for a whole run. `result_id`: the
answer. Never part of any of them: host, user, times, absolute paths, threads (DESIGN section 5;
Bazel keeps the same circumstances out of its action digest).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from runner.core.canonical import digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from runner.core.model import DataVersion, Step

VERSION = 1


class Components(TypedDict):
    """What a step_key is made from.

    `deps` maps a path to its md5, `params` a `file:key` to its value, `code` is the stand-in for
    undeclared code (None when code is declared), `shell` the one that the settings name, `secrets`
    the names of those it gets, `outs` the declared paths.
    """

    version: int
    command: str | None
    parameters: Mapping[str, object]
    deps: Mapping[str, str]
    params: Mapping[str, object]
    environment: str
    variables: Mapping[str, str]
    code: str | None
    shell: str | None
    secrets: list[str]
    outs: list[str]


def components(
    step: Step,
    *,
    deps: Mapping[str, str],
    params: Mapping[str, object],
    env_id: str,
    variables: Mapping[str, str],
    code: str | None,
    shell: str | None = None,
) -> Components:
    """Gather what identifies a step; `code` is None where the step declares its code."""
    return {
        "version": VERSION,
        "command": step.template,
        "parameters": {name: bound.value for name, bound in step.parameters.items()},
        "deps": deps,
        "params": params,
        "environment": env_id,
        "variables": variables,
        "code": code,
        "shell": shell,
        "secrets": sorted(step.secrets),
        "outs": sorted(out.path for out in step.outs),
    }


def step_key(parts: Components) -> str:
    """Give the key under which this step's result is remembered."""
    return digest(parts)


def plan_id(
    targets: Iterable[str],
    questions: Iterable[tuple[Step, str, Mapping[str, str]]],
    *,
    code: str,
    inputs: Mapping[str, str],
) -> str:
    """Identify a run's question.

    `questions` gives each step with its env_id and its variables; `code` is the tree of the
    whole code; `inputs` maps each external input to its md5.
    """
    steps = [
        (
            step.name,
            step.template,
            {name: bound.value for name, bound in step.parameters.items()},
            [dep.path for dep in step.deps],
            [out.path for out in step.outs],
            env_id,
            variables,
        )
        for step, env_id, variables in questions
    ]
    return digest([VERSION, list(targets), steps, code, inputs])


def result_id(outputs: Mapping[str, str]) -> str:
    """Identify a run's answer: every output's path and md5."""
    return digest(sorted(outputs.items()))


def data_version(versions: Iterable[DataVersion]) -> str:
    """Give the short id of all data a run read from outside; empty when it read none."""
    pairs = sorted((version.path, version.md5) for version in versions if version.kind != "git")
    return digest(pairs)[:16] if pairs else ""
