"""The frame of each track that shows it best, out of the recording, with what was found there."""

from __future__ import annotations

import dataclasses
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from polyplive.errors import SourceError
from polyplive.pipeline.field_of_view import FieldOfView

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from polyplive.review.events_file import EventsFile
    from polyplive.review.tracks import Sighting, Track
    from polyplive.sources.base import Source
    from polyplive.types import Detection, Frame, Roi

MOST = 40
"""So many findings have a key frame: those seen longest."""

_ROUNDING_S = 1e-3
"""Times in events are rounded; a frame lasts longer than this."""
_MOST_READ = 64
"""So many frames are read after a seek to find one."""
_MASKS = 5
"""So many frames tell where the field of view is."""


@dataclass(frozen=True, slots=True, eq=False)
class KeyFrame:
    """The best frame of ``track``: where the endoscope's picture is in it, and the detections, numbered as tracks."""

    track: Track
    frame: Frame
    roi: Roi
    detections: tuple[Detection, ...]


def key_frames(source: Source, events: EventsFile, tracks: Sequence[Track]) -> dict[int, KeyFrame]:
    """By the number of the track, in order. Goes through ``events`` once and decodes one frame for each; one thread.

    A frame that the video does not give any more is left out. Raises ``DataError``.
    """
    longest = sorted(tracks, key=lambda track: (-len(track.sightings), track.number))[:MOST]
    chosen = sorted(longest, key=lambda track: track.number)
    found = _detections(events, _names({track.best.index for track in chosen}, tracks))
    frames = [(track, frame) for track in chosen if (frame := _frame(source, track.best)) is not None]
    seen = [frame for _, frame in frames]
    return {
        track.number: KeyFrame(track, frame, _field_of_view(frame, seen), found.get(frame.index, ()))
        for track, frame in frames
    }


def _names(indices: set[int], tracks: Iterable[Track]) -> dict[tuple[int, int], int]:
    """For frames with these ``indices``: the track of each detection, by the frame and the events' number."""
    return {
        (one.index, one.events_track): track.number
        for track in tracks
        for one in track.sightings
        if one.index in indices
    }


def _detections(events: EventsFile, names: dict[tuple[int, int], int]) -> dict[int, tuple[Detection, ...]]:
    """The detections of those frames, numbered as the tracks are."""
    indices = {index for index, _ in names}
    return {
        frame.index: tuple(
            dataclasses.replace(one, track=names[frame.index, one.track])
            for one in frame.detections
            if (frame.index, one.track) in names
        )
        for frame in events.frames()
        if frame.index in indices
    }


def _frame(source: Source, sighting: Sighting) -> Frame | None:
    try:
        source.seek(sighting.time_s + _ROUNDING_S)
        for _ in range(_MOST_READ):
            frame = source.read()
            if frame is None or frame.index >= sighting.index:
                return frame if frame is not None and frame.index == sighting.index else None
    except SourceError:
        return None
    return None


def _field_of_view(frame: Frame, frames: Iterable[Frame]) -> Roi:
    """Where the endoscope's picture is, in frames of this one's size: a dark one alone does not tell."""
    size = frame.width, frame.height
    view = FieldOfView()
    region = view.area(frame)
    for other in itertools.islice((one for one in frames if (one.width, one.height) == size), _MASKS):
        region = view.area(other)
    return region
