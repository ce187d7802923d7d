"""A picture of each track out of the recording: its best frame with the outline that was found there."""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING

import numpy as np

from polyplive.errors import SourceError
from polyplive.overlay.compositor import compose
from polyplive.pipeline.field_of_view import FieldOfView
from polyplive.review.track_pictures import as_jpeg, small_picture
from polyplive.types import OverlaySettings, Prediction

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from polyplive.review.events_file import EventsFile
    from polyplive.review.track_pictures import Jpeg
    from polyplive.review.tracks import Sighting, Track
    from polyplive.sources.base import Source
    from polyplive.types import Detection, Frame, Roi

MOST = 40
"""So many findings have a picture: those seen longest."""

_ROUNDING_S = 1e-3
"""Times in events are rounded; a frame lasts longer than this."""

_MOST_READ = 64
"""So many frames are read after a seek to find one."""

_AS_OUTLINE = OverlaySettings(mask=False, heatmap=False)
_MASKS = 5
"""So many frames tell where the field of view is."""


def recorded_pictures(source: Source, events: EventsFile, tracks: Sequence[Track]) -> dict[int, Jpeg]:
    """By the number of the track: its best frame, outlined and labelled with that number, as a JPEG.

    Goes through ``events`` once and decodes one frame for each picture. A frame that the video does not give any more
    has none.
    """
    longest = sorted(tracks, key=lambda track: (-len(track.sightings), track.number))[:MOST]
    best = {track.number: track.best for track in longest}
    names = _names({one.index for one in best.values()}, tracks)
    outlines = _outlines(events, names)
    frames = {number: frame for number, one in best.items() if (frame := _frame(source, one)) is not None}
    pictures = {}
    for number, frame in frames.items():
        roi = _field_of_view(frame, frames.values())
        drawn = compose(frame, _prediction(frame, roi, outlines.get(frame.index, ())), _AS_OUTLINE)
        jpeg = as_jpeg(small_picture(drawn, roi, frame.sample_aspect))
        if jpeg is not None:
            pictures[number] = jpeg
    return pictures


def _names(indices: set[int], tracks: Iterable[Track]) -> dict[tuple[int, int], int]:
    """For frames with these ``indices``: the track of each detection, by the frame and the events' number."""
    return {
        (one.index, one.events_track): track.number
        for track in tracks
        for one in track.sightings
        if one.index in indices
    }


def _outlines(events: EventsFile, names: dict[tuple[int, int], int]) -> dict[int, tuple[Detection, ...]]:
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


def _prediction(frame: Frame, roi: Roi, detections: tuple[Detection, ...]) -> Prediction:
    """What the compositor draws outlines of; it has no map."""
    nothing: NDArray[np.float32] = np.zeros((1, 1), np.float32)
    return Prediction(frame.index, roi, nothing, None, 1.0, 0.5, detections, 0.0)
