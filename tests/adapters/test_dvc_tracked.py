"""What `.dvc` files and dvc.lock promise, and what they cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from runner.core.model import DataVersion
from runner.errors import DataError
from runner.versioning.dvc import DvcData
from tests.adapters.dvc_projects import dvc, make_repository, write

if TYPE_CHECKING:
    from pathlib import Path

MD5 = "0123456789abcdef" * 2


def _pointer(path: str = "a", extra: str = "", md5: str = MD5) -> str:
    return f"outs:\n- md5: {md5}\n  size: 5\n  hash: md5\n  path: {path}\n{extra}"


def _promise(root: Path, path: str) -> DataVersion | None:
    return DvcData(str(root)).tracked(path)


def test_a_dvc_file_promises_its_out(tmp_path: Path):
    write(tmp_path / "a.dvc", _pointer())

    assert _promise(tmp_path, "a") == DataVersion("a", MD5, 5, None, "dvc")
    assert _promise(tmp_path, "b") is None


def test_what_dvc_add_writes_is_what_is_promised(tmp_path: Path):
    root = make_repository(tmp_path)
    names = ["plain", "true", "a b", "'quoted'", "é", "x:y", "#x", "1", "null", "a-b.c/d_e"]
    for name in names:
        write(root / name, "hello")
        write(root / f"{name}-d/x", "hello")
    assert dvc(root, "add", "-q", *names, *(f"{name}-d" for name in names)).returncode == 0
    data = DvcData(str(root))
    here = data.versions([*names, *(f"{name}-d" for name in names)])

    for path, version in here.items():
        assert version is not None
        assert data.tracked(path) == version._replace(kind="dvc")
        assert data.has(version)


def test_a_dvc_file_may_be_elsewhere_than_its_out(tmp_path: Path):
    write(tmp_path / "pointers/any.dvc", _pointer("x/y", "wdir: ../data\n"))
    write(tmp_path / "pointers/other.dvc", _pointer("../up"))

    assert _promise(tmp_path, "data/x/y") == DataVersion("data/x/y", MD5, 5, None, "dvc")
    assert _promise(tmp_path, "up") == DataVersion("up", MD5, 5, None, "dvc")


def test_a_project_in_a_subfolder_sees_the_repositorys_promises(tmp_path: Path):
    root = make_repository(tmp_path)
    write(root / "data.dvc", _pointer("data"))
    write(root / "p/in/a.dvc", _pointer("a"))

    assert _promise(root / "p", "../data") == DataVersion("../data", MD5, 5, None, "dvc")
    assert _promise(root / "p", "in/a") == DataVersion("in/a", MD5, 5, None, "dvc")


def test_a_path_inside_a_tracked_folder_has_its_own_version(tmp_path: Path):
    write(tmp_path / "d/a", "one")
    write(tmp_path / "d/b/c", "two")
    data = DvcData(str(tmp_path))
    folder = data.put("d")
    parts = data.versions(["d/a", "d/b"])
    pointer = "  size: 6\n  nfiles: 2\n  hash: md5\n  path: d\n"
    write(tmp_path / "d.dvc", f"outs:\n- md5: {folder.md5}\n{pointer}")
    data = DvcData(str(tmp_path))

    for path, version in parts.items():
        assert version is not None
        assert data.tracked(path) == version._replace(kind="dvc")
    assert data.tracked("d") == folder._replace(kind="dvc")
    assert data.tracked("d/missing") is None


def test_without_the_manifest_the_folders_own_version_answers_for_what_is_inside(tmp_path: Path):
    write(tmp_path / "d.dvc", _pointer("d", md5=MD5 + ".dir"))

    assert _promise(tmp_path, "d/a") == DataVersion("d", MD5 + ".dir", 5, None, "dvc")


LOCK = f"""schema: '2.0'
stages:
  make:
    cmd: echo
    deps:
    - path: in
      hash: md5
      md5: {MD5}
      size: 1
    outs:
    - path: out
      hash: md5
      md5: {MD5}
      size: 7
  make@1:
    cmd: echo
    outs:
    - path: many
      hash: md5
      md5: {MD5}
      size: 7
