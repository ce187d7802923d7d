"""The dialog that connects a source: what it offers, and its picture beforehand, of a real stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from stream_sender import MjpegServer

from polyplive.gui.connect.dialog import ConnectDialog
from polyplive.gui.connect.modes import ModeBoxes
from polyplive.sources.capture.address import parse_address
from polyplive.sources.capture.devices import CaptureDevice
from polyplive.sources.capture.modes import CaptureMode
from polyplive.sources.capture.options import CaptureRequest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATIENCE_MS = 60_000
MODES = (
    CaptureMode("YUYV", 640, 480, (30.0, 15.0)),
    CaptureMode("MJPG", 1920, 1080, (60.0, 30.0)),
    CaptureMode("YUYV", 1920, 1080, (5.0,)),
)


@pytest.fixture
def server() -> Iterator[MjpegServer]:
    made = MjpegServer(lambda number: np.full((96, 128, 3), (40, 160, 90), np.uint8), fps=25)
    made.start()
    yield made
    made.stop()


def shown(dialog: ConnectDialog, qtbot) -> ConnectDialog:
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.show()
    qtbot.waitExposed(dialog)
    return dialog


def test_a_stream_is_seen_before_it_is_connected(nothing_left: None, qtbot, server: MjpegServer) -> None:
    dialog = shown(ConnectDialog(), qtbot)
    assert not dialog.connect_button.isEnabled()
    dialog.places.setCurrentRow(dialog.places.count() - 1)
    address = f"http://127.0.0.1:{server.port}/stream"
    qtbot.keyClicks(dialog.stream, address)
    qtbot.mouseClick(dialog.show_picture, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dialog.preview.view.contents.scene is not None, timeout=PATIENCE_MS)
    assert np.abs(dialog.preview.view.contents.scene.frame.image.mean((0, 1)) - (40, 160, 90)).max() < 4
    assert dialog.told.text().startswith("128 \u00d7 96")
    with qtbot.waitSignal(dialog.accepted, timeout=PATIENCE_MS):
        qtbot.mouseClick(dialog.connect_button, Qt.MouseButton.LeftButton)
    assert dialog.address == address
    assert dialog.request == CaptureRequest()


def test_why_there_is_no_picture_is_said(nothing_left: None, qtbot) -> None:
    dialog = shown(ConnectDialog(("http://127.0.0.1:1/nothing", CaptureRequest()), None), qtbot)
    assert dialog.address == "http://127.0.0.1:1/nothing", "what was connected last is chosen"
    qtbot.mouseClick(dialog.show_picture, Qt.MouseButton.LeftButton)
    said = dialog.preview.view.contents
    qtbot.waitUntil(lambda: said._message[0] == "No picture", timeout=PATIENCE_MS)
    assert "127.0.0.1:1" in said._message[1]
    dialog.stream.setText("gopher://tower")
    qtbot.mouseClick(dialog.show_picture, Qt.MouseButton.LeftButton)
    assert "no address" in said._message[0]
    dialog.reject()


def test_a_card_that_cannot_be_asked_says_why(nothing_left: None, qtbot) -> None:
    dialog = shown(ConnectDialog(), qtbot)
    dialog.finder.found.disconnect()  # this machine's own cards
    dialog._take_devices([CaptureDevice("/dev/none", "/dev/none", "Broken card", problem="Permission denied")])
    assert dialog.address == "/dev/none"
    qtbot.waitUntil(lambda: dialog.preview.view.contents._message[0] == "No picture", timeout=PATIENCE_MS)
    assert not dialog.modes.isVisible()
    dialog.reject()


def test_each_box_offers_what_fits_those_above(qtbot) -> None:
    boxes = ModeBoxes()
    qtbot.addWidget(boxes)
    boxes.show_modes(MODES, CaptureRequest())
    assert boxes.request == CaptureRequest()
    assert boxes.size_box.itemText(0) == "Best (1920 \u00d7 1080)"
    assert [boxes.rate_box.itemData(place) for place in range(boxes.rate_box.count())] == [None, 60, 30, 15, 5]
    boxes.size_box.setCurrentIndex(1)
    boxes.size_box.activated.emit(1)
    assert boxes.size_box.currentData() == (1920, 1080)
    assert [boxes.rate_box.itemData(place) for place in range(boxes.rate_box.count())] == [None, 60, 30, 5]
    boxes.rate_box.setCurrentIndex(3)
    with qtbot.waitSignal(boxes.chosen):
        boxes.rate_box.activated.emit(3)
    assert [boxes.format_box.itemData(place) for place in range(boxes.format_box.count())] == [None, "YUYV"]
    assert boxes.request == CaptureRequest((1920, 1080), 5.0)


def test_what_was_asked_last_time_is_asked_again_as_far_as_it_is_there(qtbot) -> None:
    boxes = ModeBoxes()
    qtbot.addWidget(boxes)
    boxes.show_modes(MODES, CaptureRequest((640, 480), 60.0, "YUYV"))
    assert boxes.request == CaptureRequest((640, 480), None, "YUYV")


def test_what_a_session_shows_is_not_opened_a_second_time(nothing_left: None, qtbot, tmp_path: Path) -> None:
    card, other_path = tmp_path / "video90", tmp_path / "by-id"
    card.write_bytes(b"")
    other_path.symlink_to(card)
    dialog = shown(ConnectDialog(in_use=parse_address(str(card))), qtbot)
    dialog.finder.found.disconnect()  # this machine's own cards
    dialog._take_devices([CaptureDevice(str(other_path), str(card), "Card", modes=MODES)])
    assert dialog.preview.view.contents._message[0] == "In use"
    assert dialog.preview._thread is None
    assert dialog.connect_button.isEnabled(), "in another size, for example"
    dialog.reject()


def test_a_card_that_is_back_shows_its_picture_again(nothing_left: None, qtbot) -> None:
    dialog = shown(ConnectDialog(), qtbot)
    dialog.finder.found.disconnect()  # this machine's own cards
    gone = [CaptureDevice("/dev/none", "/dev/none", "Card")]
    dialog._take_devices(gone)
    qtbot.waitUntil(lambda: dialog.preview.view.contents._message[0] == "No picture", timeout=PATIENCE_MS)
    assert dialog.told.text() == "", "nothing of what it was before"
    before = dialog.preview._thread
    dialog._take_devices(gone)
    assert dialog.preview._thread is not before, "it was tried again"
    dialog.reject()


def test_a_message_fits_a_narrow_picture(nothing_left: None, qtbot) -> None:
    dialog = shown(ConnectDialog(), qtbot)
    dialog.resize(680, 900)
    view = dialog.preview.view
    view.setFixedSize(330, 260)
    dialog.preview.say("Type the stream's address")
    qtbot.waitExposed(view)
    drawn = view.grab().toImage()
    bright = {x for x in range(drawn.width()) for y in range(drawn.height()) if drawn.pixelColor(x, y).value() > 128}
    assert bright
    assert min(bright) > 24, "cut at the left"
    assert max(bright) < drawn.width() - 25
    dialog.reject()


def test_the_dialog_fits_a_small_screen(nothing_left: None, qtbot) -> None:
    dialog = shown(ConnectDialog(), qtbot)
    dialog.finder.found.disconnect()  # this machine's own cards
    dialog._take_devices([CaptureDevice("/dev/none", "/dev/none", "Card", modes=MODES)])
    dialog.resize(600, 360)
    assert (dialog.width(), dialog.height()) == (600, 360)
    dialog.reject()
