"""Runs a recording whole and in pieces, and compares what is written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from colour_engine import ColourEngine

from polyplive.config import PipelineSettings
from polyplive.review.analysis.joining import Joiner, unfinished_units, write_events
from polyplive.review.analysis.planning import Plan, VideoOptions, plan
from polyplive.review.analysis.running import PieceRunner
from polyplive.sessions.engine_room.offline import OfflineEngineRoom
from polyplive.sessions.replay.headless import ReplaySettings, replay
from polyplive.sinks.events import EventsSink
from polyplive.types import OverlaySettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from polyplive.backends.base import Engine
    from polyplive.review.analysis.planning import Unit

MEASURED = ("captured_s", "delays_ms", "stages_ms", "started")
SETTINGS = PipelineSettings(min_frames=2, confirm_probability=0.8)
"""So that findings are withheld and kept: all that goes from frame to frame."""


def scene(number: int, width: int = 160, height: int = 128, border: int = 24) -> np.ndarray:
    """Mucosa between black borders, with two polyps that move, fade now and then, and go away for a while."""
    image = np.zeros((height, width, 3), np.uint8)
    image[:, border : width - border] = (70, 110, 130)
    for place, pace in ((0.3, 3), (0.7, 5)):
        if number % 40 < 30 or place < 0.5:
            centre = round(width * place + 12 * np.sin(number / pace)), round(height * place)
            faint = number % 7 == 3
            cv2.circle(image, centre, 14, (60, 95, 150) if faint else (40, 40, 220), -1)
    image[:, :border] = image[:, width - border :] = 0
    return image


def lines(path: Path) -> list[dict[str, Any]]:
    """The events of a file, without what was measured."""
    found = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [{name: value for name, value in line.items() if name not in MEASURED} for line in found]


def whole(
    clip: Path,
    events: Path,
    settings: PipelineSettings = SETTINGS,
    video: VideoOptions | None = None,
    make: Callable[[], Engine] = ColourEngine,
) -> Path:
    """The events of an unsplit run without heatmaps, written to ``events``."""
    overlay = OverlaySettings(heatmap=False)
    with (
        (video or VideoOptions()).open(clip) as source,
        OfflineEngineRoom(lambda _: make(), settings) as room,
    ):
        replay(source, room, [EventsSink(events)], ReplaySettings(overlay=overlay))
    return events


def planned(
    clip: Path, piece_frames: int, settings: PipelineSettings = SETTINGS, video: VideoOptions | None = None
) -> Plan:
    """The plan for the colour engine."""
    return plan(clip, ColourEngine().spec, settings, video, piece_frames)


def run_all(made: Plan, folder: Path, make: Callable[[], Engine] = ColourEngine) -> list[Unit]:
    """Run what has no result, the last one first, then what does not hold, until all is joined.

    Returns what had to be run again.
    """
    again: list[Unit] = []
    joiner = Joiner(made, folder)
    with PieceRunner(lambda _: make(), made.pipeline) as runner:
        for unit in reversed(unfinished_units(made, folder)):
            assert runner.run(made, unit, folder)
        while True:
            for _ in joiner.ready():
                pass
            if joiner.wanted is None:
                return again
            again.append(joiner.wanted)
            assert runner.run(made, joiner.wanted, folder)


def joined(made: Plan, folder: Path) -> list[dict[str, Any]]:
    """The events that the results in ``folder`` are joined to."""
    write_events(made, folder, folder / "events.jsonl")
    return lines(folder / "events.jsonl")
