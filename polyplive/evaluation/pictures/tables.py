"""An evaluation's figures as text tables, for the terminal and for the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polyplive.evaluation.heatmaps.tables import faithfulness_tables
from polyplive.evaluation.pictures.figures import SCORES
from polyplive.text_table import TextTable
from polyplive.wording import count_of, count_with_share, counted

if TYPE_CHECKING:
    from collections.abc import Mapping


def tables(figures: Mapping[str, Any]) -> list[TextTable]:
    """The tables of ``Evaluation.to_dict``, with ``robustness`` and ``faithfulness`` if measured, but empty ones."""
    found = [
        _readings(figures),
        _marks(figures),
        _groups(figures),
        _thresholds(figures),
        _robustness(figures.get("robustness", {})),
        *(faithfulness_tables(faithfulness) if (faithfulness := figures["explanation"].get("faithfulness")) else ()),
    ]
    return [table for table in found if table.rows]


def sentences(figures: Mapping[str, Any]) -> list[str]:
    """The sentences beside the tables."""
    explanation = figures["explanation"]
    seen = ["Pictures were seen whole, as is usual for data sets; replay looks for the field of view (--roi auto)"]
    faithfulness = explanation.get("faithfulness")
    took = f"The heatmaps' measures took {faithfulness['seconds']:.0f} s" if faithfulness else ""
    return [
        *(seen if figures["roi"] == "none" else ()),
        f"Boundary F-score {number(figures['boundary']['f_score'])};"
        f" probabilities are off by {number(figures['calibration']['expected_error'])} (ECE, pixels)",
        f"Heatmap: highest point in the polyp {share_of(explanation['pointing_game'])},"
        f" energy inside it {number(explanation['energy_inside'])},"
        f" correlation with the mask {number(explanation['mask_correlation'])}",
        *([took] if took else ()),
    ]


def number(value: float | None) -> str:
    """``value`` with four decimals, or a dash if it was not measured."""
    return "-" if value is None else f"{value:.4f}"


def share_of(share: Mapping[str, Any]) -> str:
    """A share as JSON has it: ``1 of 5 (20 %)``."""
    return count_of(share["count"], share["of"])


def share_within(share: Mapping[str, Any]) -> str:
    """The same where the head of the column says of how many: ``1 (20 %)``."""
    return count_with_share(share["count"], share["of"])


def _readings(figures: Mapping[str, Any]) -> TextTable:
    def row(label: str, values: Mapping[str, float | None]) -> tuple[str, ...]:
        return (label, *(number(values[name]) for name in SCORES))

    ends = figures["per_image_interval"]
    return TextTable(
        f"{figures['data']}: {counted(figures['n'], 'picture')}",
        ("reading", "IoU", "Dice", "precision", "recall"),
        (
            row("mean over pictures, polyp", figures["per_image"]),
            ("  95 % interval", *(_interval(ends[name]) for name in SCORES)),
            row("all pixels together, polyp", figures["pooled"]),
            ("mean of polyp and background", number(figures["two_class"]["mean_iou"]), "", "", ""),
        ),
    )


def _marks(figures: Mapping[str, Any]) -> TextTable:
    rows = (
        ("polyps found, by a pixel at least", share_of(figures["found"])),
        ("pictures without a polyp, marked", share_of(figures["false_marks"])),
    )
    return TextTable(f"Marks at threshold {figures['threshold']:g}", ("what", "pictures"), rows)


def _groups(figures: Mapping[str, Any]) -> TextTable:
    """By size of the polyp, and by group of names where groups were asked for."""
    groups = {f"{name} ({_sizes(row['share'])})": row for name, row in figures["by_size"].items() if row["n_polyp"]}
    groups |= figures["by_group"]
    rows = [
        (
            name,
            number(group["iou"]),
            number(group["dice"]),
            _interval(group["interval"]["dice"]),
            share_of(group["found"]),
            share_of(group["false_marks"]),
        )
        for name, group in groups.items()
    ]
    head = ("pictures", "IoU", "Dice", "Dice, 95 %", "polyps found", "without a polyp: marked")
    return TextTable("By the share of the picture that the polyp takes, and by group", head, tuple(rows))


def _thresholds(figures: Mapping[str, Any]) -> TextTable:
    """What other thresholds would mark; only if there are pictures with and without a polyp."""
    keys = ("polyps_marked", "polyps_touched", "negatives_marked")
    weighed = figures["thresholds"] if figures["n_polyp"] and figures["n_negative"] else []
    rows = [(f"{row['threshold']:g}", *(share_of(row[key]) for key in keys)) for row in weighed]
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
            share_of(row["found"]),
            share_of(row["false_marks"]),
        )
        for name, row in found.items()
    ]
    head = ("spoilt by", "Dice", "drop", "95 % interval", "polyps found", "without a polyp: marked")
    return TextTable("Spoilt pictures", head, tuple(rows))


def _sizes(ends: list[float]) -> str:
    low, high = (f"{100 * end:.0f} %" for end in ends)
    if not ends[0]:
        return f"below {high}"
    return f"from {low}" if ends[1] >= 1 else f"{low} to {high}"


def _interval(ends: list[float] | None) -> str:
    return "-" if ends is None else f"{ends[0]:.3f} to {ends[1]:.3f}"
