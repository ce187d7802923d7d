"""One engine for all that a worker does: opening it takes longer than a short recording."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from polyplive.review.analysis.running import PieceRunner
from polyplive.sessions.engine_room.opening import OFFLINE, SameModelOpener

if TYPE_CHECKING:
    from polyplive.config import Settings


@functools.lru_cache(maxsize=1)
def piece_runner(settings: Settings) -> PieceRunner:
    """The one of this process for ``settings``; its engine is opened with the first call. One thread.

    Raises what opening an engine raises.
    """
    return PieceRunner(SameModelOpener(settings, lambda _: None, OFFLINE, is_parallel=True), settings.pipeline)
