"""Capture devices under names that last."""

from __future__ import annotations

from pathlib import Path

import pytest

from polyplive.sources.capture import devices
from polyplive.sources.capture.modes import CaptureMode


@pytest.fixture
def links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path, Path]:
    """Two folders of links as udev makes them, and the device that they lead to."""
    by_id, by_path, device = tmp_path / "by-id", tmp_path / "by-path", tmp_path / "video0"
    by_id.mkdir()
    by_path.mkdir()
    device.touch()
    monkeypatch.setattr(devices, "_BY_ID", by_id)
    monkeypatch.setattr(devices, "_BY_PATH", by_path)
    modes = (CaptureMode("YUYV", 640, 480, (30.0,)),)
    monkeypatch.setattr(devices.v4l2, "query", lambda _: ("Card", "usb-1", modes))
    return by_id, by_path, device


def test_the_serial_number_names_a_device_before_its_socket(links: tuple[Path, Path, Path]) -> None:
    by_id, by_path, device = links
    assert devices.describe_device(str(device)).id == str(device)
    (by_path / "pci-0-usb-1-video-index0").symlink_to(device)
    assert devices.describe_device(str(device)).id == str(by_path / "pci-0-usb-1-video-index0")
    (by_id / "usb-Card_0001-video-index0").symlink_to(device)
    found = devices.describe_device(str(device))
    assert found.id == "usb-Card_0001-video-index0"
    assert devices.describe_device(str(by_id / found.id)).path == str(device), "the name leads back"
    assert found.modes[0].rates == (30.0,)


def test_a_device_that_cannot_be_asked_says_why(links: tuple[Path, Path, Path], monkeypatch) -> None:
    def refuse(_: str) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(devices.v4l2, "query", refuse)
    assert devices.describe_device(str(links[2])).problem == "Permission denied"


def test_a_node_that_captures_nothing_is_left_out(links: tuple[Path, Path, Path], monkeypatch) -> None:
    monkeypatch.setattr(devices.v4l2, "query", lambda _: None)
    assert devices.describe_device(str(links[2])) is None


def test_listing_raises_nothing_here() -> None:
    assert isinstance(devices.list_devices(), list)
