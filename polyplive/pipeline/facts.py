"""What figures rest on: version, date, model, arithmetic, and how frames are seen; the same for every document."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from polyplive import __version__
from polyplive.system.file_names import file_name
from polyplive.wording import moment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polyplive.backends.base import EngineSpec
    from polyplive.config import PipelineSettings

SEEN = {
    "none": "the whole picture (--roi none)",
    "auto": "found in the frames (--roi auto)",
}
"""What each ``roi`` that is no rectangle means."""


def run_facts(spec: EngineSpec, settings: PipelineSettings, threshold: float) -> dict[str, Any]:
    """The facts as plain values for JSON; ``measured`` is now, as local time with its offset from UTC."""
    return {
        "version": __version__,
        "measured": datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
        "model": spec.manifest.name,
        "model_version": spec.manifest.version,
        "model_sha256": spec.manifest.sha256,
        "backend": spec.backend,
        "device": spec.device,
        "input": [spec.width, spec.height],
        "precision": spec.precision,
        "graph_precision": spec.manifest.precision,
        "roi": settings.roi or "auto",
        "one_field": settings.one_field,
        "min_area": settings.min_area,
        "threshold": threshold,
    }


def fact_rows(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Names and values of ``run_facts`` for a page."""
    return [
        ("Model", f"{file_name(facts['model'])} {facts['model_version']}"),
        ("Model SHA-256", facts["model_sha256"]),
        ("Backend", f"{facts['backend']}, {facts['device']}"),
        ("Precision", precision_text(facts)),
        ("Field of view", field_of_view_text(facts["roi"])),
        ("Threshold", f"{facts['threshold']:g}"),
        ("Measured", f"{moment(facts['measured'])}, polyplive {facts['version']}"),
    ]


def fact_sentence(facts: Mapping[str, Any]) -> str:
    """The facts of ``run_facts`` that a user may have forgotten to set, as one line for the terminal."""
    return (
        f"{file_name(facts['model'])} {facts['model_version']} ({facts['model_sha256'][:12]}) on {facts['backend']},"
        f" {precision_text(facts)}; threshold {facts['threshold']:g};"
        f" field of view: {field_of_view_text(facts['roi'])}"
    )


def precision_text(facts: Mapping[str, Any]) -> str:
    """The arithmetic that ran, with the graph's own where that is another."""
    ran, graph = facts["precision"], facts["graph_precision"]
    return str(ran) if ran == graph else f"{ran} (the graph has {graph})"


def field_of_view_text(roi: str) -> str:
    """Which part of a frame the model saw."""
    return SEEN.get(roi.strip().lower(), f"{roi} (x,y,w,h)")
