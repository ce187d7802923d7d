"""The figures that a live session shows in the corner of the picture and below it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyplive.types import Figures, SessionState

if TYPE_CHECKING:
    from polyplive.sessions.live.display_queue import DisplayQueue
    from polyplive.sessions.live.frame_counts import FrameCounts
    from polyplive.sessions.live.shown_results import ShownResults


NO_PICTURE = (SessionState.NO_SIGNAL, SessionState.RECONNECTING)
"""States in which what is on screen is no picture of now."""
_NO_OVERLAY = (*NO_PICTURE, SessionState.STALE, SessionState.OVERLAY_OFF, SessionState.FAULT)


def figures_of(display: DisplayQueue, shown: ShownResults, counts: FrameCounts, state: SessionState) -> Figures:
    """Rate, usual and high delays of the last frames, and all frames that were not shown or not processed.

    What does not hold in ``state`` is unknown: without a picture the rate and both delays, without an overlay its own.
    """
    video = display.delays.recent() if state not in NO_PICTURE else None
    annotation = shown.delays.recent() if state not in _NO_OVERLAY else None
    return Figures(
        fps=display.rate.fps if state not in NO_PICTURE else None,
        video_delay_ms=video[0] if video else None,
        annotation_delay_ms=annotation[0] if annotation else None,
        dropped=sum(counts.unshown.values()),
        unprocessed=sum(counts.all_dropped.values()),
        video_p99_ms=video[1] if video else None,
        annotation_p99_ms=annotation[1] if annotation else None,
    )
