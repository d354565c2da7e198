"""Small packages made by hand, in a folder that uv takes for the only index there is."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


class Index:
    """A folder of wheels. `settings` is the uv.toml that names it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "index"
        self.folder.mkdir(parents=True)
        self.settings = folder / "uv.toml"
        self.settings.write_text(f'[[index]]\nurl = "{self.folder.as_uri()}"\ndefault = true\n')

    def add(  # what wheels differ in
        self,
        name: str,
        version: str = "1.0",
        *,
        needs: tuple[str, ...] = (),
        code: str = "",
        tag: str = "py3-none-any",
        script: bool = False,
    ) -> str:
        """Add a wheel with one module; give its sha256."""
        info = f"{name}-{version}.dist-info"
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        files = {
            f"{name}.py": code or f"version = {version!r}\n",
            f"{info}/METADATA": metadata + "".join(f"Requires-Dist: {need}\n" for need in needs),
            f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n",
        }
        if script:
            files[f"{info}/entry_points.txt"] = f"[console_scripts]\n{name} = {name}:main\n"
        lines = [f"{path},sha256={record_hash(text)},{len(text)}" for path, text in files.items()]
        files[f"{info}/RECORD"] = "\n".join([*lines, f"{info}/RECORD,,"]) + "\n"
        place = self.place(name, f"{name}-{version}-{tag}.whl")
        with zipfile.ZipFile(place, "w") as wheel:
            for path, text in files.items():
                wheel.writestr(zipfile.ZipInfo(path, (2024, 1, 1, 0, 0, 0)), text)
        return self.publish(name)[place.name]

    def place(self, name: str, file: str) -> Path:
        """Give where a file of a package belongs."""
        folder = self.folder / name.lower().replace("_", "-")
        folder.mkdir(exist_ok=True)
        return folder / file

    def publish(self, name: str) -> dict[str, str]:
        """Write the package's page, with the hash of each of its files; give these."""
        page = self.place(name, "index.html")
        files = [path for path in sorted(page.parent.iterdir()) if path != page]
        hashes = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
        links = [f'<a href="{file}#sha256={sha256}">{file}</a>' for file, sha256 in hashes.items()]
        page.write_text("<!DOCTYPE html><html><body>" + "\n".join(links) + "</body></html>\n")
        return hashes


def record_hash(text: str) -> str:
    """Hash a text as RECORD files have it."""
    digest = hashlib.sha256(text.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def use(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make it the only index that uv sees, in this process and those it starts."""
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    for name in ("UV_FIND_LINKS", "UV_CACHE_DIR", "UV_OFFLINE", "UV_EXCLUDE_NEWER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("UV_CONFIG_FILE", str(index.settings))
