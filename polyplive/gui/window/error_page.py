"""What the window shows where something could not be opened, or ended with an error."""

from __future__ import annotations

import platform
import re

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QApplication, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from polyplive import __version__
from polyplive.errors import PolypliveError
from polyplive.gui.parts.theme import ALERT

_LONG, _NO_SPACE = 40, "\u200b"


class ErrorPage(QWidget):
    """Says what happened, what to do next, and has the details ready to be copied. Qt's thread.

    ``command`` carries a command of the table of shortcuts.
    """

    command = pyqtSignal(str)

    def __init__(self, error: Exception, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.error = error
        what = error.message if isinstance(error, PolypliveError) else f"{type(error).__name__}: {error}"
        hint = error.hint if isinstance(error, PolypliveError) else ""
        title, self.what, self.hint = QLabel("This cannot be opened"), QLabel(breakable(what)), QLabel(breakable(hint))
        title.setProperty("role", "title")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(48, 24, 48, 24)
        layout.setSpacing(12)
        layout.addStretch(1)
        title.setStyleSheet(f"color: {ALERT};")
        self.what.setProperty("role", "what")
        for label in (title, self.what, self.hint):
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            layout.addWidget(label)
        row = QHBoxLayout()
        row.setSpacing(12)
        for text, command in (("Open a recording…", "open_recording"), ("Connect a card or stream…", "connect")):
            button = QPushButton(text)
            button.clicked.connect(lambda _, command=command: self.command.emit(command))
            row.addWidget(button)
        self.copy = QPushButton("Copy details")
        self.copy.clicked.connect(self._copy)
        row.addWidget(self.copy)
        row.addStretch(1)
        layout.addLayout(row)
        layout.addStretch(2)

    @property
    def details(self) -> str:
        """The error in full, with versions, for a report."""
        return f"polyplive {__version__}, Python {platform.python_version()}, {platform.platform()}\n{self.error!s}"

    def _copy(self) -> None:
        clipboard = QApplication.clipboard()
        assert clipboard is not None
        clipboard.setText(self.details)


def breakable(text: str) -> str:
    """``text`` whose paths may go on in the next line after a slash, and long names after each ``_LONG`` letters.

    A label is never narrower than its widest word, and a window not than its labels.
    """
    return re.sub(rf"/(?=[^\s/])|[^\s/]{{{_LONG}}}(?=[^\s/])", rf"\g<0>{_NO_SPACE}", text)
