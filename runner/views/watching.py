"""Choose how a run is shown here."""

from __future__ import annotations

import os
from typing import IO, TYPE_CHECKING

from runner.views.words import Painter

if TYPE_CHECKING:
    from runner.views.progress import Progress


def watch(err: IO[str], out: IO[str], *, color: str, quiet: bool, verbose: bool) -> Progress:
    """Give what shows a run: live on a terminal, line by line elsewhere."""
    painter = Painter.choose(err, color)
    if err.isatty() and not quiet and os.environ.get("TERM") != "dumb":
        from runner.views.live import LiveProgress  # noqa: PLC0415  # only on a terminal

        return LiveProgress(err, out, painter, quiet=quiet, verbose=verbose)
    from runner.views.progress import Progress  # noqa: PLC0415  # only elsewhere

    return Progress(err, out, painter, quiet=quiet, verbose=verbose)
