"""The rendered demo clip, and how a model's findings on it compare with the polyps that were rendered."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from polyplive.pipeline.tracking import iou
from polyplive.sinks.base import Sink
from polyplive.system.assets import asset
from polyplive.wording import count_of

if TYPE_CHECKING:
    from pathlib import Path

    from polyplive.sinks.base import FrameRecord, SessionInfo

CLEAR_VIEW = 0.005
"""A polyp that covers less of the picture than this is far away or cut off, and is not counted as missed."""
OVERLAP = 0.3
"""A detection finds a polyp when the IoU of their boxes is at least this."""


def demo_clip() -> Path:
    """The rendered clip. Raises ``SourceNotFound`` if the installation lacks it."""
    return asset("demo.mp4")


def demo_truth() -> dict[str, Any]:
    """What was rendered: ``truth[i]`` holds the polyps of frame i (``assets/render_demo.py`` describes the format)."""
    truth: dict[str, Any] = json.loads(asset("demo-truth.json").read_text(encoding="utf-8"))
    return truth


class TruthSink(Sink):
    """A sink that compares every frame of the demo clip with the polyps that are in it."""

    def __init__(self) -> None:
        document = demo_truth()
        self._truth: list[list[dict[str, Any]]] = document["truth"]
        self._smallest = CLEAR_VIEW * document["width"] * document["height"]
        self.views = self.found = 0
        self.polyp_frames = self.polyp_frames_marked = 0
        self.empty_frames = self.empty_frames_marked = 0

    def open(self, session: SessionInfo) -> None:
        """Nothing to open."""

    def write(self, record: FrameRecord) -> None:
        """Count one frame."""
        detections = record.prediction.detections if record.prediction is not None else ()
        in_view = self._truth[record.frame.index]
        clear = [polyp for polyp in in_view if polyp["area_px"] >= self._smallest]
        for polyp in clear:
            self.views += 1
            self.found += any(iou(detection.bbox, tuple(polyp["bbox"])) >= OVERLAP for detection in detections)
        if clear:
            self.polyp_frames += 1
            self.polyp_frames_marked += bool(detections)
        elif not in_view:
            self.empty_frames += 1
            self.empty_frames_marked += bool(detections)

    def close(self) -> None:
        """Nothing to close."""

    def summary(self) -> list[str]:
        """The counts in words."""
        return [
            f"Rendered polyps in clear view: {count_of(self.found, self.views)} outlined in their place,"
            f" of their frames {count_of(self.polyp_frames_marked, self.polyp_frames)} marked",
            f"Frames without a polyp: {count_of(self.empty_frames_marked, self.empty_frames)} marked",
        ]
