"""What is read of a running tree once a second, and what it costs those that need it not."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from runner.process import capture
from runner.process.gpu import GpuMeter
from runner.process.sampling import KEPT_SAMPLES, Sampler
from runner.process.spawner import tree

MIB = 1 << 20
REPOSITORY = Path(__file__).parents[2]
HOLDER = "import sys; x = b'x' * (40 << 20); print(flush=True); sys.stdin.read()"
TREE = f"""
import os, sys
pid = os.posix_spawn(sys.executable, [sys.executable, "-I", "-S", "-c", {HOLDER!r}], os.environ)
{HOLDER}
"""
FAKE_NVML = """
class NVMLError(Exception): pass
class Rates:
    def __init__(self, gpu): self.gpu = gpu
def nvmlInit(): pass
def nvmlDeviceGetCount(): return 2
def nvmlDeviceGetHandleByIndex(index):
    if index > 1: raise NVMLError
    return index
def nvmlDeviceGetHandleByUUID(name): return {"GPU-b": 1}[name]
def nvmlDeviceGetUtilizationRates(handle): return Rates([50, 100][handle])
"""


@pytest.fixture
def holding():
    """A process with a child, each of which holds 40 MiB."""
    reader, writer = os.pipe()
    feed, stdin = os.pipe()
    actions = ((os.POSIX_SPAWN_DUP2, writer, 1), (os.POSIX_SPAWN_DUP2, feed, 0))
    argv = [sys.executable, "-I", "-c", TREE]
    pid = os.posix_spawn(argv[0], argv, os.environ, file_actions=actions)
    os.close(writer)
    os.close(feed)
    ready = b""
    while len(ready) < 2:
        ready += os.read(reader, 2)
    yield pid
    tree.kill([pid])
    os.waitpid(pid, 0)
    os.close(reader)
    os.close(stdin)


def test_memory_is_summed_over_the_tree_and_the_largest_process_is_known(holding):
    sampler = Sampler(os.getpid())
    sampler.watch("a", holding, time.monotonic() - 1, None)
    sampler.sample()
    usage = sampler.finish("a")
    assert 80 * MIB < usage.tree_memory < 160 * MIB
    assert 40 * MIB < usage.peak < 80 * MIB
    (seconds, cores, memory, gpu) = usage.samples[0]
    assert seconds >= 1
    assert 0 < cores < 2
    assert memory == usage.tree_memory
    assert gpu is None


def test_samples_are_thinned_and_maxima_kept(holding):
    sampler = Sampler(os.getpid())
    sampler.watch("a", holding, time.monotonic(), None)
    watched = sampler._watched["a"]
    for second in range(10_000):
        watched.add(float(second), float(second), [second % 5000], None)
    usage = sampler.finish("a")
    assert KEPT_SAMPLES / 3 < len(usage.samples) <= KEPT_SAMPLES
    assert usage.tree_memory == 4999
    times = [sample[0] for sample in usage.samples]
    assert times == sorted(times)
    assert all(abs(sample[1] - 1) < 0.01 for sample in usage.samples[1:])


def test_what_is_gone_is_not_an_error():
    sampler = Sampler(os.getpid())
    sampler.watch("a", 2**22 - 1, time.monotonic(), None)
    sampler.sample()
    assert sampler.finish("a").samples == ()
    assert sampler.finish("b").samples == ()


def test_without_a_gpu_its_use_is_not_known():
    assert GpuMeter().use("-1") is None


@pytest.mark.parametrize(
    ("visible", "use"),
    [(None, 0.75), ("0", 0.5), ("GPU-b", 1.0), ("0, 1", 0.75), ("", None), ("7", None)],
)
def test_the_use_of_visible_gpus_is_their_mean(tmp_path, visible, use):
    (tmp_path / "pynvml.py").write_text(FAKE_NVML)
    script = f"from runner.process.gpu import GpuMeter; print(GpuMeter().use({visible!r}))"
    variables = {"PYTHONPATH": f"{REPOSITORY}:{tmp_path}"}
    assert (
        capture([sys.executable, "-c", script], variables=variables).stdout == f"{use}\n".encode()
    )


def test_children_are_found_with_and_without_the_kernels_list(holding):
    (child,) = tree.children(holding)
    assert holding in tree.own_children()
    assert tree._children_by_parent(holding) == [child]
    assert tree.descendants([holding]) == [holding, child]
    assert tree.session(holding) == os.getsid(0)
    assert tree.session(2**22 - 1) == 0


def test_running_short_commands_loads_nothing_heavy():
    script = (
        "import sys, runner.executors.local;"
        "print([name for name in ('subprocess', 'psutil', 'asyncio', 'logging', 'ctypes',"
        " 'dataclasses', 'pynvml') if name in sys.modules])"
    )
    output = capture(
        [sys.executable, "-S", "-c", script], variables={"PYTHONPATH": str(REPOSITORY)}
    )
    assert output.stdout == b"[]\n", output.stderr
