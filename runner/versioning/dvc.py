"""Data versions in DVC's own formats, without DVC: hashing, the cache, what `.dvc` files promise.

Only `pull` imports DVC's library (`dvc_remote`). See `ports.DataVersioning` for the contract.
"""

# pathlib costs too much here
from __future__ import annotations

import os
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any

from runner.core.model import DataVersion
from runner.errors import DataError, Problem
from runner.versioning.dvc_config import DvcConfig, read_config
from runner.versioning.dvc_ignore import IgnoreFiles
from runner.versioning.dvc_links import make_folder, write_new
from runner.versioning.dvc_listing import Member, is_oid, manifest_bytes, manifest_oid, select
from runner.versioning.dvc_objects import ObjectCache, StoredObject
from runner.versioning.dvc_restore import (
    Restorer,
    leads_into_cache,
    linked_files,
    make_private,
    missing,
    settle,
)
from runner.versioning.dvc_run_cache import RunCache
from runner.versioning.dvc_state import StateCache
from runner.versioning.dvc_tracked import Tracked
from runner.versioning.dvc_workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from runner.versioning.dvc_files import Promise


class DvcData:
    """The data of one project; `project` is its absolute folder, paths are relative to it.

    What was learnt about files is written by `flush` and `close`. Not calling them loses nothing
    but time.
    """

    def __init__(self, project: str) -> None:
        self._project = os.path.abspath(project)
        self._private = f"{self._project}/.runner"
        self._state = StateCache(self._private)
        self._made = False

    @cached_property
    def config(self) -> DvcConfig:
        """DVC's settings that hold here."""
        return read_config(self._project)

    @property
    def cache_dir(self) -> str:
        """The cache's absolute folder: DVC's, or `.runner/cache` where there is no DVC."""
        return self.config.cache_dir

    @cached_property
    def _root(self) -> str:
        return self.config.root or self._project

    @cached_property
    def _real_roots(self) -> list[tuple[str, str]]:
        roots = (self._project, self._root)
        return [(root, os.path.realpath(root).rstrip("/")) for root in roots]

    @cached_property
    def _ignore_files(self) -> IgnoreFiles:
        return IgnoreFiles(self._root)

    @cached_property
    def _workspace(self) -> Workspace:
        return Workspace(self._project, self._state, self._ignore_files)

    @cached_property
    def _cache(self) -> ObjectCache:
        return ObjectCache(self.cache_dir, self._state, shared=self.config.shared)

    @cached_property
    def _restorer(self) -> Restorer:
        return Restorer(self._cache, self._private, self.config.link_types)

    @cached_property
    def _run_cache(self) -> RunCache:
        return RunCache(self.cache_dir, shared=self.config.shared)

    @cached_property
    def _tracked(self) -> Tracked:
        return Tracked(self._root, self._ignore_files)

    # What is there

    def versions(self, paths: Iterable[str]) -> dict[str, DataVersion | None]:
        """Hash each path exactly as DVC does; None where there is nothing.

        Raises:
            DataError: a broken symlink, something that is no data or cannot be read, or a file
                that keeps changing.
        """
        return self._workspace.versions(paths)

    def put(self, path: str) -> DataVersion:
        """Hash a path and keep its content in the cache; the workspace file stays as it is.

        Raises:
            DataError: there is nothing, it cannot be read, or the cache cannot be written.
        """
        self._make_cache()
        return self._workspace.put(path, self._cache)

    def _make_cache(self) -> None:
        """Make the cache when there is none; inside the repository it keeps itself out of git.

        `dvc init` has its own way to do that, but a `.dvc/` need not come from there.
        """
        if self._made:
            return
        self._made = True
        root = self.config.root
        inside = root and f"{self.cache_dir}/".startswith(f"{root}/")
        if inside and not os.path.isdir(self.cache_dir):
            with suppress(OSError):  # what cannot be written is said when an object cannot
                make_folder(self.cache_dir, shared=self.config.shared)
                write_new(f"{self.cache_dir}/.gitignore", b"*\n")

    def left_out(self, path: str) -> list[str]:
        """Name what is in a folder that was hashed, and in no version of it.

        These are `.git`, `.hg` and `.dvc`, DVC repositories, empty folders and links to folders.
        """
        return self._workspace.left_out(path)

    def has(self, version: DataVersion) -> bool:
        """Tell whether the cache can bring the content back, and that it is intact."""
        return self._cache.holds(version.md5)

    def keeps(self, version: DataVersion) -> bool:
        """Tell whether the cache has the content of what is in the workspace, unverified.

        A folder is kept when all its files are, even where its manifest is not.
        """
        if version.nfiles is None:
            return self._cache.stat(version.md5) is not None
        known = self._state.members(version.path)
        here = {oid for _, oid in known.values()}
        return len(known) == version.nfiles and all(map(self._cache.stat, here))

    def get(self, version: DataVersion, *, executable: bool = False) -> None:
        """Bring the content back to its path, replacing what is there in one move.

        Only the user's own bit of a single file is set if it is `executable`; files in folders
        lose it, as with DVC.

        Raises:
            DataError: the cache lacks it or holds it corrupt, or it cannot be written.
        """
        self._restore(version.path, version.md5, executable=executable)

    def _restore(self, path: str, oid: str, *, executable: bool) -> None:
        if not is_oid(oid):
            raise missing(oid, self.cache_dir)
        target = self._workspace.absolute(path)
        self._refuse_outside(target)
        self._restorer.restore(oid, target)
        if executable and not os.path.islink(target):
            os.chmod(target, os.stat(target).st_mode | 0o100)
        members = self._cache.manifest(oid) if oid.endswith(".dir") else []
        stats = [self._cache.stat(member) for member, _ in members] or [self._cache.stat(oid)]
        size = sum(stat.st_size for stat in stats if stat is not None)
        if settle(target, size, len(stats)):
            self._workspace.believe(path, oid, members)

    def _refuse_outside(self, target: str) -> None:
        """Refuse to write where neither the project nor its DVC repository is."""
        parent = os.path.realpath(os.path.dirname(target))
        for root, real in self._real_roots:
            if target != root and (parent == real or parent.startswith(real + "/")):
                return
        raise DataError(
            f"{target} lies outside of the project {self._project}: nothing is restored there",
            hint="declare a path inside the project",
        )

    # What is promised

    def tracked(self, path: str) -> DataVersion | None:
        """Tell which version a `.dvc` file or a dvc.lock promises for the path.

        A path inside a tracked folder gets its own version when the folder's manifest is in the
        cache; else the version given is the folder's, under the folder's path.

        Raises:
            DataError: a `.dvc` file or dvc.lock cannot be understood.
        """
        target = self._workspace.absolute(path)
        promise = self._tracked.covering(target)
        if promise is None:
            return None
        part = os.path.relpath(target, promise.path)
        if part == ".":
            return DataVersion(path, promise.md5, promise.size or 0, promise.nfiles, "dvc")
        if not promise.md5.endswith(".dir"):
            return None
        if not self._cache.is_intact(promise.md5):
            folder = os.path.relpath(promise.path, self._project)
            return DataVersion(folder, promise.md5, promise.size or 0, promise.nfiles, "dvc")
        return self._part_version(path, self._cache.manifest(promise.md5), part)

    def _part_version(self, path: str, members: list[Member], part: str) -> DataVersion | None:
        for oid, name in members:
            if name == part:
                return DataVersion(path, oid, self._sizes([oid]), None, "dvc")
        below = select(members, part)
        if not below:
            return None
        oid = manifest_oid(manifest_bytes(below))
        return DataVersion(path, oid, self._sizes([oid for oid, _ in below]), len(below), "dvc")

    def _sizes(self, oids: Iterable[str]) -> int:
        """Sum the sizes of objects; those that are not in the cache count nothing."""
        stats = (self._cache.stat(oid) for oid in oids)
        return sum(stat.st_size for stat in stats if stat is not None)

    def missing(self, paths: Iterable[str]) -> list[str]:
        """Give the tracked paths, at, above or below these, that are not in the workspace.

        A folder that is here may hold `.dvc` files whose data is not: their paths are given.
        """
        return [os.path.relpath(target, self._project) for target, _ in self._absent(paths)]

    def _absent(self, paths: Iterable[str]) -> list[tuple[str, Promise]]:
        found: dict[str, Promise] = {}
        for path in paths:
            target = self._workspace.absolute(path)
            promise = self._tracked.covering(target)
            if promise is not None:
                if not os.path.exists(target):
                    found[target] = promise
            elif os.path.isdir(target):
                for below in self._tracked.below(target, self._workspace.pointers(path)):
                    if not os.path.exists(below.path):
                        found[below.path] = below
        return list(found.items())

    def checkout(self, paths: Iterable[str]) -> list[str]:
        """Restore what is tracked and not in the workspace, as far as the cache holds it.

        Returns:
            The paths restored.
        """
        restored = []
        for target, promise in self._absent(paths):
            oid = self._restorable(target, promise)
            if oid is not None:
                path = os.path.relpath(target, self._project)
                self._restore(path, oid, executable=promise.is_executable)
                restored.append(path)
        return restored

    def _restorable(self, target: str, promise: Promise) -> str | None:
        """Give the hash to restore a missing path from; None when the cache cannot."""
        if target == promise.path:
            return promise.md5 if self._cache.holds(promise.md5) else None
        if not self._cache.is_intact(promise.md5):
            return None
        members = self._cache.manifest(promise.md5)
        part = os.path.relpath(target, promise.path)
        for oid, name in members:
            if name == part:
                return oid if self._cache.holds(oid) else None
        below = select(members, part)
        if not below or not self._cache.are_intact([oid for oid, _ in below]):
            return None
        return self._cache.keep_manifest(below)[0]

    def pull(self, paths: Sequence[str], progress: Callable[[str], None]) -> None:
        """Fetch tracked paths that are not here from the DVC remote and check them out.

        Raises:
            DataError: a path is neither here nor tracked, or the remote cannot give it.
        """
        self.checkout(paths)
        wanted = self._absent(paths)
        if wanted:
            from runner.versioning.dvc_remote import Want, fetch  # noqa: PLC0415  # DVC is heavy

            wants = [
                Want(promise, "" if (part := os.path.relpath(path, promise.path)) == "." else part)
                for path, promise in wanted
            ]
            fetch(self.config, self._cache, wants, progress)
            for path in self.checkout(paths):
                progress(f"pulled {path}")
        for path in paths:
            if not os.path.exists(self._workspace.absolute(path)):
                raise DataError(
                    f"{path!r} is not here, and no .dvc file or dvc.lock promises it",
                    hint=f"make or copy it, then: dvc add {path}",
                )

    def promises(self) -> list[Promise]:
        """Give every promise of the repository's `.dvc` files and dvc.lock."""
        return self._tracked.all_promises()

    def problems(self) -> list[Problem]:
        """Tell which tracked outs of the files read so far only DVC itself can check."""
        return self._tracked.problems()

    # What steps may touch

    def protect_inputs(self, paths: Iterable[str]) -> None:
        """Before a step runs: keep it from writing through its inputs into the cache.

        Objects have mode 0444, which stops everybody but root; so only root's inputs are made
        private.
        """
        if os.geteuid() == 0:
            self.unlink_inputs(paths)

    def unlink_inputs(self, paths: Iterable[str]) -> list[str]:
        """Give each file that shares its content with the cache (a link) a content of its own.

        For folders, each file in them. What has no second name costs one stat. Gives the paths
        that were linked.

        Raises:
            DataError: the copy cannot be written.
        """
        private = []
        for path in paths:
            for file, stat in linked_files(self._workspace.absolute(path)):
                name = os.path.relpath(file, self._project)
                leads = leads_into_cache(file, stat, self._cache)
                if leads or (leads is None and self._is_object(name, stat)):
                    make_private(file)
                    private.append(name)
        return private

    def _is_object(self, name: str, stat: os.stat_result) -> bool:
        """Tell whether a file with several names is one of the cache's objects."""
        version = self._workspace.versions([name])[name]
        same = None if version is None else self._cache.stat(version.md5)
        return same is not None and (same.st_ino, same.st_dev) == (stat.st_ino, stat.st_dev)

    # What steps produced

    def remember(self, step_key: str, document: Mapping[str, Any]) -> None:
        """Keep what a step with this key produced, for whoever shares the cache.

        Raises:
            DataError: the cache cannot be written.
        """
        self._make_cache()
        self._run_cache.remember(step_key, document)

    def recall(self, step_key: str) -> dict[str, Any] | None:
        """Give what a step with this key produced; None when nobody knows."""
        return self._run_cache.recall(step_key)

    def refresh_results(self) -> None:
        """Take in what others who share the cache have remembered since the last look."""
        self._run_cache.refresh()

    def results(self) -> Iterator[dict[str, Any]]:
        """Give every document that is remembered."""
        return self._run_cache.documents()

    def drop_results(self, unwanted: Callable[[Mapping[str, Any]], bool]) -> int:
        """Forget remembered documents for good; only while nobody runs. Gives their number."""
        return self._run_cache.drop(unwanted)

    # Clearing up

    def objects(self) -> Iterator[StoredObject]:
        """List the objects of the cache."""
        return self._cache.objects()

    def manifest(self, oid: str) -> list[Member]:
        """Give the (md5, path) pairs of a folder's `.dir` object.

        Raises:
            DataError: it is not in the cache, or corrupt.
        """
        return self._cache.manifest(oid)

    def remove(self, oids: Iterable[str]) -> int:
        """Remove objects from the cache for good; gives the bytes freed."""
        return self._cache.remove(oids)

    def remove_drafts(self, older_than: float) -> int:
        """Remove what killed processes left half written before this time; give the bytes freed."""
        return self._cache.remove_drafts(older_than) + self._restorer.remove_drafts(older_than)

    def flush(self) -> None:
        """Write what was learnt about files to `.runner/state.sqlite`."""
        self._state.flush()

    def close(self) -> None:
        """Flush, and let go of the state; harmless when repeated."""
        self._run_cache.close()
        self._state.close()
