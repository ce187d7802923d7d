"""The figures that a live session shows in the corner of the picture and below it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyplive.types import Figures

if TYPE_CHECKING:
    from polyplive.sessions.live.display_queue import DisplayQueue
    from polyplive.sessions.live.frame_counts import FrameCounts
    from polyplive.sessions.live.shown_results import ShownResults


def figures_of(display: DisplayQueue, shown: ShownResults, counts: FrameCounts) -> Figures:
    """Rate, usual and high delays of the last frames, and all frames that were not shown or not processed."""
    video, annotation = display.delays.recent(), shown.delays.recent()
    return Figures(
        fps=display.rate.fps,
        video_delay_ms=video[0] if video else None,
        annotation_delay_ms=annotation[0] if annotation else None,
        dropped=sum(counts.unshown.values()),
        unprocessed=sum(counts.all_dropped.values()),
        video_p99_ms=video[1] if video else None,
        annotation_p99_ms=annotation[1] if annotation else None,
    )
