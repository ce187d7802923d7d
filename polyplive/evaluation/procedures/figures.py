"""The figures of whole procedures at one threshold, and over thresholds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from polyplive.evaluation.bootstrap import mean_interval
from polyplive.stats import Share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polyplive.evaluation.procedures.scores import FalseScores, LesionScores, ProcedureScores

SCHEMA = 1
WINDOWS_S = (1, 3, 5)
"""A lesion counts as found within so many seconds where it was found for half a second of them."""
PERSISTENT = (0.25, 0.5)
"""Shares of its frames in which a lesion is found."""
GRID = (0.001, 0.005, 0.01, *(percent / 100 for percent in range(5, 101, 5)))
"""The thresholds of curves: those of TRUE-Colon."""
SAME_ALERT_S = 1.0
"""Seconds. False findings that are not further apart are one alert."""
AS_SHOWN = 1e-6
"""A threshold that every finding reaches."""


def half_a_second(fps: float) -> int:
    """Frames in half a second, at least one: TRUE-Colon's 15 at 30 a second."""
    return max(1, round(fps / 2))


@dataclass(frozen=True, slots=True)
class LesionFigures:
    """A lesion at one threshold. ``seen`` are the frames that show it, with how many of them have it found.

    ``latency_frames`` is from its first frame to the first in which it is found, None where it is not. ``within`` says
    for each of ``WINDOWS_S`` whether it was found so soon.
    """

    name: str
    procedure: str
    first_frame: int
    seen: Share
    latency_frames: int | None
    within: tuple[bool, ...]

    @staticmethod
    def of(lesion: LesionScores, threshold: float, fps: float) -> LesionFigures:
        """The figures of ``lesion`` at ``threshold`` and ``fps`` frames a second."""
        is_found = lesion.scores >= threshold
        first = int(lesion.indices.min())
        when = lesion.indices[is_found] - first
        within = tuple(int(np.count_nonzero(when < int(seconds * fps))) >= half_a_second(fps) for seconds in WINDOWS_S)
        latency = int(when.min()) if when.size else None
        return LesionFigures(lesion.name, lesion.procedure, first, Share.true(is_found), latency, within)

    @property
    def share(self) -> float:
        """The share of its frames in which it is found."""
        return self.seen.count / self.seen.of


@dataclass(frozen=True, slots=True)
class AtThreshold:
    """All figures at one ``threshold``, at ``fps`` frames a second."""

    threshold: float
    fps: float
    with_lesion: Share
    without: Share
    hits: int
    misses: int
    views: int
    lesions: tuple[LesionFigures, ...]
    alerts: dict[str, int]
    hours: dict[str, float]

    @staticmethod
    def of(scores: ProcedureScores, threshold: float, fps: float) -> AtThreshold:
        """The figures at ``threshold``, which is above 0."""
        return AtThreshold(
            threshold,
            fps,
            Share.true(scores.with_lesion >= threshold),
            Share.true(scores.without >= threshold),
            int(np.count_nonzero(scores.hits >= threshold)),
            int(np.count_nonzero(scores.misses >= threshold)),
            scores.views,
            tuple(LesionFigures.of(lesion, threshold, fps) for lesion in scores.lesions),
            {one.procedure: false_alerts(one, threshold, fps) for one in scores.false},
            {one.procedure: len(one.indices) / fps / 3600 for one in scores.false},
        )

    @property
    def alerts_an_hour(self) -> float:
        """False alerts in an hour of recording, over all procedures."""
        return sum(self.alerts.values()) / sum(self.hours.values())

    @property
    def latencies_s(self) -> list[float]:
        """From a lesion's first frame to the first in which it is found, of those that are, in seconds of the video."""
        return [one.latency_frames / self.fps for one in self.lesions if one.latency_frames is not None]

    def as_json(self) -> dict[str, Any]:
        """As plain values, with intervals over lesions or procedures."""
        found = [float(one.latency_frames is not None) for one in self.lesions]
        rates = [self.alerts[name] / self.hours[name] for name in self.alerts]
        return {
            "threshold": self.threshold,
            "frames_with_lesion": self.with_lesion.as_json(),
            "frames_without": self.without.as_json(),
            "lesions": {
                "found": Share.true(map(bool, found)).as_json() | {"interval": _interval(found)},
                **{f"found_in_{share:.0%}".rstrip("%"): self._persistent(share).as_json() for share in PERSISTENT},
                **{f"within_{seconds}_s": self._within(place).as_json() for place, seconds in enumerate(WINDOWS_S)},
                "mean_share": _mean([one.share for one in self.lesions]),
            },
            "latency_s": _mean(self.latencies_s) | {"median": _median(self.latencies_s)},
            "views": {"hits": self.hits, "misses": self.misses, "of": self.views},
            "false_alerts": {
                "n": sum(self.alerts.values()),
                "hours": round(sum(self.hours.values()), 6),
                "an_hour": round(self.alerts_an_hour, 4),
                "interval": _interval(rates),
            },
        }

    def _persistent(self, share: float) -> Share:
        return Share.true(one.share >= share for one in self.lesions)

    def _within(self, place: int) -> Share:
        return Share.true(one.within[place] for one in self.lesions)


def false_alerts(false: FalseScores, threshold: float, fps: float) -> int:
    """How often a finding that overlaps no lesion comes up: again after more than ``SAME_ALERT_S`` without one."""
    when = false.indices[false.scores >= threshold]
    return int(when.size > 0) + int(np.count_nonzero(np.diff(when) > SAME_ALERT_S * fps + 1))


def curve(scores: ProcedureScores, fps: float) -> list[dict[str, Any]]:
    """Over ``GRID``: sensitivity for lesions in frames, false findings a frame, and false alerts an hour."""
    frames = len(scores.with_lesion) + len(scores.without)
    points = []
    for threshold in GRID:
        at = AtThreshold.of(scores, threshold, fps)
        points.append(
            {
                "threshold": threshold,
                "sensitivity": at.hits / at.views if at.views else 0.0,
                "false_a_frame": at.misses / frames if frames else 0.0,
                "flagged": at.without.count / at.without.of if at.without.of else 0.0,
                "alerts_an_hour": round(at.alerts_an_hour, 4),
                "lesions_found": sum(one.latency_frames is not None for one in at.lesions),
            }
        )
    return points


def _mean(values: Sequence[float]) -> dict[str, Any]:
    mean = round(float(np.mean(values)), 6) if values else None
    return {"mean": mean, "n": len(values), "interval": _interval(values)}


def _median(values: Sequence[float]) -> float | None:
    return round(float(np.median(values)), 6) if values else None


def _interval(values: Sequence[float]) -> list[float] | None:
    """None where all values are the same: resampling them tells nothing."""
    found = mean_interval(values) if len(set(values)) > 1 else None
    return None if found is None else [round(end, 6) for end in found]
