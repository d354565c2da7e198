"""Fetching objects from a DVC remote: the one place where DVC's own library is used.

Every object is checked after it arrived; what DVC reports as done is not taken for an answer.
"""

# pathlib costs too much here
from __future__ import annotations

import os
import re
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from runner.errors import DataError
from runner.versioning.dvc_listing import select

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from runner.versioning.dvc_config import DvcConfig
    from runner.versioning.dvc_files import Promise
    from runner.versioning.dvc_objects import ObjectCache

CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+@")


class Want(NamedTuple):
    """A promise to fetch; of a folder only what lies below `part` (empty: all of it)."""

    promise: Promise
    part: str = ""


def fetch(
    config: DvcConfig,
    cache: ObjectCache,
    wants: Sequence[Want],
    progress: Callable[[str], None],
) -> None:
    """Bring the objects of all these promises into the cache.

    Raises:
        DataError: there is no remote, it cannot be reached, or it lacks an object.
    """
    if not config.root:
        raise DataError(
            f"{_name(wants[0].promise, config)} is not here, and no DVC repository says from where "
            "to fetch it",
            hint="dvc init, then: dvc remote add -d NAME URL",
        )
    with _repository(config) as repo:
        for remote in sorted({want.promise.remote for want in wants}):
            transfer = _Transfer(config, cache, repo, remote)
            of_remote = [want for want in wants if want.promise.remote == remote]
            transfer.fetch({want.promise.md5: want.promise for want in of_remote}, progress)
            members = {
                oid: want.promise
                for want in of_remote
                if want.promise.md5.endswith(".dir")
                for oid in _members(cache, want)
            }
            transfer.fetch(members, progress)


def _members(cache: ObjectCache, want: Want) -> Iterable[str]:
    members = cache.manifest(want.promise.md5)
    if not want.part:
        return [oid for oid, _ in members]
    here = [oid for oid, path in members if path == want.part]
    return here + [oid for oid, _ in select(members, want.part)]


class _Transfer:
    """Fetching from one remote (empty name: the default one)."""

    def __init__(self, config: DvcConfig, cache: ObjectCache, repo: Any, remote: str) -> None:
        self._config = config
        self._cache = cache
        self._repo = repo
        self._remote = remote

    def fetch(self, wanted: dict[str, Promise], progress: Callable[[str], None]) -> None:
        """Fetch the objects that are not in the cache, each on behalf of its promise."""
        lacking = {oid: wanted[oid] for oid in wanted if not self._cache.is_intact(oid)}
        if not lacking:
            return
        objects = "object" if len(lacking) == 1 else "objects"
        progress(f"fetching {len(lacking)} {objects} from {self._where()}")
        self._pull(lacking)
        still = [oid for oid in lacking if not self._cache.is_intact(oid)]
        for file in sorted({lacking[oid].file for oid in still}):
            self._fetch_import(file)
        for oid in still:
            if not self._cache.is_intact(oid):
                raise self._absent(oid, lacking[oid])

    def _pull(self, lacking: dict[str, Promise]) -> None:
        from dvc.config import ConfigError  # noqa: PLC0415  # DVC is imported only to fetch
        from dvc_data.hashfile.hash_info import HashInfo  # noqa: PLC0415  # likewise

        promise = next(iter(lacking.values()))
        try:
            objects = {HashInfo("md5", oid) for oid in lacking}
            self._repo.cloud.pull(objects, remote=self._remote or None)
        except ConfigError as error:
            raise DataError(
                f"{_name(promise, self._config)} is not here and cannot be fetched: "
                f"{_first_line(error)}",
                hint="dvc remote add -d NAME URL   (or: dvc remote default NAME)",
            ) from error
        except Exception as error:
            raise DataError(
                f"the remote {self._where()} cannot be used to fetch "
                f"{_name(promise, self._config)} ({_size(promise)}): {_first_line(error)}",
                hint="try it with DVC alone: dvc fetch -v " + _name_of_file(promise, self._config),
            ) from error

    def _fetch_import(self, file: str) -> None:
        """Fetch what `dvc import` brought here from where it came from."""
        if "\ndeps:" not in _read(file) or not file.endswith(".dvc"):
            return
        try:
            self._repo.fetch([file])
        except Exception as error:
            raise DataError(
                f"{file} is an import whose source cannot be used: {_first_line(error)}",
                hint=f"dvc update {os.path.relpath(file, self._config.root)}",
            ) from error

    def _absent(self, oid: str, promise: Promise) -> DataError:
        return DataError(
            f"the remote {self._where()} does not hold {_name(promise, self._config)} "
            f"({_size(promise)}): its object {oid} is missing there, or arrived corrupt",
            hint="where the data still is: dvc push " + _name_of_file(promise, self._config),
        )

    def _where(self) -> str:
        name = self._remote or self._config.remote
        url = CREDENTIALS.sub("", self._config.remotes.get(name, ""))
        return f"{name} ({url})" if url else name or "(none is configured)"


