"""The figures of evaluated procedures as text tables, for the terminal and for the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polyplive.evaluation.pictures.tables import share_of
from polyplive.evaluation.procedures.figures import WINDOWS_S
from polyplive.text_table import TextTable
from polyplive.wording import counted

if TYPE_CHECKING:
    from collections.abc import Mapping


def procedure_tables(figures: Mapping[str, Any]) -> list[TextTable]:
    """The tables of ``evaluate_procedures``."""
    return [_main(figures), _lesions(figures), _curve(figures)]


def procedure_sentences(figures: Mapping[str, Any]) -> list[str]:
    """What one has to know to read the tables."""
    said = [
        f"Figures hold for {operating_point(figures)}",
        "Any overlap of two boxes counts as found, as in TRUE-Colon",
        "Found within some seconds means: found for half a second of them",
        _how_counted(figures),
        _how_late(figures),
    ]
    if figures["differences"]:
        return [*said, f"TRUE-Colon differs: {'; '.join(figures['differences'])}"]
    return [*said, f"TRUE-Colon {figures['true_colon']['version']} gives the same counts"]


def operating_point(figures: Mapping[str, Any]) -> str:
    """At which threshold the figures hold, and why."""
    point = figures["operating_point"]
    if point is None:
        return "every finding as it was shown"
    flagged = f"{100 * point['achieved_fpr']:.2f} % of the validation's frames without a lesion flagged"
    if not point["is_matched"]:
        flagged += f"; {100 * point['target_fpr']:.2f} % cannot be reached"
    if point["is_same"]:
        flagged += ", which is the recording evaluated: its figures are too good"
    return f"threshold {point['threshold']:.4f}: {flagged}"


def _main(figures: Mapping[str, Any]) -> TextTable:
    lesions, alerts, latency, views = (figures[key] for key in ("lesions", "false_alerts", "latency_s", "views"))
    protocol = figures["true_colon"]
    rows = [
        ("lesions found", share_of(lesions["found"]), _ends(lesions["found"]["interval"], percent=True)),
        ("in a quarter of their frames", share_of(lesions["found_in_25"]), ""),
        ("in half of their frames", share_of(lesions["found_in_50"]), ""),
        *(
            (f"within {counted(seconds, 'second')}", share_of(lesions[f"within_{seconds}_s"]), "")
            for seconds in WINDOWS_S
        ),
        ("share of a lesion's frames, mean", _percent(lesions["mean_share"]["mean"]), _ends_of(lesions["mean_share"])),
        ("frames with a lesion found", share_of(figures["frames_with_lesion"]), ""),
        ("frames without flagged", share_of(figures["frames_without"]), ""),
        ("latency, mean", _seconds(latency["mean"]), _ends(latency["interval"], unit=" s")),
        ("latency, median", _seconds(latency["median"]), ""),
        *_shown(figures),
        ("false alerts an hour", f"{alerts['an_hour']:.1f}", _ends(alerts["interval"])),
        ("false alerts", f"{alerts['n']} in {60 * alerts['hours']:.1f} minutes", ""),
        ("false findings", str(views["misses"]), ""),
        ("AP50 (TRUE-Colon, by pycocotools)", f"{protocol['coco']['ap50']:.3f}", ""),
    ]
    procedures = counted(len(figures["procedures"]), "procedure")
    title = f"{procedures}, {counted(figures['frames'], 'frame')}"
    return TextTable(title, ("figure", "value", "95 % interval"), tuple(rows))


def _shown(figures: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    shown = figures["shown_latency_s"]
    if shown is None:
        return []
    return [
        ("mean latency and median delay", _seconds(shown["mean_p50"]), ""),
        ("mean latency and 99th percentile of delay", _seconds(shown["mean_p99"]), ""),
    ]


def _lesions(figures: Mapping[str, Any]) -> TextTable:
    rows = [
        (
            one["name"],
            str(one["first_frame"]),
            share_of(one["seen"]),
            "never" if one["latency_s"] is None else _seconds(one["latency_s"]),
        )
        for one in figures["lesion_records"]
    ]
    head = ("lesion", "first frame", "frames found", "first found after")
    return TextTable("Each lesion", head, tuple(rows))


def _curve(figures: Mapping[str, Any]) -> TextTable:
    rows: list[tuple[str, ...]] = []
    for point in figures["curve"]:
        cells = (
            _percent(point["sensitivity"]),
            f"{point['false_a_frame']:.4f}",
            _percent(point["flagged"]),
            f"{point['alerts_an_hour']:.1f}",
            str(point["lesions_found"]),
        )
        if not rows or rows[-1][1:] != cells:  # below the lowest score all thresholds are the same
            rows.append((f"{point['threshold']:g}", *cells))
    head = ("threshold", "sensitivity", "false a frame", "frames flagged", "alerts an hour", "lesions found")
    return TextTable("Over thresholds", head, tuple(rows))


def _how_counted(figures: Mapping[str, Any]) -> str:
    analysed = figures["analysed"]
    alert = "False findings that are less than a second apart are one alert"
    if analysed is None or analysed >= figures["frames"]:
        return alert
    return f"{alert}; {counted(figures['frames'] - analysed, 'frame')} not analysed, and so without a finding"


def _how_late(figures: Mapping[str, Any]) -> str:
    delays = figures["annotation_delay_ms"]
    if delays is None:
        return (
            "Latencies are in the video's time: how late a result is on screen is not known of COCO results (--delays)"
        )
    return (
        "TRUE-Colon leaves out how late a result is on screen:"
        f" {delays['p50']:.0f} ms (median), {delays['p99']:.0f} ms (99th percentile), added above"
    )


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f} %"


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f} s"


def _ends_of(mean: Mapping[str, Any]) -> str:
    return _ends(mean["interval"], percent=True)


def _ends(interval: list[float] | None, *, percent: bool = False, unit: str = "") -> str:
    if interval is None:
        return ""
    low, high = interval
    return f"{100 * low:.0f} to {100 * high:.0f} %" if percent else f"{low:.2f} to {high:.2f}{unit}"
