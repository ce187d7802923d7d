"""Imports OpenVINO with its telemetry off.

``import openvino`` imports its converter, which reports every import to a measurement service unless the user has
opted out. polyplive sends nothing: the telemetry package is made unimportable first, and OpenVINO then uses the
silent stand-in that it carries for machines where that package is not installed.
"""

from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING, Any

from polyplive.errors import BackendUnavailable, said_by

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
            f"OpenVINO cannot be imported ({said_by(error)})", "Install it with: pip install openvino"
        ) from None
    module: ModuleType = openvino
    return module


@functools.cache
def shared_core() -> Any:
    """The one ``openvino.Core`` of this process; it may be used from any thread, and lives as long as the process.

    A core of each engine's own is dangerous: its processor plugin puts an alternate signal stack under the thread
    that opened it, and takes it away in the thread, and in the order, in which cores happen to be freed. A signal
    (Ctrl-C) then finds a stack that is gone and ends the process (seen with OpenVINO 2026.4).
    """
    return import_openvino().Core()
