"""The Python API: what the command line does, with values in and values out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from runner.api import planning, reading, running

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Run(NamedTuple):
    """A recorded run. `record` is the whole document of `schemas/run-record.schema.json`.

    `seconds` is how long it took, `metrics` maps names to their last values, `params` the
    parameters to theirs. `status` is running, succeeded, failed or interrupted.
    """

    run_id: str
    status: str
    commit: str
    dirty: bool
    data_version: str
    plan_id: str
    result_id: str
    started: str
    seconds: float
    params: Mapping[str, Any]
    metrics: Mapping[str, Any]
    tags: Mapping[str, Any]
    folder: str

    @property
    def record(self) -> dict[str, Any]:
        """The run's record, read when it is asked for."""
        return reading.record(self.folder, self.run_id)


def run(  # noqa: PLR0913  # the options of `runner run`
    folder: str = ".",
    targets: str | Sequence[str] = (),
    *,
    parameters: Mapping[str, object] | None = None,
    jobs: int | None = None,
    force: bool = False,
    only: bool = False,
    downstream: bool = False,
    keep_going: bool | None = None,
    strict: bool | None = None,
    pull: bool | None = None,
    environment: str | None = None,
) -> Run:
    """Run what is out of date and record it, exactly as `runner run` does.

    Args:
        folder: the project's folder.
        targets: entry points or steps; none: as the command line chooses.
        parameters: values by name, or by `step.name`.
        jobs: steps at once (None: the settings, else the cores).
        force: run even what is up to date.
        only: just the targets, not their upstream.
        downstream: the targets and what depends on them.
        keep_going: run what a failure leaves.
        strict: refuse a dirty work tree and unknown keys.
        pull: False: fail when a DVC-tracked input is missing.
        environment: `local` runs every step on this machine as it is.

    Returns:
        The recorded run; one in which a step failed too, with status `failed`.

    Raises:
        runner.errors.RunnerError: it cannot start or cannot be recorded.
    """
    words = (targets,) if isinstance(targets, str) else tuple(targets)
    request = planning.Request(
        folder,
        words,
        tuple((name, _text(value)) for name, value in (parameters or {}).items()),
        force=force,
        only=only,
        downstream=downstream,
        environment=environment,
        flags={"jobs": jobs, "keep_going": keep_going, "strict": strict, "pull": pull},
    )
    return load(running.run(request).run_id, folder)


def runs(
    folder: str = ".",
    *,
    filter: str = "",  # noqa: A002  # the command line's word
    sort: str = "",
    limit: int | None = None,
) -> list[Run]:
    """List recorded runs, newest first unless sorted otherwise.

    Args:
        folder: a folder of the project.
        filter: such as `metrics.rmse < 0.8 and params.alpha = 0.1`.
        sort: a field, with `-` in front for the largest first.
        limit: at most so many.

    Raises:
        runner.errors.UsageError: the filter or the sort order cannot be read.
    """
    project = reading.project_folder(folder)
    found = reading.runs(project, filter=filter, sort=sort, limit=limit)
    return [_run(row, project) for row in found]


def load(run: str = "latest", folder: str = ".") -> Run:
    """Load one recorded run, named by its id, a prefix of it, `latest` or `latest~N`.

    Raises:
        runner.errors.UsageError: no run has that name, or several.
    """
    from runner.core.record import summary

    project = reading.project_folder(folder)
    return _run(summary(reading.record(project, run)), project)


def _run(row: Mapping[str, Any], folder: str) -> Run:
    own = {name: row[name] for name in Run._fields if name != "folder"}
    return Run(**own, folder=folder)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
