"""Why some steps do not form a graph, named so that a user can mend it.

This is the one door to networkx, and it is opened only when something is wrong.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from runner.core.spelling import listed, nearest
from runner.errors import DagError, WorkspaceError

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

    import networkx as nx

    from runner.core.model import Step
    from runner.core.producers import Producers, Product

Link = tuple[str, str, str]

MOST_PROBLEMS = 20
LONGEST_CYCLE_SHOWN = 40


def describe(steps: Mapping[str, Step], producers: Producers, edges: Sequence[Link]) -> DagError:
    """Describe all that is wrong: producers, overlaps, own outs, needs, then cycles."""
    families = (
        (_repeated(producers), "give each step a path of its own; with a matrix, use its {keys}"),
        (_overlaps(producers), "declare the folder or the files in it, in one step"),
        (_own_outs(edges), "remove the dep, or mark the out `persist: true` to start from it"),
        (_unknown_needs(steps, edges), "needs names entry points or steps of this project"),
        (_cycles(steps, edges), "remove one of these deps or needs"),
    )
    found = [(problem, hint) for problems, hint in families for problem in problems]
    lines = [problem for problem, _ in found[:MOST_PROBLEMS]]
    if len(found) > MOST_PROBLEMS:
        lines.append(f"and {len(found) - MOST_PROBLEMS:,} more")
    return DagError("\n".join(lines), hint="; ".join(dict.fromkeys(hint for _, hint in found)))


def _repeated(producers: Producers) -> Iterator[str]:
    by_path: dict[str, list[str]] = {}
    for product in producers.repeated:
        first = producers.by_path[product.path].step
        by_path.setdefault(product.path, [first]).append(product.step)
    for path, names in by_path.items():
        others = list(dict.fromkeys(names))
        if len(others) == 1:
            yield f"{path} is declared {len(names)} times as an out of {others[0]}"
        else:
            yield f"{path} is written by {len(others):,} steps: {listed(others)}"


def _overlaps(producers: Producers) -> Iterator[str]:
    by_outer: dict[Product, list[Product]] = {}
    for outer, inner in producers.overlaps:
        by_outer.setdefault(outer, []).append(inner)
    for outer, inside in by_outer.items():
        if all(inner.step == outer.step for inner in inside):
            paths = listed([inner.path for inner in inside])
            yield f"outs of {outer.step} overlap: {outer.path} already holds {paths}"
        else:
            others = listed([f"{inner.path} ({inner.step})" for inner in inside])
            yield f"outs overlap: {outer.path} ({outer.step}) holds {others}"


def _own_outs(edges: Iterable[Link]) -> Iterator[str]:
    for source, target, path in edges:
        if source == target and path:
            yield f"{source} reads its own out {path}"


def _unknown_needs(steps: Mapping[str, Step], edges: Iterable[Link]) -> Iterator[str]:
    known = {*steps, *(step.entry_point for step in steps.values())}
    for source, target, path in edges:
        if source not in steps and not path:
            close = nearest(source, known)
            asked = f'; did you mean "{close}"?' if close else ""
            yield f'{target} needs "{source}", which does not exist{asked}'


def _cycles(steps: Mapping[str, Step], edges: Iterable[Link]) -> Iterator[str]:
    """Tell one shortest cycle of each knot, from its first step in the order of the file."""
    import networkx as nx  # noqa: PLC0415  # 0.1 s, and only a wrong graph needs it

    reasons: dict[tuple[str, str], str] = {}
    for source, target, path in edges:
        if source in steps and not (source == target and path):
            reasons.setdefault((source, target), path)
    graph: nx.DiGraph[str] = nx.DiGraph(reasons.keys())
    rank = {name: number for number, name in enumerate(steps)}
    knots = [knot for knot in nx.strongly_connected_components(graph) if len(knot) > 1]
    knots += [{name} for name in nx.nodes_with_selfloops(graph) if not _in_any(name, knots)]
    for knot in sorted(knots, key=lambda knot: min(map(rank.__getitem__, knot))):
        first = min(knot, key=rank.__getitem__)
        way = _way_round(graph.subgraph(knot), first)
        yield _told(way, reasons)


def _in_any(name: str, knots: Iterable[Container[str]]) -> bool:
    return any(name in knot for knot in knots)


def _way_round(graph: nx.DiGraph[str], first: str) -> list[str]:
    """Find the shortest way from a step back to itself."""
    import networkx as nx  # noqa: PLC0415  # as above

    opened: nx.DiGraph[str] = nx.DiGraph(graph)
    home = "\0"  # no step's name: a node apart, to which all ways back lead
    opened.add_edges_from([(source, home) for source in graph.predecessors(first)])
    way = nx.shortest_path(opened, first, home)
    return [*way[:-1], first]


def _told(way: Sequence[str], reasons: Mapping[tuple[str, str], str]) -> str:
    shown = list(way)
    if len(shown) > LONGEST_CYCLE_SHOWN:
        half = LONGEST_CYCLE_SHOWN // 2
        shown = [*shown[:half], f"… {len(shown) - 2 * half:,} more …", *shown[-half:]]
    lines = [f"steps wait for each other: {' -> '.join(shown)}"]
    links = list(pairwise(way))[:LONGEST_CYCLE_SHOWN]
    for source, target in links:
        path = reasons[source, target]
        because = f"{target} reads {path} of {source}" if path else f"{target} needs {source}"
        lines.append(f"    {because}")
    return "\n".join(lines)


def describe_missing(
    steps: Mapping[str, Step], absent: Mapping[str, Sequence[str]], existing: Iterable[str]
) -> WorkspaceError:
    """Name each missing input, the steps that read it, and what may be meant."""
    known = {*existing, *(out.path for step in steps.values() for out in step.outs)}
    lines = []
    for path, readers in list(absent.items())[:MOST_PROBLEMS]:
        close = nearest(path, known)
        asked = f'; did you mean "{close}"?' if close else ""
        verb = "needs" if len(readers) == 1 else "need"
        needed = f"; {listed(readers)} {verb} it" if readers else ""
        lines.append(f"{path} is missing{needed}{asked}")
    if len(absent) > MOST_PROBLEMS:
        lines.append(f"and {len(absent) - MOST_PROBLEMS:,} more inputs are missing")
    hint = "bring it here (`dvc pull` if DVC tracks it), or make it an out of a step"
    return WorkspaceError("\n".join(lines), hint=hint)
