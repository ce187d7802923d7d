"""The strip at the bottom: state with its reason, a passing message, what failed, and the notice on research use.

Each has a place of its own, so that none hides another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt, QTimer, pyqtSignal
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QWidget

from polyplive import RESEARCH_NOTICE
from polyplive.gui.parts.elided_label import ElidedLabel
from polyplive.gui.parts.icons import state_pixmap
from polyplive.gui.parts.shortcuts import key_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polyplive.types import SessionState

MESSAGE_S = 6.0
"""How long a message stays."""
_SIGN = 14


class StatusStrip(QFrame):
    """A sign and a word for the state, its reason, a line of text, and how many notices there are.

    The line is what was said last, for some seconds. An error stays until it was read: it was clicked, or ``read`` was
    called. Otherwise the line is what ``show_text`` gave. ``command`` carries a command of the table of shortcuts.
    """

    command = pyqtSignal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("strip")
        self._shown: tuple[SessionState, str, str] | None = None
        self._message = self._error = self._info = ""
        self._noticed: tuple[str, ...] = ()
        self._fading = QTimer(self)
        self._fading.setSingleShot(True)
        self._fading.timeout.connect(self.clear)
        self.sign = QLabel()
        self.state = QLabel()
        self.state.setProperty("role", "state")
        self.reason, self.text = ElidedLabel(), ElidedLabel()
        self.text.setProperty("role", "quiet")
        self.text.clicked.connect(self.read)
        self.notices = QToolButton()
        self.notices.setObjectName("notices")
        self.notices.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.notices.clicked.connect(lambda: self.command.emit("details"))
        self.notices.hide()
        self.notice = QLabel(RESEARCH_NOTICE)
        self.notice.setProperty("role", "notice")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 5, 14, 5)
        layout.setSpacing(8)
        for widget in (self.sign, self.state, self.reason, self.text):
            layout.addWidget(widget)
        layout.addStretch(1)
        layout.addWidget(self.notices)
        layout.addWidget(self.notice)

    def show_state(self, state: SessionState, reason: str, word: str = "") -> None:
        """Show the session's state, with the state's own word if no other is given, and why it is so."""
        word = word or state.value.capitalize()
        if (state, reason, word) == self._shown:
            return
        self._shown = state, reason, word
        self.sign.setPixmap(state_pixmap(state, _SIGN, self.devicePixelRatioF()))
        self.state.setText(word)
        self.reason.setText(reason)
        self.reason.setVisible(bool(reason))
        for widget in (self.sign, self.state, self.reason):
            widget.setToolTip(reason or word)

    def show_text(self, text: str) -> None:
        """Show one line of text while nothing else is to be said."""
        self._info = text
        self._show_line()

    def say(self, message: str, *, is_error: bool = False) -> None:
        """Say one line: for some seconds or, where it ``is_error``, until it was read."""
        if is_error:
            self._error, self._message = message, ""
        else:
            self._message = message
            self._fading.start(round(1000 * MESSAGE_S))
        self._show_line()

    def clear(self) -> None:
        """The message has been there long enough."""
        self._message = ""
        self._show_line()

    def read(self) -> None:
        """Whatever was said was read."""
        self._error = ""
        self.clear()

    def show_notices(self, notices: Sequence[str]) -> None:
        """Show how many there are; all of them are in the tool tip."""
        if tuple(notices) == self._noticed:
            return
        self._noticed = tuple(notices)
        self.notices.setVisible(bool(notices))
        self.notices.setText(f"{len(notices)} notice{'' if len(notices) == 1 else 's'}")
        self.notices.setToolTip("\n".join((*notices, f"All that happened ({key_of('details')})")))

    def _show_line(self) -> None:
        line = self._message or self._error or self._info
        if line != self.text.text():
            self.text.setText(line)
            self.text.setToolTip(line)
