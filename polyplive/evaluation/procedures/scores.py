"""Findings held against the truth, once: what is left is compared with any threshold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from polyplive.evaluation.procedures.boxes import FrameKey, overlap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from polyplive.evaluation.procedures.boxes import Finding, Found, SeenLesion, Truth


@dataclass(frozen=True, slots=True, eq=False)
class LesionScores:
    """A lesion's frames: their numbers (int64 [N], rising), and how probable the best finding on it is in each.

    ``scores`` is float64 [N], 0 where no finding overlaps it.
    """

    name: str
    procedure: str
    indices: NDArray[np.int64]
    scores: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class FalseScores:
    """A procedure's frames: numbers (int64 [N], rising), and the best score of the findings that overlap no lesion."""

    procedure: str
    indices: NDArray[np.int64]
    scores: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class ProcedureScores:
    """Everything that figures are made of; scores are float64, 0 for none.

    ``with_lesion`` has a score for each frame with a lesion: of the best finding that overlaps one. ``without`` has one
    for each frame without: of the best finding. ``hits`` and ``misses`` have the scores of single findings: of those
    that claimed a lesion of their frame, which each lesion grants once, and of all others. ``views`` counts lesions in
    frames.
    """

    with_lesion: NDArray[np.float64]
    without: NDArray[np.float64]
    lesions: tuple[LesionScores, ...]
    false: tuple[FalseScores, ...]
    hits: NDArray[np.float64]
    misses: NDArray[np.float64]
    views: int


def score_procedures(truth: Truth, found: Found) -> ProcedureScores:
    """Hold ``found`` against ``truth``. Any overlap of two boxes counts, as in the protocol of TRUE-Colon.

    (Doerrich et al., "TRUE-Colon", MICCAI EndoLINA 2026.)
    """
    with_lesion, without, hits, misses = [], [], list[float](), list[float]()
    lesions: dict[str, list[tuple[FrameKey, float]]] = {}
    false: dict[str, list[tuple[int, float]]] = {}
    for key, seen in truth.frames.items():
        findings = found.frames.get(key, [])
        touching = [_best(findings, lesion) for lesion in seen]
        for lesion, score in zip(seen, touching, strict=True):
            lesions.setdefault(lesion.name, []).append((key, score))
        if seen:
            with_lesion.append(max(touching))
        else:
            without.append(max((one.score for one in findings), default=0.0))
        apart = (one.score for one in findings if not any(overlap(one.box, lesion.box) > 0 for lesion in seen))
        false.setdefault(key.procedure, []).append((key.index, max(apart, default=0.0)))
        _claim(findings, seen, hits, misses)
    return ProcedureScores(
        np.array(with_lesion, np.float64),
        np.array(without, np.float64),
        tuple(_lesion(name, lesions[name]) for name in sorted(lesions)),
        tuple(_false(name, false[name]) for name in sorted(false)),
        np.array(hits, np.float64),
        np.array(misses, np.float64),
        sum(len(seen) for seen in truth.frames.values()),
    )


def _best(findings: Sequence[Finding], lesion: SeenLesion) -> float:
    return max((one.score for one in findings if overlap(one.box, lesion.box) > 0), default=0.0)


def _claim(findings: Sequence[Finding], seen: Sequence[SeenLesion], hits: list[float], misses: list[float]) -> None:
    """The most probable finding first, each takes the free lesion that it overlaps most."""
    free = list(seen)
    for one in sorted(findings, key=lambda one: (-one.score, one.box)):
        best = max(free, key=lambda lesion: overlap(one.box, lesion.box), default=None)
        if best is not None and overlap(one.box, best.box) > 0:
            free.remove(best)
            hits.append(one.score)
        else:
            misses.append(one.score)


def _lesion(name: str, seen: list[tuple[FrameKey, float]]) -> LesionScores:
    """A lesion that has two boxes in a frame is found there by a finding on either."""
    best: dict[int, float] = {}
    for key, score in seen:
        best[key.index] = max(score, best.get(key.index, 0.0))
    return LesionScores(name, seen[0][0].procedure, np.array(list(best), np.int64), np.array(list(best.values())))


def _false(procedure: str, frames: list[tuple[int, float]]) -> FalseScores:
    indices, scores = zip(*frames, strict=True)
    return FalseScores(procedure, np.array(indices, np.int64), np.array(scores, np.float64))
