"""Faithfulness in figures: means with intervals, differences to the controls, as in the JSON file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polyplive.evaluation.bootstrap import mean_interval
from polyplive.evaluation.heatmaps.measures import COMPARED, CURVES, MEASURES
from polyplive.explanation.controls import CONTROLS
from polyplive.explanation.curves import STEPS
from polyplive.explanation.road import SHARES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polyplive.evaluation.heatmaps.run import Faithfulness, PictureFigures
    from polyplive.evaluation.heatmaps.sanity import RandomisedStage


def faithfulness_figures(found: Faithfulness) -> dict[str, Any]:
    """The measurement as the JSON file of ``evaluate --explain`` has it, under ``explanation.faithfulness``."""
    pictures = found.pictures
    return {
        "n": len(pictures),
        "n_predicted": sum(picture.predicted for picture in pictures),
        **found.facts,
        "skipped": list(found.skipped),
        "seconds": round(found.seconds, 1),
        "steps": STEPS,
        "road_shares": list(SHARES),
        "grid_rise_px": round(found.grid_rise_px, 3),
        "controls": list(CONTROLS),
        "maps": {name: _of_map(name, pictures) for name in found.names},
        "differences": {
            name: {control: _differences(name, control, pictures) for control in CONTROLS}
            for name in found.names
            if name not in CONTROLS
        },
        "randomised": [_stage(stage, found.layers) for stage in found.stages],
        "images": [_row(picture) for picture in pictures],
    }


def mean_of(values: Sequence[float]) -> dict[str, Any]:
    """Mean, 95 % interval over pictures, and number of ``values``; mean None of none, interval None of fewer than 2."""
    ends = mean_interval(values)
    return {
        "mean": round(float(np.mean(values)), 5) if values else None,
        "interval": [round(end, 5) for end in ends] if ends else None,
        "n": len(values),
    }


def _of_map(name: str, pictures: Sequence[PictureFigures]) -> dict[str, Any]:
    figures = [picture.maps[name] for picture in pictures]
    measured = {
        measure: mean_of([each.values[measure] for each in figures if measure in each.values]) for measure in MEASURES
    }
    curves = {
        curve: [round(float(score), 5) for score in np.mean(scores, axis=0)]
        for curve in CURVES
        if (scores := [each.curves[curve] for each in figures if curve in each.curves])
    }
    return measured | {"curves": curves}


def _differences(name: str, control: str, pictures: Sequence[PictureFigures]) -> dict[str, Any]:
    """Map minus control, of the pictures that have both."""
    pairs = [(picture.maps[name].values, picture.maps[control].values) for picture in pictures]
    return {
        measure: mean_of([a[measure] - b[measure] for a, b in pairs if measure in a and measure in b])
        for measure in COMPARED
    }


def _stage(stage: RandomisedStage, of: int) -> dict[str, Any]:
    return {
        "layers": stage.layers,
        "of": of,
        "maps": {
            name: mean_of([value for value in values if value is not None]) | {"of": len(values)}
            for name, values in stage.likeness.items()
        },
    }


def _row(picture: PictureFigures) -> dict[str, Any]:
    maps = {
        name: {measure: round(value, 5) for measure, value in figures.values.items()}
        for name, figures in picture.maps.items()
        if figures.values
    }
    return {"stem": picture.stem, "predicted": picture.predicted, "maps": maps}
