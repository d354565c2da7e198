"""The object cache: what is put comes back, what is corrupt never does, what is full is told."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from hashlib import md5
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from runner.core.model import DataVersion
from runner.errors import DataError
from runner.versioning.dvc import DvcData
from runner.versioning.dvc_listing import manifest_bytes, manifest_oid
from tests.adapters.dvc_projects import let_settle, make_repository, write

if TYPE_CHECKING:
    from collections.abc import Iterator


def _object(data: DvcData, oid: str) -> Path:
    return Path(data.cache_dir, "files/md5", oid[:2], oid[2:])


def _files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("size", [0, 5, 1 << 20, (1 << 20) + 1, 6 << 20])
def test_a_file_is_kept_and_comes_back(tmp_path: Path, size: int):
    content = os.urandom(size)
    path = write(tmp_path / "a", content)
    data = DvcData(str(tmp_path))
    inode = path.stat().st_ino

    version = data.put("a")

    kept = _object(data, version.md5)
    assert version == DataVersion("a", md5(content).hexdigest(), size, None, "out")
    assert kept.read_bytes() == content
    assert kept.stat().st_mode & 0o777 == 0o444
    assert (path.stat().st_ino, path.stat().st_mode & 0o777) == (inode, 0o644)
    path.unlink()
    assert data.has(version)
    data.get(version._replace(path="below/b"))
    assert (tmp_path / "below/b").read_bytes() == content
    assert (tmp_path / "below/b").stat().st_mode & 0o777 == 0o644


def test_a_folder_is_kept_and_comes_back(tmp_path: Path):
    write(tmp_path / "d/a", "one")
    write(tmp_path / "d/b/c", "two")
    write(tmp_path / "d/b/same", "two")
    (tmp_path / "d/empty").mkdir()
    data = DvcData(str(tmp_path))

    version = data.put("d")
    data.get(version._replace(path="copy"))

    assert _files(tmp_path / "copy") == ["a", "b/c", "b/same"]
    assert (tmp_path / "copy/b/c").read_text() == "two"
    assert data.versions(["copy"])["copy"] == version._replace(path="copy", kind="file")
    assert json.loads(_object(data, version.md5).read_bytes())[0]["relpath"] == "a"
    assert len(list(data.objects())) == 3


def test_an_empty_folder_comes_back_as_one(tmp_path: Path):
    (tmp_path / "d").mkdir()
    data = DvcData(str(tmp_path))
    version = data.put("d")
    (tmp_path / "d").rmdir()
    data.get(version)

    assert (tmp_path / "d").is_dir()


def test_getting_replaces_what_is_there_whatever_it_is(tmp_path: Path):
    write(tmp_path / "f", "file")
    write(tmp_path / "d/x", "folder")
    data = DvcData(str(tmp_path))
    file, folder = data.put("f"), data.put("d")
    write(tmp_path / "other/old", "old").parent.chmod(0o500)
    (tmp_path / "link").symlink_to("other")

    data.get(folder._replace(path="f"))
    data.get(file._replace(path="d"))
    data.get(folder._replace(path="other"))
    data.get(file._replace(path="link"))

    assert _files(tmp_path / "f") == ["x"]
    assert (tmp_path / "d").read_text() == "file"
    assert _files(tmp_path / "other") == ["x"]
    assert not (tmp_path / "link").is_symlink()
    assert list((tmp_path / ".runner/tmp").iterdir()) == []


def test_putting_what_is_not_there_says_so(tmp_path: Path):
    with pytest.raises(DataError, match="'a' does not exist"):
        DvcData(str(tmp_path)).put("a")


@pytest.mark.parametrize("size", [3, 5 << 20])
def test_an_object_overwritten_with_the_same_size_and_mtime_is_never_restored(
    tmp_path: Path, size: int
):
    write(tmp_path / "a", b"o" * size)
    data = DvcData(str(tmp_path))
    version = data.put("a")
    assert data.has(version)
    kept = _object(data, version.md5)
    let_settle(kept)
    assert data.has(version)
    stat = kept.stat()
    kept.chmod(0o644)
    kept.write_bytes(b"e" * size)
    kept.chmod(0o444)
    os.utime(kept, ns=(stat.st_atime_ns, stat.st_mtime_ns))

    with pytest.raises(DataError, match=r"does not hold|corrupt"):
        data.get(version)
    assert not data.has(version)
    assert (tmp_path / "a").read_bytes() == b"o" * size
    assert Path(data.cache_dir, "runner/corrupt", version.md5).read_bytes() == b"e" * size
    assert data.put("a") == version
    assert data.has(version)


def test_a_folder_with_a_corrupt_or_missing_file_is_not_there(tmp_path: Path):
    write(tmp_path / "d/a", "one")
    write(tmp_path / "d/b", "two")
    data = DvcData(str(tmp_path))
    version = data.put("d")
    assert data.has(version)
    kept = _object(data, md5(b"two").hexdigest())
    kept.chmod(0o644)
    kept.write_bytes(b"TWO")
    assert not data.has(version)
    assert not data.has(version)
    with pytest.raises(DataError, match="does not hold"):
        data.get(version)
    data.put("d")

    assert data.has(version)


@pytest.mark.parametrize("content", [b"", b"[]", b"[{}]", b"nonsense", b"[" * 100_000])
def test_a_manifest_that_was_overwritten_is_never_used(tmp_path: Path, content: bytes):
    write(tmp_path / "d/a", "one")
    data = DvcData(str(tmp_path))
    version = data.put("d")
    kept = _object(data, version.md5)
    kept.chmod(0o644)
    kept.write_bytes(content)

    with pytest.raises(DataError, match="corrupt"):
        data.get(version)
    assert not data.has(version)


@pytest.mark.parametrize("path", ["../out", "/etc/out", "a/../../out", "a//b", ".", "", "a\0b"])
def test_a_manifest_that_leads_out_of_its_folder_is_refused(tmp_path: Path, path: str):
    write(tmp_path / "p/evil", "evil")
    data = DvcData(str(tmp_path / "p"))
    content = manifest_bytes([(data.put("evil").md5, path)])
    oid = manifest_oid(content)
    write(_object(data, oid), content)

    with pytest.raises(DataError, match="is not the manifest of a folder, or names paths outside"):
        data.get(DataVersion("d", oid, 4, 1))
    assert _files(tmp_path / "p") == [
        name for name in _files(tmp_path / "p") if name == "evil" or name.startswith(".runner")
    ]
    assert not (tmp_path / "out").exists()


def test_nothing_is_restored_outside_of_the_project(tmp_path: Path):
    write(tmp_path / "p/a")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "p/link").symlink_to(tmp_path / "elsewhere")
    data = DvcData(str(tmp_path / "p"))
    version = data.put("a")

    for path in ("../b", str(tmp_path / "b"), "link/b", "."):
        with pytest.raises(DataError, match="outside of the project"):
            data.get(version._replace(path=path))


@pytest.mark.parametrize("md5", ["", "../../etc/passwd", "g" * 32, "0" * 31, "0" * 32 + ".zip"])
def test_a_hash_that_is_none_is_not_there(tmp_path: Path, md5: str):
    data = DvcData(str(tmp_path))

    assert not data.has(DataVersion("a", md5, 1))
    with pytest.raises(DataError, match="does not hold"):
        data.get(DataVersion("a", md5, 1))


def test_hard_and_soft_links_are_made_when_the_settings_ask_for_them(tmp_path: Path):
    root = make_repository(tmp_path)
    write(root / "a", "one")
    write(root / "empty", "")
    for kind in ("hardlink", "symlink"):
        write(root / ".dvc/config", f"[cache]\n    type = {kind}\n")
        data = DvcData(str(root))
        version, empty = data.put("a"), data.put("empty")
        data.get(version._replace(path=kind))
        data.get(empty._replace(path=f"{kind}-empty"))

        assert (root / kind).samefile(_object(data, version.md5))
        assert (root / kind).is_symlink() == (kind == "symlink")
        assert (root / f"{kind}-empty").stat().st_nlink == 1
        assert not (root / "a").samefile(root / kind)


@pytest.mark.skipif(os.geteuid() != 0, reason="mode 0444 stops everybody but root")
@pytest.mark.parametrize("kind", ["hardlink", "symlink"])
def test_as_root_appending_to_an_input_does_not_reach_the_cache(tmp_path: Path, kind: str):
    root = make_repository(tmp_path)
    write(root / ".dvc/config", f"[cache]\n    type = {kind}\n")
    write(root / "a", "one")
    write(root / "d/b", "two")
    data = DvcData(str(root))
    file, folder = data.put("a"), data.put("d")
    data.get(file)
    data.get(folder)
    mtime = (root / "a").stat().st_mtime_ns

    data.protect_inputs(["a", "d", "missing"])

    assert (root / "a").stat().st_mtime_ns == mtime
    for path in ("a", "d/b"):
        subprocess.run(["sh", "-c", f"echo EVIL >> {path}"], cwd=root, check=True)
    assert (root / "a").read_text() == "oneEVIL\n"
    assert data.has(file)
    assert data.has(folder)


def test_unlinking_leaves_alone_what_is_not_linked_to_the_cache(tmp_path: Path):
    write(tmp_path / "a", "one")
    os.link(tmp_path / "a", tmp_path / "other_name")
    (tmp_path / "link").symlink_to("a")
    data = DvcData(str(tmp_path))
    data.put("a")
    inode = (tmp_path / "a").stat().st_ino

    assert data.unlink_inputs(["a", "link", "other_name", "."]) == []
    assert (tmp_path / "a").stat().st_ino == inode
    assert (tmp_path / "link").is_symlink()


def test_unlinking_keeps_content_time_and_executable_bits(tmp_path: Path):
    root = make_repository(tmp_path)
    write(root / ".dvc/config", "[cache]\n    type = hardlink\n")
    write(root / "a", "one")
    data = DvcData(str(root))
    version = data.put("a")
    data.get(version)
    (root / "a").chmod(0o555)

    assert data.unlink_inputs(["a"]) == ["a"]
    assert (root / "a").read_text() == "one"
    assert (root / "a").stat().st_mode & 0o777 == 0o755
    assert not (root / "a").samefile(_object(data, version.md5))


def test_objects_are_listed_and_removed(tmp_path: Path):
    write(tmp_path / "a", "one")
    write(tmp_path / "d/b", "two")
    data = DvcData(str(tmp_path))
    file, folder = data.put("a"), data.put("d")
    write(Path(data.cache_dir, "files/md5/xx/junk"))
    write(Path(data.cache_dir, "files/md5/ab/.runner-left"), "12345")

    assert data.manifest(folder.md5) == [(md5(b"two").hexdigest(), "b")]
    assert {found.oid for found in data.objects()} == {
        file.md5,
        folder.md5,
        md5(b"two").hexdigest(),
    }
    assert data.remove([folder.md5, file.md5, "0" * 32]) == 3 + _manifest_size(b"two")
    assert [found.size for found in data.objects()] == [3]
    write(tmp_path / ".runner/tmp/half/built", "123")
    write(tmp_path / ".runner/tmp/file", "1")
    assert data.remove_drafts(older_than=1) == 0
    assert data.remove_drafts(older_than=4_000_000_000) == 9
    assert not data.has(folder)


def _manifest_size(content: bytes) -> int:
    return len(manifest_bytes([(md5(content).hexdigest(), "b")]))


def test_a_cache_that_vanishes_while_it_is_used_is_made_again(tmp_path: Path):
    write(tmp_path / "a", "one")
    data = DvcData(str(tmp_path))
    data.put("a")
    subprocess.run(["rm", "-rf", data.cache_dir], check=True)

    assert data.has(data.put("a"))


@pytest.mark.parametrize("point", ["cache.before:1", "cache.before:3", "cache.after:2"])
def test_killed_while_it_keeps_something_no_object_is_torn(tmp_path: Path, point: str):
    for name in ("a", "b", "c"):
        write(tmp_path / "d" / name, name)
    script = "import sys; from runner.versioning.dvc import DvcData; DvcData(sys.argv[1]).put('d')"
    environment = {
        **os.environ,
        "RUNNER_FAULT": point,
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    killed = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], env=environment, check=False
    )
    data = DvcData(str(tmp_path))

    assert killed.returncode == -signal.SIGKILL
    assert all(data.has(DataVersion("", found.oid, 0)) for found in data.objects())
    assert data.has(data.put("d"))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk takes root")
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a tmpfs cannot be mounted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize("name", ["small", "large", "folder"])
def test_a_full_disk_is_told_and_leaves_nothing_torn(tmp_path: Path, small_disk: Path, name: str):
    root = make_repository(tmp_path / "p")
    write(root / ".dvc/config", f"[cache]\n    dir = {small_disk}/cache\n")
    write(root / "kept", b"k" * 1000)
    write(root / "small", b"s" * 600_000)
    write(root / "large", b"l" * 3_000_000)
    write(root / "folder/a", b"a" * 200_000)
    write(root / "folder/b", b"b" * 300_000)
    data = DvcData(str(root))
    kept = data.put("kept")
    write(small_disk / "ballast", b"b" * 600_000)
    before = _files(small_disk)

    with pytest.raises(DataError, match="no space left on the disk") as caught:
        data.put(name)

    assert "bytes" in caught.value.message
    assert "runner gc" in caught.value.hint
    new = [small_disk / path for path in _files(small_disk) if path not in before]
    assert [path.stat().st_size for path in new] == ([200_000] if name == "folder" else [])
    assert data.has(kept)


def test_a_full_disk_under_the_workspace_keeps_what_was_there(tmp_path: Path, small_disk: Path):
    root = make_repository(small_disk / "p")
    write(root / ".dvc/config", f"[cache]\n    dir = {tmp_path}/cache\n")
    write(root / "d/a", b"a" * 300_000)
    write(root / "d/b", b"b" * 200_000)
    data = DvcData(str(root))
    version = data.put("d")
    write(root / "d/a", "edited")
    write(root / "ballast", b"x" * 600_000)

    with pytest.raises(DataError, match="no space left on the disk"):
        data.get(version)

    assert (root / "d/a").read_text() == "edited"
    assert list((root / ".runner/tmp").iterdir()) == []


def test_group_shared_caches_stay_writable_for_the_group(tmp_path: Path):
    root = make_repository(tmp_path)
    write(root / ".dvc/config", "[cache]\n    shared = group\n")
    write(root / "a", "one")
    data = DvcData(str(root))
    version = data.put("a")
    data.remember("ab" * 32, {"a": 1})

    folders = [_object(data, version.md5).parent, Path(data.cache_dir, "runner/results")]
    assert [folder.stat().st_mode & 0o7777 for folder in folders] == [0o2775, 0o2775]
