"""The row above a live picture's bar while results are late for good: how late, and one thing to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

if TYPE_CHECKING:
    from polyplive.sessions.live.savings import Late, Saving

_NOTHING_LEFT = "Nothing is left to be saved here: a smaller picture, another model or a faster computer would help."


class LateNotice(QFrame):
    """Hidden while nothing is late. ``chosen`` carries the ``Saving`` whose button was pressed."""

    chosen = pyqtSignal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("late")
        self._saving: Saving | None = None
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.button = QPushButton()
        self.button.clicked.connect(lambda: self.chosen.emit(self._saving))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 6, 12, 6)
        layout.setSpacing(14)
        layout.addWidget(self.text, 1)
        layout.addWidget(self.button)
        self.hide()

    def show_late(self, late: Late | None) -> None:
        """Say what is late and what can be done; None: nothing is late."""
        self.setVisible(late is not None)
        if late is None:
            return
        self._saving = late.saving
        self.text.setText(str(late) if late.saving is not None else f"{late} {_NOTHING_LEFT}")
        self.button.setVisible(late.saving is not None)
        if late.saving is not None:
            self.button.setText(late.saving.value)
