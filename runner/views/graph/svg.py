"""A graph as a standalone SVG picture: no script, no font file, legible on light and dark.

A status is told by a word and a mark; colour only repeats it. Same graph, same bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

from runner.core.layout import place
from runner.core.spelling import listed
from runner.views.graph.drawing import columns
from runner.views.graph.svg_style import MARKS, STYLE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runner.core.layout import Box, Layout
    from runner.views.graph.drawing import Drawing, Node

MARGIN, PADDING, GAP = 16.0, 14.0, 16.0
TALL, LOW = 48.0, 34.0
NAME_COLUMN, STATUS_COLUMN, MARK = 7.9, 6.7, 16.0
STACK = 4.0
HEAD = 8.0
LONGEST_LABEL = 40
MOST_TOLD = 50

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})


class _Told(NamedTuple):
    """What those who do not see the picture are told."""

    title: str
    description: str


def svg(drawing: Drawing) -> str:
    """Render the drawing, laid out from left to right."""
    height = TALL if any(node.status for node in drawing.nodes.values()) else LOW
    widths = {key: _width(node) for key, node in drawing.nodes.items()}
    layout = place(widths, list(drawing.edges), height=height, gap=GAP)
    width = _number(layout.width + 2 * MARGIN + STACK)
    total = _number(layout.height + 2 * MARGIN + STACK)
    told = _told(drawing)
    mark = f"{crc32(f'{told.title} {told.description}'.encode('utf-8', 'replace')):08x}"
    frame = f'width="{width}" height="{total}" viewBox="0 0 {width} {total}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="runner-graph" {frame}',
        f' role="img" aria-labelledby="title-{mark} description-{mark}">',
        f'<title id="title-{mark}">{_escaped(told.title)}</title>',
        f'<desc id="description-{mark}">{_escaped(told.description)}</desc>',
        f"<style>{STYLE}</style>",
        f'<rect class="paper" width="{width}" height="{total}" rx="8"/>',
        f'<g transform="translate({_number(MARGIN)} {_number(MARGIN)})">',
        *_lines(layout),
    ]
    for key, node in drawing.nodes.items():
        lines += _box(node, layout.boxes[key], height)
    return "\n".join([*lines, "</g>", "</svg>"]) + "\n"


def _width(node: Node) -> float:
    name = columns(_shortened(node.label)) * NAME_COLUMN
    status = columns(_shortened(node.status)) * STATUS_COLUMN + MARK if node.status else 0.0
    return round(max(name, status) + 2 * PADDING, 1)


def _shortened(text: str) -> str:
    """Leave out the middle of a long text; both ends of a step's name tell it from others."""
    if len(text) <= LONGEST_LABEL:
        return text
    half = (LONGEST_LABEL - 1) // 2
    return f"{text[:half]}…{text[-half:]}"


def _lines(layout: Layout) -> Iterable[str]:
    if not layout.pieces:
        return
    curves = []
    for (x1, y1), (x2, y2) in layout.pieces:
        start = f"M{_number(x1)} {_number(y1)}"
        if abs(y1 - y2) < 1:
            curves.append(f"{start}L{_number(x2)} {_number(y2)}")
        else:
            level = x2 - HEAD  # level before the head, so that many lines end in one clear arrow
            middle = _number((x1 + level) / 2)
            end = f"{_number(level)} {_number(y2)}H{_number(x2)}"
            curves.append(f"{start}C{middle} {_number(y1)} {middle} {_number(y2)} {end}")
    yield f'<path class="line" d="{"".join(curves)}"/>'
    heads = []
    for key in layout.entered:
        box = layout.boxes[key]
        heads.append(f"M{_number(box.left)} {_number(box.y)}l-{HEAD:g} -4v8z")
    yield f'<path class="head" d="{"".join(heads)}"/>'


def _box(node: Node, box: Box, height: float) -> Iterable[str]:
    left, top = box.left, box.y - height / 2
    size = f'width="{_number(box.right - left)}" height="{_number(height)}" rx="6"'
    kind = f"step {node.kind}".strip()
    yield f'<g class="{kind}" transform="translate({_number(left)} {_number(top)})">'
    yield f"<title>{_escaped(_sentence(node))}</title>"
    if len(node.steps) > 1:
        yield f'<rect class="box" x="{STACK:g}" y="{STACK:g}" {size}/>'
    yield f'<rect class="box" {size}/>'
    name_y = height / 2 + 4.5 if height == LOW else 20
    name = _escaped(_shortened(node.label))
    yield f'<text class="name" x="{PADDING:g}" y="{name_y:g}">{name}</text>'
    if node.status:
        yield f'<path class="mark" transform="translate({PADDING:g} 28)" d="{MARKS[node.kind]}"/>'
        status = _escaped(_shortened(node.status))
        yield f'<text class="status" x="{PADDING + MARK:g}" y="37">{status}</text>'
    yield "</g>"


def _told(drawing: Drawing) -> _Told:
    steps = sum(len(node.steps) for node in drawing.nodes.values())
    sources: dict[str, list[str]] = {key: [] for key in drawing.nodes}
    for source, target in drawing.edges:
        sources[target].append(drawing.nodes[source].label)
    told = []
    for key, node in list(drawing.nodes.items())[:MOST_TOLD]:
        after = f", after {listed(sources[key])}" if sources[key] else ""
        told.append(f"{_sentence(node)}{after}.")
    if len(drawing.nodes) > MOST_TOLD:
        told.append(f"And {len(drawing.nodes) - MOST_TOLD:,} more.")
    title = f"Graph of {steps:,} step" + ("" if steps == 1 else "s")
    return _Told(title, " ".join(told) or "No steps.")


def _sentence(node: Node) -> str:
    return f"{node.label}: {node.status}" if node.status else node.label


def _escaped(text: str) -> str:
    return text.translate(_ESCAPES)


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
