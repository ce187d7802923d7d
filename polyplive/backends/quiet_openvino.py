"""Imports OpenVINO with its telemetry off.

``import openvino`` imports its converter, which reports every import to a measurement service unless the user has
opted out. polyplive sends nothing: the telemetry package is made unimportable first, and OpenVINO then uses the
silent stand-in that it carries for machines where that package is not installed.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from polyplive.errors import BackendUnavailable

if TYPE_CHECKING:
    from types import ModuleType

_TELEMETRY = "openvino_telemetry"


def import_openvino() -> ModuleType:
    """The ``openvino`` module, telemetry off. Raises ``BackendUnavailable`` where it is not installed."""
    modules: dict[str, Any] = sys.modules  # None is how Python marks an import as blocked
    if "openvino" not in modules:
        modules[_TELEMETRY] = None
    try:
        import openvino
    except ImportError as error:
        raise BackendUnavailable(
            f"OpenVINO cannot be imported ({error})", "Install it with: pip install openvino"
        ) from None
    module: ModuleType = openvino
    return module
