"""What a review file holds, and how it is read: JSON whose types are checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import msgspec

from polyplive.errors import DataError
from polyplive.pipeline.tracking import Box
from polyplive.review.decisions import Decision, ReviewNote, ReviewPicture, Verdict
from polyplive.review.tracks import Span
from polyplive.system.video_identity import VideoIdentity

if TYPE_CHECKING:
    from pathlib import Path

    from polyplive.review.tracks import Sighting, Track

SCHEMA = 1
_LARGEST = 1 << 27
"""Bytes. Far more than the longest review takes; a larger file is something else."""
_PLACES = 12
"""So many places of a finding are kept, spread over its time: enough to know it again."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """What findings came from: the SHA-256 of the events, the model's name and SHA-256, and the settings.

    ``events_sha256`` is empty while the analysis goes on.
    """

    model: str
    model_sha256: str
    settings: Mapping[str, Any]
    events_sha256: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a finding was in one frame; fields as in ``Sighting``."""

    index: int
    time_s: float
    box: Box
    score: float


@dataclass(frozen=True, slots=True)
class StoredFinding:
    """A finding as the file keeps it, with what was decided of it; the rest as in ``Track``.

    A ``number`` below 0 is a finding that the present analysis does not have. ``places`` are spread over its time.
    """

    number: int
    spans: tuple[Span, ...]
    best: Place
    places: tuple[Place, ...]
    label: str = ""
    verdict: Verdict = Verdict.UNSEEN
    decided: str = ""
    by: str = ""

    @property
    def decision(self) -> Decision:
        """What was decided."""
        return Decision(self.verdict, self.decided, self.by)

    def with_decision(self, decision: Decision) -> StoredFinding:
        """The same finding with another decision."""
        return replace(self, verdict=decision.verdict, decided=decision.decided, by=decision.by)


@dataclass(frozen=True, slots=True)
class ReviewContent:
    """A whole review. ``marks`` are the numbers of the session's marks that became notes, also of notes since removed.

    ``written`` is local time, ISO 8601 with its offset; ``version`` is of the program. ``analysis`` is None before one
    is known. ``pictures`` are those that were put into the report.
    """

    schema: int
    version: str
    written: str
    video: VideoIdentity
    analysis: Analysis | None = None
    findings: tuple[StoredFinding, ...] = ()
    notes: tuple[ReviewNote, ...] = ()
    marks: tuple[int, ...] = ()
    pictures: tuple[ReviewPicture, ...] = ()


def stored(track: Track) -> StoredFinding:
    """What the file keeps of a track, without a decision."""
    step = max(1, -(-len(track.sightings) // _PLACES))
    return StoredFinding(
        track.number,
        tuple((round(start, 6), round(end, 6)) for start, end in track.spans),
        _place(track.best),
        tuple(_place(one) for one in track.sightings[::step]),
        track.label,
    )


def encode(content: ReviewContent) -> bytes:
    """The file's bytes, in UTF-8."""
    return msgspec.json.encode(content) + b"\n"


def read_content(path: Path) -> ReviewContent:
    """The review in the file at ``path``. Raises ``OSError``, and ``DataError`` where it is none of this schema."""
    with path.open("rb") as file:
        data = file.read(_LARGEST + 1)
    try:
        if len(data) > _LARGEST:
            raise ValueError("too large")
        content = msgspec.json.decode(data, type=ReviewContent)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        content = None
    if content is None or content.schema != SCHEMA or any(not one.spans for one in content.findings):
        raise DataError(f"'{path.name}' is no review of schema {SCHEMA}", "Keep it under another name.")
    return content


def _place(one: Sighting) -> Place:
    return Place(one.index, round(one.time_s, 6), one.box, round(one.score, 4))
