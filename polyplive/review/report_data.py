"""What a report says of a session or a recording, however it was collected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from polyplive.review.decisions import Decision, Verdict
from polyplive.review.timeline import Timeline

if TYPE_CHECKING:
    from fractions import Fraction

    from polyplive.review.decisions import ReviewNote, ReviewPicture
    from polyplive.review.track_pictures import Jpeg
    from polyplive.review.tracks import Track
    from polyplive.sinks.base import SessionInfo
    from polyplive.stats import Distribution
    from polyplive.types import Roi, Tally


@dataclass(slots=True)
class ReportData:
    """Everything that a report shows. ``scores`` has each frame's time in seconds and its highest score, or None.

    ``timeline`` lasts as long as the recording, or live as the session. ``sizes`` has each size of the picture in
    order: the time of its first frame in seconds, then width and height in pixels and the sample aspect. ``seen``
    counts the frames of each field of view, ``thresholds`` those of each threshold: a live session's may be moved.
    ``pictures`` are by the number of the track. ``is_reviewed`` says that a person looked: ``decisions`` (by the number
    of the track) and ``notes`` are theirs, and the pictures of ``explained`` frames. ``reviewers`` are the names that
    stand there. ``events_sha256`` is the hash of the events that it is made of, empty where there are none.
    """

    session: SessionInfo
    timeline: Timeline = field(default_factory=lambda: Timeline(0.0))
    tally: Tally | None = None
    reason: str = "closed before its end"
    frames: int = 0
    marked: int = 0
    scores: list[tuple[float, float | None]] = field(default_factory=list)
    sizes: list[tuple[float, tuple[int, int, Fraction]]] = field(default_factory=list)
    seen: Counter[Roi] = field(default_factory=Counter)
    thresholds: Counter[float] = field(default_factory=Counter)
    pictures: Mapping[int, Jpeg] = field(default_factory=dict)
    is_reviewed: bool = False
    decisions: Mapping[int, Decision] = field(default_factory=dict)
    notes: tuple[ReviewNote, ...] = ()
    explained: tuple[ReviewPicture, ...] = ()
    stages: dict[str, Distribution] = field(default_factory=dict)
    annotation: Distribution | None = None
    events_sha256: str = ""

    @property
    def frame_s(self) -> float:
        """How long one frame of the source lasts, in seconds."""
        return 1 / (self.session.source.fps or 25.0)

    def of_verdict(self, verdict: Verdict) -> tuple[Track, ...]:
        """The tracks of which a person said this, in order."""
        return tuple(
            track for track in self.timeline.tracks if self.decisions.get(track.number, Decision()).verdict is verdict
        )

    @property
    def reviewers(self) -> tuple[str, ...]:
        """The names that decisions and notes carry, each once."""
        given = [
            *(one.by for one in self.decisions.values()),
            *(note.by for note in self.notes),
            *(picture.by for picture in self.explained),
        ]
        return tuple(dict.fromkeys(filter(None, given)))
