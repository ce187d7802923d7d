"""The strip at the bottom: the state, the last message, and the notice on research use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtGui import QPainter, QPaintEvent
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QWidget

from polyplive import RESEARCH_NOTICE
from polyplive.gui.icons import state_pixmap

if TYPE_CHECKING:
    from polyplive.types import SessionState

_SIGN = 14


class StatusStrip(QFrame):
    """A symbol and a word for the state (its reason in the tool tip), one line of text, and the notice."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("strip")
        self._shown: tuple[SessionState, str, str] | None = None
        self.sign = QLabel()
        self.state = QLabel()
        self.state.setProperty("role", "state")
        self.text = ElidedLabel()
        self.text.setProperty("role", "quiet")
        self.notice = QLabel(RESEARCH_NOTICE)
        self.notice.setProperty("role", "notice")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 5, 14, 5)
        layout.setSpacing(8)
        for widget, stretch in ((self.sign, 0), (self.state, 0), (self.text, 1), (self.notice, 0)):
            layout.addWidget(widget, stretch)

    def show_state(self, state: SessionState, reason: str, word: str = "") -> None:
        """Show the session's state, with the state's own word if no other is given."""
        word = word or state.value.capitalize()
        if (state, reason, word) == self._shown:
            return
        self._shown = state, reason, word
        self.sign.setPixmap(state_pixmap(state, _SIGN, self.devicePixelRatioF()))
        self.state.setText(word)
        for widget in (self.sign, self.state):
            widget.setToolTip(reason or word)

    def show_text(self, text: str) -> None:
        """Show one line of text."""
        self.text.setText(text)
        self.text.setToolTip(text)


class ElidedLabel(QLabel):
    """A label that ends in an ellipsis when it does not fit; the tool tip has the whole text."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """It may shrink to nothing."""
        return QSize(0, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802
        """Paint what fits."""
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideMiddle, self.width())
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter.value, text)
