"""What following a recording found, as tables of words, for the terminal and for the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polyplive.evaluation_tables import Words, number

if TYPE_CHECKING:
    from collections.abc import Mapping


def recording_tables(figures: Mapping[str, Any]) -> list[Words]:
    """Those of ``RecordingEvaluation.to_dict`` that have something to say."""
    found = [_rates(figures), _appearances(figures), _thresholds(figures)]
    return [table for table in found if table.rows]


def recording_sentence(figures: Mapping[str, Any]) -> str:
    """What a mark has to do to count."""
    if figures["has_masks"]:
        return "A polyp counts as outlined where a mark touches its mask"
    return "Where the polyp lies is not known: in a frame with one in view, any mark counts as its outline"


def _rates(figures: Mapping[str, Any]) -> Words:
    alarms, lost = figures["alarms"], figures.get("lost", {})
    return Words(
        f"{figures['data']}: {figures['n']} frames, findings shown after {figures['min_frames']} sure ones",
        ("figure", "value", "of"),
        (
            ("polyp outlined", number(figures["detection_rate"]), f"{figures['n_polyp']} frames with a polyp"),
            ("something else marked", number(figures["false_mark_rate"]), f"{figures['n_negative']} frames without"),
            ("flicker", number(figures["flicker"]), "steps between frames with the same label"),
            ("false alarms", str(alarms["n"]), f"the longest of {_frames(alarms['longest'])}"),
            *((f"lost frames, {cause}", str(count), "not seen, counted nowhere") for cause, count in lost.items()),
        ),
    )


def _appearances(figures: Mapping[str, Any]) -> Words:
    rows = [
        (
            f"{run['first']} to {run['last']}",
            number(run["shown"]),
            "never" if run["delay"] is None else _frames(run["delay"]),
        )
        for run in figures["appearances"]
    ]
    return Words("Each time that a polyp came into view", ("frames", "outlined", "first after"), tuple(rows))


def _thresholds(figures: Mapping[str, Any]) -> Words:
    keys = ("detection_rate", "false_mark_rate", "flicker")
    rows = [
        (f"{at['threshold']:g}", *(number(at[way][key]) for way in ("at_once", "withheld") for key in keys))
        for at in figures["thresholds"]
    ]
    after = f"after {figures['min_frames']}"
    head = ("threshold", *(f"{what}, {when}" for when in ("at once", after) for what in ("polyp", "other", "flicker")))
    return Words("At other thresholds: polyp outlined, something else marked, flicker", head, tuple(rows))


def _frames(count: int) -> str:
    return "1 frame" if count == 1 else f"{count} frames"
