"""Where boxes are drawn: never on top of each other, from left to right, always the same."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from runner.core.layout import Layout, place
from runner.core.layout_order import ordered

HEIGHT, GAP = 40.0, 10.0


def placed(edges: str, alone: str = "") -> Layout:
    """Place a graph written as `ab bc`: an edge from a to b, one from b to c."""
    pairs = [(pair[0], pair[1]) for pair in edges.split()]
    names = dict.fromkeys([*sorted(name for pair in pairs for name in pair), *alone])
    return place(dict.fromkeys(names, 100.0), pairs, height=HEIGHT, gap=GAP)


@st.composite
def graphs(draw) -> tuple[dict[str, float], list[tuple[str, str]]]:
    count = draw(st.integers(0, 14))
    widths = {f"s{i}": float(draw(st.integers(20, 200))) for i in range(count)}
    numbers = st.integers(0, max(count - 1, 0))
    pairs = draw(st.lists(st.tuples(numbers, numbers), max_size=30)) if count > 1 else []
    return widths, [(f"s{a}", f"s{b}") for a, b in pairs if a < b]


@given(graphs())
def test_no_two_boxes_overlap_and_all_lie_inside_the_picture(graph):
    widths, edges = graph
    layout = place(widths, edges, height=HEIGHT, gap=GAP)
    assert sorted(layout.boxes) == sorted(widths)
    boxes = list(layout.boxes.values())
    for number, one in enumerate(boxes):
        assert one.left >= 0
        assert one.right <= layout.width + 0.1
        assert HEIGHT / 2 - 0.2 <= one.y <= layout.height - HEIGHT / 2 + 0.2
        for other in boxes[:number]:
            beside = one.right <= other.left or other.right <= one.left
            assert beside or abs(one.y - other.y) >= HEIGHT + GAP - 0.3


@given(graphs())
def test_every_edge_and_every_piece_goes_from_left_to_right(graph):
    widths, edges = graph
    layout = place(widths, edges, height=HEIGHT, gap=GAP)
    assert all(layout.boxes[a].right < layout.boxes[b].left for a, b in edges)
    assert all(start[0] < end[0] for start, end in layout.pieces)
    assert set(layout.entered) == {target for _, target in edges}


@given(graphs())
def test_every_edge_is_drawn_as_a_way_of_pieces_and_nothing_else_is(graph):
    widths, edges = graph
    layout = place(widths, edges, height=HEIGHT, gap=GAP)
    onward: dict[tuple[float, float], set[tuple[float, float]]] = {}
    for start, end in layout.pieces:
        onward.setdefault(start, set()).add(end)
    entries = {(box.left, box.y): name for name, box in layout.boxes.items()}
    drawn = set()
    for name, box in layout.boxes.items():
        pending = [(box.right, box.y)]
        while pending:
            for end in onward.get(pending.pop(), ()):
                if end in entries:
                    drawn.add((name, entries[end]))
                pending.append(end)
    assert drawn == set(edges)


@given(graphs())
def test_the_same_graph_is_placed_the_same(graph):
    widths, edges = graph
    assert place(widths, edges, height=HEIGHT, gap=GAP) == place(
        dict(widths), list(edges), height=HEIGHT, gap=GAP
    )


def test_a_chain_runs_level():
    assert len({box.y for box in placed("ab bc cd").boxes.values()}) == 1


def test_a_start_stands_right_before_what_it_feeds():
    boxes = placed("ab bc xc").boxes
    assert boxes["x"].left == boxes["b"].left


def test_crossed_pairs_are_uncrossed():
    boxes = placed("ay bx ax cx").boxes
    layers = [sorted("abc", key=lambda n: boxes[n].y), sorted("xy", key=lambda n: boxes[n].y)]
    rank = {name: number for layer in layers for number, name in enumerate(layer)}
    links = [(rank[a], rank[b]) for a, b in ("ay", "bx", "ax", "cx")]
    crossings = [1 for i in links for j in links if i[0] < j[0] and i[1] > j[1]]
    assert not crossings


def test_an_order_without_crossings_is_left_as_it_is():
    layers = [["a", "b"], ["x", "y"]]
    assert ordered(layers, [("a", "x"), ("b", "y")]) == layers


def test_many_lines_from_one_source_share_their_way():
    edges = " ".join(["ab bc cd de ef", *(f"a{target}" for target in "cdef")])
    bends = [piece for piece in placed(edges).pieces if piece[0][1] == piece[1][1]]
    level_through_columns = [p for p in bends if p[1][0] - p[0][0] == 100.0]
    assert len(level_through_columns) == 4


def test_lone_nodes_stand_in_rows_below_the_rest():
    boxes = placed("ab", alone="uvwxyz").boxes
    bottom = max(boxes["a"].y, boxes["b"].y)
    assert all(boxes[name].y > bottom for name in "uvwxyz")
    assert len({boxes[name].y for name in "uvwxyz"}) < 6


def test_nothing_takes_no_room():
    assert placed("") == Layout({}, [], [], 0.0, 0.0)


def test_a_chain_of_thousands_where_all_read_the_first_is_placed():
    names = [f"s{i}" for i in range(3000)]
    edges = [*pairwise(names), *((names[0], name) for name in names[2:])]
    layout = place(dict.fromkeys(names, 50.0), edges, height=HEIGHT, gap=GAP)
    assert len(layout.boxes) == 3000
    assert len(layout.pieces) < 12_000
