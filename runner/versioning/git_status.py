"""What git says about the work tree and about what it tracks, read into plain values."""

from __future__ import annotations

import os
from typing import NamedTuple

STATUS = (
    "status",
    "--porcelain=v2",
    "--branch",
    "-z",
    "-uall",
    "--no-renames",
    "--no-ahead-behind",
    "--ignore-submodules=none",
)
TRACKED = ("ls-files", "-s", "-v", "-z")
# Fields in front of the path, by the entry's kind.
FIELDS = {"1": 8, "u": 10, "?": 1}


class Entry(NamedTuple):
    """One path of the work tree that is not as HEAD has it; relative to the repository's root.

    `raw` is git's whole line. `state` holds two letters, of the index and of the work tree (`??`:
    untracked, `UU` and its like: in a conflict); `.` is unchanged. `submodule` is `N...`, or `S`
    and flags: another commit, edited files, untracked files.
    """

    path: str
    state: str
    submodule: str
    in_work_tree: bool
    raw: str

    @property
    def unknown(self) -> bool:
        """Git keeps nothing of it: it is untracked, or its content was never added."""
        return self.state in ("??", ".A")

    @property
    def nested(self) -> bool:
        """It is another repository that nobody made a submodule of."""
        return self.state == "??" and self.path.endswith("/")

    @property
    def is_repository(self) -> bool:
        """It is a submodule or a nested repository: a stat says nothing of its content."""
        return self.submodule[0] == "S" or self.nested

    @property
    def edited_inside(self) -> bool:
        """It is a submodule with changes that its own commit does not have."""
        return self.submodule[0] == "S" and (self.submodule[2] != "." or self.submodule[3] != ".")


class Status(NamedTuple):
    """HEAD (empty: there is no commit), its branch (empty: detached), and what differs."""

    head: str
    branch: str
    entries: tuple[Entry, ...]


def status(output: bytes) -> Status:
    """Read the answer to `STATUS`."""
    head = branch = ""
    entries = []
    for line in os.fsdecode(output).split("\0"):
        if line.startswith("# branch.oid "):
            head = line.removeprefix("# branch.oid ").replace("(initial)", "")
        elif line.startswith("# branch.head "):
            branch = line.removeprefix("# branch.head ").replace("(detached)", "")
        elif line[:2] in ("1 ", "u ", "? "):
            entries.append(_entry(line))
    return Status(head, branch, tuple(entries))


def _entry(line: str) -> Entry:
    *fields, path = line.split(" ", FIELDS[line[0]])
    if fields[0] == "?":
        return Entry(path, "??", "N...", in_work_tree=True, raw=line)
    if fields[0] == "u":
        return Entry(path, fields[1], fields[2], in_work_tree=fields[6] != "000000", raw=line)
    # Mode 000000 of the work tree is true of a staged removal too: nothing is left to be added.
    return Entry(path, fields[1], fields[2], in_work_tree=fields[5] != "000000", raw=line)


class Tracked(NamedTuple):
    """What the index holds of the project's folder; paths relative to it.

    `lines` are `<tag> <mode> <blob> <stage>` of each path; a lower-case tag, or S, means that
    git was told not to look at the file.
    """

    paths: list[str]
    lines: list[str]

    def blobs(self) -> list[tuple[str, str]]:
        """Give (path, `<mode> <blob>`) of every path."""
        return [(path, line[2:-2]) for path, line in zip(self.paths, self.lines, strict=True)]

    def unwatched(self) -> list[str]:
        """Name the paths whose edits git was told to overlook (assume-unchanged)."""
        if not any(tag.islower() for tag in {line[0] for line in self.lines}):
            return []
        pairs = zip(self.paths, self.lines, strict=True)
        return [path for path, line in pairs if line[0].islower()]


def tracked(output: bytes) -> Tracked:
    """Read the answer to `TRACKED`, which was asked in the project's folder."""
    entries = os.fsdecode(output).split("\0")
    entries.pop()
    if not entries:
        return Tracked([], [])
    # Tag, mode, blob and stage have one length in all entries, so there is nothing to search.
    width = entries[0].index("\t")
    return Tracked([e[width + 1 :] for e in entries], [e[:width] for e in entries])
