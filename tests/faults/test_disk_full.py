"""A disk that fills up while an output is cached or a run recorded: said clearly, nothing lost."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.faults.caches import assert_sound
from tests.projects import Project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MIB = 1 << 20
PAGE = 4096
FULL = ("No space left", "no space left", "the disk is full")
FILE = """\
    name: full
    entry_points:
      make:
        deps: [in.txt, size]
        outs: [out.bin, folder]
        command: "mkdir -p folder; head -c $(cat size) /dev/zero > out.bin; \\
          head -c 9000 /dev/zero > folder/a; cat in.txt >> out.bin; cp in.txt folder/b"
      after:
        deps: [out.bin]
        outs: [{path: after.txt, cache: false}]
        command: "tail -n 1 out.bin > after.txt"
"""


class SmallDisk:
    """A disk of a few MiB, which can be filled up to a number of free pages."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self, *, free: int) -> None:
        """Leave so many bytes."""
        self.clear()
        descriptor = os.open(self._ballast, os.O_WRONLY | os.O_CREAT)
        try:
            left = self._free() - free
            assert left >= 0
            os.posix_fallocate(descriptor, 0, max(left, 1))
        finally:
            os.close(descriptor)

    def clear(self) -> None:
        self._ballast.unlink(missing_ok=True)

    def _free(self) -> int:
        found = os.statvfs(self.folder)
        return found.f_bavail * found.f_frsize


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(folder)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {done.stderr.strip()}")
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def make(folder: Path) -> Project:
    project = Project(folder)
    project.write({"MLproject": FILE, "in.txt": "old\n", "size": "1000\n"})
    project.write({".gitignore": "out.bin\nfolder/\nafter.txt\n"})
    project.commit()
    project.run()
    return project


def whole(project: Project) -> str:
    """Tell of which input the outputs are, all of one."""
    ends = {
        (project.folder / "out.bin").read_bytes().strip(b"\0"),
        (project.folder / "folder" / "b").read_bytes(),
    }
    (end,) = ends
    return end.decode().strip()


def test_an_output_that_does_not_fit_into_the_cache_fails_its_step(disk: SmallDisk) -> None:
    project = make(disk.folder / "project")
    before = project.record()
    project.write({"in.txt": "new\n", "size": f"{3 * MIB}\n"})
    disk.fill(free=4 * MIB)

    answer = project.runner("run", ".")

    assert answer.code == 1, answer.err
    assert "no space left" in answer.err
    assert "hint: free at least" in answer.err
    assert whole(project) == "old"
    assert project.record("latest~1") == before
    assert project.record()["steps"][0]["status"] == "failed"
    disk.clear()
    assert set(project.run().values()) == {"succeeded"}
    assert whole(project) == "new"
    assert project.runner("doctor").code == 0
    assert_sound(project.folder / ".runner" / "cache")


def test_a_full_cache_elsewhere_fails_the_step_too(disk: SmallDisk, tmp_path: Path) -> None:
    project = Project(tmp_path / "project")
    cache = disk.folder / "cache"
    project.write({".dvc/config": f"[cache]\n    dir = {cache}\n"})
    project = make(tmp_path / "project")
    project.write({"in.txt": "new\n", "size": f"{2 * MIB}\n"})
    disk.fill(free=MIB)

    answer = project.runner("run", ".")

    assert answer.code == 1
    assert "no space left" in answer.err
    assert whole(project) == "old"
    disk.clear()
    project.run()
    assert whole(project) == "new"
    assert_sound(cache)


# From not a page to enough for all: each of the writes of a run is the one that fails.
@pytest.mark.parametrize("share", range(2))
def test_wherever_the_disk_is_full_nothing_is_lost(disk: SmallDisk, share: int) -> None:
    project = make(disk.folder / "project")
    before = project.record()
    codes = set()
    for number, pages in enumerate(range(3 * share, 64, 6)):
        text = f"{share}-{number}"
        project.write({"in.txt": f"{text}\n"})
        was = whole(project)
        disk.fill(free=pages * PAGE)

        answer = project.runner("run", ".")

        codes.add(answer.code)
        assert answer.code in {0, 1, 2}, answer.err
        if answer.code:
            assert any(word in answer.err for word in FULL), (pages, answer.err)
            assert "hint: " in answer.err, pages
        disk.clear()
        listed = project.runner("runs", "--json")
        assert listed.code == 0, listed.err
        assert whole(project) in ({text} if answer.code == 0 else {was, text}), pages
        assert project.record(before["run_id"]) == before
        assert project.runner("run", ".").code == 0
        assert whole(project) == text
    assert codes >= {0, 2}
    answer = project.runner("doctor")
    assert answer.code == 0, answer.out
    assert_sound(project.folder / ".runner" / "cache")
    assert not list((project.folder / ".runner" / "active").iterdir())
    assert not list((project.folder / ".runner" / "aside").iterdir())


def test_a_step_that_fills_the_disk_itself_loses_no_earlier_output(disk: SmallDisk) -> None:
    project = make(disk.folder / "project")
    project.write({"in.txt": "new\n"})
    text = project.read("MLproject").replace(
        "tail -n 1 out.bin > after.txt", "tail -n 1 out.bin > after.txt; cat /dev/zero > ../ballast"
    )
    project.write({"MLproject": text.replace("after.txt; cat", "after.txt; ! cat")})

    answer = project.runner("run", ".")

    assert answer.code == 2, answer.err
    assert "cannot be recorded: the disk is full" in answer.err
    assert "hint: make room" in answer.err
    assert project.read("after.txt").strip("\0") == "old\n"
    disk.clear()
    newest, _ = project.runner("runs", "--json").document
    assert newest["status"] == "interrupted"
    project.write({"MLproject": FILE})
    assert project.run()["after"] == "succeeded"
    assert project.read("after.txt").strip("\0") == "new\n"
    assert project.runner("doctor").code == 0
