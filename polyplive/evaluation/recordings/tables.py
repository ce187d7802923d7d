"""The figures of an evaluated recording as text tables, for the terminal and for the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polyplive.evaluation.pictures.tables import share_of, share_within
from polyplive.text_table import TextTable
from polyplive.wording import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

_WHAT = {"detected": "polyp", "false_marks": "other", "flicker": "flicker"}
_WAYS = ("at_once", "withheld")


def recording_tables(figures: Mapping[str, Any]) -> list[TextTable]:
    """The tables of ``RecordingEvaluation.to_dict`` that are not empty."""
    found = [_shares(figures), _appearances(figures), _thresholds(figures)]
    return [table for table in found if table.rows]


def recording_sentence(figures: Mapping[str, Any]) -> str:
    """The sentence that says when a mark counts."""
    if figures["has_masks"]:
        return "A polyp counts as outlined where a mark touches its mask"
    return "Where the polyp lies is not known: in a frame with one in view, any mark counts as its outline"


def _shares(figures: Mapping[str, Any]) -> TextTable:
    alarms, lost = figures["alarms"], figures.get("lost", {})
    shown = f"findings shown after {counted(figures['min_frames'], 'frame')} of evidence"
    return TextTable(
        f"{figures['data']}: {counted(figures['n'], 'frame')}, {shown}",
        ("figure", "value", "of"),
        (
            ("polyp outlined", share_of(figures["detected"]), "frames with a polyp"),
            ("something else marked", share_of(figures["false_marks"]), "frames without"),
            ("flicker", share_of(figures["flicker"]), "steps between frames with the same label"),
            ("false alarms", str(alarms["n"]), f"the longest of {counted(alarms['longest'], 'frame')}"),
            *((f"lost frames, {cause}", str(count), "not seen, counted nowhere") for cause, count in lost.items()),
        ),
    )


def _appearances(figures: Mapping[str, Any]) -> TextTable:
    rows = [
        (
            f"{run['first']} to {run['last']}",
            share_of(run["shown"]),
            "never" if run["delay"] is None else counted(run["delay"], "frame"),
        )
        for run in figures["appearances"]
    ]
    return TextTable("Each time that a polyp came into view", ("frames", "outlined", "first after"), tuple(rows))


def _thresholds(figures: Mapping[str, Any]) -> TextTable:
    """The heads say of how many: a cell has room for the count and its share."""
    when = {"at_once": "at once", "withheld": f"after {figures['min_frames']}"}
    head = [f"{what},\n{when[way]}\n(of {figures[key]['of']})" for way in _WAYS for key, what in _WHAT.items()]
    rows = [
        (f"{at['threshold']:g}", *(share_within(at[way][key]) for way in _WAYS for key in _WHAT))
        for at in figures["thresholds"]
    ]
    title = "At other thresholds: polyp outlined, something else marked, flicker"
    return TextTable(title, ("threshold", *head), tuple(rows))
