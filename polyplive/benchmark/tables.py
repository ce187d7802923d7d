"""A benchmark's figures as text tables, for the terminal and for the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polyplive.stats import STAGES
from polyplive.text_table import TextTable
from polyplive.wording import count_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polyplive.benchmark.against import Ratio

MODE_NAMES = {
    "engine": "engine alone",
    "headless": "end to end, no window",
    "display": "in the window, at the source's rate",
}


_PARTS = {**MODE_NAMES, "process_cost": "a process of its own", "gpu": "GPU"}


def mode_table(document: Mapping[str, Any]) -> TextTable:
    """Rate and delays of each mode, and which of them are doubtful, if any."""
    doubtful = {remark["part"] for remark in document["remarks"] if remark["stands"]} & set(document["modes"])
    rows = [
        (
            MODE_NAMES[name],
            f"{mode['fps']['mean']:.1f}",
            delay_text(mode["video_delay_ms"]),
            delay_text(mode["annotation_delay_ms"]),
            share_text(mode["own_overlays"]),
            share_text(mode["own_maps"]),
            *((("doubtful" if name in doubtful else ""),) if doubtful else ()),
        )
        for name, mode in document["modes"].items()
    ]
    head = ("mode", "fps", "video delay", "annotation delay", "own overlay", "own heatmap")
    return TextTable("Modes", (*head, "remark") if doubtful else head, tuple(rows))


def remark_lines(document: Mapping[str, Any]) -> list[str]:
    """Each remark with the part that it is on, as one line."""
    return [f"{_PARTS.get(remark['part'], remark['part'])}: {remark['text']}" for remark in document["remarks"]]


def stage_table(document: Mapping[str, Any]) -> TextTable:
    """The median time of each stage in each mode."""
    modes = document["modes"]
    stages = [stage for stage in STAGES if any(stage in mode["stages_ms"] for mode in modes.values())]
    rows = [
        (MODE_NAMES[name], *(_median(mode["stages_ms"].get(stage)) for stage in stages)) for name, mode in modes.items()
    ]
    return TextTable("Stages, ms (median)", ("mode", *stages), tuple(rows))


def comparison_table(document: Mapping[str, Any]) -> TextTable | None:
    """The engines that ran in turn, None where none did."""
    rows = [
        (
            row["name"],
            f"{row['model']} on {row['backend']}",
            "mask + heatmap" if row["cam"] else "mask",
            f"{row['fps']['p50']:.1f}",
            *(f"{row['infer_ms'][point]:.2f}" for point in ("p50", "p99")),
            ratio_text(row["to_first"]),
        )
        for row in document.get("compare", [])
    ]
    head = ("engine", "runs", "gives", "fps", "p50 ms", "p99 ms", "rate to the first")
    return TextTable("Engines in turn", head, tuple(rows)) if rows else None


def against_table(against: Mapping[str, Ratio]) -> TextTable | None:
    """Rates against those of an earlier benchmark, None where there is none."""
    rows = [(MODE_NAMES[name], str(ratio)) for name, ratio in against.items()]
    return TextTable("Against the earlier benchmark", ("mode", "rate, new to old"), tuple(rows)) if rows else None


def delay_text(figures: Mapping[str, float] | None) -> str:
    """Median and 99th percentile in ms."""
    return f"{figures['p50']:.1f} / {figures['p99']:.1f}" if figures else "-"


def share_text(share: Mapping[str, Any] | None) -> str:
    """A share with its two numbers; a dash where it was not measured."""
    return "-" if share is None else count_of(share["count"], share["of"])


def ratio_text(ratio: Mapping[str, float]) -> str:
    """A ratio with its spread."""
    return f"{ratio['ratio']:.2f} ({ratio['low']:.2f} to {ratio['high']:.2f})"


def _median(figures: Mapping[str, float] | None) -> str:
    return f"{figures['p50']:.2f}" if figures else ""
