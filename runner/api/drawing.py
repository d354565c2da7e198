"""`dag`: the graph and the state of its steps."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from runner import bootstrap, project_files
from runner.api import planning
from runner.core import binding
from runner.core.spelling import listed
from runner.errors import ParameterError, RunnerError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.core.dag import Dag


def drawn(
    request: planning.Request, *, looked_at: bool
) -> tuple[Dag, Mapping[str, str], tuple[str, ...]]:
    """Give the graph, each step's decision as its status, and notes.

    Without a target it is the whole project's: every entry point whose parameters have values.
    What keeps the steps from being looked at (a missing input, say) is a note: the drawing is
    what helps to find it.
    """
    left_out: list[str] = []
    if not request.targets:
        targets, left_out = _everything(request)
        request = request._replace(targets=targets)
    if looked_at:
        try:
            prepared = planning.prepare(request)
        except RunnerError as error:
            graph = planning.graph(request)
            return graph.dag, {}, (*left_out, error.message)
        words = {name: decision.word for name, decision in prepared.decisions.items()}
        return prepared.dag, words, (*left_out, *prepared.notes)
    return planning.graph(request).dag, {}, tuple(left_out)


def _everything(request: planning.Request) -> tuple[tuple[str, ...], list[str]]:
    """Name the entry points that can be drawn, and say what the others lack."""
    folder = bootstrap.existing_folder(request.folder)
    project, _ = project_files.load(folder)
    for name in project.entry_points:
        asked = binding.Request((name,), request.parameters, os.getcwd(), folder)
        try:
            bound = binding.bind(project, asked)
        except ParameterError:
            continue
        drawable = dict.fromkeys(step.entry_point for step in bound.steps.values())
        lacking = [
            f"{other} is left out: it needs a value for {listed(names)}"
            for other, names in bound.unbound.items()
            if names
        ]
        return tuple(drawable), lacking
    return (), []
