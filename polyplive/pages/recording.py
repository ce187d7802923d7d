"""What following a recording found: tables, and the recording as a strip of frames."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from polyplive.evaluation.recordings.tables import recording_sentence, recording_tables
from polyplive.pages.chart import Axis, Bar, Chart, count_ticks, lanes
from polyplive.pages.environment import render
from polyplive.pipeline.facts import fact_rows
from polyplive.system.file_names import file_name
from polyplive.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


def recording_page(figures: Mapping[str, Any]) -> str:
    """The page of ``RecordingEvaluation.to_dict``."""
    about = [
        ("Frames", f"{figures['n_polyp']} with a polyp in view, {figures['n_negative']} without"),
        *fact_rows(figures),
        ("Findings", _shown_when(figures)),
    ]
    return render(
        "recording.html.j2",
        kind="polyplive evaluation",
        heading=f"Evaluation on {file_name(figures['data'])}",
        about=about,
        strip=_strip(figures["frames"]),
        sentence=recording_sentence(figures),
        tables=recording_tables(figures),
    )


def _shown_when(figures: Mapping[str, Any]) -> str:
    kept = f"kept above {figures['release_probability']:g}"
    if figures["min_frames"] == 1:
        return f"shown at once, {kept}"
    above = max(figures["confirm_probability"], figures["threshold"])
    return f"shown after {counted(figures['min_frames'], 'frame')} of evidence (above {above:g}), {kept}"


def _strip(frames: Sequence[Mapping[str, Any]]) -> Chart:
    """Three lanes over the frames: polyp in view, polyp outlined, something else marked."""
    low, high = frames[0]["index"], frames[-1]["index"]
    rows = [
        ("polyp in view", _runs(frames, "quiet", lambda frame: frame["polyp"])),
        ("outlined", _runs(frames, "main", lambda frame: frame["found"])),
        ("something else", _runs(frames, "warn", lambda frame: frame["marked"] and not frame["found"])),
    ]
    across = Axis("frame", low, high + 1, count_ticks(low, high))
    return lanes("Frame by frame: polyp in view, polyp outlined, something else marked", across, rows)


def _runs(frames: Sequence[Mapping[str, Any]], kind: str, holds: Callable[[Mapping[str, Any]], bool]) -> list[Bar]:
    """One bar for each run of frames for which it holds."""
    bars = []
    for shown, run in groupby(frames, key=holds):
        indices = [frame["index"] for frame in run]
        if shown:
            first, last = indices[0], indices[-1]
            says = f"frame {first}" if first == last else f"frames {first} to {last}"
            bars.append(Bar(first, last + 1, 0, 1, kind, says))
    return bars
