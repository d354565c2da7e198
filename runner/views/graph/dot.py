"""A graph in Graphviz' language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.views.graph.drawing import visible

if TYPE_CHECKING:
    from runner.views.graph.drawing import Drawing

STYLES = {
    "good": 'style="rounded,filled", fillcolor="#dcf5e3", color="#1a7f37"',
    "go": 'style="rounded,filled", fillcolor="#dcebff", color="#0b5fcc"',
    "bad": 'style="rounded,filled,bold", fillcolor="#ffe1de", color="#c0221b"',
    "wait": 'style="rounded,dashed", color="#6b7280"',
    "off": 'style="rounded,dotted", color="#6b7280"',
    "": 'style="rounded"',
}


def dot(drawing: Drawing) -> str:
    """Render the drawing: one statement per node and edge; paths are the edges' tooltips."""
    numbers = {key: number for number, key in enumerate(drawing.nodes)}
    lines = ["digraph {", '    rankdir="LR";', '    node [shape="box", fontname="monospace"];']
    for key, node in drawing.nodes.items():
        status = f"\\n{_escaped(node.status)}" if node.status else ""
        label = f'label="{_escaped(node.label)}{status}"'
        lines.append(f"    n{numbers[key]} [{label}, {STYLES[node.kind]}];")
    for (source, target), paths in drawing.edges.items():
        along = _escaped(", ".join(paths) or "needs")
        lines.append(f'    n{numbers[source]} -> n{numbers[target]} [tooltip="{along}"];')
    return "\n".join([*lines, "}"]) + "\n"


def _escaped(text: str) -> str:
    return visible(text).replace("\\", "\\\\").replace('"', '\\"')
