"""The graph as text, Mermaid, Graphviz, JSON and SVG. Graphs are written as in test_dag."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.core import dag
from runner.core.model import Dep, Out, Resources, Step
from runner.views.graph import FORMATS, render
from runner.views.graph.drawing import KINDS, TIMES, columns, draw, visible

SVG = "{http://www.w3.org/2000/svg}"
STATUSES = [status for statuses in KINDS.values() for status in statuses]


def step(name: str, deps=(), outs=()) -> Step:
    entry_point = name.partition("@")[0]
    paths = (tuple(map(Dep, deps)), tuple(map(Out, outs)))
    return Step(
        name, entry_point, "", "", "", {}, *paths, (), "system", (), (), Resources(), None, 0
    )


def graph(text: str) -> dag.Dag:
    """Read lines such as `train: data > model`; `after` stands for nothing here."""
    steps = {}
    for line in text.strip().splitlines():
        name, _, rest = line.strip().partition(":")
        deps, _, outs = rest.partition(">")
        steps[name] = step(name, deps.split(), outs.split())
    return dag.build(steps)


def fan(count: int) -> dag.Dag:
    """Build prepare, so many training steps, evaluate."""
    train = "".join(f"train@{i}: split > m{i}\n" for i in range(count))
    models = " ".join(f"m{i}" for i in range(count))
    return graph(f"prepare: > split\n{train}evaluate: {models} > report")


def drawn(text: str) -> str:
    lines = render(graph(text), {}).splitlines()
    return "\n".join(lines)


def test_a_chain_is_drawn_without_rails():
    assert drawn("a: > x\nb: x > y\nc: y > z") == "●  a\n●  b\n●  c"


def test_steps_with_the_same_neighbours_share_the_rail_that_leads_on():
    statuses = {"prepare": "up-to-date", "train@0": "failed", "train@1": "run"}
    assert render(fan(3), statuses).splitlines() == [
        "✓      prepare   up to date",
        "├─✗─┐  train@0   failed",
        "├─●─┤  train@1   run",
        "└─●─┤  train@2",
        "    ●  evaluate",
    ]


def test_a_rail_that_only_passes_is_drawn_through_the_line():
    text = "p: > s\na: s > x\nb: s > y\nc: s x y > z\nd: x > w"
    assert drawn(text).splitlines() == [
        "●      p",
        "├─●    a",
        "│ ├─●  d",
        "├─│─●  b",
        "●─┴─┘  c",
    ]


def test_a_step_that_reads_from_two_rails_joins_them():
    assert drawn("a: > a\nb: a > b\nc: a b > c\nd: a c > d").splitlines() == [
        "●    a",
        "├─●  b",
        "│ │",
        "├─●  c",
        "●─┘  d",
    ]


def test_separate_graphs_are_parted_and_lone_steps_named_as_such():
    assert drawn("a: > a\nb: a > b\nx: > x\ny: x > y\nlone: > z").splitlines() == [
        "●  a",
        "●  b",
        "",
        "●  x",
        "●  y",
        "",
        "not connected:",
        "  ●  lone",
    ]
    assert drawn("a: > a\nb: > b").splitlines()[0] == "steps that wait for no other:"


def test_a_start_is_never_drawn_right_below_a_step_it_has_nothing_to_do_with():
    lines = drawn("a: > a\nb: a > b\nc: a > c d\nx: > x\nz: c x > z").splitlines()
    marks = {line.split()[-1]: line.index("●") for line in lines if "●" in line}
    order = list(marks)
    above = order[order.index("x") - 1]
    assert marks[above] != marks["x"]


def test_a_graph_too_entangled_for_rails_is_a_list_of_what_each_step_reads():
    sources = "".join(f"a{i}: > p{i}\n" for i in range(30))
    numbers = [[i, *sorted({(i * 7 + 3) % 30, (i * 11 + 5) % 30})] for i in range(30)]
    readers = "".join(f"b{n[0]}: {' '.join(f'p{i}' for i in n)} > q{n[0]}\n" for n in numbers)
    text = render(graph(sources + readers), {}, group=False)
    assert re.search(r"^● +b0 +<- a0, a3, a5$", text, re.MULTILINE)


def test_no_line_of_a_graph_of_ten_thousand_steps_is_wide():
    chain = graph("\n".join(f"s{i}: x{i - 1} > x{i}" for i in range(10_000)))
    text = render(chain, {}, group=False)
    assert len(text.splitlines()) == 10_000
    assert max(map(len, text.splitlines())) < 40


@pytest.mark.parametrize("form", ["text", "mermaid", "svg"])
def test_above_forty_steps_those_of_a_matrix_are_one_node(form):
    assert f"train {TIMES}39" in render(fan(39), {}, form)
    assert f"train {TIMES}38" not in render(fan(38), {}, form)
    assert f"train {TIMES}5" in render(fan(5), {}, form, group=True)
    assert TIMES not in render(fan(50), {}, form, group=False)


@pytest.mark.parametrize("form", ["dot", "json"])
def test_what_programs_read_is_always_whole(form):
    assert render(fan(50), {}, form).count("train@") >= 50


def test_a_group_tells_how_many_of_its_steps_have_which_status():
    statuses = {f"train@{i}": "run" for i in range(7)} | {"train@8": "failed", "train@9": "run"}
    text = render(fan(10), statuses, group=True)
    assert f"train {TIMES}10  1 failed, 8 run" in text
    assert "✗" in text
    several = dict(zip((f"train@{i}" for i in range(10)), STATUSES, strict=False))
    assert "1 failed, 1 running, 8 more" in render(fan(10), several, group=True)


def test_steps_of_a_matrix_that_wait_for_each_other_are_no_cycle():
    chain = graph("m@1: > a\nn@1: a > b\nm@2: b > c\nn@2: c > d\nm@3: b > e")
    nodes = draw(chain, {}, grouped=True)
    labels = [node.label for node in nodes.nodes.values()]
    assert labels == ["m@1", "n@1", f"m {TIMES}2", "n@2"]


def test_json_is_the_documented_shape():
    two = graph("a: > x y\nb: x y > z")
    assert json.loads(render(two, {"a": "run"}, "json")) == {
        "nodes": [{"step": "a", "status": "run"}, {"step": "b", "status": None}],
        "edges": [
            {"from": "a", "to": "b", "path": "x"},
            {"from": "a", "to": "b", "path": "y"},
        ],
    }


def test_mermaid_has_a_line_per_node_and_edge_and_a_class_per_status():
    text = render(graph("a: > x\nb: x > y"), {"a": "up-to-date"}, "mermaid")
    assert text.splitlines()[:4] == [
        "flowchart LR",
        '    n0["a<br/>up to date"]:::good',
        '    n1["b"]',
        "    n0 --> n1",
    ]
    assert text.splitlines()[4].startswith("    classDef good fill:")


def test_dot_names_the_paths_of_an_edge():
    text = render(graph("a: > x y\nb: x y > z"), {}, "dot")
    assert '    n0 -> n1 [tooltip="x, y"];' in text.splitlines()


NASTY = [
    'a"b',
    "a<b>&c",
    "a\nb",
    "a\\",
    "é 中文",
    "\u202egnp",
    "a]b",
    "`x`",
    "#quot;",
    "\0",
    "\ud800",
]


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", NASTY)
def test_a_nasty_name_stays_one_node(form, name):
    steps = {name: step(name, (), ["x"]), "next": step("next", ["x"])}
    assert_sound(render(dag.build(steps), {name: name}, form), form, nodes=2, edges=1)


@given(
    st.lists(st.text(min_size=1), min_size=1, max_size=6, unique=True),
    st.lists(st.text(max_size=5) | st.sampled_from(STATUSES), min_size=6, max_size=6),
    st.booleans(),
)
def test_every_format_is_well_formed_whatever_names_and_statuses_hold(names, statuses, linked):
    steps = {
        name: step(name, [f"x{i - 1}"] if i and linked else [], [f"x{i}"])
        for i, name in enumerate(names)
    }
    built = dag.build(steps)
    edges = len(names) - 1 if linked else 0
    for form in FORMATS:
        text = render(built, dict(zip(names, statuses, strict=False)), form, group=False)
        assert_sound(text, form, nodes=len(names), edges=edges)


QUOTED = r'"(?:[^"\\]|\\.)*"'
ESCAPED = r'(?:[^"`<>&;#\\]|#\d+;)*'
NODES = {
    "mermaid": re.compile(rf'    n\d+\["{ESCAPED}(<br/>{ESCAPED})?"\](:::\w+)?'),
    "dot": re.compile(rf"    n\d+ \[label={QUOTED}, .*\];"),
}
EDGES = {
    "mermaid": re.compile(r"    n\d+ --> n\d+"),
    "dot": re.compile(rf"    n\d+ -> n\d+ \[tooltip={QUOTED}\];"),
}


def assert_sound(text: str, form: str, *, nodes: int, edges: int) -> None:
    assert text.encode()
    lines = text.split("\n")
    if form in NODES:
        rest = [line for line in lines if not NODES[form].fullmatch(line)]
        others = [line for line in rest if not EDGES[form].fullmatch(line)]
        assert (len(lines) - len(rest), len(rest) - len(others)) == (nodes, edges)
        frame = r"flowchart LR|    classDef .*|digraph \{|    rankdir=.*|    node \[.*|\}|"
        assert all(re.fullmatch(frame, line) for line in others)
    elif form == "json":
        document = json.loads(text)
        assert (len(document["nodes"]), len(document["edges"])) == (nodes, edges)
    elif form == "svg":
        picture = ET.fromstring(text)
        assert len(picture.findall(f".//{SVG}text[@class='name']")) == nodes
        assert picture.get("role") == "img"
    else:
        assert all(line.isprintable() for line in lines)


def test_a_picture_has_a_title_and_a_description_for_those_who_do_not_see_it():
    picture = ET.fromstring(render(fan(2), {"prepare": "up-to-date"}, "svg"))
    ids = (picture.get("aria-labelledby") or "").split()
    title, description = picture.findall("*")[:2]
    assert [title.get("id"), description.get("id")] == ids
    assert title.text == "Graph of 4 steps"
    assert description.text == (
        "prepare: up to date. train@0, after prepare. train@1, after prepare. "
        "evaluate, after train@0, train@1."
    )


def test_a_picture_tells_a_status_by_word_and_mark_and_dresses_for_the_dark():
    text = render(fan(2), {"prepare": "up-to-date", "train@0": "failed"}, "svg")
    picture = ET.fromstring(text)
    assert [e.text for e in picture.findall(f".//{SVG}text[@class='status']")] == [
        "up to date",
        "failed",
    ]
    marks = [e.get("d") for e in picture.findall(f".//{SVG}path[@class='mark']")]
    assert len(set(marks)) == 2
    assert "prefers-color-scheme:dark" in text


def test_a_picture_has_the_same_bytes_each_time_and_asks_for_nothing():
    first, second = render(fan(12), {}, "svg"), render(fan(12), {}, "svg")
    assert first == second
    assert "http" not in first.replace("http://www.w3.org/2000/svg", "")
    assert "<script" not in first


def test_a_long_name_is_shortened_in_the_picture_and_whole_in_its_title():
    name = "train@" + "x" * 100 + "end"
    picture = ET.fromstring(render(dag.build({name: step(name)}), {}, "svg"))
    (shown,) = picture.findall(f".//{SVG}text[@class='name']")
    assert len(shown.text or "") <= 40
    assert (shown.text or "").endswith("end")
    assert picture.findall(f".//{SVG}g/{SVG}title")[0].text == name


def test_an_empty_graph_is_drawn_as_nothing():
    empty = dag.build({})
    assert render(empty, {}) == ""
    assert json.loads(render(empty, {}, "json")) == {"nodes": [], "edges": []}
    assert ET.fromstring(render(empty, {}, "svg")).findtext(f"{SVG}desc") == "No steps."


def test_what_cannot_be_seen_is_shown_as_an_escape():
    assert visible("a\tb\x1b[31m") == "a\\tb\\x1b[31m"
    assert visible("é 中") == "é 中"
    assert columns("中a") == 3


def linear_luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted([linear_luminance(one), linear_luminance(other)], reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_text_and_marks_stand_out_on_light_and_dark():
    light, dark = render(fan(1), {}, "svg").split("@media")
    for style in (light, dark):
        text = re.findall(r"\.(?:name|status)\{fill:(#\w{6})\}", style)
        boxes = re.findall(r"\.box\{fill:(#\w{6});stroke:(#\w{6})\}", style)
        assert len(text) == 2
        assert len(boxes) == 6
        for ground, edge in boxes:
            assert all(contrast(colour, ground) >= 4.5 for colour in text)
            assert contrast(edge, ground) >= 3
