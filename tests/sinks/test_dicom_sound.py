"""The sound of a video that lies in a DICOM file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from dicom_files import H264, H264_BD, MPEG_2, write_dicom
from sound_clips import FRAME_S, MARKS_S, beeps, flashes, recorded, write_marked

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("name", "sound", "video", "syntax"),
    [
        ("a.mp4", "aac", "libx264", H264),
        ("a.ts", "ac3", "libx264", H264_BD),
        ("a.mpg", "mp2", "mpeg2video", MPEG_2),
    ],
)
def test_it_is_recorded_in_time_with_the_pictures(
    name: str, sound: str, video: str, syntax: str, tmp_path: Path
) -> None:
    stream = write_marked(tmp_path / name, sound, video).read_bytes()
    half = len(stream) // 4 * 2
    source = write_dicom(tmp_path / "a.dcm", [stream[:half], stream[half:]], syntax)
    for start_s in (0.0, 1.0):
        assert recorded(source, tmp_path / "out.mp4", start_s=start_s) == []
        expected = [mark - start_s for mark in MARKS_S if mark >= start_s]
        assert flashes(tmp_path / "out.mp4") == pytest.approx(expected, abs=FRAME_S)
        assert beeps(tmp_path / "out.mp4") == pytest.approx(expected, abs=FRAME_S)
