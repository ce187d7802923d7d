"""What one frame's probabilities could be findings of, before anything is known of the frames around it.

All of it follows from the frame alone. So frames can be searched in any order, in any process, and what was found can
be followed from frame to frame later (``postprocess``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from polyplive.pipeline.confirmation import certainty, weight
from polyplive.pipeline.contours import contours_at
from polyplive.pipeline.tracking import iou

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from polyplive.pipeline.contours import Region
    from polyplive.pipeline.tracking import Box
    from polyplive.types import FloatMap, Roi

    FindFaint: TypeAlias = Callable[[], Sequence[Region]]


@dataclass(frozen=True, slots=True)
class Levels:
    """The probabilities that regions are taken at, and the least area of one as a share of the field of view.

    ``threshold`` is where a region begins that can be a finding, ``confirm`` what makes it evidence where it is above
    the threshold, ``release`` where a region begins that an earlier finding may be kept for.
    """

    threshold: float
    confirm: float
    release: float
    min_area: float


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """The ``regions`` of a frame at the threshold, largest first, and the ``weights`` of each as evidence, in [0, 1].

    ``faint`` finds the regions at the release probability that touch none of them, largest first. It is called only
    where a finding of the frames before is missing, since it takes about as long as finding the others.
    """

    regions: Sequence[Region]
    weights: Sequence[float]
    faint: FindFaint


def find_candidates(
    probability: FloatMap, roi: Roi, levels: Levels, regions: Sequence[Region] | None = None
) -> Candidates:
    """The candidates of ``probability``, float32 [H, W] in [0, 1] over ``roi``. Stateless.

    ``regions`` are those that ``contours_at`` gave for these arguments, where somebody has them already.
    """
    if regions is None:
        regions = contours_at(probability, roi, levels.threshold, levels.min_area)

    def faint() -> list[Region]:
        if levels.release >= levels.threshold:
            return []
        taken = [region.bbox for region in regions]
        found = contours_at(probability, roi, levels.release, levels.min_area)
        return [region for region in found if not _touches(region.bbox, taken)]

    return Candidates(regions, [_weight(region, probability, roi, levels) for region in regions], faint)


def _weight(region: Region, probability: FloatMap, roi: Roi, levels: Levels) -> float:
    """What the frame counts as evidence for ``region``."""
    if levels.confirm <= levels.threshold:
        return weight(region.score, levels.threshold)
    return weight(certainty(region.contour, probability, roi, levels.confirm, levels.min_area), levels.confirm)


def _touches(box: Box, others: Iterable[Box]) -> bool:
    return any(iou(box, other) > 0 for other in others)
