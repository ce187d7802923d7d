"""An evaluation as one HTML page: tables, the reliability curve, and the pictures it did worst on.

Everything is inside the file; nothing is loaded from elsewhere. It holds pictures of the data: mind their licence.
"""

from __future__ import annotations

import base64
from html import escape
from typing import TYPE_CHECKING, Any

from polyplive import RESEARCH_NOTICE
from polyplive.evaluation_tables import number, sentences, tables
from polyplive.sinks.report_page import html_facts, html_page, html_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from polyplive.evaluation import Example

_SIDE, _LEFT, _BOTTOM = 360, 44, 34
_EXTRA = """
.curve { max-width: 26rem; }
.curve svg text { font-size: 13px; }
.curve polyline { fill: none; stroke: var(--mark); stroke-width: 2; }
.curve circle { fill: var(--mark); }
.curve .ideal { stroke: var(--quiet); stroke-dasharray: 4 3; }
"""


def evaluation_page(figures: Mapping[str, Any], worst: Sequence[Example]) -> str:
    """The page of ``Evaluation.to_dict`` (with ``robustness``) and of the worst pictures."""
    facts = {
        "Model": f"{figures['model']} ({figures['model_sha256'][:12]})",
        "Backend": figures["backend"],
        "Threshold": f"{figures['threshold']:g}",
        "Pictures": f"{figures['n_polyp']} with a polyp, {figures['n_negative']} without",
    }
    parts = [f"<h1>Evaluation on {escape(figures['data'])}</h1><p class=notice>{escape(RESEARCH_NOTICE)}</p>"]
    parts.append(html_facts(facts))
    parts += [f"<h2>{escape(table.title)}</h2>{html_table(table.head, table.rows)}" for table in tables(figures)]
    parts += [f"<p class=quiet>{escape(sentence)}.</p>" for sentence in sentences(figures)]
    parts.append(_reliability(figures["calibration"]))
    parts.append(_pictures(worst))
    return html_page("polyplive evaluation", "\n".join(parts), _EXTRA)


def _reliability(calibration: Mapping[str, Any]) -> str:
    """Mean probability of each bin against the share of its pixels that are polyp; on the dashed line they agree."""
    points = [(_x(point["probability"]), _y(point["polyp"])) for point in calibration["curve"]]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dots = "".join(f"<circle cx={x:.1f} cy={y:.1f} r=3 />" for x, y in points)
    ticks = "".join(
        f"<text x={_x(value):.1f} y={_SIDE - _BOTTOM + 18} text-anchor=middle>{value:g}</text>"
        f"<text x={_LEFT - 8} y={_y(value) + 4:.1f} text-anchor=end>{value:g}</text>"
        for value in (0, 0.5, 1)
    )
    ideal = f"<line class=ideal x1={_x(0):.1f} y1={_y(0):.1f} x2={_x(1):.1f} y2={_y(1):.1f} />"
    return (
        f"<h2>Calibration</h2><p class=quiet>Across: the probability that the model gives. Up: the share of such pixels"
        f" that are polyp. Off by {number(calibration['expected_error'])} in the mean over pixels.</p>"
        f"<div class=curve><svg viewBox='0 0 {_SIDE} {_SIDE}'>"
        f"{ideal}<polyline points='{line}'/>{dots}{ticks}</svg></div>"
    )


def _pictures(worst: Sequence[Example]) -> str:
    if not worst:
        return ""
    figures = "".join(
        f"<figure><img alt='{escape(example.stem, quote=True)}'"
        f" src='data:image/jpeg;base64,{base64.b64encode(example.jpeg).decode()}'>"
        f"<figcaption><b>{escape(example.stem)}</b> {escape(example.says)}</figcaption></figure>"
        for example in worst
    )
    return (
        "<h2>Worst pictures</h2><p class=quiet>White: the truth. Blue: what the model outlines.</p>"
        f"<div class=pictures>{figures}</div>"
    )


def _x(value: float) -> float:
    return _LEFT + value * (_SIDE - _LEFT - 10)


def _y(value: float) -> float:
    return 10 + (1 - value) * (_SIDE - _BOTTOM - 10)
