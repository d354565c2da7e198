"""What a project file means: MLflow's keys, and ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from runner import project_files
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
from runner.core.project_file import parse
from runner.errors import Problem, ProjectFileError

if TYPE_CHECKING:
    from collections.abc import Collection

SCHEMA = project_files.schema("mlproject")


def load(
    text: str, *, files: Collection[str] = (), strict: bool = False
) -> tuple[Project, tuple[Problem, ...]]:
    return parse(
        text,
        file="MLproject",
        schema=SCHEMA,
        folder_has=lambda path: path in files,
        folder_name="the-folder",
        strict=strict,
    )


def entry(body: str, *, rest: str = "") -> EntryPoint:
    project, _ = load("entry_points:\n  e:\n    " + body.replace("\n", "\n    ") + f"\n{rest}")
    return project.entry_points["e"]


def problems(text: str, *, files: Collection[str] = (), strict: bool = False) -> list[str]:
    with pytest.raises(ProjectFileError) as caught:
        load(text, files=files, strict=strict)
    return [problem.message for problem in caught.value.problems]


def test_a_project_without_a_name_is_called_like_its_folder() -> None:
    assert load("entry_points: {}")[0].name == "the-folder"
    assert load("name: 3.10")[0].name == "3.10"


def test_parameters_in_short_and_long_form() -> None:
    found = entry("command: x\nparameters: {a: float, b: {type: int, default: 5}, c: {}}")
    assert found.parameters == (
        Parameter("a", "float"),
        Parameter("b", "int", 5),
        Parameter("c", "string"),
    )


@pytest.mark.parametrize(
    ("declared", "value"),
    [
        ("{type: string, default: 3.10}", "3.10"),
        ("{default: 0.50}", "0.50"),
        ("{type: string, default: yes}", "yes"),
        ("{type: string, default: True}", "True"),
        ("{type: string, default: ''}", ""),
        ("{type: string, default: ~}", None),
        ("{type: float, default: 1}", 1.0),
        ("{type: float, default: '0.5'}", 0.5),
        ("{type: float, default: 1e-3}", 0.001),
        ("{type: int, default: '12'}", 12),
        ("{type: bool, default: on}", True),
        ("{type: bool, default: False}", False),
        ("{type: path, default: data}", "data"),
        ("{type: uri, default: 's3://b/k'}", "s3://b/k"),
        ("{type: choice, choices: [3.9, 3.10], default: 3.10}", "3.10"),
        ("{choices: [1, 2], default: 2}", 2),
    ],
)
def test_a_default_has_the_type_of_its_parameter(declared: str, value: object) -> None:
    default = entry(f"command: x\nparameters: {{p: {declared}}}").parameters[0].default
    assert default == value
    assert type(default) is type(value)


@pytest.mark.parametrize(
    "declared",
    [
        "{type: int, default: abc}",
        "{type: int, default: 1.5}",
        "{type: int, default: 010}",
        "{type: float, default: .inf}",
        "{type: float, default: 1e999}",
        "{type: bool, default: maybe}",
        "{type: uri, default: data.csv}",
        "{type: choice, choices: [a, b], default: c}",
        "{type: choice}",
        "{type: float, choices: [1.0]}",
    ],
)
def test_a_default_that_does_not_fit_its_type_is_an_error(declared: str) -> None:
    text = f"entry_points: {{e: {{command: x, parameters: {{p: {declared}}}}}}}"
    assert len(problems(text)) == 1


def test_an_unknown_type_is_text_where_nothing_of_ours_is_used_and_an_error_elsewhere() -> None:
    text = "entry_points: {e: {command: x, parameters: {p: {type: flaot, default: 1.0}}}}"
    project, warnings = load(text)
    assert project.entry_points["e"].parameters == (Parameter("p", "string", "1.0"),)
    assert [(w.line, w.column, w.message) for w in warnings] == [
        (1, 55, 'unknown parameter type "flaot"')
    ]
    assert 'did you mean "float"?' in warnings[0].hint
    assert problems(text.replace("command: x", "command: x, retries: 1")) == [
        'unknown parameter type "flaot"'
    ]


def test_what_mlflow_swallows_warns_in_its_files_and_is_an_error_in_ours() -> None:
    text = "entry_points: {e: {command: x, parameters: {p: {type str, default: auto}}}}\n"
    project, warnings = load(text)
    assert project.entry_points["e"].parameters == (Parameter("p", "string", "auto"),)
    assert warnings[0].hint == "did you mean `type: str`?"
    assert problems(text + "runner: {jobs: 1}") == ['"type str" is one word to YAML']


def test_unknown_keys_warn_with_a_suggestion_and_are_errors_when_strict() -> None:
    text = "nmae: x\nentry_points: {e: {command: x, retrys: 1, foo: 2}}"
    _, warnings = load(text)
    assert [(w.message, w.hint) for w in warnings] == [
        ('unknown key "nmae"', 'did you mean "name"?'),
        ('unknown key "retrys" of "e"', 'did you mean "retries"?'),
        ('unknown key "foo" of "e"', ""),
    ]
    assert len(problems(text, strict=True)) == 3


def test_warnings_stand_among_the_errors_because_they_often_are_the_cause() -> None:
    assert problems("entry_points:\n  e:\n    comand: x") == [
        '"e" has no command',
        'unknown key "comand" of "e"',
    ]


def test_no_command_is_right_only_with_needs_and_without_outs() -> None:
    head = "entry_points:\n  a: {command: x}\n"
    assert load(head + "  b: {needs: [a]}")[0].entry_points["b"].command is None
    assert problems(head + "  b: {deps: [x]}") == ['"b" has no command']
    assert problems(head + "  b: {needs: [a], plots: [x]}") == [
        '"b" has plots, but no command that writes them'
    ]


def test_everything_of_ours_in_one_entry_point() -> None:
    found = entry(
        """\
