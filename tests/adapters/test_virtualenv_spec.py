"""What may stand in python_env.yaml and in requirements files, and what is said of the rest."""

from __future__ import annotations

import pytest

from runner.core.model import EnvironmentSpec
from runner.environments.virtualenv_requirements import (
    Line,
    hashes,
    local_path,
    logical_lines,
    without_credentials,
)
from runner.environments.virtualenv_spec import read_specification
from runner.errors import EnvironmentFailure

SPEC = EnvironmentSpec("default", "virtualenv", "python_env.yaml")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "requirements.txt").write_text(
        "two>=1  # because\n-c limits.txt\n-r more/three.txt\n"
    )
    (tmp_path / "limits.txt").write_text("one<9\n")
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "three.txt").write_text(
        "three\n-r ../requirements.txt\n--no-binary three\n"
    )
    return tmp_path


def read(folder, text):
    (folder / "python_env.yaml").write_text(text)
    return read_specification(SPEC, folder)


def problems(folder, text):
    with pytest.raises(EnvironmentFailure) as failed:
        read(folder, text)
    return failed.value.message


def test_a_file_as_mlflow_writes_it(folder):
    found = read(
        folder,
        'python: "3.10"\n'
        "build_dependencies:\n"
        "- pip==23.0\n"
        "- setuptools\n"
        "dependencies:\n"
        "- one==1.0  # for counting\n"
        "- -r requirements.txt\n",
    )
    assert found.python == "3.10"
    assert [line.text for line in found.lines] == [
        "pip==23.0",
        "setuptools",
        "one==1.0",
        "-r requirements.txt",
    ]
    asked = found.requirements
    assert [line.text for line in asked.asked] == [
        "pip==23.0",
        "setuptools",
        "one==1.0",
        "two>=1",
        "three",
    ]
    assert [line.text for line in asked.constraints] == ["one<9"]
    assert [line.text for line in asked.options] == ["--no-binary three"]
    assert asked.asked[3] == Line("two>=1", "requirements.txt", 1)
    assert asked.asked[2].number == 6
    assert len(asked.texts) == 4


@pytest.mark.parametrize("text", ["", "# nothing\n", "dependencies:\n", "dependencies: []\n"])
def test_a_file_may_ask_for_nothing(folder, text):
    found = read(folder, text)
    assert (found.python, found.lines) == ("", ())


def test_a_requirements_file_may_stand_in_its_place(folder):
    found = read_specification(EnvironmentSpec("e", "virtualenv", "requirements.txt"), folder)
    assert [line.text for line in found.requirements.asked] == ["two>=1", "three"]


def test_all_problems_of_a_file_are_told_at_once_with_their_lines(folder):
    told = problems(
        folder,
        "python: 3.10\n"
        "dependenciez: []\n"
        "build_dependencies: pip\n"
        "dependencies:\n"
        "- 3\n"
        "- [one]\n"
        "- ''\n",
    )
    assert "python_env.yaml:1:9: a Python version has to be a text (at python)" in told
    assert 'quote it: python: "3.10"' in told
    assert "python_env.yaml:2:1: unknown key dependenciez" in told
    assert 'did you mean "dependencies"?' in told
    assert "python_env.yaml:3:21: expected a list of requirements, found a scalar" in told
    assert "(at dependencies[0])" in told
    assert "(at dependencies[1])" in told
    assert "(at dependencies[2])" in told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("- one\n", "python_env.yaml:1:1: expected a mapping with the keys python"),
        ("python: '3'\npython: '3'\n", ":2:1: the key python stands here twice"),
        ("python: '>=3.10'\n", "expected a version such as 3.11"),
        ("python: [3]\n", "expected a version, found a sequence"),
        ("python: latest\n", "expected a version such as 3.11"),
        ("python: true\n", "expected a version such as 3.11"),
        ("? [a]\n: b\n", "unknown key a sequence"),
        ("dependencies: [a\n", "python_env.yaml:2:1:"),
        ("dependencies: &a [*a]\n", "expected a requirement as a text"),
        ("dependencies: [!!python/object/apply:os.system [ls]]\n", "expected a requirement"),
        ('dependencies: ["a\\nb"]\n', "one requirement per entry"),
        ("dependencies: [-r absent.txt]\n", "python_env.yaml:1:1: cannot read"),
        ("a: " + "[" * 20_000, "python_env.yaml"),
        ("\tdependencies: []\n", "python_env.yaml:1:1:"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(folder, text, told):
    assert told in problems(folder, text)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(EnvironmentFailure, match=r"read from python_env\.yaml") as failed:
        read_specification(SPEC, tmp_path)
    assert "write python_env.yaml" in failed.value.hint


def test_a_missing_file_is_named_with_the_line_that_includes_it(folder):
    (folder / "more" / "three.txt").write_text("three\n\n-r gone.txt\n")
    told = problems(folder, "dependencies: [-r requirements.txt]\n")
    assert "more/three.txt:3:1: cannot read" in told
    assert "gone.txt" in told


def test_lines_are_joined_and_freed_of_comments_as_pip_does():
    text = (
        "# all\none==1 \\\n  --hash=sha256:aa \\\n  --hash=sha256:BB\n\ntwo #c\nthree#x\nfour \\\n"
    )
    assert [tuple(line) for line in logical_lines(text, "r.txt")] == [
        ("one==1    --hash=sha256:aa    --hash=sha256:BB", "r.txt", 2),
        ("two", "r.txt", 6),
        ("three#x", "r.txt", 7),
        ("four", "r.txt", 8),
    ]
    assert hashes("one==1 --hash=sha256:BB --hash sha256:aa") == ("sha256:aa", "sha256:bb")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("-e .", "."),
        ("--editable=./lib", "./lib"),
        ("./lib[extra]", "./lib"),
        ("lib @ ./lib", "./lib"),
        ("lib @ file:///a%20b", "/a b"),
        ("sub/lib", "sub/lib"),
        ("lib", None),
        ("lib==1.0 ; python_version > '3'", None),
        ("lib @ https://example.org/lib.whl", None),
        ("-e git+https://example.org/lib", None),
    ],
)
def test_local_projects_are_told_from_packages(text, path):
    assert local_path(text) == path


def test_credentials_are_taken_out_of_urls():
    shown = without_credentials("-i https://user:pa%40ss@example.org/s git+ssh://git:pw@host/x")
    assert shown == "-i https://example.org/s git+ssh://git@host/x"
