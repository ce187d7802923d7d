"""The panel beside the picture: what is drawn, and how."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from polyplive.gui.parts.shortcuts import key_of
from polyplive.gui.parts.widgets import Switch, ValueSlider
from polyplive.gui.session.display import THRESHOLDS
from polyplive.gui.session.heat_key import HeatKey
from polyplive.overlay.true_shape import true_size
from polyplive.strength import MIDDLING_FROM, STRONG_FROM
from polyplive.types import SQUARE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polyplive.gui.parts.shortcuts import Shortcut
    from polyplive.gui.session.display import Display

_OVERLAY = (
    ("visible", "Show overlay"),
    ("contour", "Contour"),
    ("mask", "Mask"),
    ("heatmap", "Heatmap"),
    ("heat_lines", "Heat as lines"),
    ("heat_everywhere", "Heat everywhere"),
    ("scores", "Numbers and scores"),
    ("legend", "Heatmap legend"),
    ("caption", "Caption"),
)
_FINDING = (("sound", "Beep"), ("glow", "Edge glow"))
_VIEW = (("side_by_side", "Beside source frame"), ("status", "Status and figures"))

_DRAWN = frozenset({"contour", "mask", "heatmap", "scores"})
"""What is drawn only while the overlay is shown: off, these switches look so."""
_OF_HEAT = frozenset({"heat_lines", "heat_everywhere", "legend"})
"""The same of what is drawn only with the heatmap."""


class Panel(QFrame):
    """Switches and sliders. ``command`` carries a command of the table of shortcuts, so key and click do the same."""

    command = pyqtSignal(str)
    threshold_chosen = pyqtSignal(float)
    opacity_chosen = pyqtSignal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setFixedWidth(248)
        self.threshold = ValueSlider("Threshold", *THRESHOLDS)
        self.threshold.setToolTip("Probability at which contours are taken  ([ and ])")
        self.threshold.reset.clicked.connect(lambda: self.command.emit("threshold_reset"))
        self.heat_key = HeatKey()
        self.opacity = ValueSlider("Opacity", 0.0, 1.0)
        self.opacity.setToolTip("Of mask and heatmap  (- and =)")
        self.threshold.changed.connect(self.threshold_chosen)
        self.opacity.changed.connect(self.opacity_chosen)
        self.about = QLabel()
        self.about.setProperty("role", "quiet")
        self.about.setWordWrap(True)
        self.about.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        rows = QWidget()
        rows.setObjectName("rows")
        layout = QVBoxLayout(rows)
        layout.setContentsMargins(16, 14, 16, 14)
        layout.setSpacing(3)
        self.switches = self._section(layout, "Overlay", _OVERLAY)
        layout.addSpacing(6)
        layout.addWidget(self.threshold)
        layout.addWidget(self.opacity)
        layout.addSpacing(10)
        self.switches |= self._section(layout, "View", _VIEW)
        self._offered = QWidget()
        self._offered.hide()
        offered = QVBoxLayout(self._offered)
        offered.setContentsMargins(0, 10, 0, 0)
        offered.setSpacing(3)
        self.announcements = self._section(offered, "New finding", _FINDING)
        layout.addWidget(self._offered)
        layout.addSpacing(10)
        layout.addWidget(_heading("Session"))
        layout.addWidget(self.about)
        layout.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(rows)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(area)

    def update_from(self, display: Display) -> None:
        """Set all controls to the values of ``display``, without emitting signals."""
        overlay = display.overlay
        own = {
            "side_by_side": display.side_by_side,
            "heatmap": overlay.heatmap is not False,
            "heat_lines": overlay.heat_style == "lines",
        }
        for name, switch in self.switches.items():
            switch.setChecked(own[name] if name in own else getattr(overlay, name))
            shown = (overlay.visible or name not in _DRAWN) and (overlay.needs_cam or name not in _OF_HEAT)
            switch.setEnabled(shown)
        self.threshold.set_value(display.threshold)
        usual = display.model_threshold
        self.threshold.set_usual(usual, f"The model's own threshold, {usual:.2f} ({key_of('threshold_reset')})")
        self.opacity.set_value(overlay.opacity)
        self.opacity.setEnabled(overlay.visible)
        self.heat_key.show_method(display.heat_method, display.heat_target)
        self.about.setText(_about(display))

    def show_keys(self, shortcuts: Sequence[Shortcut]) -> None:
        """Name the keys of ``shortcuts`` at the switches."""
        for name, switch in self.switches.items():
            switch.show_key(key_of(f"toggle_{name}", shortcuts))

    def offer_announcements(self) -> None:
        """Show how a new finding may be announced, with the switches in ``announcements``."""
        self._offered.show()

    def show_announcements(self, *, sound: bool, glow: bool) -> None:
        """Set these switches."""
        self.announcements["sound"].setChecked(sound)
        self.announcements["glow"].setChecked(glow)

    def _section(self, layout: QVBoxLayout, title: str, names: tuple[tuple[str, str], ...]) -> dict[str, Switch]:
        made = {}
        layout.addWidget(_heading(title))
        for name, text in names:
            command = f"toggle_{name}"
            switch = Switch(text, key_of(command))
            switch.clicked.connect(lambda _, command=command: self.command.emit(command))
            made[name] = switch
            layout.addWidget(switch)
            if name == "contour":
                layout.addWidget(_line_key())
            if name == "heatmap":
                layout.addWidget(self.heat_key)
        return made


def _heading(text: str) -> QLabel:
    label = QLabel(text.upper())
    label.setProperty("role", "heading")
    label.setContentsMargins(0, 2, 0, 4)
    return label


def _line_key() -> QLabel:
    """What the contour's line says."""
    label = QLabel(f"Whole from {STRONG_FROM:.0%}, dashed from {MIDDLING_FROM:.0%},\ndotted below")
    label.setProperty("role", "quiet")
    label.setContentsMargins(0, 0, 0, 4)
    return label


def _about(display: Display) -> str:
    info, engine = display.view.info, display.view.engine
    lines = []
    if info is not None:
        rate = f", {info.fps:.4g} fps" if info.fps else ""
        picture = display.view.frame or info
        lines.append(f"{picture.width} \u00d7 {picture.height}{rate}")
        if picture.sample_aspect != SQUARE:
            width, height = true_size(picture.width, picture.height, picture.sample_aspect)
            lines.append(f"shown as {width} \u00d7 {height}")
    if engine is not None:
        lines.append(f"{engine.manifest.name} {engine.manifest.version}")
        lines.append(f"{engine.backend} on {engine.device}")
        lines.append(f"heat: {display.heat_method}")
    return "\n".join(lines)
