"""The graph of steps: who waits for whom, and for which file.

An edge runs from the step that writes a path to the one that reads it: the very path, a file
inside an out folder, or a folder that holds outs. `needs` gives edges without a path. Plain
maps carry it all; networkx is asked only when something is wrong (`dag_problems`).
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, NamedTuple

from runner.core.producers import Producers
from runner.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from runner.core.model import Step
    from runner.errors import WorkspaceError


class Edge(NamedTuple):
    """`target` waits for `source`, because of a path or, with an empty path, by `needs`."""

    source: str
    target: str
    path: str


class Dag(NamedTuple):
    """Steps in topological order (ties: the order of the file) and how they hang together."""

    steps: Mapping[str, Step]
    upstream: Mapping[str, tuple[str, ...]]
    downstream: Mapping[str, tuple[str, ...]]
    edges: tuple[Edge, ...]


def build(steps: Mapping[str, Step]) -> Dag:
    """Build the graph.

    Raises:
        DagError: several producers of a path, overlapping outs, a step that reads what it
            writes, an unknown need, cycles; all of them at once.
    """
    producers = Producers(steps.values())
    edges = _edges(steps, producers)
    upstream = _neighbours(steps, ((edge.target, edge.source) for edge in edges))
    downstream = _neighbours(steps, ((edge.source, edge.target) for edge in edges))
    order = _topological(upstream, downstream)
    if len(order) < len(steps) or producers.repeated or producers.overlaps:
        from runner.core.dag_problems import describe  # noqa: PLC0415  # only a wrong graph

        raise describe(steps, producers, edges)
    return Dag({name: steps[name] for name in order}, upstream, downstream, edges)


def links(steps: Mapping[str, Step]) -> tuple[Edge, ...]:
    """Give the edges between steps, whether or not they make a sound graph."""
    return _edges(steps, Producers(steps.values()))


def _edges(steps: Mapping[str, Step], producers: Producers) -> tuple[Edge, ...]:
    edges: list[Edge] = []
    for name, step in steps.items():
        for dep in step.deps:
            for product in producers.of(dep.path):
                if product.step != name or not product.persist:
                    path = max(dep.path, product.path, key=len)
                    edges.append(Edge(product.step, name, path))
        edges.extend([Edge(need, name, "") for need in step.needs])
    return tuple(dict.fromkeys(edges))


def _neighbours(
    steps: Iterable[str], pairs: Iterable[tuple[str, str]]
) -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {name: {} for name in steps}
    for name, other in pairs:
        found.setdefault(name, {})[other] = None
    return {name: tuple(others) for name, others in found.items()}


def _topological(
    upstream: Mapping[str, tuple[str, ...]], downstream: Mapping[str, tuple[str, ...]]
) -> list[str]:
    """Order by dependency, then by file; steps on a cycle and those behind it are left out."""
    names = list(upstream)
    rank = {name: number for number, name in enumerate(names)}
    waiting = {name: len(others) for name, others in upstream.items()}
    ready = [rank[name] for name, count in waiting.items() if not count]
    order = []
    while ready:
        name = names[heapq.heappop(ready)]
        order.append(name)
        for other in downstream[name]:
            waiting[other] -= 1
            if not waiting[other]:
                heapq.heappush(ready, rank[other])
    return order


def select(
    dag: Dag, targets: Iterable[str], *, only: bool = False, downstream: bool = False
) -> Dag:
    """Keep the targets and what they wait for.

    With `only` just the targets; with `downstream` the targets and what waits for them.

    Raises:
        UsageError: a target is no step of the graph, or both options are given.
    """
    wanted = list(targets)
    unknown = [name for name in wanted if name not in dag.steps]
    if unknown:
        from runner.core.spelling import did_you_mean  # noqa: PLC0415  # only mistakes need it

        hint = did_you_mean(unknown[0], dag.steps)
        raise UsageError(f'no step "{unknown[0]}"', hint=hint)
    if only and downstream:
        raise UsageError("--only and --downstream exclude each other", hint="give one of them")
    if only:
        return _restricted(dag, set(wanted))
    return _restricted(dag, closure(dag.downstream if downstream else dag.upstream, wanted))


def closure(neighbours: Mapping[str, Iterable[str]], start: Iterable[str]) -> set[str]:
    """Give the start and all that is reached from it."""
    reached = set(start)
    pending = list(reached)
    while pending:
        for name in neighbours[pending.pop()]:
            if name not in reached:
                reached.add(name)
                pending.append(name)
    return reached


def _restricted(dag: Dag, names: set[str]) -> Dag:
    if len(names) == len(dag.steps):
        return dag

    def kept(neighbours: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        return {
            name: tuple(other for other in others if other in names)
            for name, others in neighbours.items()
            if name in names
        }

    edges = tuple(edge for edge in dag.edges if edge.source in names and edge.target in names)
    steps = {name: step for name, step in dag.steps.items() if name in names}
    return Dag(steps, kept(dag.upstream), kept(dag.downstream), edges)


def external_inputs(dag: Dag) -> dict[str, list[str]]:
    """Map each dep that no step of this graph produces to the steps that read it, in order."""
    producers = Producers(dag.steps.values())
    inputs: dict[str, list[str]] = {}
    for step in dag.steps.values():
        for dep in step.deps:
            readers = inputs.get(dep.path)
            if readers is not None:
                if readers[-1] != step.name:
                    readers.append(step.name)
            elif not producers.of(dep.path):
                inputs[dep.path] = [step.name]
    return inputs


def missing(dag: Dag, absent: Iterable[str], existing: Iterable[str] = ()) -> WorkspaceError:
    """Give the error that names the absent inputs, the steps that read them, what may be meant.

    What may be meant is looked for among the steps' outs and the `existing` paths.
    """
    from runner.core.dag_problems import describe_missing  # noqa: PLC0415  # only a wrong graph

    readers = external_inputs(dag)
    return describe_missing(dag.steps, {path: readers.get(path, []) for path in absent}, existing)


def generations(dag: Dag) -> list[list[str]]:
    """Group the steps by how many others, at most, run before them one after the other."""
    depth: dict[str, int] = {}
    layers: list[list[str]] = []
    for name in dag.steps:
        depth[name] = max((depth[other] + 1 for other in dag.upstream[name]), default=0)
        if depth[name] == len(layers):
            layers.append([])
        layers[depth[name]].append(name)
    return layers
