"""A DICOM file plays in the window like any video."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clipmaker import number_in, numbered
from dicom_files import ENDOSCOPIC_PICTURE, JPEG, pictures, write_dicom
from window_driver import PATIENCE_MS

from polyplive.types import SessionState

if TYPE_CHECKING:
    from pathlib import Path

FRAMES = 6


def test_it_plays_to_its_end_and_says_that_text_is_burned_in(open_window, qtbot, tmp_path: Path) -> None:
    coded = pictures([numbered(number) for number in range(FRAMES)], "mjpeg", "yuvj444p")
    tags = {"NumberOfFrames": FRAMES, "PhotometricInterpretation": "YBR_FULL", "BurnedInAnnotation": "YES"}
    window = open_window(source=write_dicom(tmp_path / "IM1", coded, JPEG, sop_class=ENDOSCOPIC_PICTURE, **tags))
    qtbot.waitUntil(lambda: window.display.view.state is SessionState.ENDED, timeout=PATIENCE_MS)
    assert number_in(window.display.view.frame.image) == FRAMES - 1
    assert window.strip.text.text().startswith("text is burned into the pictures")
    assert window.problems == ()
