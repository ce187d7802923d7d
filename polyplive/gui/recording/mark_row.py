"""The row that confirms a mark, and takes a note to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QTimer, pyqtSignal
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QWidget

from polyplive.gui.parts.quantities import hours_text
from polyplive.gui.parts.shortcuts import key_of

if TYPE_CHECKING:
    from polyplive.sinks.base import Mark

SHOWN_MS = 8000
"""So long a mark is confirmed, unless a note to it is being written."""


class MarkRow(QFrame):
    """Confirms the last mark for a few seconds. ``described`` carries its number and the note that was written to it.

    The field takes no key before somebody goes there. Qt's thread.
    """

    described = pyqtSignal(int, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("recording")
        self._mark: Mark | None = None
        self.text, self.note = QLabel(), QLineEdit()
        self.text.setProperty("role", "mark")
        self.note.setPlaceholderText(f"A note to it, if you like ({key_of('describe_mark')})")
        self.note.setAccessibleName("A note to the mark")
        self.note.returnPressed.connect(self._describe)
        self.note.textEdited.connect(lambda _: self._timer.stop())
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._time_out)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 3, 14, 3)
        layout.setSpacing(14)
        layout.addWidget(self.text)
        layout.addWidget(self.note, 1)
        self.hide()

    def show_mark(self, mark: Mark, *, is_taken: bool) -> None:
        """Confirm ``mark``; ``is_taken``: an events file takes it, otherwise it waits for the next one."""
        self._mark = mark
        place = f"Mark {mark.number} at {hours_text(mark.pts_s)}" if mark.pts_s is not None else f"Mark {mark.number}"
        self.text.setText(place if is_taken else f"{place}, in no file yet: the next recording takes it")
        self.note.clear()
        self._fit_letters()
        self.show()
        self._timer.start(SHOWN_MS)

    def begin_note(self) -> None:
        """Go to the field of the last mark's note; does nothing before the first mark."""
        if self._mark is not None:
            self.show()
            self._timer.stop()
            self.note.setFocus()

    def _describe(self) -> None:
        if self._mark is not None and self.note.text().strip():
            self.described.emit(self._mark.number, self.note.text().strip())
        self.note.clearFocus()
        self.hide()

    def _time_out(self) -> None:
        if self.note.hasFocus() or self.note.text():
            return
        self.hide()

    def _fit_letters(self) -> None:
        window = self.window()
        letters = max(14, round(0.025 * window.height())) if window is not None else 14
        self.setStyleSheet(f"QLabel, QLineEdit {{ font-size: {letters}px; }}")
