"""How busy the GPUs are, where there are any and pynvml can be imported."""

from __future__ import annotations

from typing import Any

NONE = ("", "-1", "NoDevFiles", "void", "none")


class GpuMeter:
    """Reads the use of the GPUs a step may use; without GPUs it reads None."""

    def __init__(self) -> None:
        self._nvml = _nvml()

    def use(self, visible: str | None) -> float | None:
        """Give the mean use (0..1) of the GPUs that CUDA_VISIBLE_DEVICES lists (None: all)."""
        if self._nvml is None or visible in NONE:
            return None
        try:
            rates = [
                self._nvml.nvmlDeviceGetUtilizationRates(device).gpu / 100
                for device in _devices(self._nvml, visible)
            ]
        except self._nvml.NVMLError:
            return None
        return sum(rates) / len(rates) if rates else None


def _devices(nvml: Any, visible: str | None) -> list[Any]:
    if visible is None:
        names = [str(index) for index in range(nvml.nvmlDeviceGetCount())]
    else:
        names = [name.strip() for name in visible.split(",")]
    return [
        nvml.nvmlDeviceGetHandleByIndex(int(name))
        if name.isdigit()
        else nvml.nvmlDeviceGetHandleByUUID(name)
        for name in names
    ]


def _nvml() -> Any:
    try:
        import pynvml  # noqa: PLC0415  # an extra: most machines have neither it nor a GPU
    except ImportError:
        return None
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return None
    return pynvml
