"""Caches in DVC's layout: whether their objects are what their names say."""

from __future__ import annotations

from hashlib import md5
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def assert_sound(cache: Path, *, least: int = 1) -> None:
    """Hash every object; at least so many are there, and none is left half written."""
    objects = [path for path in (cache / "files" / "md5").glob("??/*") if path.is_file()]
    assert len(objects) >= least
    for path in objects:
        found = md5(path.read_bytes(), usedforsecurity=False).hexdigest()
        assert path.parent.name + path.name.removesuffix(".dir") == found, path
    drafts = cache / "runner" / "tmp"
    assert not drafts.exists() or not list(drafts.iterdir())
    assert not (cache / "runner" / "corrupt").exists()
