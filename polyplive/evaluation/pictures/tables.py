"""An evaluation's figures as text tables, for the terminal and for the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polyplive.evaluation.pictures.figures import SCORES
from polyplive.text_table import TextTable

if TYPE_CHECKING:
    from collections.abc import Mapping


def tables(figures: Mapping[str, Any]) -> list[TextTable]:
    """The tables of ``Evaluation.to_dict`` (with ``robustness``, if measured) that are not empty."""
    found = [_readings(figures), _groups(figures), _thresholds(figures), _robustness(figures.get("robustness", {}))]
    return [table for table in found if table.rows]


def sentences(figures: Mapping[str, Any]) -> list[str]:
    """The sentences beside the tables."""
    explanation, negatives = figures["explanation"], figures["negatives"]
    return [
        f"Boundary F-score {number(figures['boundary']['f_score'])};"
        f" false marks on {number(negatives['false_mark_rate'])} of {figures['n_negative']} pictures"
        f" without a polyp; probabilities are off by {number(figures['calibration']['expected_error'])} (ECE, pixels)",
        f"Grad-CAM: highest point in the polyp {number(explanation['pointing_game'])},"
        f" energy inside it {number(explanation['energy_inside'])},"
        f" correlation with the mask {number(explanation['mask_correlation'])}",
    ]


def number(value: float | None) -> str:
    """``value`` with four decimals, or a dash if it was not measured."""
    return "-" if value is None else f"{value:.4f}"


def _readings(figures: Mapping[str, Any]) -> TextTable:
    def row(label: str, values: Mapping[str, float | None]) -> tuple[str, ...]:
        return (label, *(number(values[name]) for name in SCORES))

    ends = figures["per_image_interval"]
    return TextTable(
        f"{figures['data']}: {figures['n']} pictures",
        ("reading", "IoU", "Dice", "precision", "recall"),
        (
            row("mean over pictures, polyp", figures["per_image"]),
            ("  95% interval", *(_interval(ends[name]) for name in SCORES)),
            row("all pixels together, polyp", figures["pooled"]),
            ("mean of polyp and background", number(figures["two_class"]["mean_iou"]), "", "", ""),
        ),
    )


def _groups(figures: Mapping[str, Any]) -> TextTable:
    """By size of the polyp, and by group of names where groups were asked for."""
    groups = {f"{name} ({_share(row['share'])})": row for name, row in figures["by_size"].items() if row["n_polyp"]}
    groups |= figures["by_group"]
    rows = [
        (
            name,
            str(group["n_polyp"]),
            number(group["iou"]),
            number(group["dice"]),
            _interval(group["interval"]["dice"]),
            number(group["found"]),
            str(group["n_negative"]),
            number(group["false_mark_rate"]),
        )
        for name, group in groups.items()
    ]
    head = ("pictures", "with a polyp", "IoU", "Dice", "Dice, 95%", "found", "without one", "marked")
    return TextTable("By the share of the picture that the polyp takes, and by group", head, tuple(rows))


def _thresholds(figures: Mapping[str, Any]) -> TextTable:
    """What other thresholds would mark; only if there are pictures with and without a polyp."""
    keys = ("polyps_marked", "polyps_touched", "negatives_marked")
    weighed = figures["thresholds"] if figures["n_polyp"] and figures["n_negative"] else []
    rows = [(f"{row['threshold']:g}", *(number(row[key]) for key in keys)) for row in weighed]
    return TextTable(
        "At other thresholds", ("threshold", "polyps: marked", "in its place", "without a polyp: marked"), tuple(rows)
    )


def _robustness(found: Mapping[str, Any]) -> TextTable:
    rows = [
        (
            name,
            number(row["dice"]),
            number(row["drop"]),
            _interval(row["interval"]),
            number(row["found"]),
            number(row["false_mark_rate"]),
        )
        for name, row in found.items()
    ]
    head = ("spoilt by", "Dice", "drop", "95% interval", "found", "without a polyp: marked")
    return TextTable("Spoilt pictures", head, tuple(rows))


def _share(ends: list[float]) -> str:
    low, high = ends
    if not low:
        return f"below {high:.0%}"
    return f"from {low:.0%}" if high >= 1 else f"{low:.0%} to {high:.0%}"


def _interval(ends: list[float] | None) -> str:
    return "-" if ends is None else f"{ends[0]:.3f} to {ends[1]:.3f}"
