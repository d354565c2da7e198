"""A graph as a Mermaid flowchart, which forges draw inside Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.views.graph.drawing import visible

if TYPE_CHECKING:
    from runner.views.graph.drawing import Drawing

STYLES = {
    "good": "fill:#dcf5e3,stroke:#1a7f37,color:#0b3d1a",
    "go": "fill:#dcebff,stroke:#0b5fcc,color:#06264f",
    "bad": "fill:#ffe1de,stroke:#c0221b,color:#5a0f0b,stroke-width:3px",
    "wait": "fill:#f3f4f6,stroke:#6b7280,color:#1f2937,stroke-dasharray:4 3",
    "off": "fill:#f3f4f6,stroke:#6b7280,color:#4b5563,stroke-dasharray:1 3",
}
# Only what has no meaning to Mermaid or HTML stands as it is; the rest becomes a character code.
_PLAIN = frozenset(" !$%'()*+,-./:=?@[]^_{|}~")


def mermaid(drawing: Drawing) -> str:
    """Render the drawing: one line per node, one per edge, one class per kind of status."""
    numbers = {key: number for number, key in enumerate(drawing.nodes)}
    lines = ["flowchart LR"]
    for key, node in drawing.nodes.items():
        text = _escaped(node.label) + (f"<br/>{_escaped(node.status)}" if node.status else "")
        kind = f":::{node.kind}" if node.kind else ""
        lines.append(f'    n{numbers[key]}["{text}"]{kind}')
    lines += [f"    n{numbers[source]} --> n{numbers[target]}" for source, target in drawing.edges]
    used = {node.kind for node in drawing.nodes.values()}
    lines += [f"    classDef {kind} {style}" for kind, style in STYLES.items() if kind in used]
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return "".join(c if _is_plain(c) else f"#{ord(c)};" for c in visible(text))


def _is_plain(character: str) -> bool:
    return not character.isascii() or character.isalnum() or character in _PLAIN
