"""Full screen: nothing but the picture; its tools come with the pointer and go when that rests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtTest import QTest
from window_driver import PATIENCE_MS, Key, paused, press

from polyplive.gui.session import full_screen
from polyplive.gui.session.session_page import NARROW
from polyplive.types import SessionState

if TYPE_CHECKING:
    from polyplive.gui.session.replay_page import ReplayPage

LEFT = Qt.MouseButton.LeftButton


def tools(window: ReplayPage) -> list[bool]:
    return [tool.isVisible() for tool in (window.panel, window.transport, window.strip)]


def brought(window: ReplayPage) -> list[bool]:
    """What comes with the pointer: the panel only where there is room for it."""
    return [window.width() >= NARROW, True, True]


def rests(window: ReplayPage, qtbot, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the pointer rest on the picture until the tools have gone."""
    monkeypatch.setattr(full_screen, "REST_MS", 1)
    window.full_screen.rest.start(1)
    qtbot.waitUntil(lambda: not any(tools(window)), timeout=PATIENCE_MS)
    monkeypatch.undo()


def fill(window: ReplayPage, qtbot) -> None:
    QTest.mouseMove(window.video, QPoint(30, 30))
    press(window, qtbot, Key.Key_F)
    qtbot.waitUntil(lambda: window.isFullScreen() and not any(tools(window)), timeout=PATIENCE_MS)


def test_nothing_but_the_picture_until_the_pointer_moves(window: ReplayPage, qtbot, monkeypatch) -> None:
    framed = window.video.geometry()
    fill(window, qtbot)
    qtbot.waitUntil(lambda: window.video.geometry() == window.rect() != framed, timeout=PATIENCE_MS)
    whole = window.rect()
    (picture,) = window.video.picture_rects()
    assert picture.width() == whole.width() or picture.height() == whole.height(), "to the last pixel"
    assert window.video.cursor().shape() == Qt.CursorShape.BlankCursor
    for place in (QPoint(60, 50), QPoint(90, 80)):
        QTest.mouseMove(window.video, place)
        assert tools(window) == brought(window)
        assert window.video.cursor().shape() == Qt.CursorShape.ArrowCursor
        assert window.video.geometry() == whole, "the picture keeps its size"
        assert window.strip.mapTo(window, window.strip.rect().bottomRight()) == whole.bottomRight()
        rests(window, qtbot, monkeypatch)
        assert window.video.cursor().shape() == Qt.CursorShape.BlankCursor
    press(window, qtbot, Key.Key_Escape)
    qtbot.waitUntil(lambda: tools(window) == [True, True, True], timeout=PATIENCE_MS)
    assert not window.isFullScreen()
    assert window.video.cursor().shape() == Qt.CursorShape.ArrowCursor
    qtbot.waitUntil(lambda: window.video.geometry() == framed, timeout=PATIENCE_MS)


def test_while_the_pointer_is_over_a_tool_all_stay(window: ReplayPage, qtbot, monkeypatch) -> None:
    fill(window, qtbot)
    QTest.mouseMove(window.video, QPoint(60, 50))
    monkeypatch.setattr(window.strip, "underMouse", lambda: True)
    window.full_screen.rest.timeout.emit()
    assert tools(window) == brought(window)
    assert window.full_screen.rest.isActive()


def test_a_panel_that_was_put_away_stays_away(window: ReplayPage, qtbot) -> None:
    press(window, qtbot, Key.Key_T)
    fill(window, qtbot)
    QTest.mouseMove(window.video, QPoint(60, 50))
    assert tools(window) == [False, True, True]
    press(window, qtbot, Key.Key_T)
    assert tools(window) == [True, True, True]
    press(window, qtbot, Key.Key_T)
    press(window, qtbot, Key.Key_Escape)
    qtbot.waitUntil(lambda: not window.isFullScreen(), timeout=PATIENCE_MS)
    assert tools(window) == [False, True, True]


def test_a_click_plays_and_a_double_click_fills_the_screen(window: ReplayPage, qtbot) -> None:
    QTest.mouseClick(window.video, LEFT, pos=QPoint(200, 150))
    QTest.mouseDClick(window.video, LEFT, pos=QPoint(200, 150))
    qtbot.waitUntil(window.isFullScreen, timeout=PATIENCE_MS)
    QTest.mouseClick(window.video, LEFT, pos=QPoint(300, 150))
    states = []
    qtbot.waitUntil(
        lambda: states.append(window.display.view.state) or window.display.view.playing, timeout=PATIENCE_MS
    )
    QTest.mouseDClick(window.video, LEFT, pos=QPoint(300, 150))
    qtbot.waitUntil(lambda: not window.isFullScreen(), timeout=PATIENCE_MS)
    assert set(states[:-1]) <= {SessionState.PAUSED}


def test_keys_zoom_move_and_bring_the_loupe(window: ReplayPage, qtbot) -> None:
    control, view = Qt.KeyboardModifier.ControlModifier, window.video.contents
    for _ in range(4):
        press(window, qtbot, Key.Key_Plus, control)
    press(window, qtbot, Key.Key_Minus, control)
    assert view.zoom.steps == 3
    for key, x, y in (
        (Key.Key_Right, 1, 0),
        (Key.Key_Down, 1, 1),
        (Key.Key_Left, 0, 1),
        (Key.Key_Left, -1, 1),
        (Key.Key_Up, -1, 0),
    ):
        press(window, qtbot, key, control)
        share = 0.2 / view.zoom.factor
        assert (view.zoom.x, view.zoom.y) == pytest.approx((0.5 + x * share, 0.5 + y * share))
    press(window, qtbot, Key.Key_0)
    assert view.zoom.steps == 0
    QTest.mouseMove(window.video, QPoint(200, 150))
    press(window, qtbot, Key.Key_Z)
    QTest.mouseMove(window.video, QPoint(210, 150))
    assert view.loupe_at == (210, 150)
    press(window, qtbot, Key.Key_Z)
    assert view.loupe_at is None
    paused(window, qtbot, 0)


def test_esc_puts_the_loupe_away_before_full_screen(window: ReplayPage, qtbot) -> None:
    fill(window, qtbot)
    press(window, qtbot, Key.Key_Z)
    assert window.video.has_loupe
    press(window, qtbot, Key.Key_Escape)
    assert not window.video.has_loupe
    assert window.isFullScreen()
    press(window, qtbot, Key.Key_Escape)
    qtbot.waitUntil(lambda: not window.isFullScreen(), timeout=PATIENCE_MS)
