"""What following a recording found, as one HTML page: tables, and the recording as a strip of frames."""

from __future__ import annotations

from html import escape
from itertools import groupby
from typing import TYPE_CHECKING, Any

from polyplive import RESEARCH_NOTICE
from polyplive.recording_tables import recording_sentence, recording_tables
from polyplive.sinks.report_page import html_facts, html_page, html_table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_WIDE, _LEFT, _BAND = 1000, 150, 26
_EXTRA = """
.strip svg { width: 100%; }
.strip svg text { font-size: 14px; }
.strip .truth { fill: var(--quiet); }
.strip .found { fill: var(--mark); }
.strip .false { fill: var(--warn); }
"""


def recording_page(figures: Mapping[str, Any]) -> str:
    """The page of ``RecordingEvaluation.to_dict``."""
    facts = {
        "Model": f"{figures['model']} ({figures['model_sha256'][:12]})",
        "Backend": figures["backend"],
        "Threshold": f"{figures['threshold']:g}",
        "Findings": _shown_when(figures),
        "Frames": f"{figures['n_polyp']} with a polyp in view, {figures['n_negative']} without",
    }
    parts = [f"<h1>Evaluation on {escape(figures['data'])}</h1><p class=notice>{escape(RESEARCH_NOTICE)}</p>"]
    parts.append(html_facts(facts))
    parts.append(_strip(figures["frames"]))
    parts.append(f"<p class=quiet>{escape(recording_sentence(figures))}.</p>")
    parts += [
        f"<h2>{escape(table.title)}</h2>{html_table(table.head, table.rows)}" for table in recording_tables(figures)
    ]
    return html_page("polyplive evaluation", "\n".join(parts), _EXTRA)


def _shown_when(figures: Mapping[str, Any]) -> str:
    kept = f"kept above {figures['keep']:g}"
    if figures["min_frames"] == 1:
        return f"shown at once, {kept}"
    sure = max(figures["sure"], figures["threshold"])
    return f"shown after {figures['min_frames']} frames that are sure of it (above {sure:g}), {kept}"


def _strip(frames: Sequence[Mapping[str, Any]]) -> str:
    """Three bands over the frames: polyp in view, polyp outlined, something else marked."""
    bands: tuple[tuple[str, str, Callable[[Mapping[str, Any]], bool]], ...] = (
        ("polyp in view", "truth", lambda frame: frame["polyp"]),
        ("outlined", "found", lambda frame: frame["found"]),
        ("something else", "false", lambda frame: frame["marked"] and not frame["found"]),
    )
    low, high = frames[0]["index"], frames[-1]["index"] + 1
    scale = (_WIDE - _LEFT - 10) / (high - low)
    drawn = []
    for place, (label, kind, holds) in enumerate(bands):
        top = place * _BAND
        drawn.append(f"<text x={_LEFT - 10} y={top + 16} text-anchor=end>{label}</text>")
        for shown, run in groupby(frames, key=holds):
            numbers = [frame["index"] for frame in run]
            if shown:
                left = _LEFT + (numbers[0] - low) * scale
                wide = max(1.0, (numbers[-1] + 1 - numbers[0]) * scale)
                drawn.append(f"<rect class={kind} x={left:.1f} y={top + 3} width={wide:.1f} height={_BAND - 8} />")
    base = len(bands) * _BAND + 14
    ends = f"<text x={_LEFT} y={base}>{low}</text><text x={_WIDE - 10} y={base} text-anchor=end>{high - 1}</text>"
    svg = f"<svg viewBox='0 0 {_WIDE} {base + 6}'>{''.join(drawn)}{ends}</svg>"
    return f"<h2>Frame by frame</h2><div class=strip>{svg}</div>"
