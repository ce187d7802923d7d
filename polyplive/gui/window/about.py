"""What this program is: versions, the model that runs, licences."""

from __future__ import annotations

import platform
from importlib import metadata
from typing import TYPE_CHECKING

from PyQt6.QtCore import PYQT_VERSION_STR, QT_VERSION_STR, Qt
from PyQt6.QtWidgets import (
    QApplication,
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from polyplive import RESEARCH_NOTICE, __version__
from polyplive.gui.parts.icons import app_icon

if TYPE_CHECKING:
    from PyQt6.QtGui import QShowEvent

    from polyplive.backends.base import EngineSpec

_PACKAGES = ("openvino", "onnxruntime", "tensorrt", "av", "numpy", "opencv-python-headless")
_LICENCE = (
    "The code and the models' weights are under the Apache License 2.0. An installation brings parts under other "
    "licences, PyQt6 among them (GPL v3)."
)


class AboutDialog(QDialog):
    """``text`` is what it says; ``engine`` the model that runs, None where none does. Qt's thread."""

    def __init__(self, engine: EngineSpec | None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("About polyplive")
        self.text = about_text(engine)
        sign, title, said = QLabel(), QLabel(f"polyplive {__version__}"), QLabel(self.text)
        self.said, self.area = said, QScrollArea()
        sign.setPixmap(app_icon().pixmap(64, 64))
        title.setProperty("role", "title")
        said.setWordWrap(True)
        said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        copy, close = QPushButton("&Copy"), QPushButton("Close")
        copy.clicked.connect(self._copy)
        close.clicked.connect(self.accept)
        close.setDefault(True)
        head, foot, layout = QHBoxLayout(), QHBoxLayout(), QVBoxLayout(self)
        head.setSpacing(16)
        head.addWidget(sign)
        head.addWidget(title, 1)
        foot.addStretch(1)
        foot.addWidget(copy)
        foot.addWidget(close)
        layout.setContentsMargins(24, 20, 24, 18)
        layout.setSpacing(14)
        layout.addLayout(head)
        layout.addWidget(self.area, 1)
        layout.addLayout(foot)
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        said.setObjectName("rows")
        self.area.setWidget(said)

    def showEvent(self, event: QShowEvent | None) -> None:  # noqa: N802
        """Show the whole text where the screen has room for it; else it scrolls."""
        super().showEvent(event)
        screen = self.screen()
        assert screen is not None
        metrics, room = self.said.fontMetrics(), screen.availableSize()
        wide = min(max(460, *map(metrics.horizontalAdvance, self.text.split())), room.width() - 80)
        self.area.setMinimumWidth(wide + 16)
        self.area.setMinimumHeight(min(self.said.heightForWidth(wide), room.height() - 200))

    def _copy(self) -> None:
        clipboard = QApplication.clipboard()
        assert clipboard is not None
        clipboard.setText(f"polyplive {__version__}\n{self.text}")


def about_text(engine: EngineSpec | None) -> str:
    """Notice, model, versions and licence, in lines."""
    lines = [RESEARCH_NOTICE, ""]
    if engine is not None:
        manifest = engine.manifest
        lines += [
            f"Model: {manifest.name} {manifest.version}, {engine.backend} on {engine.device}",
            f"SHA-256 {manifest.sha256}",
        ]
    else:
        lines.append("Model: none is open.")
    found = ", ".join(f"{name} {version}" for name, version in _versions())
    lines += [
        f"Python {platform.python_version()}, Qt {QT_VERSION_STR}, PyQt6 {PYQT_VERSION_STR}, {found}",
        platform.platform(),
        "",
        _LICENCE,
    ]
    return "\n".join(lines)


def _versions() -> list[tuple[str, str]]:
    found = []
    for name in _PACKAGES:
        try:
            found.append((name, metadata.version(name)))
        except metadata.PackageNotFoundError:
            continue
    return found
