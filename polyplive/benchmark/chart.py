"""A benchmark as one HTML page: tables, and each mode's delay over its frames and as a distribution.

Everything is inside the file; nothing is loaded from elsewhere.
"""

from __future__ import annotations

from html import escape
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np

from polyplive import RESEARCH_NOTICE
from polyplive.benchmark.wording import MODE_WORDS, delay_words, ratio_words
from polyplive.sinks.report_page import html_facts, html_page, html_table
from polyplive.stats import STAGES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from polyplive.benchmark.against import Ratio

_WIDE, _HIGH, _LEFT, _BOTTOM = 960, 210, 52, 32
_POINTS, _BINS = 480, 60
_EXTRA = """
.charts { display: grid; grid-template-columns: 2fr 1fr; gap: 1rem; align-items: start; }
@media (max-width: 46rem) { .charts { grid-template-columns: 1fr; } }
.charts p { font-size: .875rem; color: var(--quiet); }
.high { fill: none; stroke: var(--mark); stroke-width: 1.2; }
.bar { fill: var(--mark); opacity: .75; }
.charts svg text { font-size: 19px; }
.mid { stroke: var(--ink); stroke-dasharray: 4 3; }
.far { stroke: var(--warn); stroke-dasharray: 4 3; }
"""


def chart_page(
    document: Mapping[str, Any], delays: Mapping[str, Sequence[float]], against: Mapping[str, Ratio] | None = None
) -> str:
    """The page. ``delays`` are each mode's delays in ms, frame by frame: video delays where a window showed them."""
    parts = [_head(document), _mode_table(document)]
    if against:
        lines = "".join(f"<tr><td>{MODE_WORDS[name]}</td><td>{ratio}</td></tr>" for name, ratio in against.items())
        parts.append(f"<h2>Against the earlier benchmark</h2><p class=quiet>Frames a second, new to old; in brackets"
                     f" nine of ten pairs of blocks.</p><table>{lines}</table>")  # fmt: skip
    if document.get("compare"):
        parts.append(_contest_table(document["compare"]))
    for name, values in delays.items():
        if len(values) > 1:
            parts.append(_mode_charts(name, np.asarray(values, np.float64), document))
    return html_page("polyplive benchmark", "\n".join(parts), _EXTRA)


def _head(document: Mapping[str, Any]) -> str:
    source, machine, gpu = document["source"], document["machine"], document["gpu"]
    facts = {
        "Model": f"{document['model']} {document['model_version']} ({document['model_sha256'][:12]})",
        "Backend": f"{document['backend']}, {document['device']}",
        "Heatmap": "computed and drawn" if document["cam"] else "off",
        "Source": f"{PurePath(source['name']).name}, {source['width']}x{source['height']}",
        "Processor": f"{machine['processor']}, {machine['processors']} usable",
        "GPU": f"{gpu['name']}, driver {gpu['driver']}" if gpu else "none",
        "Measured": f"{document['measured']}, {document['runs']} runs of {document['frames']} frames in each mode,"
        f" after {document['warm_up']} to warm up",
    }
    version = f"<p class=quiet>polyplive {document['version']}</p>"
    return f"<h1>Benchmark</h1>{version}<p class=notice>{RESEARCH_NOTICE}</p>{html_facts(facts)}"


def _mode_table(document: Mapping[str, Any]) -> str:
    modes = document["modes"]
    stages = [stage for stage in STAGES if any(stage in mode["stages_ms"] for mode in modes.values())]
    delays = [
        [MODE_WORDS[name], f"{mode['fps']['mean']:.1f}"]
        + [delay_words(mode[kind]) for kind in ("video_delay_ms", "annotation_delay_ms")]
        for name, mode in modes.items()
    ]
    times = [
        [MODE_WORDS[name]]
        + [f"{mode['stages_ms'][stage]['p50']:.2f}" if stage in mode["stages_ms"] else "" for stage in stages]
        for name, mode in modes.items()
    ]
    skipped = "".join(
        f"<p class=quiet>{MODE_WORDS[name]}: not run, {escape(why)}</p>" for name, why in document["skipped"].items()
    )
    share = ratio_words(document["headless_share_of_engine"])
    return (
        f"<h2>Modes</h2>{html_table(('mode', 'fps', 'video delay', 'annotation delay'), delays)}"
        f"<p class=quiet>Delays as median / 99th percentile in ms. The whole path without a window runs at {share} of"
        f" the engine's own rate.</p>{skipped}<h2>Stages, ms (median)</h2>{html_table(('mode', *stages), times)}"
    )


