"""Widgets side by side, of which those at the end go where there is no room for all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QSize
from PyQt6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PyQt6.QtGui import QResizeEvent


class FoldingRow(QWidget):
    """Shows as many of ``widgets`` as fit whole, from the first on, which is always shown. Qt's thread."""

    def __init__(self, widgets: Sequence[QWidget], spacing: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._widgets = tuple(widgets)
        self._spacing = spacing
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(spacing)
        for widget in widgets:
            layout.addWidget(widget)
        layout.addStretch(1)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Room for the first."""
        return self._widgets[0].sizeHint()

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802
        """Show what fits now."""
        super().resizeEvent(event)
        self.fold()

    def fold(self) -> None:
        """Show what fits; to be called when a text has changed."""
        used = 0
        for widget in self._widgets:
            used += widget.sizeHint().width() + (self._spacing if used else 0)
            widget.setVisible(used <= self.width() or widget is self._widgets[0])
