"""A review with nothing made up: the analysis runs on the clip while the window plays it, and lies on the disk."""

from __future__ import annotations

import dataclasses
import threading
from functools import partial
from typing import TYPE_CHECKING

import pytest
from gated_engine import open_gated
from PyQt6.QtCore import Qt
from window_driver import PATIENCE_MS, Key, paused

from polyplive.commands import review
from polyplive.config import Settings
from polyplive.gui.review.parts import ReviewParts
from polyplive.gui.review.review_page import ReviewPage
from polyplive.gui.review.whole_analysis import RATE_OVER_S, Rate, WholeAnalysis
from polyplive.gui.window.opening import ReplayOpening
from polyplive.review.analysis.background import Analysis
from polyplive.review.analysis.cache import folder_of
from polyplive.review.analysis.outlines import outline
from polyplive.review.decisions import Verdict
from polyplive.review.storage import open_review
from polyplive.sessions.opening import open_video

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

FRAMES = 20


class Opener:
    """Opens pages for ``clip``, whose review lies beside it and whose analysis lies in ``root``."""

    def __init__(self, clip: Path, root: Path) -> None:
        self.clip, self.root = clip, root
        self.gate: Callable[[], object] = lambda: None
        self.analysis: WholeAnalysis | None = None
        self.pages: list[ReviewPage] = []

    def open(self, qtbot) -> ReviewPage:
        opening = ReplayOpening(self._source, open_gated(), path=self.clip, make_review=self._parts)
        page = dataclasses.replace(opening, snapshots=self.root / "snapshots").make_page()
        assert isinstance(page, ReviewPage)
        self.pages.append(page)
        with qtbot.waitActive(page, timeout=PATIENCE_MS):
            page.show()
        page.player.pause()
        page.start()
        return page

    def close(self) -> None:
        for page in self.pages:
            page.close()
            page.deleteLater()
        self.pages.clear()

    def _source(self):
        return open_video(self.clip)

    def _parts(self) -> ReviewParts:
        engine = open_gated(lambda: self.gate())
        make = partial(Analysis, self.clip, Settings(), open_engine=engine, root=self.root / "analysis")
        self.analysis = analysis = WholeAnalysis(make)
        kept = open_review(self.clip, folder=self.root / "reviews")
        return ReviewParts(kept, self._source, analysis, self._outline, describe=analysis.facts, close=kept.close)

    def _outline(self, sighting):
        plan = self.analysis.running.plan
        return outline(plan, folder_of(plan.key, self.root / "analysis"), sighting.index, sighting.box)


@pytest.fixture
def opener(nothing_left: None, clip: Path, tmp_path: Path) -> Iterator[Opener]:
    video = tmp_path / "procedure.mp4"
    video.write_bytes(clip.read_bytes())
    made = Opener(video, tmp_path)
    yield made
    made.close()


def analysed(page: ReviewPage, qtbot) -> None:
    qtbot.waitUntil(lambda: page.feed.state.is_over, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: page.desk.shown.timeline.coverage > 0.99, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: not page.review_bar.pause.isVisible(), timeout=PATIENCE_MS)  # Qt's thread has heard it


def test_what_is_found_is_decided_and_there_the_next_time(opener: Opener, qtbot) -> None:
    page = opener.open(qtbot)
    analysed(page, qtbot)
    assert page.feed.state.problem == ""
    tracks = page.desk.shown.timeline.tracks
    assert tracks
    for place in (0, FRAMES // 2, FRAMES - 1):
        page.player.seek(place / 25)
        paused(page, qtbot, place)
        names = [name for _, name in page.display.scene.hud.names]
        assert len(names) == len(page.display.prediction.detections) > 0
        in_view = {f"Polyp {one.number}" for one in tracks if place in [seen.index for seen in one.sightings]}
        assert set(names) <= in_view | {"Polyp"}
        assert in_view & set(names), "the picture and the timeline have one number for a finding"
    page.desk.select(1)
    qtbot.keyClick(page, Key.Key_A)
    page.desk.write("flat", None, 0.2, 1)
    contour = opener._outline(tracks[0].best)
    x, y, width, height = tracks[0].best.box
    assert (contour.min(axis=0) >= (x, y)).all()
    assert (contour.max(axis=0) <= (x + width, y + height)).all()
    facts = page.desk.review.analysis
    assert facts.model
    assert len(facts.events_sha256) == 64
    opener.close()
    again = opener.open(qtbot)
    analysed(again, qtbot)
    assert again.desk.shown.verdict(1) is Verdict.ACCEPTED
    assert [flag.text for flag in again.desk.shown.flags] == ["flat"]


def test_a_paused_analysis_rests_and_goes_on(opener: Opener, qtbot) -> None:
    """While it is paused no frame is analysed; afterwards every frame is, once."""
    let = threading.Event()
    seen = []

    def gate() -> None:
        seen.append(1)
        if len(seen) > 3:
            assert let.wait(PATIENCE_MS / 1000)

    opener.gate = gate
    page = opener.open(qtbot)
    qtbot.waitUntil(lambda: len(seen) > 3, timeout=PATIENCE_MS)
    qtbot.keyClick(page, Key.Key_Y)
    assert page.review_bar.progress.text().endswith("paused")
    let.set()
    assert opener.analysis.running.join(PATIENCE_MS / 1000)
    rested = len(seen)
    assert rested < FRAMES
    assert page.feed.state.is_paused
    qtbot.mouseClick(page.review_bar.pause, Qt.MouseButton.LeftButton)
    analysed(page, qtbot)
    assert page.review_bar.pause.isVisible() is False


def test_the_command_makes_all_parts_of_a_review(opener: Opener) -> None:
    named: list[str] = []
    opening = review.opening(review.ReviewRequest(opener.clip, by="Ada"), named.append)
    parts = opening.make_review()
    try:
        assert parts.review.by == "Ada"
        assert (parts.describe(), parts.read_marks()) == (None, ())
        assert parts.analysis.state.share == 0
        with parts.open_source() as source:
            assert source.info.frames == FRAMES
        parts.name_reviewer("Grace")
        assert named == ["Grace"]
    finally:
        parts.close()


def test_the_time_that_is_left_is_told_by_the_last_seconds() -> None:
    rate = Rate()
    assert rate.value is None
    for second in range(3):
        rate.see(5000 + 10 * second, float(second))
    assert rate.value == pytest.approx(10)
    rate.see(90_000, 3.0)
    assert rate.value is None, "what was known already says nothing"
    for second in range(100):
        rate.see(90_000 + 50 * second, 4.0 + second)
        rate.see(90_000 + 50 * second + 25, 4.5 + second)
    assert rate.value == pytest.approx(50)
    assert rate._seen[-1][0] - rate._seen[0][0] <= RATE_OVER_S
