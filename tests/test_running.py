"""`runner run` as a data scientist meets it: real git, real shells, real files."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.projects import Project

CHAIN = """\
    name: chain
    entry_points:
      upper:
        deps: [in.txt, upper.sh]
        outs: [upper.txt]
        command: "echo upper >> ../ledger; sh upper.sh"
      count:
        deps: [upper.txt, count.sh]
        outs: [count.txt]
        command: "echo count >> ../ledger; sh count.sh"
"""


@pytest.fixture
def chain(tmp_path: Path) -> Project:
    project = Project(tmp_path / "project")
    project.write(
        {
            "MLproject": CHAIN,
            "in.txt": "data\n",
            "upper.sh": "tr a-z A-Z < in.txt > upper.txt\n",
            "count.sh": "wc -c < upper.txt > count.txt\n",
            ".gitignore": "upper.txt\ncount.txt\n",
        }
    )
    project.commit()
    return project


def test_a_first_run_runs_everything_and_records_it(chain: Project) -> None:
    answer = chain.runner("run", ".")

    assert answer.code == 0, answer.err
    assert chain.read("count.txt").strip() == "5"
    assert Path(chain.folder, answer.out.strip()).is_file()
    record = chain.record()
    assert record["status"] == "succeeded"
    assert record["code"]["state"] == "clean"
    assert record["code"]["commit"] == chain.git("rev-parse", "HEAD").strip()


def test_a_second_run_has_nothing_to_do_and_names_the_first(chain: Project) -> None:
    chain.run()
    first = chain.record()["run_id"]

    answer = chain.runner("run", ".")

    assert answer.code == 0
    assert "everything is up to date" in answer.out
    assert first in answer.out
    assert chain.ledger() == ["upper", "count"]
    assert len(chain.runner("runs", "--json").document) == 1


def test_an_edited_source_file_reruns_what_depends_on_it_and_nothing_else(chain: Project) -> None:
    chain.run()
    chain.write({"count.sh": "wc -l < upper.txt > count.txt\n"})

    assert chain.run() == {"upper": "up-to-date", "count": "succeeded"}

    assert chain.ledger() == ["upper", "count", "count"]


def test_why_names_the_changed_file(chain: Project) -> None:
    chain.run()
    chain.write({"count.sh": "wc -l < upper.txt > count.txt\n"})

    steps = chain.runner("why", "count", "--json").document["steps"]

    assert [step["decision"] for step in steps] == ["run"]
    assert [(reason["kind"], reason["what"]) for reason in steps[0]["reasons"]] == [
        ("dep", "count.sh")
    ]


def test_an_output_that_comes_out_unchanged_cuts_the_rest_off(chain: Project) -> None:
    chain.run()
    chain.write({"upper.sh": "tr a-z A-Z < in.txt > upper.txt # the same\n"})

    plan = chain.runner("plan", "--json").document["steps"]
    assert [(step["step"], step["decision"]) for step in plan] == [
        ("upper", "run"),
        ("count", "maybe"),
    ]
    assert chain.run() == {"upper": "succeeded", "count": "up-to-date"}


def test_what_was_run_before_comes_back_from_the_cache(chain: Project) -> None:
    chain.run()
    (chain.folder / "upper.txt").unlink()
    (chain.folder / "count.txt").unlink()

    assert chain.run() == {"upper": "restored", "count": "restored"}

    assert chain.read("upper.txt") == "DATA\n"
    assert chain.ledger() == ["upper", "count"]


def test_going_back_to_an_older_input_runs_nothing(chain: Project) -> None:
    chain.run()
    chain.write({"in.txt": "other data\n"})
    chain.run()
    chain.write({"in.txt": "data\n"})

    assert set(chain.run().values()) == {"restored"}


def test_a_changed_output_is_seen_and_put_right(chain: Project) -> None:
    chain.run()
    chain.write({"upper.txt": "TAMPERED\n"})

    reasons = chain.runner("why", "upper", "--json").document["steps"][0]["reasons"]
    assert [reason["kind"] for reason in reasons] == ["output-changed"]
    chain.run()

    assert chain.read("upper.txt") == "DATA\n"


def test_force_runs_what_is_up_to_date(chain: Project) -> None:
    chain.run()

    assert set(chain.run("--force").values()) == {"succeeded"}


def test_a_target_brings_its_upstream_and_only_does_not(chain: Project) -> None:
    assert chain.run("count") == {"upper": "succeeded", "count": "succeeded"}
    chain.write({"in.txt": "more data\n"})

    assert chain.run("count", "--only") == {"count": "up-to-date"}
    assert chain.run("upper", "--downstream") == {"upper": "succeeded", "count": "succeeded"}


def test_a_run_does_not_make_the_next_one_dirty(chain: Project) -> None:
    (chain.folder / ".gitignore").unlink()
    chain.commit()

    chain.run()
    chain.run("--force")

    assert chain.record()["code"]["state"] == "clean"


def test_the_same_code_committed_is_the_same_question(chain: Project) -> None:
    chain.write({"count.sh": "wc -l < upper.txt > count.txt\n"})
    chain.run()
    dirty = chain.record()
    chain.commit()

    assert set(chain.run().values()) == {"up-to-date"}

    clean = chain.record()
    assert dirty["code"]["state"] == "snapshot"
    assert clean["code"]["state"] == "clean"
    assert clean["plan_id"] == dirty["plan_id"]
    assert clean["result_id"] == dirty["result_id"]


def test_strict_refuses_a_dirty_tree(chain: Project) -> None:
    chain.write({"in.txt": "edited\n"})

    answer = chain.runner("run", ".", "--strict")

    assert answer.code == 2
    assert "not committed" in answer.err
    assert chain.ledger() == []


def test_a_dry_run_runs_nothing_and_writes_no_record(chain: Project) -> None:
    answer = chain.runner("run", ".", "--dry-run")

    assert answer.code == 0
    assert "never run" in answer.out
    assert chain.ledger() == []
    assert chain.runner("run", ".", "--dry-run", "--exit-code").code == 1
    assert chain.runner("runs", "--json").document == []


def test_a_clone_at_another_path_with_the_same_cache_runs_nothing(
    chain: Project, tmp_path: Path
) -> None:
    cache = tmp_path / "shared-cache"
    chain.write({".dvc/config": f"[cache]\n    dir = {cache}\n"})
    chain.commit()
    chain.run()
    chain.git("clone", "-q", str(chain.folder), str(tmp_path / "else" / "clone"))
    clone = Project(tmp_path / "else" / "clone", git=False)

    other_home = tmp_path / "other-home"
    other_home.mkdir()
    found = clone.run(HOME=str(other_home), RUNNER_HOME=str(other_home / "runner"))

    assert set(found.values()) == {"restored"}
    assert clone.ledger() == []
    assert clone.read("count.txt") == chain.read("count.txt")


def test_undeclared_writes_and_changed_inputs_are_named(chain: Project) -> None:
    chain.write(
        {"count.sh": "wc -c < upper.txt > count.txt; echo x >> in.txt; echo y > stray.txt\n"}
    )

    answer = chain.runner("run", ".")

    assert answer.code == 0
    assert "stray.txt was written" in answer.err
    assert "in.txt, an input, was changed" in answer.err
    written = chain.record()["undeclared_writes"]
    assert [(entry["path"], entry["what"]) for entry in written] == [
        ("in.txt", "input"),
        ("stray.txt", "file"),
    ]


@pytest.mark.parametrize(
    ("outs", "shell"), [("", "bash"), ("outs: [shell.txt], ", "sh")], ids=["mlflow", "ours"]
)
def test_a_step_of_mlflow_s_kind_runs_in_bash(tmp_path: Path, outs: str, shell: str) -> None:
    project = Project(tmp_path)
    command = "echo ${{BASH_VERSION:+ba}}sh > shell.txt"
    project.write({"MLproject": f"entry_points: {{main: {{{outs}command: '{command}'}}}}"})

    project.run()

    assert project.read("shell.txt").strip() == shell


def test_outputs_are_recorded_with_both_hashes(chain: Project) -> None:
    chain.run()
    (chain.folder / "upper.txt").unlink()
    chain.run()

    for run in ("latest", "latest~1"):
        outputs = [out for step in chain.record(run)["steps"] for out in step["outputs"]]
        assert [(out["path"], out["md5"], out["sha256"]) for out in outputs] == [
            (path, *(hashlib.new(kind, content).hexdigest() for kind in ("md5", "sha256")))
            for path in ("upper.txt", "count.txt")
            if (content := (chain.folder / path).read_bytes())
        ]


def test_an_input_that_changes_while_its_step_runs_is_no_result_to_keep(tmp_path: Path) -> None:
    project = Project(tmp_path / "project")
    project.write(
        {
            "MLproject": """\
                entry_points:
                  copy:
                    deps: [in.txt]
                    outs: [out.txt]
                    command: "echo edited > in.txt; cp in.txt out.txt"
                """,
            "in.txt": "data\n",
            ".gitignore": "out.txt\nin.txt\n",
        }
    )
    project.commit()
    project.run()
    project.write({"in.txt": "data\n"})

    plan = project.runner("plan", "--json").document["steps"][0]

    assert plan["decision"] == "run"
    assert plan["reasons"][0]["what"] == "its inputs changed while it last ran"


def test_keys_of_a_file_that_a_step_is_about_to_write_are_asked_for_later(tmp_path: Path) -> None:
    project = Project(tmp_path / "project")
    text = """\
        entry_points:
          make:
            deps: [make.sh]
            outs: [made.json]
            command: "sh make.sh"
          use:
            deps: [make.sh, {{params: made.json, keys: [{key}]}}]
            outs: [used.txt]
            command: "cat made.json > used.txt"
        """
    project.write(
        {
            "MLproject": text.format(key="a"),
            "make.sh": "echo '{\"a\": 1}' > made.json\n",
            ".gitignore": "made.json\nused.txt\n",
        }
    )
    project.commit()
    project.run()
    project.write({"MLproject": text.format(key="b"), "make.sh": "echo '{\"b\": 2}' > made.json\n"})

    assert project.run() == {"make": "succeeded", "use": "succeeded"}
    (project.folder / "made.json").unlink()
    (project.folder / "used.txt").unlink()
    assert project.run() == {"make": "restored", "use": "restored"}


def test_nothing_to_do_never_names_a_run_with_another_result(tmp_path: Path) -> None:
    project = Project(tmp_path / "project")
    project.write(
        {
            "MLproject": """\
                entry_points:
                  random:
                    deps: [code.sh]
                    outs: [random.txt]
                    command: "sh code.sh"
                """,
            "code.sh": "od -An -N8 -tx8 /dev/urandom > random.txt\n",
            ".gitignore": "random.txt\n",
        }
    )
    project.commit()
    project.run()
    first = project.record()
    project.run("--force")
    second = project.record()
    assert first["plan_id"] == second["plan_id"]
    assert first["result_id"] != second["result_id"]

    answer = project.runner("run", ".")

    assert second["run_id"] in answer.out


def test_only_asks_the_same_question_as_the_whole(chain: Project) -> None:
    chain.write({".gitignore": ""})
    chain.commit()
    chain.run()

    steps = chain.runner("plan", ".", "count", "--only", "--json").document["steps"]

    assert [step["decision"] for step in steps] == ["up-to-date"]


def test_a_step_that_wants_a_gpu_no_machine_here_has_is_refused(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.write({"MLproject": "entry_points: {main: {resources: {gpus: 64}, command: 'true'}}\n"})

    answer = project.runner("run", ".", CUDA_VISIBLE_DEVICES="0")

    assert answer.code == 2
    assert "main wants 64 GPU(s); this machine has 1" in answer.err


def test_secrets_are_asked_for_only_by_what_runs(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.write(
        {
            "MLproject": """\
                entry_points:
                  main: {secrets: [TOKEN], outs: [out.txt], command: "echo ok > out.txt"}
                """
        }
    )
    assert project.runner("plan").code == 0
    refused = project.runner("run", ".")
    assert refused.code == 2
    assert "variable TOKEN is not set" in refused.err

    project.run(TOKEN="hush")

    assert project.runner("run", ".").code == 0


def test_settings_limit_what_a_snapshot_takes(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.write(
        {
            "MLproject": """\
                runner: {snapshot_file_limit: 10}
                entry_points: {main: {command: "true"}}
                """
        }
    )
    project.commit()
    project.write({"large.txt": "more than ten bytes\n", "small.txt": "tiny\n"})

    answer = project.runner("run", ".")

    assert "large.txt" in answer.err
    kept = project.git("ls-tree", "-r", "--name-only", project.record()["code"]["snapshot"])
    assert "small.txt" in kept
    assert "large.txt" not in kept


def test_what_an_earlier_matrix_left_among_the_inputs_is_named(tmp_path: Path) -> None:
    project = Project(tmp_path)
    text = """\
        entry_points:
          fit:
            matrix: {{alpha: {values}}}
            outs: ["models/{{alpha}}.txt"]
            command: "echo {{alpha}} > models/{{alpha}}.txt"
          best:
            deps: [models]
            outs: [best.txt]
            command: "ls models > best.txt"
        """
    project.write({"MLproject": text.format(values=[1, 2]), ".gitignore": "models\nbest.txt\n"})
    project.commit()
    assert "left over" not in project.runner("run", ".").err
    project.write({"MLproject": text.format(values=[2])})

    answer = project.runner("run", ".")

    assert "models/1.txt: part of the dep models, but no step makes it" in answer.err


def test_code_that_changes_during_a_run_leaves_no_result_behind(tmp_path: Path) -> None:
    project = Project(tmp_path / "project")
    project.write(
        {
            "MLproject": """\
                entry_points:
                  say:
                    outs: [said.txt]
                    command: "sh code.sh > said.txt; echo 'echo two' > code.sh"
                """,
            "code.sh": "echo one\n",
            ".gitignore": "said.txt\n",
        }
    )
    project.commit()
    first = project.runner("run", ".")
    assert "the code changed during the run: say will run again" in first.err
    project.write({"code.sh": "echo one\n"})

    plan = project.runner("plan", "--json").document["steps"][0]

    assert plan["decision"] == "run"
    assert "changed while it last ran" in plan["reasons"][0]["what"]


def test_more_memory_than_declared_is_told(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.write(
        {"MLproject": "entry_points: {main: {resources: {memory: 1MiB}, command: 'true'}}\n"}
    )

    assert "1 MiB were declared" in project.runner("run", ".").err


def test_a_path_that_names_nothing_is_refused(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.write(
        {
            "MLproject": """\
                entry_points:
                  main: {parameters: {data: path}, command: "cat {data}"}
                """,
            "there.txt": "yes\n",
        }
    )

    refused = project.runner("run", ".", "-P", "data=nowhere.txt")

    assert refused.code == 2
    assert "parameter data of main: no such file or folder: nowhere.txt" in refused.err
    assert project.runner("run", ".", "-P", "data=there.txt").code == 0
