"""From a probability map at the model's size to smooth contours in source pixels, with scores and tracks."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from polyplive.config import MIN_AREA, PipelineSettings
from polyplive.errors import ImageError
from polyplive.pipeline.confirmation import Confirmation, certainty, weight
from polyplive.pipeline.strength import Strengths
from polyplive.pipeline.tracking import MIN_IOU, Tracker, iou, match
from polyplive.types import Detection, Frame

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from polyplive.pipeline.tracking import Box
    from polyplive.types import Contour, FloatMap, Image, Mask, Prediction, Roi, Strength

_FINEST = 1920 * 1080
"""A field of view with more pixels than this is sampled at every second (third, ...) pixel: time stays bounded."""

_TOLERANCE_PX = 0.6
"""How far, in samples, the kept corners may stray from the traced outline: removes the stairs of single pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """A detection that no track has been given yet; fields as in ``Detection``."""

    score: float
    bbox: tuple[int, int, int, int]
    area_px: int
    contour: Contour


def contours_at(probability: FloatMap, roi: Roi, threshold: float, min_area: float = MIN_AREA) -> list[Region]:
    """The regions where the probability, interpolated linearly to source resolution, is above ``threshold``.

    ``probability`` is float32 [H, W] in [0, 1] over ``roi``. A region is bounded by its outer contour (holes count as
    inside); one smaller than ``min_area`` of the field of view is left out. Largest first. Stateless.
    """
    smallest = min_area * roi.width * roi.height
    regions = []
    for part in _components(probability, threshold, smallest * probability.size / (roi.width * roi.height)):
        regions += _trace(part, roi, probability.shape, threshold, smallest)
    return sorted(regions, key=lambda region: (-region.area_px, region.bbox))


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

    def run(
        self, probability: FloatMap, roi: Roi, threshold: float, size: tuple[int, int] | None = None
    ) -> tuple[Detection, ...]:
        """The detections of the next frame, largest first; arguments as for ``contours_at``.

        ``size`` is the frame's width and height in pixels (None: frames keep their size).
        """
        regions = contours_at(probability, roi, threshold, self._min_area)
        return self.follow(regions, probability, roi, threshold, size)

    def follow(
        self,
        regions: Sequence[Region],
        probability: FloatMap,
        roi: Roi,
        threshold: float,
        size: tuple[int, int] | None = None,
    ) -> tuple[Detection, ...]:
        """The same where ``contours_at`` gave the ``regions`` of these arguments already."""
        if size != self._size:
            self.reset()
            self._size = size
        tracks = self._tracker.update([region.bbox for region in regions])
        found = {
            track: self._weight(region, probability, roi, threshold)
            for track, region in zip(tracks, regions, strict=True)
        }
        self._confirmation.add(found, self._tracker.alive)
        self._strengths.keep(self._tracker.alive)
        given = [
            self._detection(track, region)
            for track, region in zip(tracks, regions, strict=True)
            if self._confirmation.suffices(track)
        ]
        self.withheld = len(regions) - len(given)
        lost = [known for known in self._tracker.missing() if self._confirmation.suffices(known[0])]
        if lost and self._release < threshold:
            taken = [region.bbox for region in regions]
            faint = contours_at(probability, roi, self._release, self._min_area)
            given += self._kept(lost, [region for region in faint if not _touches(region.bbox, taken)])
        return tuple(sorted(given, key=lambda one: (-one.area_px, one.bbox)))

    def _weight(self, region: Region, probability: FloatMap, roi: Roi, threshold: float) -> float:
        """What the frame counts as evidence for ``region``."""
        if self.confirm_probability <= threshold:
            return weight(region.score, threshold)
        return weight(
            certainty(region.contour, probability, roi, self.confirm_probability, self._min_area),
            self.confirm_probability,
        )

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


def _touches(box: Box, others: Iterable[Box]) -> bool:
    return any(iou(box, other) > 0 for other in others)


def _detection(track: int, region: Region, strength: Strength | None = None) -> Detection:
    return Detection(track, region.score, region.bbox, region.area_px, region.contour, strength)


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """A rectangle of the probability map, from column ``x`` and row ``y``, that holds one connected region."""

    x: int
    y: int
    probability: FloatMap

    @property
    def window(self) -> tuple[slice, slice]:
        """Its rows and columns in the map."""
        rows, columns = self.probability.shape
        return slice(self.y, self.y + rows), slice(self.x, self.x + columns)


