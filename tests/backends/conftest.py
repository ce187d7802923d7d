"""A machine with an imitated GPU: see ``fake_gpu``."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest
from fake_gpu.driver import FakeDriver
from fake_gpu.tensorrt import FakeTensorRt

from polyplive.backends import openvino, registry
from polyplive.backends.base import Backend
from polyplive.backends.tensorrt import flavour as tensorrt_flavour


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> FakeDriver:
    made = FakeDriver()
    package = ModuleType("pycuda")
    package.driver = made
    monkeypatch.setitem(sys.modules, "pycuda", package)
    monkeypatch.setitem(sys.modules, "pycuda.driver", made)
    return made


@pytest.fixture(params=["tensorrt", "tensorrt_rtx"])
def tensorrt(
    request: pytest.FixtureRequest, driver: FakeDriver, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> FakeTensorRt:
    made = FakeTensorRt(request.param, driver)
    monkeypatch.setitem(sys.modules, request.param, made)
    monkeypatch.setattr(tensorrt_flavour, "installed_flavours", lambda: (request.param,))
    for module in (registry, openvino):
        monkeypatch.setattr(module, "has_nvidia_gpu", lambda: True)
    monkeypatch.setattr(Backend, "missing", lambda self: ())
    monkeypatch.setenv("POLYPLIVE_CACHE", str(tmp_path / "cache"))
    return made
