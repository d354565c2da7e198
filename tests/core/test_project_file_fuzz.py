"""Whatever the text is: a project, or an error that says where. Never anything else."""

from __future__ import annotations

import json

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from runner import project_files
from runner.core.project_file import from_document, parse, to_document
from runner.errors import Problem, ProjectFileError

SCHEMA = project_files.schema("mlproject")
ENTRY_KEYS = tuple(SCHEMA["$defs"]["entry_point"]["properties"])
KEYS = (
    *SCHEMA["properties"],
    *ENTRY_KEYS,
    *("type", "default", "choices", "path", "params", "keys", "compare", "reason", "rtol"),
    *("cpus", "memory", "gpus", "jobs", "image", "volumes", "args", "user", "system"),
    *("alpha", "main", "<<", "type str", "depends_on"),
)
SCALARS = (
    *("", "~", "null", "true", "yes", "1", "-1", "0.5", "3.10", "010", "1e3", ".inf", ".nan"),
    *("float", "int", "choice", "bool", "main", "train", "none", "2GiB", "5m", "NAME", "'x'"),
    *("'{alpha}'", "'{beta'", "'}'", "a", "../a", "/a", "s3://x/y", "'x/{alpha}'", "~/x", "."),
    *('"a\\0b"', '"\\ud800"', "!!str 3", "!!int 3", "!!python/none", "*a", "&a b", "1e999"),
    *("9" * 400, "MLproject", ".git/x", "'..\\x'", "C:\\x", "python_env.yaml"),
)
keys = st.sampled_from(KEYS) | st.text(max_size=4).map(json.dumps)
scalars = st.sampled_from(SCALARS) | st.text(max_size=6).map(json.dumps)


def mapping(
    some_keys: st.SearchStrategy[str], some_values: st.SearchStrategy[str], most: int = 6
) -> st.SearchStrategy[str]:
    pairs = st.lists(st.tuples(some_keys, some_values), max_size=most)
    return pairs.map(lambda found: "{" + ", ".join(f"{k}: {v}" for k, v in found) + "}")


def collection(children: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    lists = st.lists(children, max_size=4).map(lambda items: "[" + ", ".join(items) + "]")
    return lists | mapping(keys, children)


values = st.recursive(scalars, collection, max_leaves=20)
entries = mapping(st.sampled_from(ENTRY_KEYS), values)
files = mapping(st.sampled_from(("main", "train", "a b")), entries, 3).map(
    "entry_points: {}".format
)
lines = st.lists(st.tuples(keys, values), max_size=5).map(
    lambda pairs: "\n".join(f"{key}: {value}" for key, value in pairs)
)
noise = st.text(alphabet="abc: -[]{}\n'\"#&*!|>%@`\\ \t?,<~0.1").map("a:\n {}".format)
anything = st.text() | files | lines | noise | st.tuples(files, lines).map("\n".join)


def check_problems(problems: tuple[Problem, ...]) -> None:
    for problem in problems:
        assert problem.message.isprintable()
        assert problem.source.isprintable()
        assert problem.hint.isprintable()
        assert (problem.line >= 1) == (problem.column >= 1)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=300)
@given(anything, st.booleans())
@example("entry_points: {main: {matrix: {a: [~, 1]}, outs: [~], deps: [{}], command: x}}", False)
@example("environments: {a: {docker_env: {image: ~, args: {b: ~}}}}", False)
@example("a: " + "{b: " * 500, False)
def test_any_text_gives_a_project_or_located_problems(text: str, strict: bool) -> None:
    try:
        project, warnings = parse(
            text, file="MLproject", schema=SCHEMA, folder_has=lambda _: True, strict=strict
        )
    except ProjectFileError as error:
        check_problems(error.problems)
        return
    check_problems(warnings)
    assert not (strict and warnings)
    document = json.dumps(to_document(project), allow_nan=False)
    assert from_document(json.loads(document)) == project
