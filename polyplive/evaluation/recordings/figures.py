"""The results of an evaluated recording for each frame, and the figures computed from them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

SCHEMA = 2


@dataclass(frozen=True, slots=True)
class FrameMark:
    """The result of one frame: whether a ``polyp`` is in view, and whether anything was ``marked``.

    ``found`` is whether a mark touches the polyp's mask. Without a known mask it is whether there is any mark.
    """

    index: int
    polyp: bool
    marked: bool
    found: bool

    @property
    def shown(self) -> bool:
        """Whether a viewer sees a mark: on the polyp if there is one, else a false mark."""
        return self.found if self.polyp else self.marked


@dataclass(frozen=True, slots=True)
class Appearance:
    """A run of frames with the same label, from ``first`` to ``last``.

    ``shown`` is the share of these frames with a mark. ``delay`` is the number of frames before the first mark, None
    without one.
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
    """All frames as marked at one ``threshold``: shown at once, or ``withheld`` as in the settings."""

    threshold: float
    at_once: tuple[FrameMark, ...]
    withheld: tuple[FrameMark, ...]


@dataclass(frozen=True, slots=True)
class RecordingEvaluation:
    """The evaluation of a recording.

    ``marks`` is what the pipeline showed, in order, with its threshold and its ``min_frames``. ``has_masks`` is whether
    the places of polyps are known, or only the frames.
    """

    marks: tuple[FrameMark, ...]
    thresholds: tuple[AtThreshold, ...]
    has_masks: bool
    facts: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The evaluation as in its JSON file. A share over no frames is None."""
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

    ``flicker`` is the share of steps between consecutive frames of one label at which a mark appears or disappears. A
    step across lost frames is not counted.
    """
    steps = [(a, b) for a, b in pairwise(marks) if a.polyp == b.polyp and b.index == a.index + 1]
    return {
        "detection_rate": _share([mark.found for mark in marks if mark.polyp]),
        "false_mark_rate": _share([mark.marked for mark in marks if not mark.polyp]),
        "flicker": _share([a.shown != b.shown for a, b in steps]),
    }


def _alarms(marks: Sequence[FrameMark]) -> dict[str, int]:
    """Consecutive false marks count as one alarm; ``longest`` is in frames."""
    runs = [list(run) for alarm, run in groupby(marks, key=lambda mark: mark.marked and not mark.polyp) if alarm]
    return {"n": len(runs), "longest": max((len(run) for run in runs), default=0)}


def _share(values: Sequence[bool]) -> float | None:
    return round(float(np.mean(values)), 5) if values else None
