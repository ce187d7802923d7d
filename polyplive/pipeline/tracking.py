"""Which polyp of this frame is which polyp of the frames before: greedy matching by the overlap of boxes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

Box: TypeAlias = tuple[int, int, int, int]
"""x, y, width, height in source pixels."""

MIN_IOU = 0.15
"""Below this overlap two boxes of neighbouring frames are taken for two polyps."""

PATIENCE = 12
"""For so many frames in a row a polyp may be missed and still keep its number: half a second at 25 frames a second."""


def iou(first: Box, second: Box) -> float:
    """Intersection over union of two boxes, in [0, 1]."""
    width = min(first[0] + first[2], second[0] + second[2]) - max(first[0], second[0])
    height = min(first[1] + first[3], second[1] + second[3]) - max(first[1], second[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / (first[2] * first[3] + second[2] * second[3] - shared)


def match(known: Sequence[Box], found: Sequence[Box], min_iou: float) -> dict[int, int]:
    """Index in ``found`` -> index in ``known`` of the same polyp, each at most once.

    The pair that overlaps most is matched first. Pairs with no overlap, or one below ``min_iou``, are not matched;
    a tie goes to what stands first.
    """
    pairs = [(iou(old, new), j, i) for j, old in enumerate(known) for i, new in enumerate(found)]
    pairs = sorted((pair for pair in pairs if pair[0] > 0 and pair[0] >= min_iou), key=lambda p: (-p[0], p[1], p[2]))
    matched: dict[int, int] = {}
    used: set[int] = set()
    for _, j, i in pairs:
        if i not in matched and j not in used:
            matched[i] = j
            used.add(j)
    return matched


@dataclass(slots=True)
class _Track:
    number: int
    box: Box
    missed: int = 0


class Tracker:
    """Numbers polyps from 1, in the order in which they first appear; one thread.

    A number is never given twice. The same boxes in the same order get the same numbers.
    """

    def __init__(self, min_iou: float = MIN_IOU, patience: int = PATIENCE) -> None:
        self._min_iou = min_iou
        self._patience = patience
        self._tracks: list[_Track] = []
        self._given = 0

    def update(self, boxes: Sequence[Box]) -> list[int]:
        """The number of each of the next frame's ``boxes``, in their order; call it for frames without one too."""
        matched = match([track.box for track in self._tracks], boxes, self._min_iou)
        for track in self._tracks:
            track.missed += 1
        numbers = []
        for i, box in enumerate(boxes):
            if i in matched:
                track = self._tracks[matched[i]]
                track.box, track.missed = box, 0
            else:
                self._given += 1
                track = _Track(self._given, box)
                self._tracks.append(track)
            numbers.append(track.number)
        self._tracks = [track for track in self._tracks if track.missed <= self._patience]
        return numbers

    @property
    def alive(self) -> set[int]:
        """The numbers that the next frame can take up again."""
        return {track.number for track in self._tracks}

    def missing(self) -> list[tuple[int, Box]]:
        """Number and last box of each polyp that is still followed, but was not in the last frame."""
        return [(track.number, track.box) for track in self._tracks if track.missed]

    def move(self, number: int, box: Box) -> None:
        """Say where a polyp went that the last frame's boxes left out; it still counts as missed there."""
        for track in self._tracks:
            if track.number == number:
                track.box = box

    def reset(self) -> None:
        """Forget every track; what comes is new, and gets numbers that nothing had before."""
        self._tracks = []
