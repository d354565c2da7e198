"""The values everything else speaks of: a project, its entry points, steps and versions.

All of them are immutable, and all paths in them are POSIX and relative to the project's folder.
They are named tuples because a run makes thousands of them before its first step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

Value = str | float | int | bool

PARAMETER_TYPES = ("string", "float", "int", "bool", "path", "uri", "choice")
SYSTEM = "system"


class Parameter(NamedTuple):
    """A declared parameter. Without a default (None) the caller has to give its value.

    `type` is one of PARAMETER_TYPES; an unknown word of a file that uses nothing of ours is
    kept as `string`, as MLflow does.
    """

    name: str
    type: str = "string"
    default: Value | None = None
    choices: tuple[Value, ...] = ()


class Dep(NamedTuple):
    """A file or folder that a step reads.

    `keys` is None for a plain path; otherwise the path is a parameters file of which only the
    dotted keys count (an empty tuple: all of it).
    """

    path: str
    keys: tuple[str, ...] | None = None


class Out(NamedTuple):
    """A file or folder that a step writes. `kind` is `out`, `metric` or `plot`.

    `compare` is `bytes`, or `none` with its `reason`; `rtol` and `atol` are the relative and
    absolute tolerance within which a rerun counts as equal.
    """

    path: str
    kind: str = "out"
    cache: bool = True
    persist: bool = False
    push: bool = True
    compare: str = "bytes"
    reason: str = ""
    rtol: float | None = None
    atol: float | None = None
    desc: str = ""


class Resources(NamedTuple):
    """What a step needs of the machine: cores, bytes of memory (0: not said), GPUs."""

    cpus: float = 1.0
    memory: int = 0
    gpus: int = 0


class Variable(NamedTuple):
    """An environment variable a step gets. Without a value it is copied from the caller."""

    name: str
    value: str | None = None


class EnvironmentSpec(NamedTuple):
    """What an environment is made from.

    `kind` is system, virtualenv, conda or docker, `file` the python_env or conda file it is read
    from, and `settings` the rest of its mapping in the file (docker: image, build, volumes …).
    """

    name: str
    kind: str = SYSTEM
    file: str | None = None
    settings: Mapping[str, object] = {}


class EntryPoint(NamedTuple):
    """One entry of `entry_points`. Paths and command may still hold `{placeholders}`.

    `command` is None for an entry point that only gathers its `needs`. `outs` holds outs,
    metrics and plots in the order of the file. `environment` names one of the project's
    environments (None: the project's default). `timeout` is in seconds.
    """

    name: str
    command: str | None = None
    parameters: tuple[Parameter, ...] = ()
    deps: tuple[Dep, ...] = ()
    outs: tuple[Out, ...] = ()
    needs: tuple[str, ...] = ()
    matrix: tuple[tuple[str, tuple[Value, ...]], ...] = ()
    environment: str | None = None
    variables: tuple[Variable, ...] = ()
    secrets: tuple[str, ...] = ()
    resources: Resources = Resources()
    timeout: float | None = None
    retries: int = 0
    desc: str = ""
    line: int = 0


class Project(NamedTuple):
    """A validated project file.

    `environments` always holds the default one under `default_environment`. `variables` and
    `secrets` are those every step gets. `settings` is the `runner:` section.
    """

    name: str
    entry_points: Mapping[str, EntryPoint]
    environments: Mapping[str, EnvironmentSpec]
    default_environment: str = SYSTEM
    variables: tuple[Variable, ...] = ()
    secrets: tuple[str, ...] = ()
    settings: Mapping[str, Value] = {}
    file: str = "MLproject"


class BoundParameter(NamedTuple):
    """A parameter's plain value; `source` is default, command-line, file or matrix."""

    value: Value
    type: str
    source: str


class Step(NamedTuple):
    """An entry point bound to parameter values: a node of the graph.

    `template` is the command as the file has it, `command` the rendered one that a shell runs,
    and `shown_command` the same without absolute paths, as records keep it. `needs` names steps.
    """

    name: str
    entry_point: str
    template: str | None
    command: str | None
    shown_command: str | None
    parameters: Mapping[str, BoundParameter]
    deps: tuple[Dep, ...]
    outs: tuple[Out, ...]
    needs: tuple[str, ...]
    environment: str
    variables: tuple[Variable, ...]
    secrets: tuple[str, ...]
    resources: Resources
    timeout: float | None
    retries: int


class DataVersion(NamedTuple):
    """What a path holds, as DVC identifies it.

    `md5` is DVC's hash of the file, or of the folder with `.dir` at its end; `size` is in bytes;
    `nfiles` counts the files of a folder (None for a file); `kind` is dvc, git, file or out:
    who keeps this content.
    """

    path: str
    md5: str
    size: int
    nfiles: int | None = None
    kind: str = "file"


class Revision(NamedTuple):
    """Which code it is.

    `state` is clean, snapshot (a dirty tree kept as a hidden commit) or nogit. `commit` is the
    commit that holds exactly this code: HEAD when clean, else the snapshot; empty without git.
    `base_commit` is HEAD. `tree` identifies the code without declared outs: it is what a
    plan_id is made from, and it survives amend, rebase and squash.
    """

    state: str
    commit: str = ""
    tree: str = ""
    snapshot: str | None = None
    base_commit: str = ""
    branch: str = ""
    repo_url: str = ""
    root: str = "."
    warnings: tuple[str, ...] = ()
