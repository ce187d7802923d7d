"""The panel that lists what has happened in a session, whole and with its time, to be read and copied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QTextCursor
from PyQt6.QtWidgets import (
    QApplication,
    QDialog,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from polyplive.gui.session.event_log import MOST, EventLog

if TYPE_CHECKING:
    from polyplive.sessions.view import View
    from polyplive.types import SessionState

_WIDTH, _HEIGHT = 620, 420


class Details(QDialog):
    """State, its whole reason, and every event of ``log``, the newest first. The session goes on below it.

    What is selected stays selected when more happens.
    """

    def __init__(self, log: EventLog, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._log = log
        self._listed = 0
        self.setWindowTitle("Details")
        self.setModal(False)
        self.state = QLabel()
        self.state.setProperty("role", "state")
        self.reason = QLabel()
        self.reason.setWordWrap(True)
        self.restream = QLabel()
        self.restream.setWordWrap(True)
        for label in (self.state, self.reason, self.restream):
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.events = QPlainTextEdit()
        self.events.setObjectName("events")
        self.events.setReadOnly(True)
        self.events.setUndoRedoEnabled(False)
        self.events.setTabChangesFocus(True)
        self.events.setAccessibleName("Events, the newest first")
        self.copy = QPushButton("Copy all")
        self.copy.clicked.connect(self.copy_all)
        close = QPushButton("Close")
        close.clicked.connect(self.close)
        self._lay_out(close)

    def show_state(self, state: SessionState, view: View) -> None:
        """Say how things are now, and list what is new."""
        self.state.setText(state.value.capitalize())
        self.reason.setText(view.reason or view.governed)
        self.reason.setVisible(bool(self.reason.text()))
        self.restream.setText(f"Other programs get the picture at {view.restream}")
        self.restream.setVisible(bool(view.restream))
        self._list_new()

    def open_over(self, window: QWidget) -> None:
        """Show it, no larger than most of ``window``."""
        if not self.isVisible():
            self.resize(min(_WIDTH, window.width() * 9 // 10), min(_HEIGHT, window.height() * 3 // 4))
        self.show()
        self.raise_()

    def copy_all(self) -> None:
        """Put everything on the clipboard but the address for other programs, which is a secret."""
        clipboard = QApplication.clipboard()
        assert clipboard is not None
        clipboard.setText("\n".join(filter(None, (self.state.text(), self.reason.text(), self.events.toPlainText()))))

    def _list_new(self) -> None:
        new = self._log.newest(min(self._log.count - self._listed, MOST))
        if not new:
            return
        document = self.events.document()
        assert document is not None
        cursor = QTextCursor(document)
        cursor.insertText("\n".join(map(str, new)) + ("\n" if self._listed else ""))
        self._listed = self._log.count
        while document.blockCount() > MOST:
            cursor.movePosition(QTextCursor.MoveOperation.End)
            cursor.select(QTextCursor.SelectionType.BlockUnderCursor)
            cursor.removeSelectedText()

    def _lay_out(self, close: QPushButton) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 16, 18, 14)
        layout.setSpacing(10)
        for widget in (self.state, self.reason, self.restream):
            layout.addWidget(widget)
        layout.addWidget(self.events, 1)
        foot = QHBoxLayout()
        foot.addWidget(self.copy)
        foot.addStretch(1)
        foot.addWidget(close)
        layout.addLayout(foot)
