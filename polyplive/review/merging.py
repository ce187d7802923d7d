"""Which finding of one analysis is which finding of another: by overlap in time and place."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from polyplive.pipeline.tracking import iou

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from polyplive.review.review_content import Place, StoredFinding
    from polyplive.review.tracks import Sighting, Span, Track

MIN_OVERLAP = 0.2
"""Mean overlap of boxes below which two findings are two; models outline the same polyp more or less widely."""
MIN_SHARED_TIME = 0.5
"""Where no frames are near each other: the share of the shorter finding's time that the two have in common."""
_NEAR_S = 0.1
"""Seconds between two frames whose boxes are compared."""


def match_findings(
    known: Mapping[int, StoredFinding], tracks: Iterable[Track], apart: Mapping[int, object]
) -> dict[int, int]:
    """The number of the track that each of the ``known`` findings is, by its key; without those that are none.

    Pairs that overlap most come first. Several known findings may be one track, unless they differ in what ``apart``
    says of their keys: then the one that overlaps most has it.
    """
    found: dict[int, int] = {}
    taken: dict[int, object] = {}
    for _, key, number in sorted(_pairs(known, tracks), key=lambda pair: (-pair[0], pair[1], pair[2])):
        if key not in found and taken.get(number, apart.get(key)) == apart.get(key):
            found[key] = number
            taken[number] = apart.get(key)
    return found


def _pairs(known: Mapping[int, StoredFinding], tracks: Iterable[Track]) -> Iterator[tuple[float, int, int]]:
    """Overlap, key and number of each pair that may be one finding."""
    ordered = sorted(tracks, key=lambda track: track.first_s)
    starts = [track.first_s for track in ordered]
    longest_s = max((track.last_s - track.first_s for track in ordered), default=0.0)
    times: dict[int, list[float]] = {}
    for key, finding in known.items():
        start_s, end_s = finding.spans[0][0], finding.spans[-1][1]
        for track in ordered[bisect_left(starts, start_s - longest_s) : bisect_left(starts, end_s)]:
            if track.last_s > start_s:
                if track.number not in times:
                    times[track.number] = [one.time_s for one in track.sightings]
                if share := overlap(finding, track, times[track.number]):
                    yield share, key, track.number


def overlap(finding: StoredFinding, track: Track, times: Sequence[float]) -> float:
    """How much two findings are one, in [0, 1]; 0 where they are two. ``times`` are those of the track's sightings.

    The mean overlap of boxes in the frames that both have; where they have none, half of the share of time in common.
    """
    shares = [
        iou(place.box, one.box)
        for place in (finding.best, *finding.places)
        if (one := _near(place, times, track.sightings)) is not None
    ]
    if shares:
        mean = sum(shares) / len(shares)
        return mean if mean >= MIN_OVERLAP else 0.0
    common = shared_s(finding.spans, track.spans)
    share = common / max(min(_length(finding.spans), track.in_view_s), 1e-9)
    return share / 2 if share >= MIN_SHARED_TIME else 0.0


def is_covered(spans: Sequence[Span], analysed: Sequence[Span]) -> bool:
    """Whether nearly all of ``spans`` was analysed."""
    return shared_s(spans, analysed) >= 0.9 * _length(spans)


def shared_s(first: Sequence[Span], second: Sequence[Span]) -> float:
    """The seconds that two lists of spans have in common."""
    return sum(max(0.0, min(a[1], b[1]) - max(a[0], b[0])) for a in first for b in second)


def _length(spans: Sequence[Span]) -> float:
    return sum(end - start for start, end in spans)


def _near(place: Place, times: Sequence[float], sightings: Sequence[Sighting]) -> Sighting | None:
    at = bisect_left(times, place.time_s)
    close = min(sightings[max(at - 1, 0) : at + 1], key=lambda one: abs(one.time_s - place.time_s), default=None)
    return close if close is not None and abs(close.time_s - place.time_s) <= _NEAR_S else None
