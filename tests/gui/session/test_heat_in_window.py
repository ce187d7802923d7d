"""Heat in the window: its style, what is hidden, and one finding's heat by click and by key."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from PyQt6.QtCore import QEvent, QPoint, QPointF, Qt
from PyQt6.QtGui import QHelpEvent
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QToolTip
from view_scenes import finding
from window_driver import PATIENCE_MS, paused, press

from polyplive.backends.base import EngineSpec
from polyplive.gui.session.display import Display
from polyplive.gui.session.heat_choice import GONE_S, HeatChoice
from polyplive.gui.view.hit import finding_at
from polyplive.manifest import FAST, load_manifest, shipped_models
from polyplive.overlay.colours import heat_colours
from polyplive.sessions.view import View
from polyplive.types import OverlaySettings

Key, LEFT = Qt.Key, Qt.MouseButton.LeftButton


@pytest.fixture
def window(open_window, qtbot):
    made = open_window(playing=False)
    paused(made, qtbot)
    qtbot.waitUntil(lambda: made.display.prediction is not None, timeout=PATIENCE_MS)
    return made


def place_of(window, x: float, y: float) -> QPoint:
    """Where the view shows a source pixel."""
    rect, frame = window.video.picture_rects()[0], window.display.view.frame
    return QPoint(
        round(rect.left() + (x + 0.5) * rect.width() / frame.width),
        round(rect.top() + (y + 0.5) * rect.height() / frame.height),
    )


def middle_of(window, number: int = 0) -> QPoint:
    x, y, width, height = window.display.prediction.detections[number].bbox
    return place_of(window, x + width / 2, y + height / 2)


def click(window, qtbot, at: QPoint) -> None:
    heard = []
    window.video.clicked.connect(heard.append)
    QTest.mouseClick(window.video, LEFT, pos=at)
    qtbot.waitUntil(lambda: bool(heard), timeout=PATIENCE_MS)
    window.video.clicked.disconnect(heard.append)


def test_a_click_on_a_finding_shows_its_heat_alone_and_elsewhere_all_again_and_playback_stays(window, qtbot) -> None:
    track = window.display.prediction.detections[0].track
    click(window, qtbot, middle_of(window))
    assert window.display.overlay.heat_of == track
    assert f"polyp {track}" in window.strip.text.text()
    click(window, qtbot, place_of(window, 2, 2))
    assert window.display.overlay.heat_of is None
    assert not window.display.view.playing, "this click ended the choice"
    click(window, qtbot, middle_of(window))
    click(window, qtbot, middle_of(window))
    assert window.display.overlay.heat_of is None, "the same again takes it back"
    click(window, qtbot, place_of(window, 2, 2))
    qtbot.waitUntil(lambda: window.display.view.playing, timeout=PATIENCE_MS)


def test_a_click_in_a_zoomed_picture_means_what_is_seen_there(window, qtbot) -> None:
    at = middle_of(window)
    window.video.zoom_by(4, at.toPointF())
    assert window.video.finding_at(at.toPointF()) == window.display.prediction.detections[0].track
    assert window.video.finding_at(QPoint(1, 1).toPointF()) is None, "beside the picture"


def test_keys_choose_one_after_another_and_esc_takes_it_back_before_it_leaves_full_screen(window, qtbot) -> None:
    tracks = sorted(one.track for one in window.display.prediction.detections)
    for track in (*tracks, None):
        press(window, qtbot, Key.Key_Q)
        assert window.display.overlay.heat_of == track
    window.run_command("toggle_fullscreen")
    press(window, qtbot, Key.Key_Q)
    press(window, qtbot, Key.Key_Escape)
    assert window.display.overlay.heat_of is None
    assert window.isFullScreen()
    press(window, qtbot, Key.Key_Escape)
    assert not window.isFullScreen()


def test_a_choice_shows_heat_that_is_off_and_leaves_it_off(window, qtbot) -> None:
    press(window, qtbot, Key.Key_H)
    assert window.display.overlay.heatmap is False
    press(window, qtbot, Key.Key_Q)
    assert window.display.overlay.heatmap is True
    assert window.heat.without.heatmap is False, "which is what is remembered"
    press(window, qtbot, Key.Key_Escape)
    assert window.display.overlay.heatmap is False
    press(window, qtbot, Key.Key_Q)
    press(window, qtbot, Key.Key_H)
    assert (window.display.overlay.heatmap, window.display.overlay.heat_of) == (False, None)


def test_style_and_hidden_heat_have_keys_and_switches_that_rest_while_there_is_no_heat(window, qtbot) -> None:
    shift = Qt.KeyboardModifier.ShiftModifier
    press(window, qtbot, Key.Key_H, shift)
    assert window.display.overlay.heat_style == "lines"
    assert window.panel.switches["heat_lines"].isChecked()
    qtbot.mouseClick(window.panel.switches["heat_lines"], LEFT)
    assert window.display.overlay.heat_style == "filled"
    press(window, qtbot, Key.Key_O, shift)
    assert window.display.overlay.heat_everywhere
    assert window.panel.switches["heat_everywhere"].isChecked()
    press(window, qtbot, Key.Key_H)
    assert not any(window.panel.switches[name].isEnabled() for name in ("heat_lines", "heat_everywhere", "legend"))


def test_the_key_beside_the_switch_says_what_heat_is_and_its_tool_tip_what_it_is_not(window) -> None:
    key = window.panel.heat_key
    assert "raises" in key.said.text()
    assert "missed" in key.toolTip()
    assert window.display.view.engine.manifest.cam_layers[0] in key.toolTip()


def test_a_pointer_that_rests_on_the_legend_is_told_what_heat_is_not(window, qtbot) -> None:
    def told(at: QPoint) -> str:
        QToolTip.hideText()
        QApplication.sendEvent(window.video, QHelpEvent(QEvent.Type.ToolTip, at, window.video.mapToGlobal(at)))
        return QToolTip.text()

    rect = window.video.picture_rects()[0]
    on_legend = (rect.bottomRight() - QPointF(24, 16)).toPoint()
    assert told(on_legend) == ""
    press(window, qtbot, Key.Key_L)
    assert "missed" in told(on_legend)
    assert window.display.view.engine.manifest.cam_layers[-1] in told(on_legend)
    qtbot.waitUntil(lambda: told(rect.center().toPoint()) == "", timeout=PATIENCE_MS)
    QToolTip.hideText()
    qtbot.waitUntil(lambda: not QToolTip.isVisible(), timeout=PATIENCE_MS)


def test_the_choice_ends_when_its_finding_was_seen_and_is_gone() -> None:
    display = Display(OverlaySettings())
    choice = HeatChoice(display, lambda overlay: display.set(**_fields(overlay)), lambda _: None)
    with_two, without = finding(320, 240), finding(320, 240, (0.3, 0.4, 0.15))

    def look(prediction, at_s: float) -> int | None:
        display.view = View(prediction=prediction, position_s=at_s)
        choice.look()
        return choice.chosen

    display.view = View(prediction=with_two)
    choice.choose(2)
    assert look(with_two, 0.0) == 2
    assert look(without, 0.1) == 2
    assert look(with_two, 0.2) == 2
    assert look(without, 1.0) == 2
    assert look(None, 5.0) == 2, "no result says nothing"
    assert look(without, 1.0 + GONE_S + 0.01) is None
    choice.choose(7)
    assert look(without, 9.0) == 7, "it was not seen yet"


def test_of_what_nearly_fired_no_findings_heat_can_be_chosen() -> None:
    display, said = Display(OverlaySettings()), []
    choice = HeatChoice(display, lambda overlay: display.set(**_fields(overlay)), said.append)
    spec = EngineSpec.of(load_manifest(shipped_models()[FAST]), "openvino", "a processor")
    display.view = View(prediction=finding(320, 240), engine=dataclasses.replace(spec, cam_target="nearly"))
    choice.choose_next()
    assert choice.clicked(1), "a click meant heat"
    assert (choice.chosen, said) == (None, 2 * ["Heat shows what nearly fired: no finding has any."])


def test_the_smallest_finding_around_a_place_is_meant_or_the_nearest_beside_it() -> None:
    found = finding(960, 720)
    inside = {track: next(one for one in found.detections if one.track == track) for track in (1, 2)}
    for track, one in inside.items():
        x, y, width, height = one.bbox
        assert finding_at(found, (x + width / 2, y + height / 2), 0) == track
        assert finding_at(found, (x - 5, y + height / 2), 8) == track
        assert finding_at(found, (x - 12, y + height / 2), 8) is None


def _fields(overlay: OverlaySettings) -> dict[str, object]:
    return {name: getattr(overlay, name) for name in ("heat_of", "heatmap")}


def test_the_key_is_no_wider_than_the_panel_and_its_colours_are_seen(window, qtbot) -> None:
    panel = window.panel
    for width in (900, 1280):
        window.resize(width, 800)
        qtbot.waitUntil(lambda width=width: window.width() == width and panel.isVisible(), timeout=PATIENCE_MS)
        assert panel.heat_key.minimumSizeHint().width() <= panel.width() - 40
        drawn = panel.heat_key.bar.grab().toImage()
        assert drawn.width() > 80
        for x, level in ((0, 0), (drawn.width() - 1, 255)):
            seen, meant = drawn.pixelColor(x, 4).getRgb()[2::-1], heat_colours()[level, 0]
            assert np.abs(np.array(seen) - meant).max() < 12
        for switch in panel.switches.values():
            assert switch.mapTo(panel, switch.rect().topRight()).x() < panel.width()
