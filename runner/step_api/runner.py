"""What every step can import, in whatever environment: `import runner; runner.log_metric(...)`.

It needs nothing but Python itself (3.8 or newer), and costs nothing to import. Each call appends
one JSON line to the file that RUNNER_LOG names, as a program in any language may. Outside a run,
where RUNNER_LOG is not set, calls check what they are given and keep nothing, so that a script
also works by itself.

Where runner itself is installed too, everything else (`runner.run`, `import runner.core.model`)
comes from there.
"""

from __future__ import annotations

import os
import sys
import time

TYPE_CHECKING = False  # `typing` costs more than all of this module
if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType
    from typing import Any, SupportsFloat, SupportsIndex

__all__ = ["log_artifact", "log_metric", "log_metrics", "log_param", "log_params"]

_FOLDER = os.path.dirname(os.path.abspath(__file__))
_found: list[ModuleType] = []


def log_metric(name: str, value: SupportsFloat, step: SupportsIndex | None = None) -> None:
    """Record one point of a metric.

    Args:
        name: The metric's name.
        value: A number, or what `float` takes for one (numpy's, a tensor of one element).
        step: The point's number, such as the epoch; counted from 0 when None.

    Raises:
        TypeError: The name is not a text, the value not a number, or the step not an integer.
    """
    log_metrics({name: value}, step)


def log_metrics(metrics: Mapping[str, SupportsFloat], step: SupportsIndex | None = None) -> None:
    """Record one point of several metrics at once; see `log_metric`."""
    number = None if step is None else _integer(step)
    now = _now()
    _append(
        {"metric": _name(name), "value": _number(name, value), "number": number, "time": now}
        for name, value in metrics.items()
    )


def log_param(name: str, value: object) -> None:
    """Record a parameter that was only known in the step, as text."""
    log_params({name: value})


def log_params(params: Mapping[str, object]) -> None:
    """Record several parameters at once; see `log_param`."""
    now = _now()
    _append(
        {"param": _name(name), "value": str(value), "time": now} for name, value in params.items()
    )


def log_artifact(path: str | os.PathLike[str], name: str | None = None) -> None:
    """Keep a copy of a file or folder with the run, as it is now.

    Args:
        path: The file or folder.
        name: Where it goes among the run's artifacts; its own name when None.

    Raises:
        FileNotFoundError: There is nothing at `path`.
        ValueError: `name` is absolute, leads out of the artifacts, or names nothing in them.
    """
    source = os.path.abspath(path)
    name = os.path.basename(source) if name is None else _name(name)
    parts = name.replace(os.sep, "/").split("/")
    if os.path.isabs(name) or ".." in parts:
        raise ValueError(f"an artifact's name stays inside the run, unlike {name!r}")
    if not os.path.exists(source):
        raise FileNotFoundError(f"there is no file or folder {source} to log")
    kept_as = "/".join(part for part in parts if part not in {"", "."})
    if not kept_as:
        raise ValueError(f"an artifact has a name of its own, unlike {name!r}")
    artifacts = os.environ.get("RUNNER_ARTIFACTS")
    if not artifacts:
        return
    _copy(source, os.path.join(artifacts, *kept_as.split("/")))
    _append([{"artifact": kept_as, "source": source, "time": _now()}])


def __getattr__(name: str) -> Any:
    """Give what only the installed runner has; `__path__` lets its modules be imported."""
    if name == "__path__":
        spec = _installed()
        if spec is not None:
            return list(spec.submodule_search_locations or ())
    elif name == "__version__" or not name.startswith("__"):
        real = _real()
        if real is not None:
            return getattr(real, name)
    raise AttributeError(
        f"module 'runner' has no attribute {name!r}: this is the part of it that every step can "
        "import, and runner itself is not installed in this environment "
        "(to use more of it here, add mlproject-runner to the environment)"
    )


def _append(entries: Any) -> None:
    """Append lines in one write, so that those of other writers never end up inside them."""
    data = "".join(map(_line, entries)).encode()
    log = os.environ.get("RUNNER_LOG")
    if not log:
        return
    target = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    try:
        written = os.write(target, data)
        if written < len(data):
            raise OSError(f"only {written} of {len(data)} bytes could be written to {log}")
    finally:
        os.close(target)


def _line(entry: dict[str, str | float | None]) -> str:
    """Render a flat object as JSON does; the whole of `json` would cost as much as 8 ms."""
    try:
        from _json import encode_basestring_ascii as quoted  # noqa: PLC0415  # there in CPython
    except ImportError:
        from json.encoder import encode_basestring_ascii as quoted  # noqa: PLC0415  # elsewhere
    fields = []
    for key, value in entry.items():
        shown = (
            quoted(value) if isinstance(value, str) else "null" if value is None else repr(value)
        )
        fields.append(f'"{key}": {shown}')
    return "{" + ", ".join(fields) + "}\n"


def _copy(source: str, target: str) -> None:
    import shutil  # noqa: PLC0415  # only for artifacts

    os.makedirs(os.path.dirname(target), exist_ok=True)
    if os.path.isdir(source):
        shutil.copytree(source, target, dirs_exist_ok=True)
        return
    unfinished = f"{target}.{os.getpid()}.tmp"
    try:
        shutil.copyfile(source, unfinished)
        os.replace(unfinished, target)
    except OSError:
        if os.path.exists(unfinished):
            os.unlink(unfinished)
        raise


def _name(name: object) -> str:
    if not isinstance(name, str) or not name:
        raise TypeError(f"a name is a text that is not empty, unlike {name!r}")
    return name


def _number(name: str, value: SupportsFloat) -> float | str:
    """Give a number as JSON can hold it: it has no words for NaN and the infinities."""
    if isinstance(value, (str, bytes)):
        raise TypeError(f"the value of metric {name!r} is a number, not the text {value!r}")
    number = float(value)
    if number != number:  # noqa: PLR0124  # only NaN differs from itself
        return "NaN"
    if number in {float("inf"), float("-inf")}:
        return "Infinity" if number > 0 else "-Infinity"
    return number


def _integer(step: SupportsIndex) -> int:
    try:
        return step.__index__()
    except AttributeError:
        raise TypeError(f"a step is an integer, unlike {step!r}") from None


def _now() -> str:
    """Give the time as RFC 3339 in UTC, with milliseconds."""
    milliseconds = time.time_ns() // 1_000_000
    seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(milliseconds // 1000))
    return f"{seconds}.{milliseconds % 1000:03d}Z"


def _installed() -> Any:
    """Find the package that this module stands in front of, if there is one."""
    rest = [place for place in sys.path if os.path.abspath(place) != _FOLDER]
    for finder in sys.meta_path:
        spec = finder.find_spec("runner", rest)
        if spec is not None and spec.origin and spec.submodule_search_locations is not None:
            return spec
    return None


def _real() -> ModuleType | None:
    """Load the installed package, once; it stays behind this module in `sys.modules`."""
    if not _found:
        spec = _installed()
        if spec is None:
            return None
        from importlib.util import module_from_spec  # noqa: PLC0415  # only where it is needed

        module = module_from_spec(spec)
        _found.append(module)
        spec.loader.exec_module(module)
    return _found[0]
