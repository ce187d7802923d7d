"""The figures of an evaluated recording as text tables, for the terminal and for the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polyplive.evaluation.pictures.tables import number
from polyplive.text_table import TextTable

if TYPE_CHECKING:
    from collections.abc import Mapping


def recording_tables(figures: Mapping[str, Any]) -> list[TextTable]:
    """The tables of ``RecordingEvaluation.to_dict`` that are not empty."""
    found = [_rates(figures), _appearances(figures), _thresholds(figures)]
    return [table for table in found if table.rows]


def recording_sentence(figures: Mapping[str, Any]) -> str:
    """The sentence that says when a mark counts."""
    if figures["has_masks"]:
        return "A polyp counts as outlined where a mark touches its mask"
    return "Where the polyp lies is not known: in a frame with one in view, any mark counts as its outline"


def _rates(figures: Mapping[str, Any]) -> TextTable:
    alarms, lost = figures["alarms"], figures.get("lost", {})
    return TextTable(
        f"{figures['data']}: {figures['n']} frames, findings shown after {figures['min_frames']} frames of evidence",
        ("figure", "value", "of"),
        (
            ("polyp outlined", number(figures["detection_rate"]), f"{figures['n_polyp']} frames with a polyp"),
            ("something else marked", number(figures["false_mark_rate"]), f"{figures['n_negative']} frames without"),
            ("flicker", number(figures["flicker"]), "steps between frames with the same label"),
            ("false alarms", str(alarms["n"]), f"the longest of {_frames(alarms['longest'])}"),
            *((f"lost frames, {cause}", str(count), "not seen, counted nowhere") for cause, count in lost.items()),
        ),
    )


def _appearances(figures: Mapping[str, Any]) -> TextTable:
    rows = [
        (
            f"{run['first']} to {run['last']}",
            number(run["shown"]),
            "never" if run["delay"] is None else _frames(run["delay"]),
        )
        for run in figures["appearances"]
    ]
    return TextTable("Each time that a polyp came into view", ("frames", "outlined", "first after"), tuple(rows))


def _thresholds(figures: Mapping[str, Any]) -> TextTable:
    keys = ("detection_rate", "false_mark_rate", "flicker")
    rows = [
        (f"{at['threshold']:g}", *(number(at[way][key]) for way in ("at_once", "withheld") for key in keys))
        for at in figures["thresholds"]
    ]
    after = f"after {figures['min_frames']}"
    head = ("threshold", *(f"{what}, {when}" for when in ("at once", after) for what in ("polyp", "other", "flicker")))
    return TextTable("At other thresholds: polyp outlined, something else marked, flicker", head, tuple(rows))


def _frames(count: int) -> str:
    return "1 frame" if count == 1 else f"{count} frames"
