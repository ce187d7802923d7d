"""The protocol TRUE-Colon, run by its authors' own package (extra ``procedures``)."""

from __future__ import annotations

import contextlib
import importlib.util
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from polyplive.errors import DataError, MissingDependency, text_of
from polyplive.evaluation.procedures.boxes import FrameKey
from polyplive.evaluation.procedures.figures import AS_SHOWN, GRID, WINDOWS_S, half_a_second

if TYPE_CHECKING:
    from collections.abc import Iterator

    from polyplive.evaluation.procedures.boxes import Found, Truth
    from polyplive.evaluation.procedures.figures import AtThreshold

TARGET_FPR = 0.045
"""The share of frames without a lesion that may be flagged: TRUE-Colon's operating point."""
_TIERS = frozenset({"coco", "detection", "frame", "lesion", "froc", "afroc"})


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """A threshold, matched on a validation recording: what it flags there of the frames without a lesion.

    ``is_matched`` is False where no threshold comes near to ``target_fpr``.
    """

    threshold: float
    target_fpr: float
    achieved_fpr: float
    achieved_tpr: float
    is_matched: bool


def check_installed() -> None:
    """Raise ``MissingDependency`` where the package is not installed."""
    if importlib.util.find_spec("true_colon") is None:
        raise MissingDependency(
            "'evaluate-procedures' needs true-colon, not installed here",
            "Install with: pip install 'polyplive[procedures]' (in a checkout: pip install -e '.[procedures]').",
        )


def match_operating_point(truth: Truth, found: Found, fps: float, target_fpr: float = TARGET_FPR) -> OperatingPoint:
    """The lowest threshold that flags at most ``target_fpr`` of the frames without a lesion. Raises ``DataError``.

    The recording must be another one than that which is evaluated.
    """
    with _quiet():
        matched = _evaluator(fps, 0.5).match_operating_point(
            _ground_truth(truth), _results(truth, found), target_fpr=target_fpr
        )
    rates = matched.achieved_fpr, matched.achieved_tpr
    return OperatingPoint(max(matched.threshold, AS_SHOWN), target_fpr, *rates, matched.feasible)


def run_protocol(truth: Truth, found: Found, fps: float, threshold: float) -> dict[str, Any]:
    """Every tier of it at ``threshold``, as its ``result_to_dict`` says, with the package's version.

    Raises ``DataError``.
    """
    import true_colon

    with _quiet():
        result = _evaluator(fps, threshold).evaluate(_ground_truth(truth), _results(truth, found))
        said: dict[str, Any] = true_colon.result_to_dict(result)
    return {"version": true_colon.__version__, **said}


def differences(ours: AtThreshold, curve: list[dict[str, Any]], theirs: dict[str, Any]) -> list[str]:
    """Where the protocol's figures are not ours: nothing, unless one of the two is wrong."""
    frame, lesion, summary = theirs["frame"], theirs["lesion"], theirs["lesion"]["summary"]
    latencies = {one["lesion_id"]: one["latency_frames"] for one in lesion["records"]}
    pairs = {
        "frames with a lesion found": (ours.with_lesion.count, frame["tp"]),
        "frames with a lesion": (ours.with_lesion.of, frame["tp"] + frame["fn"]),
        "frames without that are flagged": (ours.without.count, frame["fp"]),
        "frames without": (ours.without.of, frame["fp"] + frame["tn"]),
        "lesions": (len(ours.lesions), summary["n_lesions"]),
        "lesions found": (len(ours.latencies_s), summary["detected_any"]),
        "frames of each lesion": (
            {one.name: one.seen.count for one in ours.lesions},
            {one["lesion_id"]: one["n_frames_detected"] for one in lesion["records"]},
        ),
        "latencies": ({one.name: one.latency_frames for one in ours.lesions}, latencies),
        **{
            f"lesions found within {seconds} s": (
                sum(one.within[place] for one in ours.lesions),
                summary[f"detected_within_{seconds}s"],
            )
            for place, seconds in enumerate(WINDOWS_S)
        },
        "sensitivity over thresholds": ([point["sensitivity"] for point in curve], theirs["froc"]["tpr_loc"]),
        "false findings a frame": ([point["false_a_frame"] for point in curve], theirs["froc"]["fp_per_image"]),
        "flagged frames over thresholds": ([point["flagged"] for point in curve], theirs["afroc"]["fpf"]),
    }
    return [f"{what}: {mine} here, {other} there" for what, (mine, other) in pairs.items() if mine != other]


def _evaluator(fps: float, threshold: float) -> Any:
    import true_colon

    lesion = true_colon.LesionConfig(
        fps=fps, min_detected_frames_in_window=half_a_second(fps), latency_windows_seconds=WINDOWS_S
    )
    return true_colon.create_evaluator(
        canonicalizer="stem_int_suffix",
        config=true_colon.EvaluationConfig(
            conf=threshold, tiers=_TIERS, lesion=lesion, conf_grid=GRID, max_det_per_image=None
        ),
    )


def _ground_truth(truth: Truth) -> dict[str, Any]:
    numbers = {key: number for number, key in enumerate(truth.frames, 1)}
    annotations: list[dict[str, Any]] = []
    for key, seen in truth.frames.items():
        for lesion in seen:
            about = {"unique_id": lesion.name, "area": lesion.box[2] * lesion.box[3], "iscrowd": 0}
            place = {"image_id": numbers[key], "bbox": list(lesion.box), "category_id": 1}
            annotations.append({"id": len(annotations) + 1, **place, **about})
    images = [{"id": number, "file_name": f"{key.text}.png"} for key, number in numbers.items()]
    return {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "polyp"}]}


def _results(truth: Truth, found: Found) -> list[dict[str, Any]]:
    return [
        {"image_id": _name(key), "category_id": 1, "bbox": list(one.box), "score": one.score}
        for key, items in found.frames.items()
        if key in truth.frames
        for one in items
    ]


def _name(key: FrameKey) -> str:
    return f"{key.text}.png"


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Its notices go nowhere, and its refusals become a ``DataError``."""
    logger = logging.getLogger("true_colon")
    logger.propagate = False
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
    try:
        yield
    except ValueError as error:
        raise DataError(f"TRUE-Colon refuses the recording: {text_of(error)}", "See docs/evaluate.md.") from None
