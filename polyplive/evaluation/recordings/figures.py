"""The results of an evaluated recording for each frame, and the figures computed from them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any

from polyplive.stats import Share

if TYPE_CHECKING:
    from collections.abc import Sequence

SCHEMA = 3


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

    ``shown`` is how many of these frames have a mark. ``delay`` is the number of frames before the first mark, None
    without one.
    """

    first: int
    last: int
    shown: Share
    delay: int | None

    @staticmethod
    def of(run: Sequence[FrameMark]) -> Appearance:
        """The appearance that these frames, in order, are."""
        delay = next((mark.index - run[0].index for mark in run if mark.shown), None)
        return Appearance(run[0].index, run[-1].index, Share.true(mark.shown for mark in run), delay)

    def as_json(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self) | {"shown": self.shown.as_json()}


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
        """The evaluation as in its JSON file. Each share has its ``count``, ``of`` and ``rate``."""
        runs = [list(run) for _, run in groupby(self.marks, key=lambda mark: mark.polyp)]
        return {
            "schema": SCHEMA,
            "kind": "recording",
            **self.facts,
            "has_masks": self.has_masks,
            "n": len(self.marks),
            "n_polyp": sum(mark.polyp for mark in self.marks),
            "n_negative": sum(not mark.polyp for mark in self.marks),
            **shares(self.marks),
            "appearances": [Appearance.of(run).as_json() for run in runs if run[0].polyp],
            "alarms": _alarms(self.marks),
            "thresholds": [
                {"threshold": at.threshold, "at_once": shares(at.at_once), "withheld": shares(at.withheld)}
                for at in self.thresholds
            ],
            "frames": [asdict(mark) for mark in self.marks],
        }


def shares(marks: Sequence[FrameMark]) -> dict[str, dict[str, Any]]:
    """Polyps outlined, false marks and flicker.

    ``flicker`` is the share of steps between consecutive frames of one label at which a mark appears or disappears. A
    step across lost frames is not counted.
    """
    steps = [(a, b) for a, b in pairwise(marks) if a.polyp == b.polyp and b.index == a.index + 1]
    return {
        "detected": Share.true(mark.found for mark in marks if mark.polyp).as_json(),
        "false_marks": Share.true(mark.marked for mark in marks if not mark.polyp).as_json(),
        "flicker": Share.true(a.shown != b.shown for a, b in steps).as_json(),
    }


def _alarms(marks: Sequence[FrameMark]) -> dict[str, int]:
    """Consecutive false marks count as one alarm; ``longest`` is in frames."""
    runs = [list(run) for alarm, run in groupby(marks, key=lambda mark: mark.marked and not mark.polyp) if alarm]
    return {"n": len(runs), "longest": max((len(run) for run in runs), default=0)}
