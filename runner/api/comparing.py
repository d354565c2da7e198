"""`diff`: what differs between two runs, and what happened to the code between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from runner.api.reading import record
from runner.errors import SourceControlError

if TYPE_CHECKING:
    from collections.abc import Mapping


class Comparison(NamedTuple):
    """What differs, in the sections of `core.record_diff`.

    Where git has both commits, `code` also tells `commits` ({"old": […], "new": […]}: those that
    only one of the two has, as {"commit", "subject"}) and `files` (lines added and removed by
    path). `note` says why it does not; `patch` is the code's patch, if that was asked for.
    """

    sections: dict[str, Any]
    note: str = ""
    patch: str = ""


def compare(folder: str, a: str, b: str, *, patch: bool = False) -> Comparison:
    """Compare two runs of a project; the first is the old one.

    Raises:
        UsageError: there is no such run.
    """
    from runner.core.record_diff import diff

    old, new = record(folder, a), record(folder, b)
    sections: dict[str, Any] = dict(diff(old, new))
    if "commit" not in sections["code"] and not patch:
        return Comparison(sections)
    try:
        history, text = _history(folder, old, new, patch=patch)
    except SourceControlError as error:
        return Comparison(sections, error.message)
    sections["code"] |= history
    return Comparison(sections, "", text)


def _history(
    folder: str, old: Mapping[str, Any], new: Mapping[str, Any], *, patch: bool
) -> tuple[dict[str, Any], str]:
    from runner.versioning import git_history

    before, after = old["code"]["commit"], new["code"]["commit"]
    if not before or not after:
        raise SourceControlError("one of the two runs was not in git")
    outs = {out["path"] for each in (old, new) for step in each["steps"] for out in step["outputs"]}
    files = git_history.files_between(folder, before, after, outs)
    bases = [each["code"].get("base_commit") for each in (old, new)]
    commits = {}
    if all(bases):
        commits["old"] = _commits(folder, bases[1], bases[0])
        commits["new"] = _commits(folder, bases[0], bases[1])
    text = git_history.patch_between(folder, before, after, outs) if patch else ""
    found: dict[str, Any] = {}
    if any(commits.values()):
        found["commits"] = commits
    if files:
        found["files"] = {
            path: {"added": added, "removed": removed} for path, added, removed in files
        }
    return found, text


def _commits(folder: str, old: str, new: str) -> list[dict[str, str]]:
    from runner.versioning.git_history import commits_between

    return [
        {"commit": commit, "subject": subject}
        for commit, subject in commits_between(folder, old, new)
    ]
