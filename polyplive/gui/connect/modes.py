"""Boxes that say which size, rate and pixel format to ask of a device."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QFormLayout, QLabel, QWidget

from polyplive.gui.parts.widgets import ChoiceBox
from polyplive.sources.capture.modes import best_mode
from polyplive.sources.capture.options import CaptureRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from polyplive.sources.capture.modes import CaptureMode


class ModeBoxes(QWidget):
    """What to ask of a device; ``chosen`` tells of another choice. Each box offers only what fits the ones above."""

    chosen = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._modes: Sequence[CaptureMode] = ()
        self.size_box, self.rate_box, self.format_box = ChoiceBox(), ChoiceBox(), ChoiceBox()
        layout = QFormLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for text, box in (("Si&ze", self.size_box), ("&Rate", self.rate_box), ("&Format", self.format_box)):
            label = QLabel(text)
            label.setBuddy(box)
            box.setAccessibleName(text.replace("&", ""))
            box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            layout.addRow(label, box)
        self.size_box.activated.connect(lambda _: self._narrow(rates=True))
        self.rate_box.activated.connect(lambda _: self._narrow(rates=False))
        self.format_box.activated.connect(lambda _: self.chosen.emit())

    @property
    def request(self) -> CaptureRequest:
        """What is chosen."""
        return CaptureRequest(
            size=self.size_box.currentData(),
            rate=self.rate_box.currentData(),
            pixel_format=self.format_box.currentData(),
        )

    def show_modes(self, modes: Sequence[CaptureMode], wanted: CaptureRequest) -> None:
        """Offer ``modes``, with ``wanted`` chosen as far as they have it."""
        self._modes = modes
        best = best_mode(modes)
        usual = f"Best ({best.width} \u00d7 {best.height})" if best is not None else "Best"
        sizes = sorted({(mode.width, mode.height) for mode in modes}, reverse=True)
        _fill(self.size_box, usual, ((f"{width} \u00d7 {height}", (width, height)) for width, height in sizes))
        _choose(self.size_box, wanted.size)
        self._fill_rates()
        _choose(self.rate_box, wanted.rate)
        self._fill_formats()
        _choose(self.format_box, wanted.pixel_format)

    def _narrow(self, *, rates: bool) -> None:
        if rates:
            self._fill_rates()
        self._fill_formats()
        self.chosen.emit()

    def _fill_rates(self) -> None:
        size = self.size_box.currentData()
        rates = sorted({rate for mode in self._fitting(size) for rate in mode.rates}, reverse=True)
        _fill(self.rate_box, "Fastest", ((f"{rate:g} frames a second", rate) for rate in rates))

    def _fill_formats(self) -> None:
        size, rate = self.size_box.currentData(), self.rate_box.currentData()
        fitting = [mode for mode in self._fitting(size) if rate is None or rate in mode.rates]
        _fill(self.format_box, "Automatic", ((name, name) for name in sorted({mode.format for mode in fitting})))

    def _fitting(self, size: tuple[int, int] | None) -> list[CaptureMode]:
        return [mode for mode in self._modes if size is None or (mode.width, mode.height) == size]


def _fill(box: ChoiceBox, usual: str, choices: Iterable[tuple[str, object]]) -> None:
    box.clear()
    box.addItem(usual, None)
    for text, value in choices:
        box.addItem(text, value)


def _choose(box: ChoiceBox, value: object) -> None:
    places = [place for place in range(box.count()) if box.itemData(place) == value]
    box.setCurrentIndex(places[0] if places else 0)
