"""Data versions are DVC's own: the same corpus hashed by both."""

from __future__ import annotations

import os
import socket
from hashlib import md5
from typing import TYPE_CHECKING

import pytest

from runner.errors import DataError
from runner.versioning.dvc import DvcData
from tests.adapters.dvc_projects import hashes_by_dvc, make_repository, write

if TYPE_CHECKING:
    from pathlib import Path


def test_every_kind_of_path_gets_the_hash_that_dvc_gives_it(tmp_path: Path):
    root = make_repository(tmp_path / "p")
    _plain_corpus(root)
    _named_corpus(root)
    _linked_corpus(root)
    _left_out_corpus(root)
    _ignored_corpus(root)
    paths = sorted(
        name for name in os.listdir(root) if name not in {".dvc", ".git", ".dvcignore", "deepign"}
    )
    paths += ["plain/b", "plain/empty", "ign/deep", "deepign/data"]
    data = DvcData(str(root))

    found = {path: data.versions([path])[path] for path in paths}

    expected = hashes_by_dvc(root, paths)
    assert {path: [v.md5, v.size, v.nfiles] for path, v in found.items() if v} == expected


def _plain_corpus(root: Path) -> None:
    write(root / "plain/a")
    write(root / "plain/b/c", "d")
    (root / "plain/empty").mkdir()
    (root / "all-empty/x").mkdir(parents=True)
    write(root / "crlf.txt", "a\r\nb\r\n")
    write(root / "nothing", b"")
    write(root / "run.sh").chmod(0o755)
    write(root / "exec/run.sh").chmod(0o755)
    write(root / "block", os.urandom(3 << 20))


def _named_corpus(root: Path) -> None:
    names = (
        "naïve",
        "nai\u0308ve",
        "new\nline",
        '"q"\\x',
        " sp ace",
        "😀",
        "a-b",
        "a.b",
        "a/b",
        "\t",
    )
    for number, name in enumerate(names):
        write(root / "names" / name, str(number))


def _linked_corpus(root: Path) -> None:
    write(root / "links/real")
    (root / "links/to_file").symlink_to("real")
    (root / "links/to_folder").symlink_to("../plain")
    (root / "link_to_folder").symlink_to("plain")
    (root / "link_to_file").symlink_to("crlf.txt")


def _left_out_corpus(root: Path) -> None:
    for name in (
        ".git/x",
        ".hg/x",
        ".DS_Store",
        "a/.git",
        "a/.hg",
        "keep.dvc",
        "dvc.lock",
        "b/.hg/y",
    ):
        write(root / "left" / name)
    write(root / "left/repository/.dvc/config")
    write(root / "left/repository/x")
    write(root / "left/odd/.dvc")
    write(root / "left/odd/x")


def _ignored_corpus(root: Path) -> None:
    lines = ("*.tmp", "!keep.tmp", "build/", "/ign/only", "# no", "", "  spaced  ", "ign/**/zz")
    write(root / ".dvcignore", "\n".join(lines))
    for name in ("a.tmp", "b.csv", "keep.tmp", "deep/c.tmp", "deep/build/x", "d/only/x", "only/x"):
        write(root / "ign" / name)
    for name in ("spaced", "q/w/zz", "build", "zz"):
        write(root / "ign" / name)
    write(root / "deepign/.dvcignore", "*.log\n!x.tmp\n/anch\n")
    for name in ("a.log", "x.tmp", "y.tmp", "anch", "sub/x.tmp"):
        write(root / "deepign/data" / name)


def test_names_that_are_no_utf8_get_the_manifest_dvc_would_write(tmp_path: Path):
    folder = os.fsencode(tmp_path) + b"/d"
    os.mkdir(folder)
    with open(folder + b"/\xff", "wb") as file:
        file.write(b"z")

    version = DvcData(str(tmp_path)).versions(["d"])["d"]

    # DVC 3.67 fails on such a name (its state cannot hold it), so it cannot be asked.
    manifest = rb'[{"md5": "fbade9e36a3f36d3d676c1b808451dd7", "relpath": "\udcff"}]'
    assert version is not None
    assert version.md5 == md5(manifest).hexdigest() + ".dir"


def test_a_folder_that_dvcignore_names_as_a_whole_still_has_its_content(tmp_path: Path):
    root = make_repository(tmp_path)
    write(root / ".dvcignore", "src\nother/\n")
    write(root / "src/a.py")
    data = DvcData(str(root))
    before = data.versions(["src"])["src"]
    write(root / "src/a.py", "changed")
    after = data.versions(["src"])["src"]

    assert before is not None
    assert before.nfiles == 1
    assert after != before


def test_a_folder_that_is_a_dvc_repository_of_its_own_still_has_its_content(tmp_path: Path):
    root = make_repository(tmp_path)
    write(root / "sub/.dvc/config")
    write(root / "sub/x")

    version = DvcData(str(root)).versions(["sub"])["sub"]

    assert version is not None
    assert version.nfiles == 1


def test_the_projects_own_records_are_never_data(tmp_path: Path):
    write(tmp_path / "a")
    data = DvcData(str(tmp_path))
    before = data.versions(["."])["."]
    write(tmp_path / ".runner/runs/x")

    assert data.versions(["."])["."] == before


def test_where_there_is_nothing_there_is_no_version(tmp_path: Path):
    write(tmp_path / "file")

    found = DvcData(str(tmp_path)).versions(["missing", "file/below", "no/folder/here"])

    assert found == {"missing": None, "file/below": None, "no/folder/here": None}


def test_a_broken_symlink_is_named(tmp_path: Path):
    write(tmp_path / "d/a")
    (tmp_path / "d/gone").symlink_to("nowhere")
    (tmp_path / "gone").symlink_to("nowhere")
    data = DvcData(str(tmp_path))

    for path in ("d", "gone"):
        with pytest.raises(
            DataError, match="gone' is a symlink to 'nowhere', which does not exist"
        ):
            data.versions([path])


def test_a_dvcignore_inside_a_folder_is_refused_as_dvc_refuses_it(tmp_path: Path):
    root = make_repository(tmp_path)
    write(root / "d/.dvcignore")

    with pytest.raises(DataError, match=r"d/\.dvcignore lies inside a folder that is data"):
        DvcData(str(root)).versions(["d"])


def test_a_pipe_or_socket_is_refused_and_never_waited_for(tmp_path: Path):
    (tmp_path / "d").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(tmp_path / "d/socket"))
    data = DvcData(str(tmp_path))

    for path in ("pipe", "d"):
        with pytest.raises(DataError, match="neither a file nor a folder"):
            data.versions([path])


def test_a_path_no_file_can_have_is_refused_with_the_reason(tmp_path: Path):
    data = DvcData(str(tmp_path))

    with pytest.raises(DataError, match="null byte"):
        data.versions(["a\0b"])
    with pytest.raises(DataError, match="File name too long"):
        data.versions(["x" * 300])


def test_many_large_files_are_hashed_on_all_cores_to_the_right_values(tmp_path: Path):
    root = make_repository(tmp_path)
    names = [f"big{number}" for number in range(5)]
    for name in names:
        write(root / name, os.urandom(2 << 20))
    write(root / "d/large", os.urandom(3 << 20))
    write(root / "d/small")

    found = DvcData(str(root)).versions([*names, "d"])

    expected = hashes_by_dvc(root, [*names, "d"])
    assert {path: v.md5 for path, v in found.items() if v} == {p: e[0] for p, e in expected.items()}