desc: trains
matrix: {alpha: [0.1, 0.5]}
deps: [./data//split/, src/train.py, {params: params.yaml, keys: [train]}, {params: p.json}]
metrics: [{path: "m/{alpha}.json", rtol: 1e-6, atol: 0}]
outs: ["a/{alpha}", {path: "b/{alpha}", compare: none, reason: why, cache: false, persist: true,
       push: false, desc: d}]
plots: ["p/{alpha}"]
needs: [other]
env: [LANG, [N, 1], [T, yes]]
secrets: [TOKEN]
resources: {cpus: 0.5, memory: 2GiB, gpus: 1}
timeout: 5m
retries: 2
environment: host
command: train {alpha}""",
        rest="  other: {command: x}\nenvironments: {host: {system: true}}",
    )
    assert found == EntryPoint(
        "e",
        "train {alpha}",
        (),
        (
            Dep("data/split"),
            Dep("src/train.py"),
            Dep("params.yaml", ("train",)),
            Dep("p.json", ()),
        ),
        (
            Out("m/{alpha}.json", "metric", rtol=1e-6, atol=0),
            Out("a/{alpha}"),
            Out("b/{alpha}", "out", False, True, False, "none", "why", desc="d"),
            Out("p/{alpha}", "plot"),
        ),
        ("other",),
        (("alpha", (0.1, 0.5)),),
        "host",
        (Variable("LANG"), Variable("N", "1"), Variable("T", "yes")),
        ("TOKEN",),
        Resources(0.5, 2 * 1024**3, 1),
        300.0,
        2,
        "trains",
        2,
    )


@pytest.mark.parametrize(
    ("written", "seconds"), [("90s", 90), ("5m", 300), ("1h", 3600), ("2d", 172_800), ("1.5", 1.5)]
)
def test_a_timeout_is_given_in_seconds_or_with_a_unit(written: str, seconds: float) -> None:
    assert entry(f"command: x\ntimeout: {written}").timeout == seconds


@pytest.mark.parametrize(
    ("written", "size"),
    [("2GiB", 2**31), ("512MB", 512_000_000), ("1.5KiB", 1536), ("4096", 4096), ("1 kB", 1000)],
)
def test_memory_is_given_in_bytes_or_with_a_unit(written: str, size: int) -> None:
    assert entry(f"command: x\nresources: {{memory: {written}}}").resources.memory == size


def test_a_matrix_value_has_the_type_of_the_parameter_of_its_name() -> None:
    found = entry(
        "command: x\nparameters: {python: string, n: float}\nmatrix: {python: [3.9, 3.10], n: [1]}"
    )
    assert found.matrix == (("python", ("3.9", "3.10")), ("n", (1.0,)))


def test_a_number_in_a_matrix_that_looks_like_a_version_warns() -> None:
    _, warnings = load("entry_points: {e: {command: x, matrix: {python: [3.9, 3.10]}}}")
    assert [warning.message for warning in warnings] == ["3.10 is the number 3.1 here"]
    assert warnings[0].hint.endswith('quote it: "3.10"')


def test_an_out_that_is_the_same_for_several_steps_of_a_matrix_is_an_error() -> None:
    text = "entry_points: {e: {command: x, matrix: {a: [1, 2], b: [1]}, outs: ['x', 'x/{a}']}}"
    assert problems(text) == ['"x" is the same for several steps of the matrix']


def test_an_enormous_matrix_is_refused() -> None:
    axis = "[" + ",".join(map(str, range(400))) + "]"
    text = f"entry_points: {{e: {{command: x, matrix: {{a: {axis}, b: {axis}}}}}}}"
    assert problems(text) == ["this matrix has 160,000 combinations; more than 100,000 are refused"]


def test_a_placeholder_inside_a_long_command_is_located_where_it_stands() -> None:
    text = "entry_points:\n  e:\n    command: |\n      echo one\n      echo {tow}\n"
    with pytest.raises(ProjectFileError) as caught:
        load(text)
    problem = caught.value.problems[0]
    assert (problem.line, problem.column, problem.source) == (5, 12, "echo {tow}")
    assert problem.where == "entry_points.e.command"


def test_the_default_environment_is_what_the_file_or_the_folder_says() -> None:
    def default(text: str, *files: str) -> EnvironmentSpec:
        project, _ = load(text, files=files)
        return project.environments[project.default_environment]

    both = ("python_env.yaml", "conda.yaml")
    assert default("name: x") == EnvironmentSpec("system")
    assert default("name: x", *both) == EnvironmentSpec("default", "virtualenv", both[0])
    assert default("name: x", both[1]) == EnvironmentSpec("default", "conda", both[1])
    assert default("conda_env: e/c.yaml", "e/c.yaml", *both) == EnvironmentSpec(
        "default", "conda", "e/c.yaml"
    )
    assert default("docker_env: {image: a}", *both) == EnvironmentSpec(
        "default", "docker", None, {"image": "a"}
    )


def test_an_environment_file_that_is_not_there_is_an_error() -> None:
    assert problems("python_env: env.yaml") == ['python_env: no such file: "env.yaml"']


def test_an_environment_file_outside_of_the_project_warns() -> None:
    _, warnings = load("conda_env: ../conda.yaml", files=["../conda.yaml"])
    assert "outside of the project" in warnings[0].message


def test_the_system_can_be_named_without_being_declared() -> None:
    project, _ = load(
        "entry_points: {e: {command: x, environment: system}}", files=["python_env.yaml"]
    )
    assert project.entry_points["e"].environment == "system"
    assert project.environments["system"].kind == "system"


def test_settings_are_plain_values_with_sizes_in_bytes() -> None:
    text = "runner: {jobs: 2, keep_going: true, shell: bash, snapshot_file_limit: 1MiB}"
    assert load(text)[0].settings == {
        "jobs": 2,
        "keep_going": True,
        "shell": "bash",
        "snapshot_file_limit": 2**20,
    }


def test_entry_points_that_use_nothing_of_ours_may_have_any_printable_name() -> None:
    project, _ = load("entry_points: {train.py: {command: x}, 'a/b: c': {command: x}}")
    assert list(project.entry_points) == ["train.py", "a/b: c"]
    assert len(problems("entry_points: {'a/b': {command: x, retries: 1}}")) == 1


def test_at_most_fifty_problems_are_told_and_the_rest_counted() -> None:
    text = "entry_points:\n" + "".join(f"  e{number}: {{}}\n" for number in range(1_200))
    found = problems(text)
    assert len(found) == 51
    assert found[0] == '"e0" has no command'
    assert found[-1] == "and 1,150 more problems like these"


def test_so_many_unknown_keys_that_it_cannot_be_a_project_file_are_an_error() -> None:
    found = problems("".join(f"key{number}: 1\n" for number in range(1_001)))
    assert found[0] == "more than 1,000 unknown keys: this is hardly a project file"


def test_a_very_long_line_is_shown_around_the_problem() -> None:
    text = "entry_points: {" + "".join(f"e{n}: {{command: x}}, " for n in range(500)) + "bad: {}}"
    with pytest.raises(ProjectFileError) as caught:
        load(text)
    source = caught.value.problems[0].source
    assert len(source) <= 165
    assert source.startswith("…")
    assert "bad: {}" in source
    assert caught.value.problems[0].column == text.index("bad") + 1


def test_ten_thousand_steps_are_read() -> None:
    parameters = "{a: {type: int, default: 1}}"
    text = "entry_points:\n" + "".join(
        f"  e{n}: {{command: 'x {{a}}', parameters: {parameters}, deps: [d{n}], outs: [o{n}]}}\n"
        for n in range(10_000)
    )
    project, warnings = load(text)
    assert len(project.entry_points) == 10_000
    assert project.entry_points["e9999"].outs == (Out("o9999"),)
    assert warnings == ()


def test_a_dep_that_stands_twice_warns() -> None:
    project, warnings = load("entry_points: {e: {command: x, deps: [a, ./a]}}")
    assert project.entry_points["e"].deps == (Dep("a"),)
    assert [warning.message for warning in warnings] == ['dep "./a" stands twice in this list']


def test_a_path_with_a_placeholder_is_checked_as_far_as_it_is_known() -> None:
    text = "entry_points: {{e: {{command: x, parameters: {{p: string}}, outs: ['{}']}}}}"
    assert problems(text.format("/tmp/{p}")) == ['out "/tmp/{p}" is absolute']
    assert problems(text.format("{p}/../..")) == ['out "{p}/../.." leaves the project']
    assert load(text.format("a/{p}/b"))[0].entry_points["e"].outs == (Out("a/{p}/b"),)


def test_doubled_braces_in_a_path_stay_for_the_one_who_fills_it_in() -> None:
    assert entry("command: x\ndeps: ['./a/{{b}}']").deps == (Dep("./a/{{b}}"),)


def test_a_matrix_holds_finite_numbers() -> None:
    text = "entry_points: {e: {command: x, matrix: {a: [.inf, 1]}}}"
    assert problems(text) == [".inf is not a finite number"]


def test_a_problem_in_a_folded_command_is_located_at_the_command() -> None:
    text = "entry_points:\n  e:\n    command: >\n      echo one\n      {tow} three\n"
    with pytest.raises(ProjectFileError) as caught:
        load(text)
    assert (caught.value.problems[0].line, caught.value.problems[0].column) == (3, 14)


def test_duplicate_keys_deep_inside_are_named_by_their_path() -> None:
    text = "entry_points: {e: {command: x, outs: [a, {path: b, path: c}]}}"
    with pytest.raises(ProjectFileError) as caught:
        load(text)
    assert caught.value.problems[0].where == "entry_points.e.outs[1].path"


def test_of_thousands_of_wrong_shapes_the_first_fifty_are_told() -> None:
    found = problems("entry_points:\n" + "".join(f"  e{number}:\n" for number in range(6_000)))
    assert len(found) == 51
    assert all("has no value" in message for message in found[:50])


def test_more_problems_than_anyone_counts_are_still_counted() -> None:
    text = "entry_points:\n" + "".join(f"  e{number}: {{}}\n" for number in range(20_500))
    assert problems(text)[-1] == "and 20,450 more problems like these"


def test_a_long_name_is_shortened_in_messages() -> None:
    name = "x" * 500
    assert problems(f"entry_points: {{{name}: {{}}}}") == [f'"{"x" * 60}…" has no command']
