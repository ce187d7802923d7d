"""What only a GPU can show. Elsewhere every test here is skipped, with the reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from polyplive.backends.tensorrt.cuda_device import CudaDevice
from polyplive.backends.tensorrt.flavour import import_tensorrt
from polyplive.errors import BackendUnavailable
from polyplive.system.machine import has_nvidia_gpu

HERE = Path(__file__).resolve().parent


def why_not() -> str:
    """Why this machine cannot run these tests; empty where it can."""
    if not has_nvidia_gpu():
        return "no NVIDIA driver is loaded"
    try:
        import_tensorrt()
        CudaDevice().close()
    except BackendUnavailable as error:
        return str(error)
    return ""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    own = [item for item in items if HERE in Path(item.fspath).parents]
    reason = why_not() if own else ""
    for item in own:
        item.add_marker(pytest.mark.gpu)
        if reason:
            item.add_marker(pytest.mark.skip(reason=f"needs a GPU: {reason}"))
