"""Imports ONNX Runtime with its telemetry off.

From version 1.29 the official packages report to Microsoft as soon as they are imported, on Linux and macOS too.
``disable_telemetry_events`` comes too late for the first report. The variable in its documentation must be in the
environment before the import. Then nothing is sent or stored.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from polyplive.errors import BackendUnavailable, text_of

if TYPE_CHECKING:
    from types import ModuleType


def import_onnxruntime() -> ModuleType:
    """The ``onnxruntime`` module, telemetry off. Raises ``BackendUnavailable`` where it is not installed."""
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    try:
        import onnxruntime
    except ImportError as error:
        raise BackendUnavailable(
            f"ONNX Runtime cannot be imported ({text_of(error)})", "Install it with: pip install onnxruntime"
        ) from None
    onnxruntime.disable_telemetry_events()  # Windows knows only this
    module: ModuleType = onnxruntime
    return module