def _contest_table(rows: Sequence[Mapping[str, Any]]) -> str:
    lines = []
    for row in rows:
        times = (f"{row['infer_ms'][point]:.2f}" for point in ("p50", "p99"))
        gives = "mask + heatmap" if row["cam"] else "mask"
        runs = f"{row['name']}: {row['model']} on {row['backend']}"
        lines.append((runs, gives, *times, ratio_words(row["to_first"])))
    head = ("engine", "gives", "p50 ms", "p99 ms", "rate to the first")
    return f"<h2>Engines in turn</h2>{html_table(head, lines)}"


def _mode_charts(name: str, delays: np.ndarray[Any, Any], document: Mapping[str, Any]) -> str:
    what = "video delay" if document["modes"][name]["video_delay_ms"] else "delay of the annotated frame"
    top = float(np.percentile(delays, 99.9)) * 1.1
    return (
        f"<h2>{MODE_WORDS[name].capitalize()}: {what}</h2><div class=charts>"
        f"<div><p>over {len(delays)} frames, ms (the longest of each stretch)</p>{_over_frames(delays, top)}</div>"
        f"<div><p>distribution, ms; dashed: median, 99th</p>{_distribution(delays, top)}</div></div>"
    )


def _over_frames(delays: np.ndarray[Any, Any], top: float) -> str:
    parts = np.array_split(delays, min(_POINTS, len(delays)))
    highest = np.minimum([part.max() for part in parts], top)
    right = _WIDE - 8
    across = np.linspace(_LEFT, right, len(highest))
    points = " ".join(f"{x:.1f},{_y(value, top):.1f}" for x, value in zip(across, highest, strict=True))
    ticks = "".join(
        f"<line class=axis x1={_LEFT} x2={right} y1={_y(value, top):.1f} y2={_y(value, top):.1f} />"
        f"<text x={_LEFT - 6} y={_y(value, top) + 6:.1f} text-anchor=end>{value:g}</text>"
        for value in _ticks(top)
    )
    ends = (
        f"<text x={_LEFT} y={_HIGH - 5}>frame 1</text>"
        f"<text x={right} y={_HIGH - 5} text-anchor=end>{len(delays)}</text>"
    )
    return f"<svg viewBox='0 0 {_WIDE} {_HIGH}'>{ticks}<polyline class=high points='{points}'/>{ends}</svg>"


def _distribution(delays: np.ndarray[Any, Any], top: float) -> str:
    wide = _WIDE // 2
    counts, _ = np.histogram(np.minimum(delays, top), _BINS, (0, top))
    step, most = (wide - 16) / _BINS, max(int(counts.max()), 1)
    bars = "".join(
        f"<rect class=bar x={8 + place * step:.1f} width={step * 0.85:.1f} y={_y(count, most):.1f}"
        f" height={_HIGH - _BOTTOM - _y(count, most):.1f} />"
        for place, count in enumerate(counts)
        if count
    )
    marks = "".join(
        f"<line class={kind} x1={8 + value / top * (wide - 16):.1f} x2={8 + value / top * (wide - 16):.1f} y1=4"
        f" y2={_HIGH - _BOTTOM} />"
        for kind, value in zip(("mid", "far"), np.percentile(delays, [50, 99]), strict=True)
    )
    ticks = "".join(
        f"<text x={8 + value / top * (wide - 16):.1f} y={_HIGH - 5} text-anchor=middle>{value:g}</text>"
        for value in _ticks(top)
        if value
    )
    return f"<svg viewBox='0 0 {wide} {_HIGH}'>{bars}{marks}{ticks}</svg>"


def _y(value: float, top: float) -> float:
    return 6 + (_HIGH - _BOTTOM - 6) * (1 - value / top)


def _ticks(top: float) -> list[float]:
    """Round numbers from 0 to at most ``top``, about four."""
    step = 10 ** np.floor(np.log10(top / 2))
    step = next(float(step * factor) for factor in (1, 2, 5, 10) if top / (step * factor) <= 4.5)
    return [round(float(value), 6) for value in np.arange(0, top, step)]
