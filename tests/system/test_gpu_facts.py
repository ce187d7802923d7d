"""What is asked of NVML, and that nothing it refuses stops a benchmark."""

from __future__ import annotations

import os
import sys
from types import ModuleType, SimpleNamespace

import jsonschema
import pytest
from bench_schema import GPU

from polyplive.system.gpu_facts import gpu_facts


class Refused(Exception):
    pass


def nvml(**changes: object) -> ModuleType:
    module = ModuleType("pynvml")
    answers = {
        "nvmlDeviceGetHandleByIndex": lambda place: "handle",
        "nvmlDeviceGetName": lambda handle: b"Imitation 1000",
        "nvmlSystemGetDriverVersion": lambda: "600.1",
        "nvmlDeviceGetClockInfo": lambda handle, kind: {1: 1500, 2: 2600}[kind],
        "nvmlDeviceGetMaxClockInfo": lambda handle, kind: 1980,
        "nvmlDeviceGetPowerUsage": lambda handle: 91500,
        "nvmlDeviceGetEnforcedPowerLimit": lambda handle: 700000,
        "nvmlDeviceGetTemperature": lambda handle, kind: 41,
        "nvmlDeviceGetCurrentClocksThrottleReasons": lambda handle: 0x4 | 0x1,
        "nvmlDeviceGetMemoryInfo": lambda handle: SimpleNamespace(total=80 << 30),
        "nvmlDeviceGetComputeRunningProcesses": lambda handle: [
            SimpleNamespace(pid=1, usedGpuMemory=1 << 30),
            SimpleNamespace(pid=os.getpid(), usedGpuMemory=300 << 20),
        ],
        "nvmlInit": lambda: None,
        "nvmlShutdown": lambda: None,
    }
    constants = {"NVML_CLOCK_SM": 1, "NVML_CLOCK_MEM": 2, "NVML_TEMPERATURE_GPU": 0, "NVMLError": Refused}
    vars(module).update(answers | constants | {"nvmlClocksThrottleReasonSwPowerCap": 0x4} | changes)
    return module


def refuse(*_: object) -> None:
    raise Refused("not supported")


def test_every_fact_in_its_unit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", nvml())
    found = gpu_facts()
    jsonschema.validate(found, GPU)
    assert found == {
        "name": "Imitation 1000",
        "driver": "600.1",
        "clock_mhz": 1500,
        "highest_clock_mhz": 1980,
        "memory_clock_mhz": 2600,
        "power_w": 91.5,
        "power_cap_w": 700.0,
        "temperature_c": 41,
        "throttled_by": ["power cap"],
        "memory_mib": 81920.0,
        "process_memory_mib": 300.0,
    }


@pytest.mark.parametrize(
    "name", [name for name in vars(nvml()) if name.startswith("nvmlDeviceGet") and "Handle" not in name]
)
def test_what_a_gpu_does_not_tell_is_none(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", nvml(**{name: refuse}))
    found = gpu_facts()
    jsonschema.validate(found, GPU)
    assert None in found.values()
    assert found["driver"] == "600.1"


@pytest.mark.parametrize("failing", ["nvmlInit", "nvmlDeviceGetHandleByIndex"])
def test_without_a_driver_or_a_gpu_there_are_none(monkeypatch: pytest.MonkeyPatch, failing: str) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", nvml(**{failing: refuse}))
    assert gpu_facts() is None
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert gpu_facts() is None
