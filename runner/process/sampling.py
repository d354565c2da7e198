"""What long-running commands use of the machine, read once a second.

Imported, and psutil with it, only when a command has been running for a second.
"""

from __future__ import annotations

import time
from typing import NamedTuple

import psutil

from runner.process.gpu import GpuMeter
from runner.process.spawner import tree

INTERVAL = 1.0
KEPT_SAMPLES = 600

Sample = tuple[float, float, int, float | None]


class Usage(NamedTuple):
    """What was seen of a tree: (seconds, cores, bytes, GPU use) samples and the maxima.

    `tree_memory` is the largest sum over the tree, `peak` the largest single process, in bytes.
    """

    samples: tuple[Sample, ...] = ()
    tree_memory: int = 0
    peak: int = 0


class Sampler:
    """Watches the trees of running commands. `spawner` is the parent of all of them."""

    def __init__(self, spawner: int) -> None:
        self._spawner = spawner
        self._watched: dict[str, _Watched] = {}
        self._gpus = GpuMeter()
        self.due_at = float("inf")

    def watch(self, name: str, pid: int, started_at: float, visible_gpus: str | None) -> None:
        """Begin to watch a command whose first process is `pid`."""
        self._watched[name] = _Watched(pid, started_at, visible_gpus)
        self.due_at = min(self.due_at, time.monotonic())

    def sample(self) -> None:
        """Read once what all of them use now."""
        now = time.monotonic()
        orphans = tree.children(self._spawner) if self._watched else []
        for watched in self._watched.values():
            strays = [pid for pid in orphans if tree.session(pid) == watched.pid]
            cpu_seconds, sizes = _read([watched.pid, *strays])
            watched.add(now, cpu_seconds, sizes, self._gpus.use(watched.visible_gpus))
        self.due_at = now + INTERVAL if self._watched else float("inf")

    def finish(self, name: str) -> Usage:
        """Stop watching a command, and give what was seen of it."""
        watched = self._watched.pop(name, None)
        if watched is None:
            return Usage()
        return Usage(tuple(watched.samples), watched.tree_memory, watched.peak)


class _Watched:
    def __init__(self, pid: int, started_at: float, visible_gpus: str | None) -> None:
        self.pid = pid
        self.visible_gpus = visible_gpus
        self.samples: list[Sample] = []
        self.tree_memory = 0
        self.peak = 0
        self._started_at = started_at
        self._every = 1
        self._skipped = 0
        self._last = (started_at, 0.0)

    def add(self, now: float, cpu_seconds: float, sizes: list[int], gpu: float | None) -> None:
        self.tree_memory = max(self.tree_memory, sum(sizes))
        self.peak = max([self.peak, *sizes])
        self._skipped += 1
        if self._skipped < self._every or not sizes:
            return
        then, used = self._last
        # Less than before: a process ended without anybody waiting for it.
        cores = max(0.0, cpu_seconds - used) / max(now - then, 1e-3)
        seconds = round(now - self._started_at, 3)
        self.samples.append((seconds, round(cores, 3), sum(sizes), gpu))
        self._last = (now, cpu_seconds)
        self._skipped = 0
        if len(self.samples) > KEPT_SAMPLES:
            del self.samples[::2]
            self._every *= 2


def _read(roots: list[int]) -> tuple[float, list[int]]:
    """Sum up the CPU seconds of trees, and list the bytes each process holds.

    The CPU time of a process includes its ended children, so that short ones are not missed.
    """
    cpu_seconds = 0.0
    sizes = []
    for pid in tree.descendants(roots):
        try:
            process = psutil.Process(pid)
            with process.oneshot():
                cpu_seconds += sum(process.cpu_times()[:4])
                sizes.append(process.memory_info().rss)
        except psutil.Error:
            continue
    return cpu_seconds, sizes
