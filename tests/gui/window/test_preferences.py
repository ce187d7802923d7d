"""What the window remembers, in a file of its owner alone."""

from __future__ import annotations

import dataclasses
import stat
import sys
from pathlib import Path

import pytest

from polyplive.gui.window.preferences import Card, Preferences
from polyplive.sources.capture.options import CaptureRequest
from polyplive.types import OverlaySettings


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "window.ini"


def kept(path: Path, preferences: Preferences) -> Preferences:
    """What another start finds."""
    preferences._settings.sync()
    return Preferences(path)


def test_everything_is_there_at_the_next_start(path: Path, tmp_path: Path) -> None:
    made = Preferences(path)
    overlay = dataclasses.replace(OverlaySettings(), heatmap=False, opacity=0.25)
    video = tmp_path / "Müller & Söhne, 2.mp4"
    made.overlay, made.is_panel_shown = overlay, False
    assert made.outputs is None
    made.outputs = tmp_path / "out"
    made.add_recent(video)
    made.remember_card("usb-card", CaptureRequest((1920, 1080), 29.97, "YUYV"))
    found = kept(path, made)
    assert found.overlay == overlay
    assert not found.is_panel_shown
    assert found.outputs == tmp_path / "out"
    assert found.recent == (video,)
    assert found.folder == tmp_path
    assert found.card == Card("usb-card", (1920, 1080), 29.97, "YUYV")


def test_an_overlay_that_is_off_is_not_remembered(path: Path) -> None:
    """Whoever starts the program next would wait for marks in vain."""
    made = Preferences(path)
    made.overlay = dataclasses.replace(OverlaySettings(), visible=False, mask=False)
    found = kept(path, made).overlay
    assert found is not None
    assert found.visible
    assert not found.mask


def test_recent_recordings_are_few_the_newest_first_and_can_be_forgotten(path: Path, tmp_path: Path) -> None:
    made = Preferences(path)
    for number in [*range(12), 5]:
        made.add_recent(tmp_path / f"{number}.mp4")
    assert [found.stem for found in made.recent] == ["5", "11", "10", "9", "8", "7", "6", "4"]
    made.forget_recent()
    assert kept(path, made).recent == ()
    assert "11.mp4" not in path.read_text()


def test_a_password_is_not_written(path: Path) -> None:
    made = Preferences(path)
    made.remember_card("rtsp://nurse:s3cret@tower/stream", CaptureRequest())
    assert kept(path, made).card is None
    assert "s3cret" not in path.read_text()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
def test_only_its_owner_can_read_it(path: Path, tmp_path: Path) -> None:
    made = Preferences(path)
    made.add_recent(tmp_path / "a.mp4")
    kept(path, made)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("value", ["", "nonsense", '{"contour": 7}', "[1, 2]", "{", "true"])
def test_what_cannot_be_read_is_as_at_the_first_start(path: Path, value: str) -> None:
    made = Preferences(path)
    for name in ("overlay", "panel", "recent", "card", "folder", "geometry"):
        made._settings.setValue(name, value)
    found = kept(path, made)
    assert found.overlay is None
    assert found.card is None
    assert found.recent == ()
    assert found.folder == Path.home()
    assert found.geometry.isEmpty()


def test_a_folder_that_cannot_be_made_is_no_error(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    made = Preferences(in_the_way / "window.ini")
    made.is_panel_shown = False
    assert made.card is None
