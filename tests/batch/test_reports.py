"""The report of a recording of a batch says what is wrong with the picture, which the pieces have found."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np
from clipmaker import write_clip
from small_archive import rested

from polyplive.batch.analysis import analyse
from polyplive.batch.recording import Recording
from polyplive.batch.runners import piece_runner
from polyplive.batch.work import Work, settled
from polyplive.commands.batch_outputs import write_report
from polyplive.config import EngineOptions, Settings
from polyplive.review.analysis.planning import VideoOptions

if TYPE_CHECKING:
    from pathlib import Path

SIZE = 160, 192, 3


def test_a_dark_stretch_is_a_lane_of_the_report(tmp_path: Path) -> None:
    chance = np.random.default_rng(1)
    usual = [chance.integers(60, 160, SIZE, np.uint8) for _ in range(24)]
    clip = rested(write_clip(tmp_path / "clip.mp4", [*usual, *(image // 8 for image in usual)], options={"g": "8"}))
    settings = Settings(engine=EngineOptions(threads=1))
    work = Work(tmp_path / "out", settings, piece_frames=16, report=functools.partial(write_report, VideoOptions()))
    try:
        result = analyse(Recording(clip, "clip"), settled(work), lambda _done, _total: None)
    finally:
        piece_runner.cache_clear()
    assert (result.status, result.files) == ("done", ("events.jsonl", "report.html"))
    page = (tmp_path / "out" / "clip" / "report.html").read_text(encoding="utf-8")
    assert "too dark: " in page
