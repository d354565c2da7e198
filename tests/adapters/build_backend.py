"""A PEP 517 backend that packs the modules beside it, and waits if a test asks it to.

BUILD_GATE names a folder: while it holds a file `wait`, a build says through the FIFO `started`
there that it runs, and goes on when something is written to the FIFO `go`.
"""

import base64
import hashlib
import os
import zipfile
from pathlib import Path


def build_wheel(wheel_directory, *_settings):
    _wait_at_the_gate()
    name = "one" if Path("one.py").exists() else "local_project"
    info = f"{name}-1.0.dist-info"
    files = {str(path): path.read_bytes() for path in _modules()}
    files[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n".encode()
    files[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    record = "".join(f"{path},{_hash(data)},{len(data)}\n" for path, data in files.items())
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    wheel_name = f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(Path(wheel_directory, wheel_name), "w") as wheel:
        for path, data in files.items():
            wheel.writestr(path, data)
    return wheel_name


build_editable = build_wheel


def _modules():
    return [path for path in sorted(Path().rglob("*.*")) if path.name not in KEPT_OUT]


KEPT_OUT = ("backend.py", "pyproject.toml", "PKG-INFO")


def _hash(data):
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=")
    return f"sha256={digest.decode()}"


def _wait_at_the_gate():
    gate = os.environ.get("BUILD_GATE")
    if gate and Path(gate, "wait").exists():
        Path(gate, "started").write_text("started\n")
        Path(gate, "go").read_text()