def _components(probability: FloatMap, threshold: float, smallest: float) -> Iterator[_Part]:
    """Each connected region above ``threshold``, alone in a rectangle with a border of one model pixel.

    Where linear interpolation is above the threshold, at least one of the four pixels around is. No point has pixels of
    two 8-connected regions around it. So each region is interpolated by itself, in its own rectangle, and a small polyp
    costs little in a large frame. ``smallest`` is in model pixels. Interpolation spreads a region of n pixels over at
    most 4 n cells. So a region below a quarter of ``smallest`` cannot reach it.
    """
    above = (probability > threshold).view(np.uint8)
    outlines, tree = cv2.findContours(above, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    outer = [outline for outline, place in zip(outlines, tree[0], strict=True) if place[3] < 0] if outlines else []
    boxes = [cv2.boundingRect(outline) for outline in outer]
    labels: NDArray[np.int32] | None = None
    for outline, box in zip(outer, boxes, strict=True):
        if 4 * box[2] * box[3] < smallest:
            continue
        found = _part(probability, *box)
        own = above[found.window]
        if sum(_reaches(other, found) for other in boxes) > 1:  # seldom, and it takes thirty times as long as tracing
            labels = cv2.connectedComponents(above, connectivity=8, ltype=cv2.CV_32S)[1] if labels is None else labels
            x, y = outline[0, 0]
            own = (labels[found.window] == labels[y, x]).view(np.uint8)
            others = (above[found.window] != 0) & (own == 0)
            found = _Part(found.x, found.y, np.where(others, np.float32(0), found.probability))
        if 4 * cv2.countNonZero(own) >= smallest:
            yield found


def _reaches(box: Sequence[int], part: _Part) -> bool:
    """Whether a box, x, y, width and height, shares a pixel with ``part``."""
    rows, columns = part.probability.shape
    x, y, width, height = box
    return x < part.x + columns and part.x < x + width and y < part.y + rows and part.y < y + height


def _part(probability: FloatMap, x: int, y: int, width: int, height: int) -> _Part:
    """A box of the map, and a border of one pixel where the map has one."""
    left, top = max(x - 1, 0), max(y - 1, 0)
    return _Part(left, top, probability[top : y + height + 1, left : x + width + 1])


def _trace(part: _Part, roi: Roi, shape: tuple[int, ...], threshold: float, smallest: float) -> list[Region]:
    """The contours of one part in source pixels; ``shape`` is the whole probability map's."""
    step = max(1, round((roi.width * roi.height / _FINEST) ** 0.5))
    sampled, left, top = _sample(part, roi, shape, step)
    above = (sampled > threshold).astype(np.uint8)
    outlines, _ = cv2.findContours(above, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    regions = []
    for outline in outlines:
        x, y, width, height = cv2.boundingRect(outline)
        if width * height * step * step < smallest:
            continue
        inside = np.zeros((height, width), np.uint8)
        cv2.drawContours(inside, [outline], -1, 1, cv2.FILLED, offset=(-x, -y))
        area = cv2.countNonZero(inside) * step * step
        if area < smallest:
            continue
        score = float(cv2.mean(sampled[y : y + height, x : x + width], inside)[0])
        corners = cv2.approxPolyDP(outline, _TOLERANCE_PX, True)[:, 0]
        contour = np.ascontiguousarray(corners.astype(np.int32) * step + np.array([left, top], np.int32))
        bbox = (x * step + left, y * step + top, (width - 1) * step + 1, (height - 1) * step + 1)
        regions.append(Region(min(max(score, 0.0), 1.0), bbox, area, contour))
    return regions


def _sample(part: _Part, roi: Roi, shape: tuple[int, ...], step: int) -> tuple[FloatMap, int, int]:
    """``part`` at every ``step``-th source pixel, and the source column and row of the first sample.

    Source pixel x of the field of view lies at (x + 0.5) / scale - 0.5 in the model's pixels: as ``preprocess``
    resizes. Beyond the outermost pixel centres the outermost value holds.
    """
    rows, columns = part.probability.shape
    scale_x, scale_y = roi.width / shape[1], roi.height / shape[0]
    # The cells that touch the part reach half a model pixel beyond its own pixels, and to the border at the border.
    left = max(int(np.floor((part.x - 0.5) * scale_x)), 0)
    top = max(int(np.floor((part.y - 0.5) * scale_y)), 0)
    right = min(int(np.ceil((part.x + columns + 0.5) * scale_x)), roi.width)
    bottom = min(int(np.ceil((part.y + rows + 0.5) * scale_y)), roi.height)
    size = max((right - left + step - 1) // step, 1), max((bottom - top + step - 1) // step, 1)
    to_part = np.array(
        [
            [step / scale_x, 0.0, (left + 0.5) / scale_x - 0.5 - part.x],
            [0.0, step / scale_y, (top + 0.5) / scale_y - 0.5 - part.y],
        ]
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    sampled = cv2.warpAffine(part.probability, to_part, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return sampled, left + roi.x, top + roi.y
