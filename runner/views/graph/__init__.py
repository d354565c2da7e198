"""Drawings of the graph of steps: text, Mermaid, Graphviz, JSON, SVG."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.views.graph.drawing import draw

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.core.dag import Dag

FORMATS = ("text", "mermaid", "dot", "json", "svg")
WHOLE_FORMATS = frozenset({"dot", "json"})
MANY = 40


def render(
    dag: Dag, statuses: Mapping[str, str], form: str = "text", *, group: bool | None = None
) -> str:
    """Draw a graph in one of the FORMATS.

    Args:
        dag: the graph.
        statuses: a status per step, as far as known; any of INTERFACE's words.
        form: one of FORMATS.
        group: draw the matrix steps of an entry point as one node. None: above MANY steps, in
            the formats that people look at; `dot` and `json`, which programs read, are whole.
    """
    if form == "json":
        return _json(dag, statuses)
    if group is None:
        group = len(dag.steps) > MANY and form not in WHOLE_FORMATS
    drawing = draw(dag, statuses, grouped=group)
    if form == "svg":
        from runner.views.graph.svg import svg as renderer  # noqa: PLC0415  # one is used
    elif form == "mermaid":
        from runner.views.graph.mermaid import mermaid as renderer  # noqa: PLC0415  # likewise
    elif form == "dot":
        from runner.views.graph.dot import dot as renderer  # noqa: PLC0415  # likewise
    else:
        from runner.views.graph.rails import text as renderer  # noqa: PLC0415  # likewise
    return renderer(drawing)


def _json(dag: Dag, statuses: Mapping[str, str]) -> str:
    import json  # noqa: PLC0415  # likewise

    nodes = [{"step": name, "status": statuses.get(name)} for name in dag.steps]
    edges = [{"from": edge.source, "to": edge.target, "path": edge.path} for edge in dag.edges]
    document = {"nodes": nodes, "edges": edges}
    text = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    if text.isascii() or text.encode("utf-8", "replace").decode() == text:
        return text
    return json.dumps(document, indent=2) + "\n"  # half characters survive as escapes only
