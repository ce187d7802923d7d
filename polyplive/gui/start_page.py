"""What the window shows while nothing is open: the ways to begin."""

from __future__ import annotations

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from polyplive import RESEARCH_NOTICE
from polyplive.gui.shortcuts import key_of

_CHOICES = (
    ("open_recording", "Open a recording…"),
    ("connect", "Connect a card or stream…"),
    ("play_demo", "Play the demo"),
)


class StartPage(QWidget):
    """``command`` carries a command of the table of shortcuts. Qt's thread."""

    command = pyqtSignal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        title = QLabel("polyplive")
        title.setProperty("role", "title")
        layout = QVBoxLayout(self)
        layout.setAlignment(Qt.AlignmentFlag.AlignCenter)
        layout.setSpacing(14)
        layout.addWidget(title, alignment=Qt.AlignmentFlag.AlignHCenter)
        row = QHBoxLayout()
        row.setSpacing(12)
        self.buttons: dict[str, QPushButton] = {}
        for command, text in _CHOICES:
            button = QPushButton(text)
            button.setToolTip(key_of(command))
            button.clicked.connect(lambda _, command=command: self.command.emit(command))
            self.buttons[command] = button
            row.addWidget(button)
        layout.addLayout(row)
        notice = QLabel(RESEARCH_NOTICE)
        notice.setProperty("role", "notice")
        layout.addWidget(notice, alignment=Qt.AlignmentFlag.AlignHCenter)
