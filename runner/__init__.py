"""Run MLproject pipelines reproducibly: a graph of steps, tied to commit, data and environment.

`runner.run`, `runner.runs` and `runner.load` are the command line's `run`, `runs` and `show` for
Python; inside a step `runner.log_metric`, `log_param` and `log_artifact` write to the run.
Importing the package costs nothing: names are fetched when they are used.
"""

from __future__ import annotations

TYPE_CHECKING = False  # `typing` costs more than this module
if TYPE_CHECKING:
    from typing import Any

    from runner.api.public import Run, load, run, runs
    from runner.step_api.runner import (
        log_artifact,
        log_metric,
        log_metrics,
        log_param,
        log_params,
    )

__version__ = "0.1.0"
__all__ = [
    "Run",
    "__version__",
    "load",
    "log_artifact",
    "log_metric",
    "log_metrics",
    "log_param",
    "log_params",
    "run",
    "runs",
]

_HOMES = {
    **dict.fromkeys(("Run", "load", "run", "runs"), "runner.api.public"),
    **dict.fromkeys(
        ("log_artifact", "log_metric", "log_metrics", "log_param", "log_params"),
        "runner.step_api.runner",
    ),
}


def __getattr__(name: str) -> Any:
    """Fetch a public name from its module, once."""
    if name not in _HOMES:
        raise AttributeError(f"module 'runner' has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415  # imported only where it is used

    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value
