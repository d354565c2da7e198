"""From a folder and a request to a plan: what every command that looks at steps begins with."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from runner import bootstrap, project_files, settings
from runner.agent.out_places import refuse_leaving
from runner.api import surroundings
from runner.api.tracked_inputs import bring_in, differences
from runner.assessment import Assessment, Circumstances
from runner.core import binding, dag
from runner.core.model import SYSTEM, EnvironmentSpec, Project, Revision
from runner.errors import EnvironmentFailure, Problem, SourceControlError
from runner.ports import silently
from runner.workspace import leftovers, values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from runner.core.binding import Binding
    from runner.core.dag import Dag
    from runner.core.model import Dep
    from runner.core.plan import Decision


class Request(NamedTuple):
    """What a user asks for. `parameters` are the `-P` pairs; None in the others: not said.

    `environment` is `--env-manager` (None: as the project file says); `moved_to` is the
    folder of `-C`, for commands that are shown to be repeated.
    """

    folder: str = "."
    targets: tuple[str, ...] = ()
    parameters: tuple[tuple[str, str], ...] = ()
    force: bool = False
    only: bool = False
    downstream: bool = False
    environment: str | None = None
    flags: Mapping[str, object] = {}
    moved_to: str = ""


class Prepared(NamedTuple):
    """A request that was looked at: the graph, the facts, the decisions.

    `environments` maps the names that steps use to their spec and env_id; `notes` are warnings
    for the user. `outs` are those of the whole project.
    """

    request: Request
    ports: bootstrap.Connections
    project: Project
    bound: Binding
    dag: Dag
    settings: Mapping[str, object]
    revision: Revision
    environments: Mapping[str, tuple[EnvironmentSpec, str]]
    variables: Mapping[str, Mapping[str, str]]
    secrets: Mapping[str, Mapping[str, str]]
    assessment: Assessment
    decisions: dict[str, Decision]
    plan_id: str
    outs: list[str]
    notes: tuple[str, ...]


class Graph(NamedTuple):
    """A project's steps for a request, before any fact is looked at."""

    project: Project
    bound: Binding
    dag: Dag
    problems: tuple[Problem, ...]
    settings: Mapping[str, object]


def graph(request: Request) -> Graph:
    """Read the project file, bind its parameters and build the graph of what is asked for.

    Raises:
        RunnerError: whatever is wrong with the file, the parameters or the graph.
    """
    folder = bootstrap.existing_folder(request.folder)
    strict = bool(settings.resolve(request.flags, {}).get("strict"))
    project, problems = project_files.load(folder, strict=strict)
    chosen_settings = settings.resolve(request.flags, project.settings)
    asked = binding.Request(request.targets, request.parameters, os.getcwd(), folder)
    bound = binding.bind(project, asked)
    whole = dag.build(bound.steps)
    chosen = dag.select(whole, bound.targets, only=request.only, downstream=request.downstream)
    return Graph(project, bound, chosen, problems, chosen_settings)


def prepare(
    request: Request, *, pull: bool = False, say: Callable[[str], None] = silently
) -> Prepared:
    """Look at everything a request needs and decide what to do; writes nothing to the project.

    With `pull`, inputs that DVC tracks and that are missing are brought in first. `say` hears of
    what may take its time.

    Raises:
        RunnerError: the request cannot be carried out, and why.
    """
    folder = bootstrap.existing_folder(request.folder)
    project, bound, chosen, problems, chosen_settings = graph(request)
    ports = bootstrap.connect(folder, chosen_settings)
    ports.control.begin()
    _refuse_leaving(folder, chosen)
    outs = _outs_of(bound.steps.values())
    last = ports.store.last_step(chosen.steps)
    environments = _environments(request, project, chosen, say)
    variables = surroundings.variables(chosen.steps.values())
    secrets = surroundings.secrets(chosen.steps.values())
    revision = ports.control.revision(outs)
    _refuse_dirty(revision, chosen_settings)
    given = Circumstances(
        {name: env_id for name, (_, env_id) in environments.items()},
        variables,
        last,
        outs,
        frozenset(chosen.steps) if request.force else frozenset(),
        str(chosen_settings["shell"]) if "shell" in chosen_settings else None,
    )
    assessment = _assessment(ports, chosen, given)
    assessment.look()
    may_pull = chosen_settings.get("pull") is not False
    hears = say if pull and may_pull else None
    bring_in(chosen, ports, assessment, hears, refuse=pull and not may_pull)
    decisions = assessment.forecast()
    ports.data.flush()
    plan_id = assessment.plan_id(bound.targets, revision.tree)
    found = differences(ports, assessment, strict=bool(chosen_settings.get("strict")))
    found += leftovers.notes(folder, chosen.steps, set(outs), ports.control.is_code)
    notes = (*(str(p.message) for p in problems), *bound.warnings, *revision.warnings, *found)
    return Prepared(
        request,
        ports,
        project,
        bound,
        chosen,
        chosen_settings,
        revision,
        environments,
        variables,
        secrets,
        assessment,
        decisions,
        plan_id,
        outs,
        notes,
    )


def secret_values(project: Project) -> list[str]:
    """Give the values of all secrets that the file names: any step may inherit any of them."""
    names = {*project.secrets}
    for entry_point in project.entry_points.values():
        names.update(entry_point.secrets)
    return sorted(filter(None, map(os.environ.get, names)))


def _refuse_leaving(folder: str, chosen: Dag) -> None:
    looked_at = {""}  # thousands of outs share few folders
    for step in chosen.steps.values():
        for out in step.outs:
            parent = out.path.rpartition("/")[0]
            if out.persist or parent not in looked_at:
                looked_at.add(parent)
                refuse_leaving(folder, out)


def _assessment(ports: bootstrap.Connections, chosen: Dag, given: Circumstances) -> Assessment:
    def read_parameters(deps: Iterable[Dep]) -> Mapping[str, object]:
        return values.parameters(ports.folder, deps)

    return Assessment(chosen, ports.data, ports.control, given, read_parameters)


def _outs_of(steps: object) -> list[str]:
    return [out.path for step in steps for out in step.outs]  # type: ignore[attr-defined]


def _environments(
    request: Request, project: Project, chosen: Dag, say: Callable[[str], None]
) -> dict[str, tuple[EnvironmentSpec, str]]:
    found: dict[str, tuple[EnvironmentSpec, str]] = {}
    folder = bootstrap.existing_folder(request.folder)
    for step in chosen.steps.values():
        if step.environment not in found:
            spec = project.environments[step.environment]
            if request.environment in {"local", SYSTEM}:
                spec = EnvironmentSpec(step.environment, SYSTEM)
            elif request.environment not in {None, spec.kind}:
                raise EnvironmentFailure(
                    f"--env-manager {request.environment}: environment `{spec.name}` is "
                    f"made for {spec.kind}",
                    hint="use --env-manager local, or leave it out",
                )
            adapter = bootstrap.environment(spec)
            found[step.environment] = (spec, adapter.digest(spec, folder, say))
    return found


def _refuse_dirty(revision: Revision, chosen: Mapping[str, object]) -> None:
    if chosen.get("strict") and revision.state != "clean":
        what = (
            "is not in git" if revision.state == "nogit" else "has changes that are not committed"
        )
        raise SourceControlError(
            f"--strict: the project {what}", hint="commit first: git add -A && git commit"
        )
