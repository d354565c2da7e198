"""A project as a JSON document and back."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from runner.core.model import (
    Dep,
    EntryPoint,
    EnvironmentSpec,
    Out,
    Parameter,
    Project,
    Resources,
    Variable,
)
from runner.core.project_file import from_document, to_document

texts = st.text(max_size=8)
numbers = st.floats(allow_nan=False, allow_infinity=False)
values = texts | st.integers() | st.booleans() | numbers
tuples_of_texts = st.lists(texts, max_size=3).map(tuple)
many_values = st.lists(values, max_size=3).map(tuple)
variables = st.lists(st.builds(Variable, texts, st.none() | texts), max_size=2).map(tuple)
outs = st.builds(Out, texts, rtol=st.none() | numbers, atol=st.none() | numbers)
entries = st.builds(
    EntryPoint,
    name=texts,
    parameters=st.lists(
        st.builds(Parameter, name=texts, default=st.none() | values, choices=many_values)
    ).map(tuple),
    deps=st.lists(st.builds(Dep, texts, st.none() | tuples_of_texts), max_size=3).map(tuple),
    outs=st.lists(outs, max_size=3).map(tuple),
    needs=tuples_of_texts,
    matrix=st.lists(st.tuples(texts, many_values), max_size=2).map(tuple),
    variables=variables,
    secrets=tuples_of_texts,
    resources=st.builds(Resources, cpus=numbers),
    timeout=st.none() | numbers,
)
specs = st.builds(
    EnvironmentSpec,
    name=texts,
    settings=st.dictionaries(texts, values | st.lists(values), max_size=2),
)
projects = st.builds(
    Project,
    name=texts,
    entry_points=st.lists(entries, max_size=3).map(lambda some: {e.name: e for e in some}),
    environments=st.lists(specs, max_size=2).map(lambda some: {s.name: s for s in some}),
    variables=variables,
    secrets=tuples_of_texts,
    settings=st.dictionaries(texts, values, max_size=2),
)


@given(projects)
def test_every_project_comes_back_from_its_document(project: Project) -> None:
    again = from_document(json.loads(json.dumps(to_document(project))))
    assert again == project
    assert repr(again) == repr(project)  # equal values of equal types: 1 is not 1.0 here


def test_a_document_holds_only_what_is_not_the_default() -> None:
    project = Project("p", {"e": EntryPoint("e", "x", deps=(Dep("d"),), outs=(Out("o"),))}, {})
    assert to_document(project)["entry_points"] == [
        {"name": "e", "line": 0, "command": "x", "deps": ["d"], "outs": ["o"]}
    ]


def test_reading_a_document_leaves_its_project_as_it_was() -> None:
    project = Project("p", {"e": EntryPoint("e", needs=("a",))}, {"s": EnvironmentSpec("s")})
    assert from_document(to_document(project)) == from_document(to_document(project)) == project
