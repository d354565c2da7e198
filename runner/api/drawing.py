"""`dag`: the graph and the state of its steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.api import planning
from runner.errors import RunnerError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.core.dag import Dag


def drawn(
    request: planning.Request, *, looked_at: bool
) -> tuple[Dag, Mapping[str, str], tuple[str, ...]]:
    """Give the graph, each step's decision as its status, and notes.

    What keeps the steps from being looked at (a missing input, say) is a note: the drawing is
    what helps to find it.
    """
    if looked_at:
        try:
            prepared = planning.prepare(request)
        except RunnerError as error:
            graph = planning.graph(request)
            return graph.dag, {}, (error.message,)
        words = {name: decision.word for name, decision in prepared.decisions.items()}
        return prepared.dag, words, prepared.notes
    return planning.graph(request).dag, {}, ()
