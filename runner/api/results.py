"""How a run ended, for whoever asked for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.api import planning


class Result(NamedTuple):
    """How a run ended. `reused` tells that nothing was to do and an older record says it all."""

    run_id: str
    status: str
    statuses: Mapping[str, str]
    prepared: planning.Prepared
    reused: bool = False
    interrupted_by: int = 0

    @property
    def went_well(self) -> bool:
        """Whether every step ended well."""
        return self.status == "succeeded"
