"""Full screen: nothing but the picture is seen, until the pointer moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QEvent, QObject, QPoint, Qt, QTimer
from PyQt6.QtGui import QCursor
from PyQt6.QtWidgets import QApplication, QGridLayout, QMainWindow, QWidget

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polyplive.gui.view.video_view import VideoView

REST_MS = 2500
"""So long after the pointer has come to rest its tools go."""


class FullScreen(QObject):
    """Lays out a ``page``: the picture, tools ``beside`` it and rows ``below``. Qt's thread.

    While the page's window fills the screen, so does the picture, whose size does not change with the tools. These lie
    over it when the pointer has moved, and go with the pointer when that rests. Over a tool, or with a list or a dialog
    open, they stay.
    """

    def __init__(self, page: QWidget, video: VideoView, beside: Sequence[QWidget], below: Sequence[QWidget]) -> None:
        super().__init__(page)
        self._page, self._video = page, video
        self._tools = (*beside, *below)
        self._wanted = dict.fromkeys(self._tools, True)
        self._is_on = False
        self._at = QPoint()
        self._layout = QGridLayout(page)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(0)
        self._layout.setRowStretch(0, 1)
        self._layout.setColumnStretch(0, 1)
        self._layout.addWidget(video, 0, 0)
        for column, tool in enumerate(beside, start=1):
            self._layout.addWidget(tool, 0, column)
        for row, tool in enumerate(below, start=1):
            self._layout.addWidget(tool, row, 0, 1, 1 + len(beside))
        self.rest = QTimer(self)
        self.rest.setSingleShot(True)
        self.rest.timeout.connect(self._put_away)
        video.pointer.moved.connect(self._look)
        page.installEventFilter(self)

    def toggle(self) -> None:
        """Fill the screen, or leave it in the state that the window had before."""
        top = self._top
        top.setWindowState(top.windowState() ^ Qt.WindowState.WindowFullScreen)

    def leave(self) -> None:
        """No longer fill the screen."""
        if self._top.isFullScreen():
            self.toggle()

    def show_tool(self, tool: QWidget, is_shown: bool) -> None:
        """Whether one of the tools is shown; where the screen is filled, whether it comes with the pointer."""
        self._wanted[tool] = is_shown
        if not self._is_on or self.rest.isActive():
            tool.setVisible(is_shown)

    def bring(self) -> None:
        """Where the screen is filled, show the tools for a while."""
        if self._is_on:
            self._show_wanted()
            self.rest.start(REST_MS)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802
        """Notice in which window the page is, whether that fills the screen, and the page's end."""
        kind = None if event is None else event.type()
        if watched is self._page and kind == QEvent.Type.Show:
            self._top.installEventFilter(self)
            self._follow()
        elif watched is self._page and kind == QEvent.Type.Close:
            self.leave()  # what comes after the page has no key for it
        elif kind == QEvent.Type.WindowStateChange and watched is self._top:
            self._follow()
        return super().eventFilter(watched, event)

    @property
    def _top(self) -> QWidget:
        top = self._page.window()
        assert top is not None
        return top

    def _follow(self) -> None:
        """Lay the page out as its window is."""
        is_on = self._top.isFullScreen()
        if is_on == self._is_on:
            return
        self._is_on = is_on
        if isinstance(self._top, QMainWindow):
            menus = self._top.menuBar()
            assert menus is not None
            menus.setVisible(not is_on)
        self._layout.removeWidget(self._video)
        rows, columns = (self._layout.rowCount(), self._layout.columnCount()) if is_on else (1, 1)
        self._layout.addWidget(self._video, 0, 0, rows, columns)
        self._video.set_framed(not is_on)
        if is_on:
            self._at = QCursor.pos()
            self._put_away()
        else:
            self.rest.stop()
            self._show_wanted()

    def _look(self) -> None:
        """Bring the tools where the pointer has moved: a widget that goes also lets Qt tell of it."""
        at = QCursor.pos()
        if at != self._at:
            self._at = at
            self.bring()

    def _show_wanted(self) -> None:
        for tool in self._tools:
            tool.setVisible(self._wanted[tool])
            tool.raise_()
        self._video.hide_pointer(False)

    def _put_away(self) -> None:
        application = QApplication.activePopupWidget() or QApplication.activeModalWidget()
        if application or any(tool.underMouse() and tool.isVisible() for tool in self._tools):
            self.rest.start(REST_MS)
            return
        for tool in self._tools:
            tool.hide()
        self._video.hide_pointer(True)
        self._video.setFocus()
