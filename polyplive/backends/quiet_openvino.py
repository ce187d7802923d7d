"""Imports OpenVINO with its telemetry off.

``import openvino`` imports its converter, which reports every import to a measurement service unless the user has
opted out. polyplive sends nothing: the telemetry package is made unimportable first. OpenVINO carries a silent stand-in
for machines where that package is not installed, and then uses it.
"""

from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING, Any

from polyplive.errors import BackendUnavailable, text_of

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
            f"OpenVINO cannot be imported ({text_of(error)})", "Install it with: pip install openvino"
        ) from None
    module: ModuleType = openvino
    return module


@functools.cache
def shared_core() -> Any:
    """The one ``openvino.Core`` of this process; any thread may use it, and it is never freed.

    One core for each engine is dangerous. The core's processor plugin installs an alternate signal stack in the thread
    that opens it. It frees that stack in whichever thread, and order, the cores are freed. A later signal (Ctrl-C) then
    uses a freed stack and ends the process (seen with OpenVINO 2026.4).
    """
    return import_openvino().Core()
