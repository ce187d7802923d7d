"""Faithfulness as text tables, for the terminal and for the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polyplive.explanation.map_names import in_words
from polyplive.text_table import TextTable
from polyplive.wording import count_of, counted

if TYPE_CHECKING:
    from collections.abc import Mapping

_CHANGED = {
    "deletion": "deletion ↓",
    "insertion": "insertion ↑",
    "road_most_first": "ROAD, most relevant first ↓",
    "road_least_first": "ROAD, least relevant first ↑",
}
_PLACED = {
    "energy_inside": "energy inside",
    "energy_around": "around",
    "energy_elsewhere": "elsewhere",
    "rank_accuracy": "rank",
    "pointing_game": "highest point inside",
}
_SHAPED = {"stability": "stability ↑", "edge_rise_px": "edge, px ↓"}


def faithfulness_tables(figures: Mapping[str, Any]) -> list[TextTable]:
    """The tables of ``faithfulness_figures``."""
    pictures = f"{counted(figures['n'], 'picture')}, {figures['n_predicted']} with a prediction"
    maps: Mapping[str, Any] = figures["maps"]
    grid = figures["grid_rise_px"]

    def table(title: str, columns: Mapping[str, str]) -> TextTable:
        rows = ((in_words(name).title, *(_with_interval(row[key]) for key in columns)) for name, row in maps.items())
        return TextTable(title, ("map", *columns.values()), tuple(rows))

    shaped = table("Heatmaps: steadiness and sharpness", _SHAPED)
    finer = ((*cells, _finer(grid, row["edge_rise_px"])) for cells, row in zip(shaped.rows, maps.values(), strict=True))
    return [
        table(f"Heatmaps: the score as pixels go in their order (↓ less is better; {pictures})", _CHANGED),
        table("Heatmaps: where their energy lies", _PLACED),
        TextTable(shaped.title, (*shaped.head, "finer than the encoder's grid"), tuple(finer)),
        _differences(figures["differences"]),
        _randomised(figures["randomised"], list(maps)),
    ]


def _differences(found: Mapping[str, Any]) -> TextTable:
    rows = [
        (f"{in_words(name).title} - {control}", *(_with_interval(row[key], "+") for key in _CHANGED))
        for name, controls in found.items()
        for control, row in controls.items()
    ]
    head = ("map - control", *_CHANGED.values())
    return TextTable("Heatmaps: difference to the controls, picture by picture", head, tuple(rows))


def _randomised(stages: list[Mapping[str, Any]], names: list[str]) -> TextTable:
    names = [name for name in names if all(name in stage["maps"] for stage in stages)]
    rows = [
        (f"{stage['layers']} of {stage['of']}", *(_alike(stage["maps"][name]) for name in names)) for stage in stages
    ]
    return TextTable(
        "Heatmaps: rank correlation with those of randomised weights ↓",
        ("layers randomised", *(in_words(name).title for name in names)),
        tuple(rows),
    )


def _alike(found: Mapping[str, Any]) -> str:
    """The mean, and where pictures had no map at all how many had one."""
    mean = "-" if found["mean"] is None else f"{found['mean']:z.2f}"
    return mean if found["n"] == found["of"] else f"{mean} ({count_of(found['n'], found['of'])} with a map)"


def _with_interval(found: Mapping[str, Any], sign: str = "") -> str:
    if found["mean"] is None:
        return "-"
    digits = 2 if abs(found["mean"]) >= 2 else 3
    mean = f"{found['mean']:{sign}z.{digits}f}"
    if found["interval"] is None:
        return mean
    low, high = (f"{end:{sign}z.{digits}f}" for end in found["interval"])
    return f"{mean} ({low} to {high})"


def _finer(grid_rise: float, rise: Mapping[str, Any]) -> str:
    return "-" if not rise["mean"] else f"{grid_rise / rise['mean']:.1f} x"
