"""From a probability map at the model's size to smooth contours in source pixels, with scores and tracks."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import cv2
import numpy as np

from polyplive.config import MIN_AREA, PipelineSettings
from polyplive.errors import ImageError
from polyplive.pipeline.candidates import Levels, find_candidates
from polyplive.pipeline.confirmation import Confirmation
from polyplive.pipeline.contours import contours_at
from polyplive.pipeline.strength import Strengths
from polyplive.pipeline.tracking import MIN_IOU, Tracker, match
from polyplive.types import Detection, Frame

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from polyplive.pipeline.candidates import Candidates
    from polyplive.pipeline.contours import Region
    from polyplive.pipeline.tracking import Box
    from polyplive.strength import Strength
    from polyplive.types import FloatMap, Image, Mask, Prediction, Roi


class Postprocessor:
    """Finds the polyps of frame after frame and keeps their numbers; one thread.

    A finding is withheld until there is evidence of ``min_frames`` frames for it (``confirmation.py``); from
    then on it is given in every frame until it is gone for longer than the tracker's patience. Where
    ``confirm_probability`` is above the threshold, it is what makes a frame evidence.

    To begin takes a region above the threshold; to stay, in the same place, one above ``release_probability`` is
    enough, for as long as that patience lasts. (Hysteresis: Canny, "A computational approach to edge detection", PAMI
    1986, section VI; for tracks, the second association of Zhang et al., "ByteTrack", ECCV 2022, section 3.)

    Where the frames change their size, places before and after cannot be compared: findings begin anew.
    """

    def __init__(self, settings: PipelineSettings | None = None) -> None:
        settings = settings or PipelineSettings()
        self._min_area = settings.min_area
        self.confirm_probability = settings.confirm_probability or 0.0
        """What makes a frame evidence, where it is above the threshold."""
        self._release = settings.release_probability
        self._tracker = Tracker()
        self._confirmation = Confirmation(settings.min_frames or 1)
        self._strengths = Strengths()
        self._size: tuple[int, int] | None = None
        self.withheld = 0
        """How many findings of the last frame were withheld."""

    def levels(self, threshold: float) -> Levels:
        """What the candidates of a frame are taken at that is to be followed at this ``threshold``."""
        return Levels(threshold, self.confirm_probability, self._release, self._min_area)

    def run(
        self, probability: FloatMap, roi: Roi, threshold: float, size: tuple[int, int] | None = None
    ) -> tuple[Detection, ...]:
        """The detections of the next frame, largest first; arguments as for ``contours_at``.

        ``size`` is the frame's width and height in pixels (None: frames keep their size).
        """
        return self.follow(find_candidates(probability, roi, self.levels(threshold)), size)

    def follow(self, candidates: Candidates, size: tuple[int, int] | None = None) -> tuple[Detection, ...]:
        """The same for a frame of which ``find_candidates`` gave ``candidates`` at these ``levels``."""
        if size != self._size:
            self.reset()
            self._size = size
        regions = candidates.regions
        tracks = self._tracker.update([region.bbox for region in regions])
        self._confirmation.add(dict(zip(tracks, candidates.weights, strict=True)), self._tracker.alive)
        self._strengths.keep(self._tracker.alive)
        given = [
            self._detection(track, region)
            for track, region in zip(tracks, regions, strict=True)
            if self._confirmation.suffices(track)
        ]
        self.withheld = len(regions) - len(given)
        lost = [known for known in self._tracker.missing() if self._confirmation.suffices(known[0])]
        if lost:
            given += self._kept(lost, candidates.faint())
        return tuple(sorted(given, key=lambda one: (-one.area_px, one.bbox)))

    def _kept(self, lost: Sequence[tuple[int, Box]], faint: Sequence[Region]) -> list[Detection]:
        """What is left of polyps that were shown, with their numbers."""
        matched = match([box for _, box in lost], [region.bbox for region in faint], MIN_IOU)
        kept = [self._detection(lost[known][0], faint[found]) for found, known in matched.items()]
        for detection in kept:
            self._tracker.move(detection.track, detection.bbox)
        return kept

    def _detection(self, track: int, region: Region) -> Detection:
        return _detection(track, region, self._strengths.of(track, region.score))

    def reset(self) -> None:
        """Forget the tracks: the next frame does not follow the last."""
        self._tracker.reset()
        self._confirmation.reset()
        self._strengths.reset()


def filled(found: Iterable[Detection | Region], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """bool [H, W], of ``shape``: the inside of every contour, as the window shows it."""
    inside = np.zeros(shape, np.uint8)
    contours = [one.contour for one in found]
    if contours:
        cv2.fillPoly(inside, contours, 1)
    return inside.astype(bool)


def mask_of(frame: Frame | Image, prediction: Prediction) -> Mask:
    """The mask at the size of ``frame``, a frame or its picture: bool [H, W], True inside of every contour.

    It is what the overlay tints. Raises ``ImageError`` where ``frame`` is no picture, and where ``prediction`` is of a
    frame of another size.
    """
    shape = (frame if isinstance(frame, Frame) else Frame(frame)).shape
    try:
        prediction.roi.check_inside(shape)
    except ValueError as error:
        raise ImageError(
            f"The prediction is of another frame: {error}", "Give the frame that it was made of."
        ) from None
    prediction.check_is_of(shape)
    return filled(prediction.detections, shape[:2])


def rethreshold(prediction: Prediction, threshold: float, min_area: float = MIN_AREA) -> Prediction:
    """``prediction`` with its contours taken at another threshold; everything else is kept.

    A region that overlaps one of the prediction's detections keeps its number; the rest are numbered after the
    highest. Start from the frame's own prediction each time: a polyp that vanished while a slider moved then has its
    number back. Where findings were withheld no new region is given: it may be one of those. Raises ``ConfigError``
    unless ``threshold`` is a number above 0 and below 1.
    """
    PipelineSettings(threshold=threshold, min_area=min_area)  # which checks both
    regions = contours_at(prediction.probability, prediction.roi, threshold, min_area)
    known = prediction.detections
    matched = match([detection.bbox for detection in known], [region.bbox for region in regions], 0.0)
    following = max((detection.track for detection in known), default=0) + 1
    detections = []
    for i, region in enumerate(regions):
        if i in matched:
            same = known[matched[i]]
            detections.append(_detection(same.track, region, same.strength if region.score == same.score else None))
        elif not prediction.withheld:
            detections.append(_detection(following, region))
            following += 1
    return dataclasses.replace(prediction, threshold=threshold, detections=tuple(detections))


def _detection(track: int, region: Region, strength: Strength | None = None) -> Detection:
    return Detection(track, region.score, region.bbox, region.area_px, region.contour, strength)
