"""Joining threads that may be stuck in a call that cannot be interrupted."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterable

_log = logging.getLogger(__name__)


def join_until(threads: Iterable[threading.Thread], deadline_s: float) -> None:
    """Join the threads that were started, until ``deadline_s`` (``time.monotonic()``)."""
    for thread in threads:
        if thread.ident is not None:
            thread.join(max(0.0, deadline_s - time.monotonic()))


def survivors(threads: Iterable[threading.Thread], timeout_s: float) -> tuple[str, ...]:
    """The names of the threads that still run. They are logged, with ``timeout_s`` as the seconds they were given."""
    names = tuple(thread.name for thread in threads if thread.is_alive())
    if names:
        _log.warning("still running after %.1f s: %s", timeout_s, ", ".join(names))
    return names
