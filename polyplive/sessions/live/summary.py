"""What a live session did: its summary, and when each frame was on screen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from polyplive.sessions.live.display_queue import DisplayQueue
    from polyplive.sessions.live.frame_counts import FrameCounts
    from polyplive.sessions.live.recordings import LiveRecordings
    from polyplive.sessions.live.results import LiveResults
    from polyplive.sessions.live.shown_results import ShownResults
    from polyplive.sessions.live.source_supervisor import SourceSupervisor
    from polyplive.sessions.recorder.status import RecordingEnd
    from polyplive.sinks.base import GovernorStep, Mark
    from polyplive.stats import Distribution
    from polyplive.types import Tally


@dataclass(frozen=True, slots=True)
class LiveSummary:
    """What a session did, when it is over.

    ``tally`` accounts for every frame on its way to the model, ``shown`` and ``unshown`` (by cause) for every frame on
    its way to the screen. ``overlaid`` frames had an overlay when they were shown, ``marks_shown`` of them a finding's
    mark. ``marked`` counts processed frames with a finding, shown or not. ``results_unshown`` counts results that were
    never on screen. Delays are in milliseconds.
    ``engine_starts`` and ``source_opens`` include the first time. ``notices`` are lines about what failed.
    ``clock_jumps`` counts the jumps of the source's clock, ``clock_notice`` is one line about them. ``error`` is set
    when the session ended because it could never have worked. ``heatmaps_wanted`` counts processed frames while the
    heatmap was on, ``heatmaps`` those of them with a map of their own. ``governor_steps`` is what the governor did.
    ``recorded`` is what each recording left that is over. ``marks`` counts those that a person made, ``unsaved_marks``
    are those of them that no events file holds.
    """

    tally: Tally
    reason: str
    shown: int
    unshown: Mapping[str, int]
    video_delay: Distribution | None
    annotation_delay: Distribution | None
    engine_starts: int
    source_opens: int
    marked: int
    notices: tuple[str, ...]
    overlaid: int = 0
    marks_shown: int = 0
    results_unshown: int = 0
    clock_jumps: int = 0
    clock_notice: str = ""
    error: Exception | None = None
    heatmaps: int = 0
    heatmaps_wanted: int = 0
    governor_steps: tuple[GovernorStep, ...] = ()
    recorded: tuple[RecordingEnd, ...] = ()
    marks: int = 0
    unsaved_marks: tuple[Mark, ...] = ()

    @property
    def heatmap_cadence(self) -> float | None:
        """Processed frames a heatmap: 1 where each had its own; None where none was computed."""
        return self.heatmaps_wanted / self.heatmaps if self.heatmaps else None

    def closing_figures(self) -> dict[str, object]:
        """The figures that only a live session has, for the last line of events."""
        return {
            "shown": self.shown,
            "unshown": dict(self.unshown),
            "overlaid": self.overlaid,
            "marks_shown": self.marks_shown,
            "results_unshown": self.results_unshown,
            "video_delay_ms": self.video_delay.rounded() if self.video_delay else None,
            "annotation_delay_ms": self.annotation_delay.rounded() if self.annotation_delay else None,
            "source_opens": self.source_opens,
            "engine_starts": self.engine_starts,
            "clock_jumps": self.clock_jumps,
            "heatmaps": self.heatmaps,
            "heatmaps_wanted": self.heatmaps_wanted,
            "governor_steps": len(self.governor_steps),
            "marks": self.marks,
        }


def summary_of(
    counts: FrameCounts,
    display: DisplayQueue,
    shown: ShownResults,
    source: SourceSupervisor,
    results: LiveResults,
    recordings: LiveRecordings,
    reason: str,
    error: Exception | None,
    notices: tuple[str, ...],
) -> LiveSummary:
    """What a session has done so far; under its lock. ``reason`` and ``error`` say why it ended."""
    return LiveSummary(
        tally=counts.tally(),
        reason=reason,
        shown=counts.shown,
        unshown=dict(counts.unshown),
        video_delay=display.delays.distribution(),
        annotation_delay=shown.delays.distribution(),
        results_unshown=shown.unshown,
        engine_starts=results.room.status.starts,
        source_opens=source.status.opens,
        marked=counts.marked,
        overlaid=counts.overlaid,
        marks_shown=counts.marks_shown,
        notices=notices,
        clock_jumps=source.jumps.count,
        clock_notice=source.jumps.notice,
        error=error,
        heatmaps=results.heatmaps.computed,
        heatmaps_wanted=results.heatmaps.wanted,
        governor_steps=tuple(results.governing.steps),
        recorded=recordings.ended,
        marks=recordings.marks.count,
        unsaved_marks=recordings.unsaved_marks,
    )


@dataclass(frozen=True, slots=True)
class DisplayTimes:
    """When each frame was on screen.

    ``times_s`` is the time of painting (``time.monotonic()``), ``video_ms`` the delay from the frame's read in
    milliseconds. ``annotation_ms`` is the same delay for each result, when it was first on screen.
    """

    times_s: list[float]
    video_ms: list[float]
    annotation_ms: list[float]
