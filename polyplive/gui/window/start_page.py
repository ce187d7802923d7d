"""What the window shows while nothing is open: the ways to begin."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PyQt6.QtCore import QSize, Qt, pyqtSignal
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from polyplive import RESEARCH_NOTICE
from polyplive.gui.parts.icons import app_icon, icon
from polyplive.gui.parts.shortcuts import key_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_CHOICES = (
    ("open_recording", "film", "Open a recording", "A video file, also DICOM. Or drop it here."),
    ("connect", "plug", "Connect a card or stream", "Live, with the picture shown before it starts."),
    ("play_demo", "play", "Play the demo", "A rendered colon with five polyps."),
)
_MOST, _SIDE = 5, 36


class StartPage(QWidget):
    """``command`` carries a command of the table of shortcuts, ``chosen`` one of the ``recent`` recordings."""

    command = pyqtSignal(str)
    chosen = pyqtSignal(object)

    def __init__(self, recent: Sequence[Path] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.buttons: dict[str, QToolButton] = {}
        self.recent: list[QPushButton] = []
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 12, 12)
        layout.setSpacing(10)
        layout.addStretch(2)
        layout.addLayout(_heading())
        layout.addStretch(1)
        layout.addLayout(self._choices())
        layout.addStretch(1)
        if recent:
            layout.addWidget(self._recent(recent[:_MOST]), alignment=Qt.AlignmentFlag.AlignHCenter)
            layout.addStretch(1)
        notice = QLabel(f"{RESEARCH_NOTICE} Nothing leaves this computer.")
        notice.setProperty("role", "notice")
        layout.addStretch(1)
        layout.addWidget(notice, alignment=Qt.AlignmentFlag.AlignHCenter)

    def _choices(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addStretch(1)
        for command, picture, text, detail in _CHOICES:
            button = QToolButton()
            button.setObjectName("choice")
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
            button.setIcon(icon(picture, side=_SIDE))
            button.setIconSize(QSize(_SIDE, _SIDE))
            button.setText(f"{text}\n{key_of(command)}")
            button.setToolTip(detail)
            button.setAccessibleName(text)
            button.setAccessibleDescription(detail)
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            button.setMinimumSize(button.sizeHint().width(), 124)
            button.clicked.connect(partial(self._emit, command))
            self.buttons[command] = button
            row.addWidget(button)
        row.addStretch(1)
        return row

    def _recent(self, recent: Sequence[Path]) -> QFrame:
        box = QFrame()
        layout = QVBoxLayout(box)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        heading = QLabel("RECENT RECORDINGS")
        heading.setProperty("role", "heading")
        layout.addWidget(heading)
        for path in recent:
            button = QPushButton(self.fontMetrics().elidedText(path.name, Qt.TextElideMode.ElideMiddle, 420))
            button.setObjectName("recent")
            button.setToolTip(str(path))
            button.setAccessibleName(path.name)
            button.clicked.connect(partial(self._emit_path, path))
            self.recent.append(button)
            layout.addWidget(button)
        return box

    def _emit(self, command: str, _: bool) -> None:
        self.command.emit(command)

    def _emit_path(self, path: Path, _: bool) -> None:
        self.chosen.emit(path)


def _heading() -> QVBoxLayout:
    layout = QVBoxLayout()
    sign, name, about = QLabel(), QLabel("polyplive"), QLabel("Marks polyps in colonoscopy video while it runs.")
    sign.setPixmap(app_icon().pixmap(56, 56))
    name.setProperty("role", "title")
    about.setProperty("role", "quiet")
    for label in (sign, name, about):
        layout.addWidget(label, alignment=Qt.AlignmentFlag.AlignHCenter)
    return layout
