"""Evaluates findings in whole procedures: our own figures, and the protocol TRUE-Colon beside them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from polyplive import __version__
from polyplive.errors import DataError
from polyplive.evaluation.procedures.figures import AS_SHOWN, SCHEMA, AtThreshold, LesionFigures, curve
from polyplive.evaluation.procedures.protocol import OperatingPoint, differences, match_operating_point, run_protocol
from polyplive.evaluation.procedures.scores import score_procedures
from polyplive.stats import Distribution

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polyplive.evaluation.procedures.boxes import Found, Truth


@dataclass(frozen=True, slots=True)
class Validation:
    """Another recording, on which the operating point is matched at ``target_fpr``.

    ``is_same`` says that it is no other: what is matched and measured on one recording looks too good.
    """

    truth: Truth
    found: Found
    target_fpr: float
    is_same: bool = False


def evaluate_procedures(
    truth: Truth,
    found: Found,
    facts: dict[str, Any],
    *,
    fps: float | None = None,
    validation: Validation | None = None,
    delays_ms: Sequence[float] | None = None,
) -> dict[str, Any]:
    """The evaluation as in its JSON file; ``facts`` are put in front.

    ``fps`` None is the truth's or the events' own. Without ``validation`` every finding counts, as it was shown.
    ``delays_ms`` are those of results, None: the findings' own. Raises ``DataError``.
    """
    rate = fps or truth.fps or found.fps
    if rate is None:
        raise DataError("Nothing says how many frames a second has", "Add --fps.")
    point = None
    if validation is not None:
        point = match_operating_point(validation.truth, validation.found, rate, validation.target_fpr)
    threshold = AS_SHOWN if point is None else point.threshold
    scores = score_procedures(truth, found)
    ours, points = AtThreshold.of(scores, threshold, rate), curve(scores, rate)
    theirs = run_protocol(truth, found, rate, threshold)
    return {
        "schema": SCHEMA,
        "kind": "procedures",
        **facts,
        "version": __version__,
        "measured": datetime.now().astimezone().isoformat(timespec="seconds"),
        "model": found.model or None,
        "model_sha256": found.model_sha256 or None,
        "fps": rate,
        "procedures": list(truth.procedures),
        "frames": len(truth.frames),
        "analysed": found.analysed,
        "findings": sum(len(items) for items in found.frames.values()),
        "operating_point": None
        if point is None or validation is None
        else _told(point) | {"is_same": validation.is_same},
        **ours.as_json(),
        **_delayed(ours, found.annotation_ms if delays_ms is None else delays_ms),
        "lesion_records": [_record(one, rate) for one in _sorted(ours)],
        "curve": points,
        "true_colon": theirs,
        "differences": differences(ours, points, theirs),
    }


def _told(point: OperatingPoint) -> dict[str, Any]:
    return {name: round(value, 6) if isinstance(value, float) else value for name, value in asdict(point).items()}


def _delayed(ours: AtThreshold, delays_ms: Sequence[float]) -> dict[str, Any]:
    """How late results were, and latencies with that: in the mean, with the median and with the 99th percentile."""
    delays = Distribution.of(list(delays_ms))
    if delays is None:
        return {"annotation_delay_ms": None, "shown_latency_s": None}
    latencies = ours.latencies_s
    mean = sum(latencies) / len(latencies) if latencies else None
    shown = None
    if mean is not None:
        shown = {"mean_p50": round(mean + delays.p50 / 1e3, 6), "mean_p99": round(mean + delays.p99 / 1e3, 6)}
    return {"annotation_delay_ms": delays.rounded(), "shown_latency_s": shown}


def _sorted(ours: AtThreshold) -> list[LesionFigures]:
    return sorted(ours.lesions, key=lambda one: (one.procedure, one.first_frame, one.name))


def _record(one: LesionFigures, fps: float) -> dict[str, Any]:
    latency = one.latency_frames
    return {
        "name": one.name,
        "procedure": one.procedure,
        "first_frame": one.first_frame,
        "seen": one.seen.as_json(),
        "latency_frames": latency,
        "latency_s": None if latency is None else round(latency / fps, 6),
        "within": list(one.within),
    }
