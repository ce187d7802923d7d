"""The report's page: plain HTML with its style and pictures inside, nothing loaded from elsewhere."""

from __future__ import annotations

import base64
import re
from html import escape
from typing import TYPE_CHECKING

import cv2

from polyplive import RESEARCH_NOTICE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from polyplive.sinks.report import ReportData, TrackSummary
    from polyplive.stats import Distribution

_PICTURES = 12
_BINS = 480
_STAGE_NAMES = {
    "decode": "Decode",
    "preprocess": "Preprocess",
    "infer": "Inference",
    "postprocess": "Postprocess",
    "composite": "Composite",
}

STYLE = """
:root { color-scheme: light dark; --ink: #1c2227; --quiet: #5d6a73; --line: #d9dfe3; --paper: #fff; --pale: #f3f6f7;
  --mark: #0a7f94; --warn: #8a5a00; --warn-paper: #fff6e0; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ecee; --quiet: #9aa7af; --line: #333d44; --paper: #14191d;
  --pale: #1d252a; --mark: #40d5ea; --warn: #f2c46b; --warn-paper: #2c2413; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2.5rem 1.5rem 4rem; max-width: 62rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .25rem; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 2.5rem 0 .75rem; }
p { margin: .25rem 0; }
.quiet { color: var(--quiet); }
.notice { margin: 1.25rem 0; padding: .6rem .9rem; border-left: 4px solid var(--warn); background: var(--warn-paper);
  color: var(--warn); font-weight: 600; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(10rem, 1fr)); gap: .75rem; margin: 1.25rem 0; }
.facts div { background: var(--pale); border-radius: .5rem; padding: .7rem .9rem; }
.facts b { display: block; font-size: 1.45rem; line-height: 1.25; font-variant-numeric: tabular-nums; }
.facts span { color: var(--quiet); font-size: .875rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .4rem .6rem; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { font-weight: 600; color: var(--quiet); font-size: .875rem; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1.25rem; margin: 0; }
dt { color: var(--quiet); }
dd { margin: 0; overflow-wrap: anywhere; }
svg { display: block; width: 100%; height: auto; }
svg text { font: 11px system-ui, sans-serif; fill: var(--quiet); }
.track { fill: var(--pale); }
.seen { fill: var(--mark); }
.axis { stroke: var(--line); }
.pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: 1rem; }
figure { margin: 0; break-inside: avoid; }
img { width: 100%; height: auto; display: block; border-radius: .4rem; background: #000; }
figcaption { font-size: .875rem; color: var(--quiet); padding-top: .35rem; }
figcaption b { color: var(--ink); }
@media print { body { max-width: none; padding: 0; font-size: 11pt; } .facts div { border: 1px solid var(--line); }
  h2 { break-after: avoid; } tr, figure, svg { break-inside: avoid; } * { print-color-adjust: exact; } }
"""


def page(data: ReportData) -> str:
    """The whole page as text; everything that comes from outside is escaped."""
    name = escape(re.split(r"[/\\]", data.session.source.name)[-1] or data.session.source.name)
    parts = [
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>polyplive report: {name}</title>\n<style>{STYLE}</style>\n</head>\n<body>",
        f'<header><p class="quiet">polyplive report</p><h1>{name}</h1>',
        f'<p class="quiet">{escape(data.session.started)}</p></header>',
        f'<p class="notice">{escape(RESEARCH_NOTICE)}</p>',
        _facts(data),
        _section("Polyps over time", _timeline(data)),
        _section("Polyps", _tracks(data) + _pictures(data)),
        _section("Time per frame", _stages(data)),
        _section("Session", _session(data)),
        "</body>\n</html>\n",
    ]
    return "\n".join(parts)


def clock(seconds: float) -> str:
    """Seconds as minutes, seconds and tenths, with hours where there are any."""
    tenths = round(max(seconds, 0.0) * 10)
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    small = f"{minutes:02d}:{rest // 10:02d}.{rest % 10}"
    return f"{hours}:{small}" if hours else small


def _section(title: str, body: str) -> str:
    return f"<section><h2>{title}</h2>\n{body}\n</section>"


def _facts(data: ReportData) -> str:
    share = f" ({100 * data.marked / data.frames:.0f} %)" if data.frames else ""
    facts = [
        (f"{len(data.tracks)}", "polyp tracks" if len(data.tracks) != 1 else "polyp track"),
        (clock(data.in_view_s), "with a polyp marked"),
        (f"{data.marked}{share}", "frames marked"),
        (f"{data.frames}", "frames processed"),
    ]
    cells = "".join(f"<div><b>{value}</b><span>{label}</span></div>" for value, label in facts)
    return f'<div class="facts">{cells}</div>'