def initialise(folder: str, *, subdir: bool) -> None:
    """Make a folder a DVC repository, with the files `dvc init` writes, touching nothing of git.

    `subdir` says that git's repository begins further up, which makes no difference to the files.

    Raises:
        DataError: it is one already, or cannot be written.
    """
    del subdir
    files = {
        ".dvc/config": "",
        ".dvc/.gitignore": "/config.local\n/tmp\n/cache\n",
        ".dvcignore": "# Patterns of files that DVC is to ignore, in the syntax of .gitignore.\n",
    }
    try:
        os.mkdir(os.path.join(folder, ".dvc"))
        for name, text in files.items():
            with suppress(FileExistsError), open(f"{folder}/{name}", "x", encoding="utf-8") as file:
                file.write(text)
    except OSError as error:
        raise DataError(
            f"{folder}/.dvc cannot be made: {error.strerror}", hint=f"ls -ld {folder} {folder}/.dvc"
        ) from error


@contextmanager
def _repository(config: DvcConfig) -> Iterator[Any]:
    """Open the repository with DVC, silenced, with a private place for DVC's own state."""
    import logging  # noqa: PLC0415  # only to silence DVC

    logger = logging.getLogger("dvc")
    others = logging.getLogger("dvc_data"), logging.getLogger("dvc_objects")
    try:
        from dvc.exceptions import DvcException  # noqa: PLC0415  # DVC is imported only to fetch
        from dvc.repo import Repo  # noqa: PLC0415  # likewise
    except ImportError as error:
        raise DataError(
            f"DVC is needed to fetch data and cannot be imported: {error}",
            hint="pip install 'dvc>=3.66.1,<4'",
        ) from error
    levels = [(each, each.level) for each in (logger, *others)]
    for each, _ in levels:
        each.setLevel(logging.CRITICAL + 1)
    try:
        try:
            repo = Repo(config.root, config=_overrides(config))
        except (DvcException, OSError) as error:
            raise DataError(
                f"DVC cannot open {config.root}: {_first_line(error)}",
                hint=f"cd {config.root} && dvc doctor",
            ) from error
        with repo:
            yield repo
    finally:
        for each, level in levels:
            each.setLevel(level)


def _overrides(config: DvcConfig) -> dict[str, dict[str, object]]:
    core: dict[str, object] = {"analytics": "false", "check_update": "false"}
    if not config.site_cache_dir and not os.environ.get("DVC_SITE_CACHE_DIR"):
        core["site_cache_dir"] = _private_site_cache()
    return {"cache": {"dir": config.cache_dir}, "core": core}


def _private_site_cache() -> str:
    """Give DVC a folder that only we can write: it reads pickles from there."""
    cache_home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    folder = f"{os.environ.get('RUNNER_HOME') or f'{cache_home}/runner'}/dvc-site"
    os.makedirs(folder, mode=0o700, exist_ok=True)
    os.chmod(folder, 0o700)
    return folder


def _first_line(error: BaseException) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return CREDENTIALS.sub("", lines[0]) if lines else type(error).__name__


def _name(promise: Promise, config: DvcConfig) -> str:
    return os.path.relpath(promise.path, config.root or os.path.dirname(promise.file))


def _name_of_file(promise: Promise, config: DvcConfig) -> str:
    return os.path.relpath(promise.file, config.root)


def _size(promise: Promise) -> str:
    return "size unknown" if promise.size is None else f"{promise.size} bytes"


def _read(file: str) -> str:
    with open(file, encoding="utf-8", errors="replace") as stream:
        return "\n" + stream.read()
