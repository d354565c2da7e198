"""Which step may start now? A state per step, counters, and no I/O.

waiting     some upstream step has not ended
ready       every upstream step ended well: it can be checked, and started when resources allow
running     it was handed out
succeeded, up-to-date, restored     it ended well; what waits for it may become ready
failed      it ended badly
blocked     an upstream step ended badly, so it never starts
cancelled   the run ended before it could start or finish

Ready means ready to be checked (n2's word): a step's inputs are only known by then.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from runner.core.model import Resources, Step

ENDED_WELL = frozenset({"succeeded", "up-to-date", "restored"})
ROUNDING = 1e-9
ENDED = ENDED_WELL | {"failed", "blocked", "cancelled"}


class Taken(NamedTuple):
    """What a running step holds of the machine."""

    cpus: float
    memory: int
    devices: Sequence[str]


NOTHING = Taken(0.0, 0, ())


class Schedule:
    """The progress of one run through its graph.

    `steps` come in topological order, which is also the order in which ready steps start;
    `slots` is `-j`; `memory` the machine's, in bytes (0: not known); `gpus` names the devices
    that can be handed out, one per unit.
    """

    def __init__(
        self,
        steps: Mapping[str, Step],
        upstream: Mapping[str, Sequence[str]],
        downstream: Mapping[str, Sequence[str]],
        *,
        slots: int,
        memory: int = 0,
        gpus: Sequence[str] = (),
        keep_going: bool = False,
    ) -> None:
        self.status: dict[str, str] = dict.fromkeys(steps, "waiting")
        self._steps = steps
        self._downstream = downstream
        self._rank = {name: rank for rank, name in enumerate(steps)}
        self._missing = {name: len(upstream[name]) for name in steps}
        self._ready: dict[Resources, list[tuple[int, str]]] = {}
        self._slots = slots
        self._free = float(slots)
        self._memory = self._free_memory = memory
        self._gpus = list(gpus)
        self._taken: dict[str, Taken] = {}
        self._keep_going = keep_going
        self._open = len(self.status)
        self._stopped = False
        for name, count in self._missing.items():
            if not count:
                self._make_ready(name)

    @property
    def over(self) -> bool:
        """Whether every step has ended."""
        return not self._open

    def stopped(self) -> bool:
        """Tell whether a failure keeps new steps from starting."""
        return self._stopped

    @property
    def running(self) -> int:
        """How many steps hold resources."""
        return len(self._taken)

    def take_ready(self, stuck: Collection[Resources] = ()) -> str | None:
        """Hand out the next step that may be checked now, but none that wants what is `stuck`."""
        queues = [queue for wanted, queue in self._ready.items() if queue and wanted not in stuck]
        return heapq.heappop(min(queues))[1] if queues else None

    def give_back(self, name: str) -> None:
        """Take back a step that was handed out and cannot start yet."""
        self._make_ready(name)

    def fits(self, wanted: Resources) -> bool:
        """Tell whether the resources are free; what wants more than there is runs alone."""
        cpus, memory = self._capped(wanted)
        return (
            cpus <= self._free + ROUNDING
            and memory <= self._free_memory
            and wanted.gpus <= len(self._gpus)
        )

    def start(self, name: str) -> list[str]:
        """Note that a step starts, and give the devices it got."""
        wanted = self._steps[name].resources
        cpus, memory = self._capped(wanted)
        devices, self._gpus = self._gpus[: wanted.gpus], self._gpus[wanted.gpus :]
        self._free -= cpus
        self._free_memory -= memory
        self._taken[name] = Taken(cpus, memory, devices)
        self.status[name] = "running"
        return devices

    def unstart(self, name: str) -> None:
        """Note that a step that was to be restored has to run after all."""
        self._free_resources(name)
        self.status[name] = "ready"

    def end(self, name: str, status: str) -> list[str]:
        """Note how a step ended; give the steps that are blocked by it, in order.

        A step is cancelled because the run ends, which then cancels the rest too.
        """
        self._free_resources(name)
        self.status[name] = status
        self._open -= 1
        if status in ENDED_WELL:
            self._release(name)
            return []
        if not self._keep_going or status == "cancelled":
            self._stopped = True
        return [] if status == "cancelled" else self._block(name)

    def cancel_rest(self) -> list[str]:
        """End every step that is not running as cancelled, and name them in order."""
        rest = [name for name, status in self.status.items() if status in {"waiting", "ready"}]
        for name in rest:
            self.status[name] = "cancelled"
        self._ready.clear()
        self._open -= len(rest)
        return rest

    def _capped(self, wanted: Resources) -> tuple[float, int]:
        return min(wanted.cpus, self._slots), min(wanted.memory, self._memory)

    def _free_resources(self, name: str) -> None:
        taken = self._taken.pop(name, NOTHING)
        self._free += taken.cpus
        self._free_memory += taken.memory
        self._gpus += taken.devices

    def _release(self, name: str) -> None:
        for waiting in self._downstream[name]:
            self._missing[waiting] -= 1
            if not self._missing[waiting] and self.status[waiting] == "waiting":
                self._make_ready(waiting)

    def _make_ready(self, name: str) -> None:
        self.status[name] = "ready"
        queue = self._ready.setdefault(self._steps[name].resources, [])
        heapq.heappush(queue, (self._rank[name], name))

    def _block(self, name: str) -> list[str]:
        blocked: list[str] = []
        pending: list[str] = [name]
        while pending:
            for waiting in self._downstream[pending.pop()]:
                if self.status[waiting] == "waiting":
                    self.status[waiting] = "blocked"
                    self._open -= 1
                    blocked.append(waiting)
                    pending.append(waiting)
        return sorted(blocked, key=self._rank.__getitem__)


def counts(statuses: Iterable[str]) -> dict[str, int]:
    """Count steps by status."""
    result: dict[str, int] = {}
    for status in statuses:
        result[status] = result.get(status, 0) + 1
    return result
