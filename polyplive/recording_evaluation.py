"""What following a recording found, frame by frame, and the figures that decide whether an overlay is left on."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class FrameMark:
    """One frame: whether a polyp is in view (``polyp``), and whether anything was ``marked``.

    ``found`` is whether a mark touches the polyp's mask; where no mask is known, whether there is any mark.
    """

    index: int
    polyp: bool
    marked: bool
    found: bool

    @property
    def shown(self) -> bool:
        """What a viewer sees come and go: the polyp where there is one, a false mark where there is none."""
        return self.found if self.polyp else self.marked


@dataclass(frozen=True, slots=True)
class Appearance:
    """A run of frames with the same label: ``first`` and ``last`` frame, the share of them in which it was ``shown``.

    ``delay`` is how many frames passed before it was first shown; None if it never was.
    """

    first: int
    last: int
    shown: float
    delay: int | None

    @staticmethod
    def of(run: Sequence[FrameMark]) -> Appearance:
        """The appearance that these frames, in order, are."""
        delay = next((mark.index - run[0].index for mark in run if mark.shown), None)
        return Appearance(run[0].index, run[-1].index, _share([mark.shown for mark in run]) or 0.0, delay)


@dataclass(frozen=True, slots=True)
class AtThreshold:
    """Every frame as it would be marked at one ``threshold``: shown at once, or ``withheld`` as it was asked for."""

    threshold: float
    at_once: tuple[FrameMark, ...]
    withheld: tuple[FrameMark, ...]


@dataclass(frozen=True, slots=True)
class RecordingEvaluation:
    """``marks`` is what the pipeline showed, with its threshold and its ``min_frames``, in order.

    ``has_masks`` is whether it was known where the polyps lie, or only when.
    """

    marks: tuple[FrameMark, ...]
    thresholds: tuple[AtThreshold, ...]
    has_masks: bool
    facts: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The evaluation as its JSON file holds it. A share is None where no frame counts towards it."""
        runs = [list(run) for _, run in groupby(self.marks, key=lambda mark: mark.polyp)]
        return {
            "schema": SCHEMA,
            "kind": "recording",
            **self.facts,
            "has_masks": self.has_masks,
            "n": len(self.marks),
            "n_polyp": sum(mark.polyp for mark in self.marks),
            "n_negative": sum(not mark.polyp for mark in self.marks),
            **rates(self.marks),
            "appearances": [asdict(Appearance.of(run)) for run in runs if run[0].polyp],
            "alarms": _alarms(self.marks),
            "thresholds": [
                {"threshold": at.threshold, "at_once": rates(at.at_once), "withheld": rates(at.withheld)}
                for at in self.thresholds
            ],
            "frames": [asdict(mark) for mark in self.marks],
        }


def rates(marks: Sequence[FrameMark]) -> dict[str, float | None]:
    """Detection rate, false alarms and flicker.

    ``flicker`` is the share of steps from a frame to the next one, with the same label, at which what is shown comes
    or goes. A step over lost frames is none.
    """
    steps = [(a, b) for a, b in pairwise(marks) if a.polyp == b.polyp and b.index == a.index + 1]
    return {
        "detection_rate": _share([mark.found for mark in marks if mark.polyp]),
        "false_mark_rate": _share([mark.marked for mark in marks if not mark.polyp]),
        "flicker": _share([a.shown != b.shown for a, b in steps]),
    }


def _alarms(marks: Sequence[FrameMark]) -> dict[str, int]:
    """False marks in a row count as one alarm; ``longest`` is in frames."""
    runs = [list(run) for alarm, run in groupby(marks, key=lambda mark: mark.marked and not mark.polyp) if alarm]
    return {"n": len(runs), "longest": max((len(run) for run in runs), default=0)}


def _share(values: Sequence[bool]) -> float | None:
    return round(float(np.mean(values)), 5) if values else None
