"""The panel that explains the frame on screen, with the fast model on a frame of the demo."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest
from checked_page import CheckedPage
from processes import is_alive
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QImage
from window_driver import PATIENCE_MS, Key, paused, playing, press

from polyplive.config import EngineOptions, Settings
from polyplive.evaluation.demo_truth import demo_clip
from polyplive.explanation.curves import STEPS
from polyplive.gui.explain.opener import ONLY_PAUSED
from polyplive.gui.explain.panel import NO_REPORT
from polyplive.gui.report.pdf import write_report_pdf
from polyplive.gui.review.parts import ReviewParts
from polyplive.gui.window.opening import ReplayOpening
from polyplive.manifest import FAST
from polyplive.pages.report import report_page
from polyplive.review.report_data import ReportData
from polyplive.review.storage import open_review
from polyplive.sessions.engine_room.opening import SameModelOpener
from polyplive.sessions.opening import describe_session, open_video

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from polyplive.gui.explain.panel import ExplainPanel
    from polyplive.gui.session.replay_page import ReplayPage

SETTINGS = Settings(model=FAST, backend="openvino", engine=EngineOptions(threads=1))
AT_S, FRAME, WITHOUT_S = 5.0, 125, 2.0
needs_signals = pytest.mark.skipif(os.name == "nt", reason="suspends a process")


@pytest.fixture
def open_page(nothing_left: None, qtbot, tmp_path: Path) -> Iterator[Callable[..., ReplayPage]]:
    """Opens the demo, paused at a second, as a replay or as what ``make_review`` makes of it."""
    opened = []

    def opener(at_s: float = AT_S, make_review: Callable[[], ReviewParts] | None = None) -> ReplayPage:
        opening = ReplayOpening(
            lambda: open_video(demo_clip()),
            SameModelOpener(SETTINGS, lambda _: None),
            SETTINGS,
            start_s=at_s,
            snapshots=tmp_path / "snapshots",
            make_review=make_review,
        )
        page = opening.make_page()
        opened.append(page)
        with qtbot.waitActive(page, timeout=PATIENCE_MS):
            page.show()
        page.player.pause()
        page.start()
        paused(page, qtbot)
        return page

    yield opener
    for page in opened:
        page.close()
        page.deleteLater()


def explain(page: ReplayPage, qtbot) -> ExplainPanel:
    press(page, qtbot, Key.Key_E)
    panel = page.explainer.panel
    assert panel is not None
    qtbot.waitUntil(lambda: panel.process.process_id is not None, timeout=PATIENCE_MS)
    return panel


def suspended(page: ReplayPage, qtbot) -> tuple[ExplainPanel, int]:
    """A panel whose process stands still before it has said anything, and that process."""
    panel = explain(page, qtbot)
    process_id = panel.process.process_id
    os.kill(process_id, signal.SIGSTOP)
    return panel, process_id


def test_curves_grow_until_they_are_whole_and_are_saved_as_a_picture(open_page, qtbot, tmp_path: Path) -> None:
    page = open_page()
    panel = explain(page, qtbot)
    seen = set()
    panel.news.arrived.connect(lambda: seen.add(panel.still.done))
    qtbot.waitUntil(lambda: panel.is_over, timeout=PATIENCE_MS)
    assert panel.process.failure is None
    assert len(seen) > 3, "they grow while they are looked at"
    assert panel.frame_index == FRAME
    found = panel.found
    assert {len(points) for points in found.curves.values()} == {STEPS + 1}
    assert len(found.curves) == 2 * len(found.maps) == 2 * panel.maps.count() > 6
    for row in range(panel.maps.count()):
        panel.maps.setCurrentRow(row)
        assert "deletion 0." in panel.plot.accessibleDescription()
    assert not panel.add.isEnabled()
    assert panel.add.toolTip() == NO_REPORT
    qtbot.mouseClick(panel.save, Qt.MouseButton.LeftButton)
    (saved,) = (tmp_path / "snapshots").iterdir()
    assert saved.name in panel.said.text()
    assert QImage(str(saved)).width() > 1000
    process_id = panel.process.process_id
    press(panel, qtbot, Key.Key_Escape)
    assert page.explainer.panel is None
    assert not is_alive(process_id)


@needs_signals
def test_stopped_it_keeps_what_came_and_its_process_ends(open_page, qtbot) -> None:
    page = open_page()
    panel, process_id = suspended(page, qtbot)
    assert panel.end.text() == "Stop"
    qtbot.mouseClick(panel.end, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not is_alive(process_id), timeout=PATIENCE_MS)
    assert panel.said.text().startswith("Stopped")
    assert not panel.progress.isVisible()
    assert panel.process.failure is None
    qtbot.mouseClick(panel.end, Qt.MouseButton.LeftButton)
    assert page.explainer.panel is None


@needs_signals
@pytest.mark.parametrize("key", [Key.Key_Space, Key.Key_Right])
def test_leaving_the_frame_ends_it(open_page, qtbot, key: Key) -> None:
    page = open_page()
    _, process_id = suspended(page, qtbot)
    page.activateWindow()
    page.run_command({Key.Key_Space: "toggle_play", Key.Key_Right: "step_forward"}[key])
    qtbot.waitUntil(lambda: page.explainer.panel is None, timeout=PATIENCE_MS)
    assert not is_alive(process_id)


@needs_signals
def test_a_runtime_that_crashes_leaves_the_window_alone(open_page, qtbot) -> None:
    page = open_page()
    panel, process_id = suspended(page, qtbot)
    os.kill(process_id, signal.SIGKILL)
    qtbot.waitUntil(lambda: panel.is_over, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: panel.said.isVisible(), timeout=PATIENCE_MS)
    assert "SIGKILL" in panel.said.text()
    assert panel.end.text() == "Close"
    page.player.step(1)
    paused(page, qtbot, FRAME + 1)


def test_without_a_finding_it_says_that_nothing_is_explained(open_page, qtbot) -> None:
    page = open_page(WITHOUT_S)
    panel = explain(page, qtbot)
    qtbot.waitUntil(lambda: panel.is_over, timeout=PATIENCE_MS)
    assert panel.found.curves == {}
    assert "empty" in panel.about.text()
    assert "no curves" in panel.areas.text()


def test_what_cannot_be_explained_is_said_in_one_line(open_window, qtbot) -> None:
    window = open_window(playing=True)
    playing(window, qtbot)
    window.run_command("explain")
    assert window.explainer.panel is None
    said = [str(line) for line in window.log.newest(3)]
    assert any(ONLY_PAUSED.rstrip(".") in line for line in said), said


def test_a_model_that_is_no_file_is_not_explained(window, qtbot) -> None:
    press(window, qtbot, Key.Key_E)
    assert window.explainer.panel is None
    assert any("Open the recording again" in str(line) for line in window.log.newest(3))


def test_a_review_s_report_takes_the_picture_and_gives_it_back(open_page, qtbot, tmp_path: Path) -> None:
    video = tmp_path / "demo.mp4"
    video.write_bytes(demo_clip().read_bytes())
    review = open_review(video, by="A. Reader", folder=tmp_path)
    page = open_page(make_review=lambda: ReviewParts(review, lambda: open_video(video), close=review.close))
    panel = explain(page, qtbot)
    qtbot.waitUntil(lambda: panel.is_over, timeout=PATIENCE_MS)
    qtbot.mouseClick(panel.add, Qt.MouseButton.LeftButton)
    assert panel.add.text() == "Take out of report"
    assert review.flush()
    (kept,) = open_review(video, folder=tmp_path, read_only=True).pictures
    assert (kept.at_s, kept.by) == (page.display.view.position_s, "A. Reader")
    assert not QImage.fromData(kept.jpeg).isNull()
    view = page.display.view
    data = ReportData(describe_session(view.info, view.engine), is_reviewed=True, explained=review.said().pictures)
    texts = CheckedPage(report_page(data)).texts
    assert "Explained frames" in texts
    assert any(kept.caption in text for text in texts)
    write_report_pdf(data, tmp_path / "report.pdf")
    assert (tmp_path / "report.pdf").stat().st_size > len(kept.jpeg) / 2
    review.undo()
    assert review.pictures == ()
    review.redo()
    panel.change_report()
    assert review.pictures == ()
    assert panel.add.text() == "Add to report"