def _timeline(data: ReportData) -> str:
    """One bar for each stretch of video, as high as the highest score in it."""
    if not data.timeline:
        return '<p class="quiet">No frame was processed.</p>'
    start = min(time_s for time_s, _ in data.timeline)
    span = max(max(time_s for time_s, _ in data.timeline) - start, 1e-9)
    bins = min(_BINS, len(data.timeline))
    best = [0.0] * bins
    for time_s, score in data.timeline:
        place = min(int((time_s - start) / span * bins), bins - 1)
        best[place] = max(best[place], score or 0.0)
    left, width, height = 34, 960, 90
    step = (width - left) / bins
    bars = "".join(
        f'<rect class="seen" x="{left + place * step:.2f}" y="{10 + height * (1 - score):.1f}" '
        f'width="{step + 0.1:.2f}" height="{height * score:.1f}"/>'
        for place, score in enumerate(best)
        if score > 0
    )
    levels = "".join(
        f'<line class="axis" x1="{left}" x2="{width}" y1="{10 + height * (1 - level):.1f}" '
        f'y2="{10 + height * (1 - level):.1f}"/><text x="{left - 6}" y="{14 + height * (1 - level):.1f}" '
        f'text-anchor="end">{level:.1f}</text>'
        for level in (0.0, 0.5, 1.0)
    )
    times = "".join(
        f'<text x="{left + (width - left) * share:.1f}" y="{height + 28}" text-anchor="{anchor}">'
        f"{clock(start + span * share)}</text>"
        for share, anchor in ((0.0, "start"), (0.25, "middle"), (0.5, "middle"), (0.75, "middle"), (1.0, "end"))
    )
    return (
        f'<svg viewBox="0 0 {width} {height + 34}" role="img" aria-label="Highest score over the time of the video">'
        f'<rect class="track" x="{left}" y="10" width="{width - left}" height="{height}"/>{levels}{bars}{times}</svg>'
        '<p class="quiet">Highest score among the marked polyps, over the time of the video.</p>'
    )


def _tracks(data: ReportData) -> str:
    if not data.tracks:
        return '<p class="quiet">No polyp was marked.</p>'
    rows = [
        [
            f"Polyp {track.number}",
            clock(track.first_s),
            clock(track.last_s),
            str(track.frames),
            f"{100 * track.best_score:.0f} %",
            clock(track.best_s),
            f"{track.largest_px:,}".replace(",", "\u202f"),
        ]
        for track in data.tracks.values()
    ]
    head = ["Track", "First seen", "Last seen", "Frames", "Peak score", "Peak at", "Largest area, px"]
    return html_table(head, rows)


def _pictures(data: ReportData) -> str:
    shown = sorted(data.tracks.values(), key=lambda track: (-track.frames, track.number))[:_PICTURES]
    figures = "".join(_figure(track) for track in sorted(shown, key=lambda track: track.number))
    if not figures:
        return ""
    left_out = len(data.tracks) - len(shown)
    note = f'<p class="quiet">The {_PICTURES} seen longest; {left_out} more are listed above.</p>' if left_out else ""
    return f'<p>&nbsp;</p><div class="pictures">{figures}</div>{note}'


def _figure(track: TrackSummary) -> str:
    if track.picture is None:
        return ""
    encoded, jpeg = cv2.imencode(".jpg", track.picture, [cv2.IMWRITE_JPEG_QUALITY, 85])
    if not encoded:
        return ""
    text = base64.b64encode(jpeg.tobytes()).decode("ascii")
    height, width = track.picture.shape[:2]
    return (
        f'<figure><img src="data:image/jpeg;base64,{text}" width="{width}" height="{height}" '
        f'alt="Polyp {track.number} at its peak score">'
        f"<figcaption><b>Polyp {track.number}</b> at {clock(track.best_s)}, "
        f"score {100 * track.best_score:.0f} %</figcaption></figure>"
    )


def _stages(data: ReportData) -> str:
    rows = [_timing(_STAGE_NAMES.get(name, name.capitalize()), figures) for name, figures in data.stages.items()]
    if data.annotation is not None:
        rows.append(_timing("Annotation delay (from frame read to result)", data.annotation))
    if not rows:
        return '<p class="quiet">No frame was processed.</p>'
    return html_table(["Milliseconds", "Mean", "Median", "95th percentile", "99th percentile", "Longest"], rows)


def _timing(name: str, figures: Distribution) -> list[str]:
    values = (figures.mean, figures.p50, figures.p95, figures.p99, figures.max)
    return [name, *(f"{value:.2f}" for value in values)]


def _session(data: ReportData) -> str:
    session, source = data.session, data.session.source
    fps = f", {source.fps:.3g} frames a second" if source.fps else ""
    items = {
        "Source": source.name,
        "Picture": f"{source.width} x {source.height}{fps}" + (f", {source.codec}" if source.codec else ""),
        "Model": session.model,
        "Model SHA-256": session.model_sha256,
        "Backend": session.backend,
        "polyplive": session.version,
        "Ended": data.reason,
    }
    if data.tally is not None:
        dropped = ", ".join(f"{count} {cause}" for cause, count in data.tally.dropped.items()) or "none"
        items["Frames read"] = str(data.tally.read)
        items["Frames dropped"] = dropped
    return html_facts(items)


def html_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table as HTML; its cells are escaped."""
    titles = "".join(f"<th scope='col'>{escape(title)}</th>" for title in head)
    lines = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="wide"><table><thead><tr>{titles}</tr></thead><tbody>{lines}</tbody></table></div>'


def html_facts(facts: Mapping[str, str]) -> str:
    """Names and values as HTML; both are escaped."""
    return "<dl>" + "".join(f"<dt>{escape(key)}</dt><dd>{escape(value)}</dd>" for key, value in facts.items()) + "</dl>"


def html_page(title: str, body: str, extra_style: str) -> str:
    """A page of figures in the report's style and ``extra_style``; nothing is escaped."""
    return (
        f"<!doctype html>\n<html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>\n"
        f"<title>{title}</title>\n<style>{STYLE}{extra_style}</style>\n<body>\n{body}\n</body></html>\n"
    )
