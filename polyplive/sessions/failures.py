"""How a session handles an error: its text in one line, and whether to try again."""

from __future__ import annotations

import logging

from polyplive.errors import PolypliveError, SourceLost

_log = logging.getLogger(__name__)


def in_one_line(error: Exception) -> str:
    """The text of an error for the user, in one line. The traceback of an unexpected error goes to the log."""
    if isinstance(error, PolypliveError):
        return str(error)
    _log.debug("unforeseen error", exc_info=error)
    return " ".join(f"Unforeseen error ({type(error).__name__}): {error}".split())


def is_permanent(error: Exception) -> bool:
    """Whether trying again cannot help. After an unexpected error it is worth trying again."""
    return isinstance(error, PolypliveError) and error.permanent


def why_ended(error: Exception) -> str:
    """The reason of a session that ended with its source, which cannot be opened again, for its outputs."""
    return "end of frames" if isinstance(error, SourceLost) else f"error: {in_one_line(error)}"
