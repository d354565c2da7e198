"""The inputs that DVC tracks: bring them in, and tell where the workspace differs from DVC."""

from __future__ import annotations

import os
from shlex import quote
from typing import TYPE_CHECKING

from runner.core import dag
from runner.core.spelling import listed
from runner.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from runner import bootstrap
    from runner.assessment import Assessment
    from runner.core.dag import Dag


def bring_in(
    chosen: Dag,
    ports: bootstrap.Connections,
    assessment: Assessment,
    say: Callable[[str], None] | None,
    *,
    refuse: bool,
) -> None:
    """Bring tracked inputs in, if anybody hears of it, and refuse what is still missing.

    With nobody to hear, inputs that are only promised count as what is promised; but with
    `refuse` all have to be here.

    Raises:
        RunnerError: an input is missing.
    """
    inputs = dag.external_inputs(chosen)
    unsure = [
        path
        for path in inputs
        if (version := assessment.version(path)) is None or version.nfiles is not None
    ]
    absent = ports.data.missing(unsure) if unsure else []
    if absent and say is not None:
        ports.data.pull(absent, say)
        assessment.look()
    elif absent and refuse:
        raise _not_pulled(absent)
    lost = [path for path in inputs if assessment.version(path) is None]
    if say is None:
        lost = [path for path in lost if path not in absent]
        _believe_promises(chosen, ports, assessment, absent)
    if lost:
        raise dag.missing(chosen, lost)


def differences(ports: bootstrap.Connections, assessment: Assessment, *, strict: bool) -> list[str]:
    """Tell which inputs are not what DVC tracks under their names.

    Raises:
        DataError: there are such inputs, and `strict` allows none.
    """
    told = [_difference(ports.folder, path) for path in assessment.altered_inputs()]
    if told and strict:
        what, hint = told[0]
        raise DataError(f"--strict: {what}", hint=hint)
    return [f"{what}; hint: {hint}" for what, hint in told]


def _not_pulled(absent: Sequence[str]) -> DataError:
    return DataError(
        f"--no-pull: DVC tracks these inputs, but they are not here: {listed(absent)}",
        hint=f"run without --no-pull, or first: dvc pull {' '.join(map(quote, absent[:8]))}",
    )


def _believe_promises(
    chosen: Dag, ports: bootstrap.Connections, assessment: Assessment, absent: Sequence[str]
) -> None:
    """Take what a run would pull for what is there; the values of keys have to be read."""
    keyed = {dep.path for step in chosen.steps.values() for dep in step.deps if dep.keys}
    promised = (ports.data.tracked(path) for path in absent if path not in keyed)
    assessment.note(
        version for version in promised if version is not None and version.path in absent
    )


def _difference(folder: str, path: str) -> tuple[str, str]:
    if os.path.exists(os.path.join(folder, f"{path}.dvc")):
        hint = f"dvc add {quote(path)}, or dvc checkout {quote(path)}"
        return f"{path} is not what {path}.dvc says", hint
    return f"{path} is not what DVC tracks there", f"dvc commit, or dvc checkout {quote(path)}"
