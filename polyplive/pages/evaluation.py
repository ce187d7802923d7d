"""An evaluation on pictures: tables, the reliability curve, and the pictures it did worst on.

It holds pictures of the data: mind their licence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polyplive.evaluation.pictures.tables import number, sentences, tables
from polyplive.pages.chart import Axis, Chart, Line, number_ticks
from polyplive.pages.environment import render
from polyplive.pages.picture import Picture
from polyplive.pipeline.facts import fact_rows
from polyplive.system.file_names import file_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from polyplive.evaluation.pictures.worst import Example


def evaluation_page(figures: Mapping[str, Any], worst: Sequence[Example]) -> str:
    """The page of ``Evaluation.to_dict`` (with ``robustness``) and of the worst pictures."""
    pictures = f"{figures['n_polyp']} with a polyp, {figures['n_negative']} without"
    if figures["skipped"]:
        pictures += f", {len(figures['skipped'])} left out"
    about = [("Pictures", pictures), *fact_rows(figures)]
    return render(
        "evaluation.html.j2",
        kind="polyplive evaluation",
        heading=f"Evaluation on {file_name(figures['data'])}",
        about=about,
        tables=tables(figures),
        sentences=sentences(figures),
        expected_error=number(figures["calibration"]["expected_error"]),
        reliability=_reliability(figures["calibration"]),
        worst=[Picture(each.jpeg, file_name(each.stem), each.says, each.stem, each.figures) for each in worst],
    )


def _reliability(calibration: Mapping[str, Any]) -> Chart:
    """Mean probability of each bin against the share of its pixels that are polyp; on the dashed line they agree."""
    points = tuple((point["probability"], point["polyp"]) for point in calibration["curve"])
    return Chart(
        "Calibration: the probability that the model gives, and the share of such pixels that are polyp",
        Axis("probability that the model gives", 0.0, 1.0, number_ticks(0.0, 1.0)),
        Axis("share of such pixels that are polyp", 0.0, 1.0, number_ticks(0.0, 1.0)),
        lines=(Line(((0.0, 0.0), (1.0, 1.0)), "quiet"), Line(points, dots=True)),
        shape="square",
        height=300,
    )
