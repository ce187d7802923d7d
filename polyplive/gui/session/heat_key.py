"""What the heatmap's colours mean, below its switch."""

from __future__ import annotations

import numpy as np
from PyQt6.QtGui import QImage, QPainter, QPaintEvent
from PyQt6.QtWidgets import QGridLayout, QLabel, QWidget

from polyplive.overlay.colours import heat_colours
from polyplive.overlay.legend import SHOWN, STRONGEST, WEAK, heat_told

_THICK = 8
"""Logical pixels."""


class HeatKey(QWidget):
    """Says in words what heat is, with its colours from weak to strong; a tool tip says what it does not tell."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.said = _quiet("")
        self.bar = _Bar()
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 4)
        layout.setSpacing(6)
        layout.addWidget(self.said, 0, 0, 1, 3)
        layout.addWidget(_quiet(WEAK), 1, 0)
        layout.addWidget(self.bar, 1, 1)
        layout.addWidget(_quiet(STRONGEST), 1, 2)
        layout.setColumnStretch(1, 1)
        self.show_method("")

    def show_method(self, method: str, target: str = "mask") -> None:
        """Name how the heatmap is made, and what it explains (``CamTarget``)."""
        shown = SHOWN[target]
        self.said.setText(shown[0].upper() + shown[1:])
        self.setToolTip(heat_told(method, target))


def _quiet(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", "quiet")
    return label


class _Bar(QWidget):
    """The heatmap's 256 colours side by side, as wide as there is room."""

    def __init__(self) -> None:
        super().__init__()
        row = np.ascontiguousarray(heat_colours()[:, 0])
        self._colours = QImage(row.tobytes(), len(row), 1, 3 * len(row), QImage.Format.Format_BGR888).copy()
        self.setFixedHeight(_THICK)

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802
        """Paint the colours."""
        QPainter(self).drawImage(self.rect(), self._colours)
