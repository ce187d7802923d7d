"""Facts about the GPU from NVIDIA's management library (NVML)."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

_THROTTLE = {
    "SwPowerCap": "power cap",
    "HwSlowdown": "hardware slowdown",
    "HwThermalSlowdown": "temperature (hardware)",
    "SwThermalSlowdown": "temperature (driver)",
    "HwPowerBrakeSlowdown": "power brake",
    "SyncBoost": "clocks kept in step with another GPU",
}


def gpu_facts(ordinal: int = 0) -> dict[str, Any] | None:
    """Facts of one GPU for a benchmark's JSON, None without the package ``nvidia-ml-py``, a driver or a GPU.

    Clocks are in MHz, power in W, temperature in degrees Celsius, memory in MiB (``process_memory_mib``: of this
    process). Each is None if the GPU does not report it.
    """
    with _nvml() as nvml:
        if nvml is None:
            return None
        handle = _ask(lambda: nvml.nvmlDeviceGetHandleByIndex(ordinal))
        if handle is None:
            return None
        return {
            "name": _text(_ask(lambda: nvml.nvmlDeviceGetName(handle))),
            "driver": _text(_ask(nvml.nvmlSystemGetDriverVersion)),
            "clock_mhz": _ask(lambda: nvml.nvmlDeviceGetClockInfo(handle, nvml.NVML_CLOCK_SM)),
            "highest_clock_mhz": _ask(lambda: nvml.nvmlDeviceGetMaxClockInfo(handle, nvml.NVML_CLOCK_SM)),
            "memory_clock_mhz": _ask(lambda: nvml.nvmlDeviceGetClockInfo(handle, nvml.NVML_CLOCK_MEM)),
            "power_w": _scaled(_ask(lambda: nvml.nvmlDeviceGetPowerUsage(handle)), 1e-3),
            "power_cap_w": _scaled(_ask(lambda: nvml.nvmlDeviceGetEnforcedPowerLimit(handle)), 1e-3),
            "temperature_c": _ask(lambda: nvml.nvmlDeviceGetTemperature(handle, nvml.NVML_TEMPERATURE_GPU)),
            "throttled_by": _throttling(nvml, handle),
            "memory_mib": _scaled(_ask(lambda: nvml.nvmlDeviceGetMemoryInfo(handle).total), 1 / (1 << 20)),
            "process_memory_mib": _own_memory(nvml, handle),
        }


@contextlib.contextmanager
def _nvml() -> Iterator[Any]:
    try:
        import pynvml as nvml
    except ImportError:
        yield None
        return
    try:
        nvml.nvmlInit()
    except nvml.NVMLError:
        yield None
        return
    try:
        yield nvml
    finally:
        _ask(nvml.nvmlShutdown)


def _ask(question: Callable[[], Any]) -> Any:
    """The answer, or None: NVML raises an error for each value that this GPU or driver does not have."""
    try:
        return question()
    except Exception:  # NVMLError, and AttributeError for a question newer than the package
        return None


def _throttling(nvml: ModuleType, handle: Any) -> list[str] | None:
    """The reasons why the clocks are reduced now, without idling."""
    reasons = _ask(lambda: nvml.nvmlDeviceGetCurrentClocksThrottleReasons(handle))
    if reasons is None:
        return None
    found = []
    for name, words in _THROTTLE.items():
        bit = getattr(nvml, f"nvmlClocksThrottleReason{name}", None) or getattr(
            nvml, f"nvmlClocksEventReason{name}", None
        )
        if bit is not None and reasons & bit:
            found.append(words)
    return found


def _own_memory(nvml: ModuleType, handle: Any) -> float | None:
    running = _ask(lambda: nvml.nvmlDeviceGetComputeRunningProcesses(handle)) or ()
    used = [process.usedGpuMemory for process in running if process.pid == os.getpid()]
    return _scaled(used[0], 1 / (1 << 20)) if used and used[0] is not None else None


def _scaled(value: float | None, factor: float) -> float | None:
    return None if value is None else round(value * factor, 1)


def _text(value: str | bytes | None) -> str | None:
    return value.decode(errors="replace") if isinstance(value, bytes) else value
