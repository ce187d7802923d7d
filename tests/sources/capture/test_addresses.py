"""What a live source's address means, and that no password is shown."""

from __future__ import annotations

import platform

import pytest

from polyplive.errors import ConfigError
from polyplive.sources.capture.address import Kind, hide_secrets, parse_address
from polyplive.sources.capture.gaps import GapCounter
from polyplive.sources.capture.modes import CaptureMode, best_mode

linux_only = pytest.mark.skipif(platform.system() != "Linux", reason="device names of Linux")


@linux_only
@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("0", "/dev/video0"),
        ("/dev/video3", "/dev/video3"),
        ("usb-Card_0001-video-index0", "/dev/v4l/by-id/usb-Card_0001-video-index0"),
    ],
)
def test_a_device_by_number_path_or_lasting_name(text: str, target: str) -> None:
    assert parse_address(text) == (address := parse_address(text))
    assert (address.kind, address.target) == (Kind.V4L2, target)


def test_streams_and_screens() -> None:
    assert parse_address("rtsp://tower/1").kind is Kind.STREAM
    assert parse_address("screen:99.0").target == ":99.0"


@pytest.mark.parametrize("text", ["", "  ", "rtsp://", "file:///etc/passwd", "concat://a", "gopher://x"])
def test_what_is_no_address_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse_address(text)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "rtsp://nurse:s3cret@tower:554/1",
        "rtsp://nurse:s3cret@tower/1?x=1",
        "http://tower/video?user=nurse&password=s3cret",
        "https://tower/v?access_token=s3cret#s3cret",
        "srt://tower:9000?passphrase=s3cret",
        "cannot open 'rtsp://:s3cret@tower/': Connection refused",
        "http://[bad/s3cret",
    ],
)
def test_no_secret_is_shown(text: str) -> None:
    assert "s3cret" not in hide_secrets(text)
    assert "nurse" not in hide_secrets(text)
    assert hide_secrets("rtsp://tower:554/1?transport=tcp") == "rtsp://tower:554/1?transport=tcp"


MODES = (
    CaptureMode("YUYV", 1920, 1080, (6.0,)),
    CaptureMode("YUYV", 640, 480, (30.0,)),
    CaptureMode("MJPG", 1920, 1080, (60.0, 30.0)),
    CaptureMode("MJPG", 3840, 2160, (30.0,)),
)


@pytest.mark.parametrize(
    ("wishes", "chosen"),
    [
        ({}, MODES[2]),
        ({"size": (640, 480)}, MODES[1]),
        ({"size": (3840, 2160)}, MODES[3]),
        ({"pixel_format": "yuyv"}, MODES[1]),
        ({"pixel_format": "yuyv", "size": (1920, 1080)}, MODES[0]),
        ({"rate": 60.0}, MODES[2]),
        ({"rate": 120.0}, None),
    ],
)
def test_the_mode_that_is_asked_for(wishes: dict[str, object], chosen: CaptureMode | None) -> None:
    assert best_mode(MODES, **wishes) == chosen  # type: ignore[arg-type]


def test_a_missing_frame_is_seen_by_the_device_clock() -> None:
    gaps = GapCounter()
    stamps = [number / 60 for number in range(100) if number not in (20, 50, 51)]
    assert sum(gaps.see(stamp, stamp)[0] for stamp in stamps) == 3


def test_another_rate_is_no_gap_for_long() -> None:
    gaps = GapCounter()
    stamps = [number / 60 for number in range(60)] + [1 + number / 30 for number in range(60)]
    assert sum(gaps.see(stamp, stamp)[0] for stamp in stamps) <= 1


def test_frames_lost_again_and_again_under_load_are_no_new_rate() -> None:
    """Every second frame is lost, and those that come have waited in full buffers."""
    gaps = GapCounter()
    for number in range(30):
        gaps.see(number / 60, number / 60)
    assert sum(gaps.see(number / 60, number / 60 + 0.1)[0] for number in range(31, 39, 2)) == 4


def test_a_jump_of_the_clock_is_no_gap_and_makes_no_later_frame_late() -> None:
    """The frames around the jump were read late, those after it at once: how long each waited is not known."""
    gaps = GapCounter()
    for number in range(30):
        gaps.see(number / 60, number / 60)
    gaps.see(30 / 60, 30 / 60 + 0.1)
    stamps = [0.7 + number / 60 for number in range(30)]
    assert gaps.see(stamps[0], stamps[0] + 0.1, jumped=True) == (0, False)
    assert [gaps.see(stamp, stamp + 0.1) for stamp in stamps[1:]] == [(0, False)] * 29


def test_a_frame_that_newer_ones_have_overtaken_is_late_but_never_all_of_them() -> None:
    gaps = GapCounter()
    for number in range(30):
        assert gaps.see(number / 60, number / 60 + 0.002) == (0, False)
    late = [gaps.see(number / 60, number / 60 + 0.2)[1] for number in range(30, 60)]
    assert late[:8] == [True] * 8
    assert not all(late)
