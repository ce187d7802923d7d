"""An evaluation of whole procedures: FROC, how soon lesions are found, and false alerts an hour."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from polyplive.evaluation.procedures.figures import AS_SHOWN
from polyplive.evaluation.procedures.tables import operating_point, procedure_sentences, procedure_tables
from polyplive.pages.chart import Axis, Bar, Chart, Line, Mark, lanes, number_ticks
from polyplive.pages.environment import render
from polyplive.system.file_names import file_name
from polyplive.wording import counted, moment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def procedures_page(figures: Mapping[str, Any]) -> str:
    """The page of ``evaluate_procedures``."""
    main, *others = procedure_tables(figures)
    return render(
        "procedures.html.j2",
        kind="polyplive evaluation of procedures",
        heading=f"Evaluation on {file_name(figures['data'])}",
        about=_about(figures),
        main=main,
        tables=others,
        sentences=procedure_sentences(figures),
        froc=_froc(figures),
        alerts=_alerts(figures),
        lesions=_lesions(figures),
    )


def _about(figures: Mapping[str, Any]) -> list[tuple[str, str]]:
    hours = figures["false_alerts"]["hours"]
    size = f"{counted(figures['frames'], 'frame')} at {figures['fps']:g} a second, {60 * hours:.1f} minutes"
    rows = [
        ("Procedures", ", ".join(figures["procedures"])),
        ("Length", size),
        ("Findings", f"{figures['findings']}, of {', '.join(map(file_name, figures['found']))}"),
        ("Operating point", operating_point(figures)),
    ]
    if figures["model"]:
        rows += [("Model", file_name(figures["model"])), ("Model SHA-256", figures["model_sha256"])]
    measured = f"{moment(figures['measured'])}, with polyplive {figures['version']}"
    return [*rows, ("Protocol", f"TRUE-Colon {figures['true_colon']['version']}"), ("Measured", measured)]


def _froc(figures: Mapping[str, Any]) -> Chart:
    points = sorted((point["false_a_frame"], point["sensitivity"]) for point in figures["curve"])
    here = figures["views"]["misses"] / figures["frames"]
    high = _above(max(points[-1][0], here))
    return Chart(
        "FROC: false findings a frame, and the share of lesions in frames that are found",
        Axis("false findings a frame", 0.0, high, number_ticks(0.0, high)),
        Axis("sensitivity", 0.0, 1.0, number_ticks(0.0, 1.0)),
        lines=(Line(tuple(points), dots=True),),
        marks=(Mark(here, "operating point"),),
        height=260,
    )


def _alerts(figures: Mapping[str, Any]) -> Chart:
    points = [(point["threshold"], point["alerts_an_hour"]) for point in figures["curve"]]
    high = _above(max(rate for _, rate in points))
    threshold = 0.0 if figures["operating_point"] is None else min(figures["threshold"], 1.0)
    marks = () if threshold <= AS_SHOWN else (Mark(threshold, "operating point"),)
    return Chart(
        "False alerts an hour at each threshold",
        Axis("threshold", 0.0, 1.0, number_ticks(0.0, 1.0)),
        Axis("false alerts an hour", 0.0, high, number_ticks(0.0, high)),
        lines=(Line(tuple(points), dots=True),),
        marks=marks,
        height=200,
    )


def _lesions(figures: Mapping[str, Any]) -> Chart:
    """A lane for each lesion: how long it was in view before it was found."""
    records: Sequence[Mapping[str, Any]] = figures["lesion_records"]
    known = [one["latency_s"] for one in records if one["latency_s"] is not None]
    high = _above(max(known, default=0.0))
    across = Axis(
        "seconds from a lesion's first frame to the first in which it is found", 0, high, number_ticks(0, high)
    )
    rows = [(one["name"], [_bar(one, high)]) for one in records]
    return lanes("How soon each lesion is found", across, rows)


def _bar(one: Mapping[str, Any], high: float) -> Bar:
    latency = one["latency_s"]
    if latency is None:
        return Bar(0.0, high, 0, 1, "warn", f"{one['name']}: never found", "never found")
    return Bar(0.0, latency, 0, 1, "main", f"{one['name']}: {latency:.2f} s")


def _above(value: float) -> float:
    """A round number that is not below ``value``, and above 0."""
    if value <= 0:
        return 1.0
    power: float = 10.0 ** math.floor(math.log10(value))
    return next(power * factor for factor in (1, 2, 3, 4, 5, 6, 8, 10) if power * factor >= value * (1 - 1e-9))
