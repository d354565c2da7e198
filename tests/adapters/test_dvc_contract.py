"""Held to DVC itself: what we keep, DVC restores, finds clean, pushes; what it pushed, we pull."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from runner.core.model import DataVersion
from runner.errors import DataError
from runner.versioning.dvc import DvcData
from tests.adapters.dvc_projects import dvc, make_repository, write

SETTINGS = "[core]\n    remote = store\n['remote \"store\"']\n    url = ../../store\n"


def _pointer(version: DataVersion) -> str:
    """The `.dvc` file somebody would write by hand from a record."""
    nfiles = "" if version.nfiles is None else f"  nfiles: {version.nfiles}\n"
    return (
        f"outs:\n- md5: {version.md5}\n  size: {version.size}\n{nfiles}"
        f"  hash: md5\n  path: {version.path}\n"
    )


def _remove(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink()


def _keep_both(root: Path) -> list[DataVersion]:
    write(root / "file", b"one\r\n")
    write(root / "folder/naïve", "two")
    write(root / "folder/sub/c d", "three")
    write(root / "folder/empty", "")
    data = DvcData(str(root))
    kept = [data.put("file"), data.put("folder")]
    data.close()
    for version in kept:
        write(root / f"{version.path}.dvc", _pointer(version))
    return kept


def test_dvc_restores_finds_clean_and_pushes_what_we_kept(tmp_path: Path):
    root = make_repository(tmp_path / "p")
    kept = _keep_both(root)
    data = DvcData(str(root))
    objects = {found.oid for found in data.objects()}
    data.remember("ab" * 32, {"outs": []})
    for path in ("file", "folder"):
        _remove(root / path)

    checkout = dvc(root, "checkout")
    status = dvc(root, "status", "--json")
    write(root / ".dvc/config", SETTINGS)
    push = dvc(root, "push")

    assert [checkout.returncode, status.stdout.strip()] == [0, "{}"]
    assert {v.path: v.md5 for v in data.versions(["file", "folder"]).values() if v} == {
        version.path: version.md5 for version in kept
    }
    assert push.returncode == 0
    pushed = (path for path in (tmp_path / "store/files/md5").rglob("*") if path.is_file())
    assert {path.parent.name + path.name for path in pushed} == objects
    assert len(objects) == 5


def _clone(root: Path, name: str, kept: list[DataVersion]) -> Path:
    """Another repository with the same `.dvc` files and settings, and nothing in its cache."""
    clone = make_repository(root.parent / name)
    shutil.copy(root / ".dvc/config", clone / ".dvc/config")
    for version in kept:
        write(clone / f"{version.path}.dvc", _pointer(version))
    return clone


@pytest.fixture
def pushed(tmp_path: Path) -> tuple[Path, list[DataVersion]]:
    """A repository whose data lies on a remote, put there as DVC would."""
    root = make_repository(tmp_path / "p")
    kept = _keep_both(root)
    write(root / ".dvc/config", SETTINGS)
    shutil.copytree(root / ".dvc/cache/files", tmp_path / "store/files")
    return root, kept


def test_what_is_on_the_remote_is_pulled(pushed: tuple[Path, list[DataVersion]]):
    root, kept = pushed
    clone = _clone(root, "clone", kept)
    data = DvcData(str(clone))
    said: list[str] = []
    before = dict(os.environ)

    data.pull(["file", "folder"], said.append)

    assert {v.path: v.md5 for v in data.versions(["file", "folder"]).values() if v} == {
        version.path: version.md5 for version in kept
    }
    assert said[-2:] == ["pulled file", "pulled folder"]
    assert dict(os.environ) == before
    assert dvc(clone, "status", "--json").stdout.strip() == "{}"
    said.clear()
    data.pull(["file", "folder"], said.append)
    assert said == []


def test_of_a_tracked_folder_only_what_is_asked_for_is_pulled(
    pushed: tuple[Path, list[DataVersion]],
):
    root, kept = pushed
    clone = _clone(root, "clone", kept)
    data = DvcData(str(clone))
    data.pull(["folder/sub"], lambda _: None)

    assert [path.name for path in (clone / "folder").rglob("*") if path.is_file()] == ["c d"]
    assert len(list(data.objects())) == 3  # both manifests and the one file


def test_dvcs_own_state_goes_to_a_folder_that_only_we_can_write(
    pushed: tuple[Path, list[DataVersion]], monkeypatch: pytest.MonkeyPatch
):
    root, kept = pushed
    monkeypatch.delenv("DVC_SITE_CACHE_DIR")
    clone = _clone(root, "clone", kept)
    DvcData(str(clone)).pull(["file"], lambda _: None)
    folder = Path(os.environ["RUNNER_HOME"], "dvc-site")

    assert folder.stat().st_mode & 0o777 == 0o700
    assert list(folder.iterdir()) != []


def test_an_object_that_is_missing_on_the_remote_is_named(
    pushed: tuple[Path, list[DataVersion]], tmp_path: Path
):
    root, kept = pushed
    oid = kept[0].md5
    (tmp_path / "store/files/md5" / oid[:2] / oid[2:]).unlink()
    clone = _clone(root, "clone", kept)

    with pytest.raises(DataError) as caught:
        DvcData(str(clone)).pull(["file"], lambda _: None)

    assert caught.value.message.startswith(
        f"the remote store ({tmp_path}/store) does not hold file (5"
    )
    assert caught.value.hint == "where the data still is: dvc push file.dvc"


def test_an_object_that_is_corrupt_on_the_remote_is_never_checked_out(
    pushed: tuple[Path, list[DataVersion]], tmp_path: Path
):
    root, kept = pushed
    oid = kept[0].md5
    stored = tmp_path / "store/files/md5" / oid[:2] / oid[2:]
    stored.chmod(0o644)
    stored.write_bytes(b"evil\n")
    stored.chmod(0o444)
    clone = _clone(root, "clone", kept)

    with pytest.raises(DataError, match="missing there, or arrived corrupt"):
        DvcData(str(clone)).pull(["file"], lambda _: None)
    assert not (clone / "file").exists()


def test_a_file_missing_from_a_folder_on_the_remote_is_named(
    pushed: tuple[Path, list[DataVersion]], tmp_path: Path
):
    root, kept = pushed
    ((oid, _),) = [m for m in DvcData(str(root)).manifest(kept[1].md5) if m[1] == "naïve"]
    (tmp_path / "store/files/md5" / oid[:2] / oid[2:]).unlink()
    clone = _clone(root, "clone", kept)

    with pytest.raises(DataError, match="does not hold folder"):
        DvcData(str(clone)).pull(["folder"], lambda _: None)
    assert not (clone / "folder").exists()


@pytest.mark.parametrize(
    ("settings", "message", "hint"),
    [
        ("", "file is not here and cannot be fetched: .*no remote specified", "dvc remote add"),
        ("[core]\nremote = gone\n", "file is not here and cannot be fetched", "dvc remote add"),
        (
            "[core]\nremote = web\n['remote \"web\"']\nurl = http://me:secret@127.0.0.1:9/x\n",
            r"remote web \(http://127.0.0.1:9/x\)",
            "dvc",
        ),
    ],
)
def test_a_remote_that_cannot_be_used_is_named(
    pushed: tuple[Path, list[DataVersion]], settings: str, message: str, hint: str
):
    root, kept = pushed
    clone = _clone(root, "clone", kept)
    write(clone / ".dvc/config", settings)

    with pytest.raises(DataError, match=message) as caught:
        DvcData(str(clone)).pull(["file"], lambda _: None)
    assert hint in caught.value.hint
    assert "secret" not in str(caught.value)


def test_pulling_what_nobody_tracks_says_so(tmp_path: Path):
    with pytest.raises(DataError, match=r"'a' is not here, and no \.dvc file or dvc\.lock"):
        DvcData(str(make_repository(tmp_path))).pull(["a"], lambda _: None)


def test_pulling_without_a_dvc_repository_says_so(tmp_path: Path):
    write(tmp_path / "a.dvc", _pointer(DataVersion("a", "0" * 32, 1)))

    with pytest.raises(DataError, match="no DVC repository says from where"):
        DvcData(str(tmp_path)).pull(["a"], lambda _: None)


def test_what_was_imported_is_fetched_from_where_it_came_from(tmp_path: Path):
    source = make_repository(tmp_path / "source")
    write(source / "data", "imported")
    write(source / "data.dvc", _pointer(DvcData(str(source)).put("data")))
    for words in (["add", "data.dvc", ".dvc/config"], ["commit", "-qm", "Add data"]):
        subprocess.run(["git", *words], cwd=source, check=True)
    root = make_repository(tmp_path / "p")
    assert dvc(root, "import", "-q", str(source), "data").returncode == 0
    (root / "data").unlink()
    shutil.rmtree(root / ".dvc/cache")
    write(root / ".dvc/config", f"[core]\nremote = r\n['remote \"r\"']\nurl = {tmp_path}/r\n")
    (tmp_path / "r").mkdir()

    DvcData(str(root)).pull(["data"], lambda _: None)

    assert (root / "data").read_text() == "imported"


def test_reading_and_hashing_never_import_dvc(tmp_path: Path):
    write(tmp_path / ".dvc/config", "[cache]\n    type = copy\n")
    write(tmp_path / "a.dvc", _pointer(DataVersion("a", "0" * 32, 1)))
    write(tmp_path / "b")
    script = (
        "import sys\nfrom runner.versioning.dvc import DvcData\n"
        "data = DvcData(sys.argv[1])\ndata.versions(['b', '.'])\ndata.get(data.put('b'))\n"
        "data.tracked('a'); data.checkout(['a']); data.remember('ab' * 32, {}); data.close()\n"
        "heavy = {'dvc', 'dvc_data', 'yaml', 'pathspec', 'networkx', 'pathlib', 'threading',\n"
        "         'subprocess', 'logging', 'dataclasses', 'configparser', 'asyncio', 'ctypes'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [shutil.which("python3") or "python3", "-S", "-c", script, str(tmp_path)]
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    assert (answer.stdout, answer.stderr) == ("[]\n", "")
