"""The graph of steps. Graphs are written as text: `train: data src > model` reads and writes."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.core import dag
from runner.core.model import Dep, Out, Resources, Step
from runner.errors import DagError, UsageError


def step(name: str, deps=(), outs=(), needs=()) -> Step:
    return Step(
        name=name,
        entry_point=name.partition("@")[0],
        template="true",
        command="true",
        shown_command="true",
        parameters={},
        deps=tuple(Dep(path) for path in deps),
        outs=tuple(Out(path.rstrip("!"), persist=path.endswith("!")) for path in outs),
        needs=tuple(needs),
        environment="system",
        variables=(),
        secrets=(),
        resources=Resources(),
        timeout=None,
        retries=0,
    )


def steps(text: str) -> dict[str, Step]:
    """Read lines such as `train: data src > model after prepare`; `out!` persists."""
    result = {}
    for line in text.strip().splitlines():
        name, _, rest = line.strip().partition(":")
        rest, _, needs = rest.partition(" after ")
        deps, _, outs = rest.partition(">")
        result[name] = step(name, deps.split(), outs.split(), needs.split())
    return result


def build(text: str) -> dag.Dag:
    return dag.build(steps(text))


def pairs(graph: dag.Dag) -> list[str]:
    return [f"{edge.source}-{edge.target}" for edge in graph.edges]


DIAMOND = """
    evaluate: left right > report
    a: split > left
    b: split > right
    prepare: raw.csv > split
