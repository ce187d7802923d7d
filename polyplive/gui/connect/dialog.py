"""Asks which card, screen or stream to connect, and shows its picture beforehand."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from polyplive.errors import ConfigError
from polyplive.gui.connect.devices import DeviceFinder
from polyplive.gui.connect.modes import ModeBoxes
from polyplive.gui.connect.preview import Preview
from polyplive.sources.capture.address import Address, Kind, parse_address
from polyplive.sources.capture.options import CaptureRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polyplive.sources.capture.devices import CaptureDevice
    from polyplive.types import SourceInfo

_STREAM, _SCREEN = "stream:", "screen:0.0" if sys.platform.startswith("linux") else "screen:"
_ROLE = Qt.ItemDataRole.UserRole


class ConnectDialog(QDialog):
    """``address`` and ``request`` are what was chosen, once it was accepted. Qt's thread.

    ``last`` is what was connected last time: it is chosen again where it is there. ``in_use`` is the source of a
    session that runs: a card opened a second time could stop the first one, so that its picture is not shown here.
    """

    def __init__(
        self,
        last: tuple[str, CaptureRequest] | None = None,
        parent: QWidget | None = None,
        in_use: Address | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Connect a card or stream")
        self._last = last
        self._in_use = in_use
        self._is_touched = False
        self._devices: dict[str, CaptureDevice] = {}
        self.places = QListWidget()
        self.places.setAccessibleName("Cards, screen, stream")
        self.stream = QLineEdit()
        self.stream.setPlaceholderText("rtsp://192.168.0.20/stream")
        self.stream.setAccessibleName("Address of the stream")
        self.modes = ModeBoxes()
        self.preview = Preview(self._show_info, self)
        self.told = QLabel()
        self.told.setProperty("role", "quiet")
        self.told.setWordWrap(True)
        self.look_again = QPushButton("&Look again")
        self.show_picture = QPushButton("Show &picture")
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.connect_button = self.buttons.addButton("&Connect", QDialogButtonBox.ButtonRole.AcceptRole)
        self._lay_out()
        self.finder = DeviceFinder()
        self.finder.found.connect(self._take_devices)
        self.places.currentItemChanged.connect(lambda _: self._touch())
        self.modes.chosen.connect(self._start_preview)
        self.stream.textChanged.connect(lambda _: self._update_buttons())
        self.stream.textEdited.connect(lambda _: self._note_touch())
        self.stream.returnPressed.connect(self._start_preview)
        self.look_again.clicked.connect(self.finder.look)
        self.show_picture.clicked.connect(self._start_preview)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self._take_devices([])
        self.finder.look()

    @property
    def address(self) -> str:
        """The address of what is chosen; empty while nothing is."""
        item = self.places.currentItem()
        kind = str(item.data(_ROLE)) if item is not None else ""
        return self.stream.text().strip() if kind == _STREAM else kind

    @property
    def request(self) -> CaptureRequest:
        """What to ask of it."""
        return self.modes.request if self.address in self._devices else CaptureRequest()

    def done(self, result: int) -> None:
        """Free the source, so that a session can open it."""
        self.preview.stop()
        super().done(result)

    # Parts

    def _lay_out(self) -> None:
        left, right = QVBoxLayout(), QVBoxLayout()
        left.addWidget(self.places, 1)
        left.addWidget(self.look_again)
        right.addWidget(self.preview.view, 1)
        right.addWidget(self.told)
        right.addWidget(self.stream)
        right.addWidget(self.modes)
        right.addWidget(self.show_picture, alignment=Qt.AlignmentFlag.AlignLeft)
        self.preview.view.setMinimumSize(200, 80)
        columns = QHBoxLayout()
        columns.setSpacing(16)
        columns.addLayout(left, 2)
        columns.addLayout(right, 3)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 18, 18, 14)
        layout.setSpacing(14)
        layout.addLayout(columns, 1)
        layout.addWidget(self.buttons)
        screen = self.screen()
        assert screen is not None
        self.resize(QSize(760, 440).boundedTo(screen.availableSize() - QSize(20, 40)))

    def _take_devices(self, devices: Sequence[CaptureDevice]) -> None:
        chosen, before = self._wanted(), self._kind(self.places.currentRow())
        self._devices = {device.id: device for device in devices}
        self.places.blockSignals(True)
        self.places.clear()
        for device in devices:
            self._add(device.name, device.id, f"{device.path}\n{device.problem or device.bus}".strip())
        self._add("Screen", _SCREEN, "What this screen shows")
        self._add("Stream…", _STREAM, "RTSP, RTMP, HTTP, SRT, UDP")
        there = [place for place in range(self.places.count()) if self._kind(place) == chosen]
        self.places.setCurrentRow(there[0] if there else 0 if devices else self.places.count() - 1)
        self.places.blockSignals(False)
        if self._kind(self.places.currentRow()) != before:
            self._choose_place()
        elif self.preview.failed and before in self._devices:  # it may be plugged in again
            self._start_preview()

    def _wanted(self) -> str:
        """What to choose of what is there: what is chosen now, else what was connected last time."""
        if self._is_touched:
            return self._kind(self.places.currentRow())
        if self._last is None:
            return ""
        address = self._last[0]
        if "://" not in address:
            return address
        self.stream.setText(address)
        return _STREAM

    def _add(self, name: str, kind: str, tip: str) -> None:
        item = QListWidgetItem(name)
        item.setData(_ROLE, kind)
        item.setToolTip(tip)
        self.places.addItem(item)

    def _kind(self, place: int) -> str:
        item = self.places.item(place)
        return str(item.data(_ROLE)) if item is not None else ""

    def _touch(self) -> None:
        """The user chose another place: what was connected last time counts no more."""
        self._note_touch()
        self._choose_place()

    def _note_touch(self) -> None:
        self._is_touched = True

    def _choose_place(self) -> None:
        """Offer what can be asked of the chosen place, and show a card's picture at once."""
        kind = self._kind(self.places.currentRow())
        device = self._devices.get(kind)
        self.stream.setVisible(kind == _STREAM)
        self.modes.setVisible(device is not None and bool(device.modes))
        self.preview.stop()
        self.told.setText(device.problem if device is not None else "")
        if device is not None:
            wanted = self._last[1] if self._last is not None and self._last[0] == kind else CaptureRequest()
            self.modes.show_modes(device.modes, wanted)
            self._start_preview()
        elif kind == _STREAM:
            self.preview.say("Type the stream's address", "“Show picture” tries it without starting a session.")
        else:
            self.preview.say("Your screen", "“Show picture” shows what will be captured.")
        self._update_buttons()

    def _start_preview(self) -> None:
        self.told.setText("")
        self.preview.stop()
        try:
            address = parse_address(self.address)
        except ConfigError as error:
            self.preview.say(error.message, error.hint)
            return
        if self._in_use is not None and _is_same(address, self._in_use):
            self.preview.say("In use", "Its picture is in the window. To connect it again ends the session there.")
            return
        self.preview.start(address, self.request)

    def _show_info(self, info: SourceInfo | None) -> None:
        if info is None:
            self.told.setText("")
            return
        rate = f", {info.fps:.4g} frames a second" if info.fps else ""
        self.told.setText(f"{info.width} \u00d7 {info.height}{rate}, {info.codec}")

    def _update_buttons(self) -> None:
        for button in (self.connect_button, self.show_picture):
            if button is not None:
                button.setEnabled(bool(self.address))


def _is_same(one: Address, other: Address) -> bool:
    """Whether both are one source; a card has more than one path."""
    if one.kind is Kind.V4L2 is other.kind:
        return os.path.realpath(one.target) == os.path.realpath(other.target)
    return (one.kind, one.target) == (other.kind, other.target)
