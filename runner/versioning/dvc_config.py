"""DVC's settings as far as they concern us: where the cache is, how it links, which remote.

The files are those DVC reads, later ones winning: system, global, `.dvc/config`,
`.dvc/config.local`. They are in ConfigObj's format, of which DVC writes a small part.
"""

# pathlib costs too much here
from __future__ import annotations

import os
from typing import NamedTuple

from runner.errors import DataError

LINK_TYPES = ("reflink", "hardlink", "symlink", "copy")
DEFAULT_LINK_TYPES = ("reflink", "copy")
Settings = dict[str, dict[str, str]]


class DvcConfig(NamedTuple):
    """What holds for one project.

    `root` is the folder that holds `.dvc/` (empty: there is none), `remotes` their URLs by name,
    `remote` the default one (empty: none is set). Paths are absolute.
    """

    root: str
    cache_dir: str
    link_types: tuple[str, ...]
    shared: bool
    remote: str
    remotes: dict[str, str]
    site_cache_dir: str


def read_config(project: str) -> DvcConfig:
    """Read the settings that hold in a project's folder.

    Raises:
        DataError: a settings file cannot be read, or asks for something DVC does not know.
    """
    root = find_root(project)
    merged: Settings = {}
    for file in _files(root):
        for section, values in _read(file).items():
            merged.setdefault(section, {}).update(values)
    cache = merged.get("cache", {})
    core = merged.get("core", {})
    remotes = {
        name[len("remote ") :].strip().strip('"'): values["url"]
        for name, values in merged.items()
        if name.startswith("remote ") and "url" in values
    }
    folder = remotes.get(cache.get("local", ""), cache.get("dir", ""))
    if "://" in folder:
        raise DataError(
            f"DVC's cache is set to {folder}, which is not a folder of this machine",
            hint="dvc config cache.dir FOLDER",
        )
    default = f"{root}/.dvc/cache" if root else f"{project}/.runner/cache"
    return DvcConfig(
        root=root,
        cache_dir=folder or default,
        link_types=_link_types(cache.get("type", "")),
        shared=cache.get("shared", "").lower() == "group",
        remote=core.get("remote", "").lower(),
        remotes=remotes,
        site_cache_dir=core.get("site_cache_dir", ""),
    )


def find_root(project: str) -> str:
    """Give the nearest folder, from the project's upward, that holds `.dvc/`; else nothing.

    Like DVC, it does not look beyond the file system it starts in.
    """
    folder = os.path.abspath(project)
    while not os.path.isdir(f"{folder}/.dvc"):
        parent = os.path.dirname(folder)
        if parent == folder or os.path.ismount(folder):
            return ""
        folder = parent
    return folder


def _files(root: str) -> list[str]:
    home = os.path.expanduser("~")
    of_user = os.environ.get("XDG_CONFIG_HOME", "").strip() or f"{home}/.config"
    of_system = os.environ.get("XDG_CONFIG_DIRS", "").strip().split(":")[0] or "/etc/xdg"
    folders = [
        os.environ.get("DVC_SYSTEM_CONFIG_DIR") or f"{of_system}/dvc",
        os.environ.get("DVC_GLOBAL_CONFIG_DIR") or f"{of_user}/dvc",
    ]
    files = [f"{folder}/config" for folder in folders]
    return [*files, f"{root}/.dvc/config", f"{root}/.dvc/config.local"] if root else files


def _read(file: str) -> Settings:
    try:
        with open(file, encoding="utf-8-sig") as lines:
            return parse(file, lines.read())
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{file} cannot be read: {error}", hint=f"look at {file}") from error


def parse(file: str, text: str) -> Settings:
    """Parse a settings file; section and key names come out in lower case, paths absolute."""
    sections: Settings = {}
    section: dict[str, str] = {}
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line[0] == "#":
            continue
        if line[0] == "[":
            name = line.partition("]")[0].strip("[ ").strip("'").lower()
            section = sections.setdefault(" ".join(name.split()), {})
            continue
        key, equals, value = line.partition("=")
        if not equals:
            raise DataError(
                f"{file}:{number}: neither a [section] nor a key = value: {line}",
                hint=f"correct line {number} of {file}",
            )
        name = _unquote(key).lower()
        section[name] = _resolve(file, name, _unquote(value))
    return sections


def _unquote(text: str) -> str:
    text = text.strip()
    if text[:1] in {'"', "'"}:
        return text[1:].partition(text[0])[0]
    return text.partition("#")[0].strip()


def _resolve(file: str, key: str, value: str) -> str:
    if key not in {"dir", "url"} or "://" in value:
        return value
    return os.path.abspath(os.path.join(os.path.dirname(file), os.path.expanduser(value)))


def _link_types(setting: str) -> tuple[str, ...]:
    types = tuple(word.strip(" '\"") for word in setting.split(",") if word.strip(" '\""))
    unknown = [word for word in types if word not in LINK_TYPES]
    if unknown:
        raise DataError(
            f"DVC's cache.type names {', '.join(unknown)}; it may name {', '.join(LINK_TYPES)}",
            hint="dvc config cache.type reflink,copy",
        )
    return types or DEFAULT_LINK_TYPES
