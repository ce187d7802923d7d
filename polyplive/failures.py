"""An error in one line, for viewers and logs."""

from __future__ import annotations

import logging

from polyplive.errors import PolypliveError

_log = logging.getLogger(__name__)


def in_one_line(error: Exception) -> str:
    """What to tell a viewer; the traceback of an error that nobody foresaw goes to the log."""
    if isinstance(error, PolypliveError):
        return str(error)
    _log.debug("unforeseen error", exc_info=error)
    return " ".join(f"Unforeseen error ({type(error).__name__}): {error}".split())
