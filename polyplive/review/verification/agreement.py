"""How far two analyses of the same frames agree: bit for bit, or in figures."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from polyplive.pipeline.postprocess import filled
from polyplive.pipeline.tracking import match

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polyplive.types import Detection

SCORE_DIGITS = 4
"""Decimals of a score in events."""
MIN_IOU = 0.5
"""The overlap of boxes from which two findings in one frame are the same."""


@dataclass(slots=True)
class Agreement:
    """Figures over frames; ``add`` takes one frame of both analyses.

    Numbers of tracks are compared as far as they name the same findings: a recording that began while its session ran
    counts from another number.
    """

    frames: int = 0
    alike: int = 0
    first_other: int | None = None
    """The index of the first frame that differs."""
    matched: int = 0
    missing: int = 0
    """Findings of the events that were not found again."""
    added: int = 0
    """Findings that the events do not have."""
    _overlap: int = 0
    _both: int = 0
    _either: int = 0
    _score_differences: list[float] = field(default_factory=list)
    _told_of: dict[int, int] = field(default_factory=dict)
    _found_of: dict[int, int] = field(default_factory=dict)

    def add(self, index: int, told: Sequence[Detection], found: Sequence[Detection], shape: tuple[int, int]) -> None:
        """A frame of ``shape`` (height, width) with what the events told and what was found now."""
        self.frames += 1
        if self._is_alike(told, found):
            self.alike += 1
        elif self.first_other is None:
            self.first_other = index
        pairs = match([one.bbox for one in told], [one.bbox for one in found], MIN_IOU)
        self.matched += len(pairs)
        self.missing += len(told) - len(pairs)
        self.added += len(found) - len(pairs)
        self._score_differences += [abs(told[old].score - found[new].score) for new, old in pairs.items()]
        if told or found:
            before, now = filled(told, shape), filled(found, shape)
            self._overlap += int(np.count_nonzero(before & now))
            self._either += int(np.count_nonzero(before | now))
            self._both += int(np.count_nonzero(before)) + int(np.count_nonzero(now))

    @property
    def is_same(self) -> bool:
        """Whether every frame is alike, and there is one."""
        return self.frames > 0 and self.alike == self.frames

    def to_dict(self) -> dict[str, Any]:
        """The figures as plain values for JSON; shares and scores in [0, 1], None of nothing."""
        differences = self._score_differences
        return {
            "frames": self.frames,
            "frames_alike": self.alike,
            "first_different_frame": self.first_other,
            "findings": {"matched": self.matched, "missing": self.missing, "added": self.added},
            "dice": 2 * self._overlap / self._both if self._both else None,
            "iou": self._overlap / self._either if self._either else None,
            "score_difference": {
                "mean": sum(differences) / len(differences) if differences else None,
                "max": max(differences, default=None),
            },
        }

    def _is_alike(self, told: Sequence[Detection], found: Sequence[Detection]) -> bool:
        if len(told) != len(found):
            return False
        for before, now in zip(told, found, strict=True):
            same = (
                before.bbox == now.bbox
                and before.area_px == now.area_px
                and before.score == round(now.score, SCORE_DIGITS)
                and np.array_equal(before.contour, now.contour)
            )
            if not same or not self._is_one(before.track, now.track):
                return False
        return True

    def _is_one(self, told: int, found: int) -> bool:
        """Whether these numbers of tracks have named the same finding so far, and no other."""
        return self._told_of.setdefault(found, told) == told and self._found_of.setdefault(told, found) == found
