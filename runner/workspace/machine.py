"""What machine this is, as far as a result may depend on it; nothing that names its owner."""

from __future__ import annotations

import os


def describe() -> dict[str, object]:
    """Give os, kernel, architecture, processor, cores and memory (bytes)."""
    system = os.uname()
    return {
        "os": system.sysname.lower(),
        "kernel": system.release,
        "arch": system.machine,
        "cpu": _processor(),
        "cores": cores(),
        "memory": memory(),
    }


def cores() -> int:
    """Count the cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def gpus() -> list[str]:
    """Name the GPU devices that steps may be given: CUDA_VISIBLE_DEVICES, else what is there."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return [device for device in visible.split(",") if device.strip()]
    try:
        names = os.listdir("/proc/driver/nvidia/gpus")
    except OSError:
        return []
    return [str(number) for number in range(len(names))]


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return ""


def memory() -> int:
    """Give the machine's memory in bytes; 0 when it is not known."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        return 0
