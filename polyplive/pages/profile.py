"""Where each millisecond of a frame goes: a waterfall of frames through the stages, and a table of what delays them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from polyplive.benchmark.passages import CAUSES, OTHER, PRESENT, WAITING
from polyplive.benchmark.tables import MODE_NAMES, delay_text, remark_lines, share_text
from polyplive.pages.benchmark import about
from polyplive.pages.chart import Axis, Bar, Mark, lanes, number_ticks
from polyplive.pages.environment import render
from polyplive.system.file_names import file_name
from polyplive.system.spans import DECODE, DRAW, INFER, POSTPROCESS, PREPROCESS, READ, SCALE
from polyplive.system.spans import PRESENT as PAINTED
from polyplive.text_table import TextTable
from polyplive.wording import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from polyplive.benchmark.figures import ModeFigures
    from polyplive.benchmark.passages import Passage
    from polyplive.pages.chart import Chart

FRAMES, _IN_A_STRIP = 30, 10
_ROWS = (
    (DECODE, "capture"),
    (PREPROCESS, "convert"),
    (INFER, "engine"),
    (POSTPROCESS, "postprocess"),
    (DRAW, "draw"),
    (SCALE, "scale to view"),
    (PAINTED, "paint"),
)
_WIDE_ENOUGH = 4.0
"""Per cent of the plot: a bar that has room for its milliseconds."""
_SAYS = {
    DECODE: ("capture: read and decode", "capture thread", "reading thread"),
    WAITING: ("waiting for its turn", "", ""),
    PREPROCESS: ("convert: field of view, to the model's size", "engine thread", "reading thread"),
    INFER: ("engine: mask and heatmap", "model's process", "engine"),
    POSTPROCESS: ("postprocess: contours, tracks", "engine thread", "main thread"),
    DRAW: ("draw the overlay", "engine thread", "main thread"),
    PRESENT: ("until it is on screen: the next frame, scaled and painted", "window's thread", ""),
    OTHER: ("between the stages", "", ""),
}


@dataclass(frozen=True, slots=True)
class _ModeProfile:
    title: str
    facts: list[tuple[str, str]]
    frames: str
    strips: list[Chart]
    table: TextTable


def profile_page(document: Mapping[str, Any], modes: Mapping[str, ModeFigures]) -> str:
    """The page of a benchmark's ``document``, with every one of ``modes`` whose frames were followed."""
    return render(
        "profile.html.j2",
        kind="polyplive profile",
        heading=f"Where the time of {file_name(document['model'])} goes",
        remarks=remark_lines(document),
        about=about(document),
        profiles=[
            _profile(name, figures, document["modes"][name]) for name, figures in modes.items() if figures.passages
        ],
    )


def _profile(name: str, figures: ModeFigures, measured: Mapping[str, Any]) -> _ModeProfile:
    facts = [
        ("Frames a second", f"{measured['fps']['mean']:.1f}"),
        ("Annotation delay", f"{delay_text(measured['annotation_delay_ms'])} ms (median / 99th percentile)"),
        ("Frames with an own overlay", share_text(measured["own_overlays"])),
        ("Frames with an own heatmap", share_text(measured["own_maps"])),
    ]
    if measured["video_delay_ms"]:
        facts.insert(1, ("Video delay", f"{delay_text(measured['video_delay_ms'])} ms"))
    chosen = _middle(figures.passages[-1])
    parts = [chosen[place : place + _IN_A_STRIP] for place in range(0, len(chosen), _IN_A_STRIP)]
    length_ms = max(_end_s(part) - _begin_s(part) for part in parts) * 1e3
    strips = [_strip(part, length_ms) for part in parts]
    title, frames = MODE_NAMES[name].capitalize(), counted(len(chosen), "frame")
    return _ModeProfile(title, facts, frames, strips, _table(name, figures))


def _middle(run: Sequence[Passage]) -> Sequence[Passage]:
    """The frames that are shown: from the middle of a run, which is neither its start nor its end."""
    first = max(0, (len(run) - FRAMES) // 2)
    return run[first : first + FRAMES]


def _strip(part: Sequence[Passage], length_ms: float) -> Chart:
    """The stages of some frames that follow each other, over ``length_ms``: the same in every strip."""
    begin_s = _begin_s(part)
    across = Axis("ms", 0.0, length_ms, number_ticks(0.0, length_ms))
    used = {stage for passage in part for stage in passage.spans}
    rows: list[tuple[str, list[Bar]]] = []
    for stage, name in _ROWS:
        if stage in used:
            bars = [_bar(passage, stage, place, begin_s, across) for place, passage in enumerate(part)]
            rows += _packed(name, [bar for bar in bars if bar is not None])
    marks = [
        Mark((passage.spans[READ].began_s - begin_s) * 1e3, f"frame {passage.index} is read")
        for passage in part
        if READ in passage.spans
    ]
    return lanes(
        f"{counted(len(part), 'frame')} from frame {part[0].index} on: when each stage worked on each",
        across,
        rows,
        marks,
    )


def _packed(name: str, bars: Sequence[Bar]) -> list[tuple[str, list[Bar]]]:
    """As many rows as the stage worked on frames at once."""
    rows: list[list[Bar]] = []
    for bar in sorted(bars, key=lambda bar: bar.left):
        free = next((row for row in rows if row[-1].right <= bar.left), None)
        if free is None:
            rows.append(free := [])
        free.append(bar)
    return [(f"{name} {number}" if number > 1 else name, row) for number, row in enumerate(rows, 1)]


def _bar(passage: Passage, stage: str, place: int, begin_s: float, across: Axis) -> Bar | None:
    span = passage.spans.get(stage)
    if span is None:
        return None
    left, right = (span.began_s - begin_s) * 1e3, (span.ended_s - begin_s) * 1e3
    kind = "warn" if not passage.is_annotated else "quiet" if place % 2 else "main"
    without = "" if passage.is_annotated else "; it has no result of its own"
    wide = across.place(right) - across.place(left) >= _WIDE_ENOUGH
    says = f"frame {passage.index}: {stage} {span.ms:.2f} ms{without}"
    return Bar(left, right, 0, 1, kind, says, f"{span.ms:.1f}" if wide else "")


def _table(name: str, figures: ModeFigures) -> TextTable:
    annotated = [passage.causes_ms() for run in figures.passages for passage in run if passage.is_annotated]
    wholes = [sum(causes.values()) for causes in annotated]
    rows = []
    for cause in CAUSES:
        values = [causes.get(cause, 0.0) for causes in annotated]
        if not max(values, default=0.0) > 0:
            continue
        what, live, headless = _SAYS[cause]
        rows.append((what, live if name == "display" else headless, *_figures(values, sum(wholes))))
    if wholes:
        rows.append(("all", "", *_figures(wholes, sum(wholes))))
    return TextTable("A frame's time by cause", ("cause", "in", "median ms", "99th ms", "share"), tuple(rows))


def _figures(values: Sequence[float], whole: float) -> tuple[str, str, str]:
    median, high = np.percentile(values, [50, 99])
    return f"{median:.2f}", f"{high:.2f}", f"{100 * sum(values) / whole:.1f} %"


def _begin_s(part: Sequence[Passage]) -> float:
    return min(passage.spans[DECODE].began_s for passage in part)


def _end_s(part: Sequence[Passage]) -> float:
    return max(span.ended_s for passage in part for span in passage.spans.values())
