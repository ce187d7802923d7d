"""The outlines of what a probability map shows: smooth contours in source pixels, of each frame by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from polyplive.config import MIN_AREA

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from polyplive.types import Contour, FloatMap, Roi

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
