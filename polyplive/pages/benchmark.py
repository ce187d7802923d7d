"""A benchmark: tables, and each mode's delay over its frames and as a distribution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from polyplive.benchmark.tables import (
    MODE_NAMES,
    against_table,
    comparison_table,
    mode_table,
    ratio_text,
    remark_lines,
    stage_table,
)
from polyplive.pages.chart import Axis, Chart, Line, Mark, count_ticks, histogram, number_ticks
from polyplive.pages.environment import render
from polyplive.pipeline.facts import fact_rows
from polyplive.system.file_names import file_name, without_folders
from polyplive.wording import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from polyplive.benchmark.against import Ratio

_POINTS, _BINS = 480, 60
_HEIGHT = 180


@dataclass(frozen=True, slots=True)
class _DelayCharts:
    title: str
    over_frames: Chart
    distribution: Chart


def benchmark_page(
    document: Mapping[str, Any], delays: Mapping[str, Sequence[float]], against: Mapping[str, Ratio] | None = None
) -> str:
    """The page. ``delays`` are each mode's delays in ms, frame by frame: video delays where a window showed them."""
    return render(
        "benchmark.html.j2",
        kind="polyplive benchmark",
        heading=f"Benchmark of {file_name(document['model'])}",
        about=about(document),
        modes=mode_table(document),
        share=ratio_text(document["headless_share_of_engine"]),
        skipped=[(MODE_NAMES[name], without_folders(why)) for name, why in document["skipped"].items()],
        stages=stage_table(document),
        against=against_table(against or {}),
        remarks=remark_lines(document),
        comparison=comparison_table(document),
        charts=[
            _delay_charts(name, np.asarray(values, np.float64), document)
            for name, values in delays.items()
            if len(values) > 1
        ],
    )


def about(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What was measured, on what, by names."""
    source, machine, gpu = document["source"], document["machine"], document["gpu"]
    ran = (
        f"{counted(document['runs'], 'run')} of {counted(document['frames'], 'frame')} in each mode,"
        f" after {document['warm_up']} to warm up"
    )
    return [
        *fact_rows(document),
        ("Heatmap", "computed and drawn" if document["cam"] else "off"),
        ("Source", f"{source['name']}, {source['width']}x{source['height']}"),
        ("Processor", f"{machine['processor']}, {machine['processors']} usable"),
        ("GPU", f"{gpu['name']}, driver {gpu['driver']}" if gpu else "none"),
        ("Runs", ran),
    ]


def _delay_charts(name: str, delays: NDArray[np.float64], document: Mapping[str, Any]) -> _DelayCharts:
    what = "video delay" if document["modes"][name]["video_delay_ms"] else "delay of the annotated frame"
    title = f"{MODE_NAMES[name].capitalize()}: {what}"
    top = max(float(np.percentile(delays, 99.9)) * 1.1, 1e-3)
    return _DelayCharts(title, _over_frames(title, delays, top), _distribution(title, delays, top))


def _over_frames(title: str, delays: NDArray[np.float64], top: float) -> Chart:
    """The longest delay of each stretch of frames; what is above ``top`` is drawn at it."""
    parts = np.array_split(np.arange(len(delays)), min(_POINTS, len(delays)))
    points = tuple((1.0 + part[0], float(min(delays[part].max(), top))) for part in parts)
    return Chart(
        f"{title}, frame by frame",
        Axis("frame", 1, len(delays), count_ticks(1, len(delays))),
        Axis("ms, the longest of each stretch of frames", 0.0, top, number_ticks(0.0, top)),
        lines=(Line(points),),
        height=_HEIGHT,
    )


def _distribution(title: str, delays: NDArray[np.float64], top: float) -> Chart:
    counts, _ = np.histogram(np.minimum(delays, top), _BINS, (0.0, top))
    median, high = (float(value) for value in np.percentile(delays, [50, 99]))
    marks = (Mark(median, f"median {median:.1f}"), Mark(high, f"99th {high:.1f}", "warn"))
    across = Axis("ms", 0.0, top, number_ticks(0.0, top))
    return histogram(f"{title}, distribution", across, [int(count) for count in counts], marks, _HEIGHT)
