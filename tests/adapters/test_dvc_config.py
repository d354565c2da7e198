"""DVC's settings: the files, their order, their odd format."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from runner.errors import DataError
from runner.versioning.dvc_config import parse, read_config
from runner.versioning.dvc_remote import initialise
from tests.adapters.dvc_projects import dvc, make_repository, write


def test_without_dvc_the_cache_is_the_projects_own(tmp_path: Path):
    config = read_config(str(tmp_path))

    assert config.cache_dir == f"{tmp_path}/.runner/cache"
    assert config.link_types == ("reflink", "copy")
    assert config.root == ""


def test_a_bare_dvc_folder_is_a_repository(tmp_path: Path):
    (tmp_path / ".dvc").mkdir()
    (tmp_path / "sub/project").mkdir(parents=True)

    config = read_config(str(tmp_path / "sub/project"))

    assert (config.root, config.cache_dir) == (str(tmp_path), f"{tmp_path}/.dvc/cache")


def test_what_dvc_writes_is_what_is_read(tmp_path: Path):
    root = make_repository(tmp_path / "p")
    script = (
        "import sys; from dvc.config import Config\n"
        "with Config('.dvc').edit() as settings:\n"
        "    cache = {'dir': sys.argv[1], 'type': ['hardlink', 'copy'], 'shared': 'group'}\n"
        "    settings['cache'] = cache\n"
        "    settings['core']['remote'] = 'Store'\n"
        "    settings['remote']['Store'] = {'url': sys.argv[2]}\n"
    )
    places = [f"{tmp_path}/shared cache", f"{tmp_path}/remote # folder"]
    subprocess.run([sys.executable, "-c", script, *places], cwd=root, check=True)

    config = read_config(str(root))

    assert config.cache_dir == f"{tmp_path}/shared cache"
    assert config.link_types == ("hardlink", "copy")
    assert config.shared
    assert config.remote == "store"
    assert config.remotes == {"store": f"{tmp_path}/remote # folder"}
    assert dvc(root, "cache", "dir").stdout.strip() == config.cache_dir


def test_local_settings_win_over_the_repositorys_and_those_over_the_users(tmp_path: Path):
    (tmp_path / ".dvc").mkdir()
    user = Path(os.environ["DVC_GLOBAL_CONFIG_DIR"], "config")
    system = Path(os.environ["DVC_SYSTEM_CONFIG_DIR"], "config")
    seen = []
    for file in (system, user, tmp_path / ".dvc/config", tmp_path / ".dvc/config.local"):
        write(file, f"[cache]\ndir = here\n[core]\nremote = {len(seen)}\n")
        config = read_config(str(tmp_path))
        seen.append((config.cache_dir, config.remote))

    assert seen == [
        (f"{system.parent}/here", "0"),
        (f"{user.parent}/here", "1"),
        (f"{tmp_path}/.dvc/here", "2"),
        (f"{tmp_path}/.dvc/here", "3"),
    ]


def test_without_dvcs_own_variables_the_xdg_folders_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for name in ("DVC_GLOBAL_CONFIG_DIR", "DVC_SYSTEM_CONFIG_DIR"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "user"))
    monkeypatch.setenv("XDG_CONFIG_DIRS", f"{tmp_path}/system:/elsewhere")
    write(tmp_path / "system/dvc/config", "[cache]\ntype = symlink\n[core]\nremote = a\n")
    write(tmp_path / "user/dvc/config", "[core]\nremote = b\n")

    config = read_config(str(tmp_path))

    assert (config.link_types, config.remote) == (("symlink",), "b")


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("dir = /a", "/a"),
        ("  dir=/a  ", "/a"),
        ('DIR = "/a # b"', "/a # b"),
        ("dir = '/a'", "/a"),
        ("dir = /a # comment", "/a"),
        ("dir = ~/a", "/h/a"),
        ("dir = a/../b", "/x/b"),
    ],
)
def test_values_are_read_as_configobj_reads_them(
    line: str, value: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HOME", "/h")

    assert parse("/x/config", f"# comment\n\n['cache']\n{line}\n") == {"cache": {"dir": value}}


def test_a_line_that_means_nothing_is_named(tmp_path: Path):
    write(tmp_path / ".dvc/config", "[cache]\ndir = a\nnonsense\n")

    with pytest.raises(DataError, match=r"\.dvc/config:3: neither a \[section\] nor a key"):
        read_config(str(tmp_path))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[cache]\ntype = teleport,copy", "cache.type names teleport; it may name reflink"),
        ("[cache]\ndir = s3://bucket/x", "not a folder of this machine"),
    ],
)
def test_a_setting_nobody_knows_is_named(tmp_path: Path, text: str, message: str):
    write(tmp_path / ".dvc/config", text)

    with pytest.raises(DataError, match=message):
        read_config(str(tmp_path))


def test_settings_that_are_no_text_are_named(tmp_path: Path):
    write(tmp_path / ".dvc/config", b"\xff\xfe\x00")

    with pytest.raises(DataError, match=r"\.dvc/config cannot be read"):
        read_config(str(tmp_path))


def test_initialising_makes_the_repository_that_dvc_makes(tmp_path: Path):
    ours = make_repository(tmp_path / "ours")
    theirs = tmp_path / "theirs"
    make_repository(theirs)
    for path in (theirs / ".dvcignore", theirs / ".dvc/config", theirs / ".dvc/.gitignore"):
        path.unlink()
    (theirs / ".dvc").rmdir()
    assert dvc(theirs, "init", "-q").returncode == 0

    for name in (".dvc/config", ".dvc/.gitignore"):
        assert (ours / name).read_text() == (theirs / name).read_text()
    assert dvc(ours, "status").returncode == 0
    assert not (ours / ".git/index").exists()


def test_initialising_twice_is_refused(tmp_path: Path):
    initialise(str(tmp_path), subdir=False)

    with pytest.raises(DataError, match=r"\.dvc cannot be made: File exists"):
        initialise(str(tmp_path), subdir=False)
