"""From a project and a request to steps: values, matrices, targets, paths."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.core import dag
from runner.core.binding import Binding, Request, bind
from runner.core.model import (
    BoundParameter,
    Dep,
    EntryPoint,
    EnvironmentSpec,
    Out,
    Parameter,
    Project,
    Variable,
)
from runner.errors import ParameterError, ProjectFileError, UsageError, WorkspaceError

FLOAT = Parameter("alpha", "float", 0.5)


def entry(name: str, command: str | None = "true", **fields) -> EntryPoint:
    for key, kind in (("deps", Dep), ("outs", Out)):
        fields[key] = tuple(kind(path) for path in fields.get(key, "").split())
    return EntryPoint(name, command, **fields)


def project(*entries: EntryPoint, **fields) -> Project:
    environments = {"system": EnvironmentSpec("system")}
    return Project("p", {one.name: one for one in entries}, environments, **fields)


def bound(*entries: EntryPoint, targets=(), caller="/home/me/p", **given) -> Binding:
    """Bind with `-P` pairs given as keywords; `train__alpha` is `train.alpha`, `_` a dash."""
    pairs = tuple((name.replace("__", "."), text) for name, text in given.items())
    request = Request(tuple(targets), pairs, caller, "/home/me/p")
    return bind(project(*entries), request)


def command(*entries: EntryPoint, **given) -> str | None:
    return next(iter(bound(*entries, **given).steps.values())).command


# Values


def test_a_default_a_given_value_and_a_matrix_value_say_where_they_come_from():
    train = entry(
        "train",
        parameters=(FLOAT, Parameter("depth", "int", 3)),
        matrix=(("l1", (0, 0.5)),),
    )
    step = bound(train, targets=["train"], depth="7").steps["train@0.5"]
    assert step.parameters == {
        "alpha": BoundParameter(0.5, "float", "default"),
        "depth": BoundParameter(7, "int", "command-line"),
        "l1": BoundParameter(0.5, "float", "matrix"),
    }


def test_a_value_reaches_every_step_that_declares_it_and_a_scoped_one_only_its_own():
    a = entry("a", "a {alpha}", parameters=(FLOAT,))
    b = entry("b", "b {alpha}", parameters=(FLOAT,))
    steps = bound(a, b, targets=["a", "b"], alpha="0.1", b__alpha="0.2").steps
    assert (steps["a"].command, steps["b"].command) == ("a 0.1", "b 0.2")


def test_a_scoped_value_reaches_all_combinations_of_a_matrix():
    train = entry("train", "t {seed} {alpha}", parameters=(FLOAT,), matrix=(("seed", (1, 2)),))
    steps = bound(train, targets=["train"], train__alpha="0.9").steps
    assert [step.command for step in steps.values()] == ["t 1 0.9", "t 2 0.9"]


def test_a_declared_name_with_a_dot_is_not_taken_for_a_scope():
    train = entry("train", "t {train.alpha}", parameters=(Parameter("train.alpha"),))
    assert command(train, targets=["train"], train__alpha="x") == "t x"


def test_a_value_for_one_step_of_a_matrix_is_refused_with_the_way_to_say_it():
    train = entry("train", matrix=(("seed", (1, 2)),))
    with pytest.raises(UsageError) as caught:
        bind(project(train), Request(("train",), (("train@1.alpha", "3"),)))
    assert "-P train.alpha=value" in caught.value.hint


def test_a_repeated_parameter_is_refused():
    with pytest.raises(UsageError, match="Repeated parameter: 'alpha'"):
        bind(project(entry("main")), Request((), (("alpha", "1"), ("alpha", "1"))))


def test_a_parameter_without_a_name_is_refused():
    with pytest.raises(UsageError, match="without a name"):
        bind(project(entry("main")), Request((), (("", "1"),)))


def test_mistyped_values_are_all_listed():
    a = entry("a", parameters=(FLOAT, Parameter("n", "int", 1)))
    with pytest.raises(ParameterError) as caught:
        bound(a, targets=["a"], alpha="x", n="0.5")
    assert caught.value.message.splitlines() == [
        'a: parameter alpha: expected a finite float such as 0.5 or 1e-3, got "x"',
        'a: parameter n: expected an int such as 10, got "0.5"',
    ]


def test_missing_values_of_the_target_and_its_upstream_are_all_listed():
    prepare = entry("prepare", parameters=(Parameter("size"), Parameter("seed")), outs="split")
    train = entry("train", parameters=(Parameter("lr"),), deps="split", outs="model")
    other = entry("other", parameters=(Parameter("url"),))
    with pytest.raises(ParameterError) as caught:
        bound(prepare, train, other, targets=["train"])
    assert caught.value.message.splitlines() == [
        "prepare needs a value for size, seed",
        "train needs a value for lr",
    ]
    assert caught.value.hint == "add -P size=VALUE -P seed=VALUE -P lr=VALUE"


def test_missing_values_outside_of_what_is_asked_are_only_noted():
    other = entry("other", parameters=(Parameter("url"),), outs="x")
    after = entry("after", needs=("other",))
    later = entry("later", needs=("after",))
    binding = bound(entry("main"), other, after, later)
    assert list(binding.steps) == ["main"]
    assert binding.unbound == {"other": ("url",), "after": (), "later": ()}


def test_a_missing_value_in_an_out_path_hides_just_that_out():
    other = entry("other", parameters=(Parameter("url"),), outs="x/{url} y")
    with pytest.raises(ParameterError, match="other needs a value for url"):
        bound(entry("main", deps="y"), other)
    assert bound(entry("main", deps="z"), other).targets == ("main",)


# Commands


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_a_value_is_one_word_to_the_shell_and_plain_in_the_record(text):
    train = entry("train", "t {x}", parameters=(Parameter("x"),))
    binding = bind(project(train), Request(("train",), (("x", text),)))
    step = binding.steps["train"]
    assert shlex.split(step.command or "") == ["t", text]
    assert step.parameters["x"].value == text


def test_an_undeclared_parameter_goes_to_the_targets_commands_in_order():
    prepare = entry("prepare", "p", outs="split")
    train = entry("train", "t", deps="split")
    binding = bound(prepare, train, targets=["train"], zeta="a b", beta="it's")
    assert binding.steps["train"].command == "t --zeta 'a b' --beta 'it'\"'\"'s'"
    assert binding.steps["prepare"].command == "p"
    assert binding.steps["train"].parameters["zeta"] == BoundParameter(
        "a b", "string", "command-line"
    )
    assert binding.warnings == ()


def test_an_undeclared_name_is_quoted_too():
    binding = bind(project(entry("main", "m")), Request((), (("a;b", "1"),)))
    assert binding.steps["main"].command == "m --'a;b' 1"


def test_an_undeclared_scoped_parameter_goes_to_that_command():
    binding = bound(entry("a", "a"), entry("b", "b"), targets=["a", "b"], b__x="1")
    assert [step.command for step in binding.steps.values()] == ["a", "b --x 1"]


def test_a_misspelt_parameter_is_passed_on_with_a_warning():
    binding = bound(entry("main", "m", parameters=(FLOAT,)), alhpa="1")
    assert binding.steps["main"].command == "m --alhpa 1"
    (warning,) = binding.warnings
    assert 'did you mean "alpha"?' in warning


def test_a_parameter_of_an_entry_point_outside_the_run_is_passed_on_as_mlflow_does():
    other = entry("other", "o {alpha}", parameters=(FLOAT,))
    binding = bound(entry("main", "m"), other, alpha="1")
    assert binding.steps["main"].command == "m --alpha 1"
    assert "other declares it" in binding.warnings[0]


def test_a_parameter_of_an_upstream_step_is_not_passed_on():
    prepare = entry("prepare", "p {alpha}", parameters=(FLOAT,), outs="split")
    binding = bound(prepare, entry("main", "m", deps="split"), alpha="1")
    assert [step.command for step in binding.steps.values()] == ["p 1.0", "m"]
    assert not binding.warnings


def test_an_undeclared_parameter_of_a_target_without_command_is_refused():
    train = entry("train", parameters=(FLOAT,), outs="x")
    main = entry("main", None, needs=("train",))
    with pytest.raises(UsageError, match="main has no command") as caught:
        bound(train, main, alhpa="1")
    assert caught.value.hint == 'did you mean "alpha"?'


def test_braces_that_are_no_parameter_are_located_in_the_file():
    with pytest.raises(ProjectFileError) as caught:
        bound(entry("main", "awk '{print $1}' {x.__class__}", line=7))
    first, second = caught.value.problems
    assert (first.line, first.where) == (7, "entry_points.main.command")
    assert "{print $1}" in first.message
    assert "{x.__class__} is no parameter" in second.message


# Paths given as values


@pytest.mark.parametrize(
    ("text", "recorded", "absolute"),
    [
        ("x.csv", "data/x.csv", "/home/me/p/data/x.csv"),
        ("../a b", "a b", "/home/me/p/a b"),
        ("/home/me/p/c", "c", "/home/me/p/c"),
        ("file:///home/me/p/c%20d", "c d", "/home/me/p/c d"),
        ("/mnt/x", "/mnt/x", "/mnt/x"),
        ("../../q/x", "../q/x", "/home/me/q/x"),
        (".", "data", "/home/me/p/data"),
    ],
)
def test_a_path_starts_at_the_caller_and_is_recorded_relative_to_the_project(
    text, recorded, absolute
):
    train = entry("train", "t {x}", parameters=(Parameter("x", "path"),))
    step = bound(train, targets=["train"], caller="/home/me/p/data", x=text).steps["train"]
    assert shlex.split(step.command or "") == ["t", absolute]
    assert shlex.split(step.shown_command or "") == ["t", recorded]
    assert step.parameters["x"] == BoundParameter(recorded, "path", "command-line")


def test_the_default_of_a_path_starts_at_the_project():
    train = entry("train", "t {x}", parameters=(Parameter("x", "path", "data/x"),))
    step = bound(train, targets=["train"], caller="/elsewhere").steps["train"]
    assert (step.command, step.shown_command) == ("t /home/me/p/data/x", "t data/x")


def test_a_url_is_no_path():
    train = entry("train", parameters=(Parameter("x", "path"),))
    with pytest.raises(ParameterError, match="expected a local path") as caught:
        bound(train, targets=["train"], x="s3://bucket/x")
    assert "dvc import-url" in caught.value.hint


# Deps and outs


def test_paths_are_rendered_without_quotes_and_in_their_shortest_form():
    train = entry(
        "train",
        parameters=(Parameter("name", default="a b"),),
        deps="./data//x/ {name}/y",
        outs="m/../models/{name}.pkl",
    )
    step = bound(train).steps["train"]
    assert [dep.path for dep in step.deps] == ["data/x", "a b/y"]
    assert [out.path for out in step.outs] == ["models/a b.pkl"]


def test_an_out_keeps_all_it_says_when_its_path_is_rendered():
    out = Out("{n}/m.json", "metric", cache=False, compare="none", reason="clock", rtol=0.1)
    train = EntryPoint("train", "t", (Parameter("n", default="x"),), outs=(out,))
    assert bound(train).steps["train"].outs == (out._replace(path="x/m.json"),)


def test_the_keys_of_a_parameters_file_are_kept():
    train = EntryPoint("train", "t", deps=(Dep("./params.yaml", ("train.lr",)),))
    assert bound(train).steps["train"].deps == (Dep("params.yaml", ("train.lr",)),)


@pytest.mark.parametrize(
    ("key", "path", "trouble"),
    [
        ("outs", "../x", "leaves the project"),
        ("outs", "a/../../x", "leaves the project"),
        ("outs", "..", "leaves the project"),
        ("outs", "/tmp/x", "is absolute"),
        ("outs", ".", "is the whole project"),
        ("outs", ".runner/x", "lies inside .runner/"),
        ("outs", "./.git", "lies inside .git/"),
        ("outs", ".dvc/cache", "lies inside .dvc/"),
        ("outs", "MLproject", "is the project file"),
        ("outs", "x\0y", "holds a NUL character"),
        ("deps", "../x", "leaves the project"),
        ("deps", "/x", "is absolute"),
        ("deps", "a/..", "is the whole project"),
    ],
)
def test_a_path_outside_of_where_it_may_lie_is_refused(key, path, trouble):
    with pytest.raises(WorkspaceError, match=trouble):
        bound(entry("main", **{key: path}))


def test_a_path_that_leaves_the_project_through_a_parameter_is_refused_with_its_template():
    train = entry("train", parameters=(Parameter("n"),), outs="models/{n}")
    with pytest.raises(WorkspaceError) as caught:
        bound(train, targets=["train"], n="../../x")
    assert caught.value.message == (
        'train: out "models/../../x" leaves the project (from "models/{n}")'
    )


def test_an_empty_path_is_refused():
    train = entry("train", parameters=(Parameter("n"),), deps="{n}")
    with pytest.raises(WorkspaceError, match='dep "" is empty'):
        bound(train, targets=["train"], n="")


def test_deps_may_lie_in_hidden_folders():
    assert bound(entry("main", deps=".github/x .dvc/config")).targets == ("main",)


# Matrices


def names(*entries: EntryPoint, **given) -> list[str]:
    return list(bound(*entries, **given).steps)


def test_matrix_steps_are_named_by_their_values_as_dvc_names_them():
    matrix = (("alpha", (0.1, 0.5)), ("l1", (0, 1)), ("fit", (True,)))
    assert names(entry("train", outs="{alpha}-{l1}", matrix=matrix)) == [
        "train@0.1-0-true",
        "train@0.1-1-true",
        "train@0.5-0-true",
        "train@0.5-1-true",
    ]


def test_what_no_file_name_should_hold_becomes_an_underscore():
    matrix = (("x", ("a/b", "c d", "é", "..")),)
    assert names(entry("t", outs="o{x}", matrix=matrix)) == ["t@a_b", "t@c_d", "t@é", "t@.."]


def test_steps_whose_names_would_be_the_same_are_numbered():
    matrix = (("x", ("a/b", "a b", "a:b")),)
    plain = entry("t@a_b_2", outs="p")
    made = names(entry("t", outs="o", matrix=matrix), plain, targets=["t"])
    assert made == ["t@a_b", "t@a_b_3", "t@a_b_4", "t@a_b_2"]


def test_a_value_for_a_matrix_key_replaces_the_axis():
    train = entry("train", "t {alpha} {l1}", matrix=(("alpha", (0.1, 0.5)), ("l1", (0, 1))))
    steps = bound(train, targets=["train"], alpha="0.7").steps
    assert list(steps) == ["train@0.7-0", "train@0.7-1"]
    assert steps["train@0.7-0"].parameters["alpha"] == BoundParameter(0.7, "float", "command-line")


@pytest.mark.parametrize(
    ("values", "text", "value"),
    [
        ((0, 1), "0.5", 0.5),
        ((0.1, 2), "2", 2),
        ((0.1, 2), "3", 3),
        ((True, False), "no", False),
        (("a", 1), "x", "x"),
        (("a", 1), "1", 1),
    ],
)
def test_a_value_for_a_matrix_key_is_typed_as_the_axis_is(values, text, value):
    train = entry("train", matrix=(("x", values),))
    (step,) = bound(train, targets=["train"], x=text).steps.values()
    assert step.parameters["x"].value == value
    assert type(step.parameters["x"].value) is type(value)


def test_a_text_for_an_axis_of_numbers_is_refused():
    with pytest.raises(ParameterError, match="train: parameter x: expected a finite float"):
        bound(entry("train", matrix=(("x", (1, 2)),)), targets=["train"], x="many")


def test_a_declared_type_rules_the_values_of_an_axis():
    train = entry("train", parameters=(Parameter("x", "float"),), matrix=(("x", (0, 1)),))
    assert names(train, targets=["train"]) == ["train@0.0", "train@1.0"]


def test_needs_of_an_entry_point_means_all_its_steps_and_of_a_step_just_that():
    train = entry("train", matrix=(("x", (1, 2)),))
    every = entry("every", None, needs=("train",))
    one = entry("one", None, needs=("train@2",))
    steps = bound(train, every, one, targets=["every", "one"]).steps
    assert steps["every"].needs == ("train@1", "train@2")
    assert steps["one"].needs == ("train@2",)
    assert dag.build(steps).upstream["one"] == ("train@2",)


# Targets


def test_main_is_the_default_target():
    assert bound(entry("a", outs="x"), entry("main", "m")).targets == ("main",)


def test_without_main_every_entry_point_with_files_or_needs_and_all_values_is_a_target():
    lacking = entry("lacking", parameters=(Parameter("x"),), outs="z")
    tool = entry("tool")
    binding = bound(entry("a", outs="x"), tool, lacking, entry("c", needs=("a",)))
    assert binding.targets == ("a", "c")
    assert list(binding.steps) == ["a", "tool", "c"]


def test_a_target_may_be_an_entry_point_or_one_step_of_its_matrix():
    train = entry("train", matrix=(("x", (1, 2)),))
    assert bound(train, targets=["train"]).targets == ("train@1", "train@2")
    assert bound(train, targets=["train@2"]).targets == ("train@2",)
    assert bound(train, targets=["train@2", "train"]).targets == ("train@2", "train@1")


def test_an_unknown_target_is_answered_with_what_exists():
    with pytest.raises(UsageError) as caught:
        bound(entry("train"), entry("evaluate"), targets=["trian"])
    assert caught.value.message == 'no entry point or step "trian"; there are train, evaluate'
    assert caught.value.hint == 'did you mean "train"?'


def test_an_unknown_step_of_a_matrix_is_answered_with_those_that_exist():
    with pytest.raises(UsageError, match=r'no step "train@3"; there are train@1, train@2'):
        bound(entry("train", matrix=(("x", (1, 2)),)), targets=["train@3"])


def test_a_project_with_nothing_to_run_by_default_says_what_to_name():
    with pytest.raises(UsageError, match="nothing to run by default") as caught:
        bound(entry("tool"), entry("other"))
    assert "runner run . -e tool" in caught.value.hint
    with pytest.raises(UsageError, match="has no entry points"):
        bound()


def test_a_script_is_a_target_as_in_mlflow():
    binding = bound(targets=["src/train it.py"], alpha="0.5")
    (step,) = binding.steps.values()
    assert shlex.split(step.command or "") == ["python", "src/train it.py", "--alpha", "0.5"]
    assert command(targets=["{x}.sh"]) == "bash '{x}.sh'"


# The rest of a step


def test_a_step_carries_what_its_entry_point_says():
    train = entry("train", environment="gpu", timeout=60.0, retries=2)
    main = entry("main", None, needs=("train",))
    steps = bound(train, main).steps
    assert (steps["train"].environment, steps["main"].environment) == ("gpu", "system")
    assert (steps["train"].timeout, steps["train"].retries) == (60.0, 2)
    assert (steps["main"].template, steps["main"].command, steps["main"].shown_command) == (
        None,
    ) * 3


def test_variables_and_secrets_are_joined_and_a_secret_is_never_a_plain_variable():
    train = entry("train", variables=(Variable("A", "2"), Variable("B")), secrets=("TOKEN",))
    given_project = project(
        train,
        entry("main"),
        variables=(Variable("A", "1"), Variable("TOKEN")),
        secrets=("KEY",),
    )
    steps = bind(given_project, Request()).steps
    assert steps["train"].variables == (Variable("A", "2"), Variable("B"))
    assert steps["train"].secrets == ("KEY", "TOKEN")
    assert steps["main"].secrets == ("KEY",)
    assert steps["main"].variables == (Variable("A", "1"), Variable("TOKEN"))


def test_ten_thousand_entry_points_that_need_one_another_bind():
    chain = [entry(f"s{i}", needs=(f"s{i - 1}",) if i else ()) for i in range(10_000)]
    first = entry("s0", parameters=(Parameter("x"),))
    assert len(bound(*chain, targets=["s9999"]).steps) == 10_000
    with pytest.raises(ParameterError, match="s0 needs a value for x"):
        bound(first, *chain[1:], targets=["s9999"])
    assert len(bound(first, *chain[1:], entry("main")).unbound) == 10_000
