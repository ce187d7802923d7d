"""The results of an evaluation for each picture, and the figures computed from them."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from functools import reduce
from operator import add
from typing import TYPE_CHECKING, Any

import numpy as np

from polyplive.evaluation.bootstrap import mean_interval
from polyplive.evaluation.metrics import BOUNDARY_TOLERANCE, Counts
from polyplive.stats import Share

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from polyplive.evaluation.calibration import Reliability
    from polyplive.evaluation.pictures.pointing import Pointing

SCHEMA = 2

THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98)
"""The thresholds at which marked pictures are counted."""

SIZES = {"small": (0.0, 0.05), "medium": (0.05, 0.2), "large": (0.2, 1.01)}
"""Sizes of polyps as a share of the picture: from, and below."""

SCORES = ("iou", "dice", "precision", "recall")
"""The scores, by their names in ``Counts`` and in the JSON."""


@dataclass(frozen=True, slots=True)
class MarksAtThreshold:
    """Marks in a picture at one threshold: whether there is any (``marked``), and whether one ``touches`` a polyp."""

    marked: bool
    touches: bool


@dataclass(frozen=True, slots=True)
class ImageResult:
    """The results of one picture.

    ``boundary`` and ``pointing`` are None without a polyp. ``marks`` has one entry for each of ``THRESHOLDS``.
    """

    stem: str
    has_polyp: bool
    marked: bool
    counts: Counts
    boundary: float | None
    pointing: Pointing | None
    marks: tuple[MarksAtThreshold, ...]
    reliability: Reliability

    @property
    def polyp_share(self) -> float:
        """The true polyp's share of the picture, 0 to 1."""
        counts = self.counts
        return (counts.tp + counts.fn) / max(counts.tp + counts.fp + counts.fn + counts.tn, 1)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The results of all pictures, at least one, and the names of skipped ones."""

    results: tuple[ImageResult, ...]
    problems: tuple[str, ...]
    facts: dict[str, Any] = field(default_factory=dict)

    def to_dict(self, group_by: re.Pattern[str] | None = None) -> dict[str, Any]:
        """The evaluation as in its JSON file. A mean over no pictures is None.

        ``group_by`` is searched in each name: its first group, or all that it matches, is the group's name; pictures
        without a match are ``other``.
        """
        polyps = [result for result in self.results if result.has_polyp]
        empty = [result for result in self.results if not result.has_polyp]
        pooled = sum((result.counts for result in self.results), Counts(0, 0, 0, 0))
        return {
            "schema": SCHEMA,
            "kind": "pictures",
            **self.facts,
            "n": len(self.results),
            "n_polyp": len(polyps),
            "n_negative": len(empty),
            "skipped": list(self.problems),
            "per_image": _means([_scores(result.counts) for result in polyps]),
            "per_image_interval": _intervals([_scores(result.counts) for result in polyps]),
            "pooled": _scores(pooled),
            "two_class": {"mean_iou": round((pooled.iou + pooled.background_iou) / 2, 5)},
            "boundary": {
                "f_score": _mean([result.boundary for result in polyps if result.boundary is not None]),
                "tolerance": BOUNDARY_TOLERANCE,
            },
            **_marked(polyps, empty),
            "thresholds": _curve(polyps, empty),
            "by_size": {
                name: {"share": [low, min(high, 1.0)]} | _group([r for r in polyps if low <= r.polyp_share < high])
                for name, (low, high) in SIZES.items()
            },
            "by_group": _by_group(self.results, group_by) if group_by is not None else {},
            "calibration": reduce(add, [result.reliability for result in self.results]).as_json(),
            "explanation": _explanation([result.pointing for result in polyps]),
            "images": [_row(result) for result in self.results],
        }


def robustness(plain: Evaluation, spoilt: Evaluation) -> dict[str, Any]:
    """The effect of a disturbance: Dice with it, and the mean drop per picture with its interval.

    Both evaluations are of the same folder. A picture whose polyp was moved out of view is not counted.
    """
    both = list(zip(plain.results, spoilt.results, strict=True))
    pairs = [(a, b) for a, b in both if a.has_polyp and b.has_polyp]
    drops = [a.counts.dice - b.counts.dice for a, b in pairs]
    ends = mean_interval(drops)
    return {
        "n_polyp": len(pairs),
        "dice": _mean([b.counts.dice for _, b in pairs]),
        "drop": _mean(drops),
        "interval": [round(end, 5) for end in ends] if ends else None,
        **_marked([b for _, b in pairs], [b for a, b in both if not a.has_polyp]),
    }


def _curve(polyps: Sequence[ImageResult], empty: Sequence[ImageResult]) -> list[dict[str, Any]]:
    """For each threshold: how many of the pictures are marked.

    Pictures with a polyp are counted as marked anywhere and as marked on the polyp, those without one as marked.
    """

    def share(results: Sequence[ImageResult], place: int, what: Callable[[MarksAtThreshold], bool]) -> dict[str, Any]:
        return Share.true(what(result.marks[place]) for result in results).as_json()

    return [
        {
            "threshold": threshold,
            "polyps_marked": share(polyps, place, lambda marks: marks.marked),
            "polyps_touched": share(polyps, place, lambda marks: marks.touches),
            "negatives_marked": share(empty, place, lambda marks: marks.marked),
        }
        for place, threshold in enumerate(THRESHOLDS)
    ]


def _by_group(results: Sequence[ImageResult], pattern: re.Pattern[str]) -> dict[str, Any]:
    groups: dict[str, list[ImageResult]] = {}
    for result in results:
        match = pattern.search(result.stem)
        name = (match[1] if pattern.groups else match[0]) if match else None
        groups.setdefault(name or "other", []).append(result)
    return {name: _group(groups[name]) for name in sorted(groups)}


def _group(results: Sequence[ImageResult]) -> dict[str, Any]:
    """Figures of a group of pictures: scores for those with a polyp, false marks for those without."""
    polyps = [result for result in results if result.has_polyp]
    empty = [result for result in results if not result.has_polyp]
    scores = [_scores(result.counts) for result in polyps]
    return {
        "n_polyp": len(polyps),
        "n_negative": len(empty),
        **_means(scores),
        "interval": _intervals(scores),
        **_marked(polyps, empty),
    }


def _marked(polyps: Sequence[ImageResult], empty: Sequence[ImageResult]) -> dict[str, dict[str, Any]]:
    """How many polyps were found, by a pixel at least, and how many pictures without one were marked."""
    return {
        "found": Share.true(result.counts.tp > 0 for result in polyps).as_json(),
        "false_marks": Share.true(result.marked for result in empty).as_json(),
    }


def _intervals(rows: list[dict[str, float]]) -> dict[str, list[float] | None]:
    found = {name: mean_interval([row[name] for row in rows]) for name in SCORES}
    return {name: [round(end, 5) for end in ends] if ends else None for name, ends in found.items()}


def _scores(counts: Counts) -> dict[str, float]:
    return {name: round(getattr(counts, name), 5) for name in SCORES}


def _mean(values: list[float]) -> float | None:
    return round(float(np.mean(values)), 5) if values else None


def _means(rows: list[dict[str, float]]) -> dict[str, float | None]:
    return {name: _mean([row[name] for row in rows]) for name in SCORES}


def _explanation(found: list[Pointing | None]) -> dict[str, Any]:
    maps = [pointing for pointing in found if pointing is not None]
    return {
        "n": len(maps),
        "pointing_game": Share.true(pointing.hit for pointing in maps).as_json(),
        "energy_inside": _mean([pointing.energy_inside for pointing in maps]),
        "mask_correlation": _mean([pointing.mask_correlation for pointing in maps]),
    }


def _row(result: ImageResult) -> dict[str, Any]:
    row: dict[str, Any] = {"stem": result.stem, "marked": result.marked, **_scores(result.counts)}
    if result.boundary is not None:
        row["boundary_f"] = round(result.boundary, 5)
    if result.pointing is not None:
        row["explanation"] = asdict(result.pointing)
    return row