"""


def test_a_dep_that_is_an_out_of_another_step_is_an_edge():
    graph = build(DIAMOND)
    assert pairs(graph) == ["a-evaluate", "b-evaluate", "prepare-a", "prepare-b"]
    assert graph.upstream["evaluate"] == ("a", "b")
    assert graph.downstream["prepare"] == ("a", "b")
    assert graph.upstream["prepare"] == ()


def test_steps_come_in_topological_order_with_ties_as_in_the_file():
    assert list(build(DIAMOND).steps) == ["prepare", "a", "b", "evaluate"]
    assert list(build("z: > 1\ny: > 2\nx: 1 > 3\nw: > 4").steps) == ["z", "y", "x", "w"]


def test_a_dep_inside_an_out_folder_is_an_edge():
    graph = build("a: > data/split\nb: data/split/deep/test.csv > m")
    assert graph.edges == (dag.Edge("a", "b", "data/split/deep/test.csv"),)


def test_a_dep_that_holds_outs_waits_for_all_of_them():
    graph = build("a: > models/1\nb: > models/x/2\nc: > modelsX\nd: models > report")
    assert graph.edges == (dag.Edge("a", "d", "models/1"), dag.Edge("b", "d", "models/x/2"))


def test_a_similar_name_is_no_edge():
    assert pairs(build("a: > data\nb: data.csv data2 dat > m")) == []


def test_needs_is_an_edge_without_a_path():
    graph = build("a: > x\nb: after a")
    assert graph.edges == (dag.Edge("a", "b", ""),)


def test_several_paths_between_two_steps_make_one_neighbour():
    graph = build("a: > x y\nb: x y > z after a")
    assert graph.upstream["b"] == ("a",)
    assert len(graph.edges) == 3


def test_a_step_may_read_its_own_persistent_out():
    assert pairs(build("a: model > model!\nb: model > report")) == ["a-b"]


def problems(text: str) -> str:
    with pytest.raises(DagError) as caught:
        build(text)
    assert caught.value.hint
    return caught.value.message


def test_two_producers_of_one_path_are_named():
    assert problems("a: > model\nb: > model\nc: > other") == "model is written by 2 steps: a, b"


def test_an_out_declared_twice_by_one_step_is_named():
    assert problems("a: > model model") == "model is declared 2 times as an out of a"


def test_overlapping_outs_are_named():
    message = problems("a: > data\nb: > data/x/y\nc: > data/z")
    assert message == "outs overlap: data (a) holds data/x/y (b), data/z (c)"


def test_overlapping_outs_within_a_step_are_named():
    assert problems("a: > data/x data") == "outs of a overlap: data already holds data/x"


def test_a_step_that_reads_its_own_out_is_named():
    assert problems("a: model > model") == "a reads its own out model"
    assert problems("a: models > models/1") == "a reads its own out models/1"


def test_a_cycle_is_told_with_its_whole_way_and_every_file():
    message = problems("c: y > z\na: z > x\nb: x > y\nd: x > w")
    assert message.splitlines() == [
        "steps wait for each other: c -> a -> b -> c",
        "    a reads z of c",
        "    b reads x of a",
        "    c reads y of b",
    ]


def test_a_cycle_through_needs_says_so():
    message = problems("a: > x after b\nb: x > y")
    assert "    a needs b" in message.splitlines()


def test_a_step_that_needs_itself_is_a_cycle():
    assert problems("a: > x after a").startswith("steps wait for each other: a -> a\n")


def test_an_unknown_need_is_answered_with_the_nearest_step():
    assert problems("train: > x\nb: after trian") == (
        'b needs "trian", which does not exist; did you mean "train"?'
    )


def test_everything_wrong_is_told_at_once():
    message = problems("a: p > q\nb: q > p\nc: > r\nd: > r\ne: > s s/t\nf: f > f\ng: after h")
    for part in (
        "r is written",
        "outs of e overlap",
        "f reads its own",
        'needs "h"',
        "a -> b -> a",
    ):
        assert part in message


def test_a_thousand_problems_are_cut_short():
    text = "\n".join(f"a{i}: > m{i}\nb{i}: > m{i}" for i in range(1000))
    assert problems(text).endswith("and 980 more")


def test_only_one_cycle_of_a_knot_is_told_and_a_long_one_is_cut():
    ring = "\n".join(f"s{i}: x{(i - 1) % 3000} > x{i}" for i in range(3000))
    message = problems(ring)
    assert message.count("steps wait for each other") == 1
    assert "… 2,961 more …" in message


def test_a_chain_of_ten_thousand_steps_in_either_order_works():
    lines = [f"s{i}: x{i - 1} > x{i}" for i in range(10_000)]
    for text in ("\n".join(lines), "\n".join(reversed(lines))):
        graph = build(text)
        assert list(graph.steps)[:2] == ["s0", "s1"]
        assert len(dag.generations(graph)) == 10_000
        assert len(dag.select(graph, ["s9999"]).steps) == 10_000


def test_select_keeps_targets_and_their_upstream():
    graph = dag.select(build(DIAMOND), ["a"])
    assert list(graph.steps) == ["prepare", "a"]
    assert graph.downstream == {"prepare": ("a",), "a": ()}
    assert pairs(graph) == ["prepare-a"]


def test_select_only_keeps_just_the_targets():
    graph = dag.select(build(DIAMOND), ["evaluate", "a"], only=True)
    assert list(graph.steps) == ["a", "evaluate"]
    assert graph.upstream["evaluate"] == ("a",)


def test_select_downstream_keeps_what_depends_on_the_targets():
    assert list(dag.select(build(DIAMOND), ["a"], downstream=True).steps) == ["a", "evaluate"]


def test_select_refuses_what_is_no_step_and_what_excludes_itself():
    with pytest.raises(UsageError, match='no step "evalute"') as caught:
        dag.select(build(DIAMOND), ["evalute"])
    assert caught.value.hint == 'did you mean "evaluate"?'
    with pytest.raises(UsageError, match="exclude each other"):
        dag.select(build(DIAMOND), ["a"], only=True, downstream=True)


def test_external_inputs_are_the_deps_no_step_produces():
    graph = build("p: raw.csv lib.py > split\nt: split/x lib.py > model\ne: model > r")
    assert dag.external_inputs(graph) == {"raw.csv": ["p"], "lib.py": ["p", "t"]}


def test_what_an_unselected_step_produces_is_an_external_input():
    graph = dag.select(build(DIAMOND), ["a"], only=True)
    assert dag.external_inputs(graph) == {"split": ["a"]}


def test_missing_inputs_are_named_with_their_readers_and_what_may_be_meant():
    graph = build("p: data/raw.csv > data/split\nt: data/splt > model\nu: data/splt > m2")
    error = dag.missing(graph, ["data/splt"])
    assert error.message == 'data/splt is missing; t, u need it; did you mean "data/split"?'
    assert "dvc pull" in error.hint


def test_a_missing_input_is_compared_with_the_paths_that_exist():
    error = dag.missing(build("p: data/raw.cvs > split"), ["data/raw.cvs"], ["data/raw.csv", "x"])
    assert error.message == 'data/raw.cvs is missing; p needs it; did you mean "data/raw.csv"?'


def test_many_missing_inputs_are_cut_short():
    graph = build("\n".join(f"s{i}: in{i} > out{i}" for i in range(100)))
    error = dag.missing(graph, dag.external_inputs(graph))
    assert error.message.endswith("and 80 more inputs are missing")


def test_generations_group_steps_by_their_longest_way_from_a_start():
    assert dag.generations(build(DIAMOND)) == [["prepare"], ["a", "b"], ["evaluate"]]


@given(st.data())
def test_every_acyclic_graph_is_ordered_and_every_cyclic_one_refused(data):
    count = data.draw(st.integers(1, 8))
    names = [f"s{i}" for i in range(count)]
    readers = {n: data.draw(st.sets(st.sampled_from(names), max_size=3)) for n in names}
    graph_steps = {n: step(n, sorted(f"o/{r}" for r in readers[n]), [f"o/{n}"]) for n in names}
    try:
        graph = dag.build(graph_steps)
    except DagError:
        assert has_cycle(readers)
    else:
        place = {name: number for number, name in enumerate(graph.steps)}
        assert all(place[edge.source] < place[edge.target] for edge in graph.edges)
        assert {n: set(graph.upstream[n]) for n in names} == readers


def has_cycle(readers: dict[str, set[str]]) -> bool:
    left = dict(readers)
    while free := [name for name, others in left.items() if not others & left.keys()]:
        for name in free:
            del left[name]
    return bool(left)


def test_a_sound_graph_imports_no_networkx():
    code = (
        "import sys\n"
        "from runner.core import binding, dag, model\n"
        "entry = model.EntryPoint('a', 'true', outs=(model.Out('x'),))\n"
        "project = model.Project('p', {'a': entry}, {'system': model.EnvironmentSpec('system')})\n"
        "dag.build(binding.bind(project, binding.Request(('a',))).steps)\n"
        "heavy = {'networkx', 'subprocess', 'difflib', 'pathlib', 'dataclasses', 'yaml'}\n"
        "print(sorted(heavy & sys.modules.keys()))\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path = {sys.path!r}\n{code}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"