"""


def test_a_dvc_lock_promises_its_outs_and_not_its_deps(tmp_path: Path):
    write(tmp_path / "dvc.lock", LOCK)

    assert _promise(tmp_path, "out") == DataVersion("out", MD5, 7, None, "dvc")
    assert _promise(tmp_path, "in") is None


def test_a_stages_folder_is_read_from_dvc_yaml(tmp_path: Path):
    write(tmp_path / "dvc.lock", LOCK)
    write(tmp_path / "dvc.yaml", "stages:\n  make:\n    wdir: sub\n    cmd: echo\n")

    assert _promise(tmp_path, "sub/out") is not None
    assert _promise(tmp_path, "sub/many") is not None
    assert _promise(tmp_path, "out") is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (f"outs:\n- md5: {MD5}\n  size: 5\n  path: a\n", "hashed by DVC 2.x"),
        ("outs:\n- etag: x\n  path: a\n", "storage's checksum"),
        ("outs:\n- path: a\n  files:\n  - relpath: x\n", "versioned by its cloud storage"),
        ("outs:\n- path: a\n", "has no hash yet"),
        (f"outs:\n- md5: {MD5}\n  hash: blake3\n  path: a\n", "hash of an unknown kind"),
        (f"outs:\n- md5: {MD5}\n  hash: md5\n  path: s3://a/b\n", "outside of the repository"),
    ],
)
def test_what_only_dvc_can_check_is_no_promise_and_is_told(tmp_path: Path, text: str, why: str):
    write(tmp_path / "a.dvc", text)
    data = DvcData(str(tmp_path))

    assert data.tracked("a") is None
    (problem,) = data.problems()
    assert why in problem.message
    assert problem.where == f"{tmp_path}/a.dvc"


def test_outs_that_dvc_does_not_cache_are_not_its_data(tmp_path: Path):
    write(tmp_path / "a.dvc", _pointer(extra="  cache: false\n"))

    assert _promise(tmp_path, "a") is None


def test_two_promises_for_one_path_are_told(tmp_path: Path):
    write(tmp_path / "a.dvc", _pointer())
    write(tmp_path / "b.dvc", _pointer(md5="f" * 32))
    data = DvcData(str(tmp_path))
    data.promises()

    assert "is promised by" in data.problems()[0].message


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<<<<<<< HEAD\nouts:\n", r"a\.dvc:1: has git conflict markers"),
        (b"outs:\n- md5: 1\n=======\n", r"a\.dvc:3: has git conflict markers"),
        (b"outs: [", r"a\.dvc:2: did not find expected node"),
        (b"outs:\n- a: b: c\n", r"a\.dvc:2: mapping values are not allowed"),
        (b"\xff\xfe\xff", "is not UTF-8 text"),
        (b"- a\n", "is not a mapping"),
        (b"outs: 5\n", "its outs are not a list"),
        (b"outs:\n- 5\n", "an out without a path"),
        (b"outs:\n- path: [a]\n", "an out without a path"),
        (b"wdir: 5\nouts: []\n", "its wdir is not a path"),
        (b"outs: !!python/object/apply:os.system ['true']\n", "could not determine a constructor"),
        (b"[" * 20_000, "nested too deeply"),
        (b"{a: " * 20_000, "nested too deeply"),
        (b"? " * 200_000, "nested too deeply"),
        (b"- " * 200_000, "nested too deeply"),
    ],
)
def test_a_file_that_dvc_did_not_write_is_named(tmp_path: Path, content: bytes, message: str):
    write(tmp_path / "a.dvc", content)

    with pytest.raises(DataError, match=message):
        _promise(tmp_path, "a")


@pytest.mark.parametrize("content", [b"", b"\n", b"outs:\n", b"# nothing\n", b"deps: []\n"])
def test_a_file_without_outs_promises_nothing(tmp_path: Path, content: bytes):
    write(tmp_path / "a.dvc", content)

    assert _promise(tmp_path, "a") is None


def test_a_lock_of_another_schema_is_told(tmp_path: Path):
    write(tmp_path / "dvc.lock", "schema: '3.0'\nstages: {}\n")
    data = DvcData(str(tmp_path))

    assert data.tracked("a") is None
    assert "schema 2.0" in data.problems()[0].message


def test_a_lock_with_many_brackets_in_its_commands_is_read(tmp_path: Path):
    write(tmp_path / "dvc.lock", LOCK.replace("cmd: echo", "cmd: 'echo " + "[{" * 500 + "'"))

    assert _promise(tmp_path, "out") is not None


def test_what_is_missing_and_in_the_cache_is_checked_out(tmp_path: Path):
    root = make_repository(tmp_path)
    for path in ("a", "d/x", "d/y/z", "tracked/inner"):
        write(root / path, path)
    (root / "a").chmod(0o755)
    assert dvc(root, "add", "-q", "a", "d", "tracked/inner").returncode == 0
    write(root / "cold.dvc", _pointer("cold"))
    for path in ("a", "d/x", "d/y/z", "tracked/inner"):
        (root / path).unlink()
    (root / "d/y").rmdir()
    (root / "d").rmdir()
    data = DvcData(str(root))
    data.versions(["tracked"])

    assert data.missing(["a", "d/y", "tracked", "cold", "untracked"]) == [
        "a",
        "d/y",
        "tracked/inner",
        "cold",
    ]
    assert data.checkout(["a", "d/y", "tracked", "cold"]) == ["a", "d/y", "tracked/inner"]
    assert (root / "a").stat().st_mode & 0o100
    assert (root / "d/y/z").read_text() == "d/y/z"
    assert not (root / "d/x").exists()
    assert data.checkout(["d"]) == []
    assert DvcData(str(root)).missing(["tracked"]) == []


def test_a_folder_of_code_tells_the_data_that_is_missing_in_it(tmp_path: Path):
    write(tmp_path / "data/deep/a.dvc", _pointer())
    write(tmp_path / "data/readme")
    write(tmp_path / "dvc.lock", LOCK.replace("path: out", "path: data/out"))

    assert sorted(DvcData(str(tmp_path)).missing(["data"])) == ["data/deep/a", "data/out"]
