"""Video streams in DICOM files: they play as the same stream does outside, however they are cut and named."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest
from clipmaker import number_in, write_clip
from dicom_files import (
    H264,
    H264_2D,
    H264_3D,
    H264_BD,
    H264_STEREO,
    HEVC,
    HEVC_10,
    IMPLICIT,
    JPEG,
    MPEG_2,
    MPEG_2_HIGH,
    NATIVE,
    PHOTOGRAPHIC_VIDEO,
    pydicom,
    write_dicom,
)

from polyplive.errors import SourceUnreadable
from polyplive.sources.file import FileSource
from polyplive.sources.reading.media import medium_of
from polyplive.sources.reading.medium import FileMedium

if TYPE_CHECKING:
    from polyplive.types import Frame

FRAMES = 24
X264 = {"options": {"bf": "2", "g": "8"}}
X265 = {"codec": "libx265", "options": {"preset": "ultrafast", "g": "8", "x265-params": "log-level=0"}}
MPEG = {"codec": "mpeg2video", "options": {"bf": "2", "g": "8", "b": "2M"}}
STREAMS: dict[str, tuple[str, dict[str, Any], str]] = {
    "MPEG-2 in a program stream": ("a.mpg", MPEG, MPEG_2),
    "MPEG-2 in a transport stream": ("a.ts", MPEG, MPEG_2_HIGH),
    "MPEG-2 alone": ("a.m2v", MPEG, MPEG_2),
    "H.264 in MP4": ("a.mp4", X264, H264),
    "H.264 in a transport stream": ("a.ts", X264, H264_BD),
    "H.264 alone": ("a.h264", X264, H264_2D),
    "two pictures side by side": ("a.mp4", {"options": {"x264-params": "frame-packing=3"}}, H264_3D),
    "stereo, of which the base view plays": ("a.ts", X264, H264_STEREO),
    "HEVC in MP4": ("a.mp4", X265, HEVC),
    "HEVC in a transport stream": ("a.ts", X265, HEVC),
    "HEVC of 10 bits": ("a.mp4", {**X265, "pix_fmt": "yuv420p10le"}, HEVC_10),
    "HEVC alone": ("a.hevc", X265, HEVC),
    "a transfer syntax that is not what is there": ("a.mp4", X264, MPEG_2),
    "a video in a transfer syntax of pictures": ("a.ts", MPEG, JPEG),
}


def read(path: Path) -> list[Frame]:
    with FileSource(path) as source:
        frames = list(source)
        assert source.dropped == {}
        assert source.info.frames == len(frames)
        return frames


def assert_same(path: Path, plain: list[Frame]) -> None:
    frames = read(path)
    assert [frame.pts_s for frame in frames] == pytest.approx([frame.pts_s for frame in plain])
    assert all(np.array_equal(frame.image, other.image) for frame, other in zip(frames, plain, strict=True))


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_plays_as_it_does_outside(name: str, tmp_path: Path) -> None:
    clip, settings, syntax = STREAMS[name]
    if settings.get("codec", "libx264") not in av.codecs_available:
        pytest.skip(f"this FFmpeg has no {settings['codec']}")
    path = write_clip(tmp_path / clip, FRAMES, **settings)
    dicom = write_dicom(tmp_path / "a.dcm", [path.read_bytes()], syntax, NumberOfFrames=FRAMES, CineRate=25)
    assert_same(dicom, read(path))


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("clip") / "a.mp4", FRAMES, **X264)


@pytest.fixture(scope="module")
def plain(clip: Path) -> list[Frame]:
    return read(clip)


@pytest.mark.parametrize("table", [True, False])
def test_a_stream_may_lie_in_several_fragments(table: bool, clip: Path, plain: list[Frame], tmp_path: Path) -> None:
    data = clip.read_bytes()
    parts = [data[start : start + 1000] for start in range(0, len(data), 1000)]
    assert len(parts) > 3
    dicom = write_dicom(
        tmp_path / "a.dcm", parts, f"{H264}.1", sop_class=PHOTOGRAPHIC_VIDEO, table=table, NumberOfFrames=FRAMES
    )
    assert_same(dicom, plain)


def test_a_stream_may_be_one_value_without_fragments(clip: Path, plain: list[Frame], tmp_path: Path) -> None:
    assert_same(write_dicom(tmp_path / "a.dcm", clip.read_bytes(), NATIVE, NumberOfFrames=FRAMES), plain)


def test_seeking_is_exact(clip: Path, tmp_path: Path) -> None:
    dicom = write_dicom(tmp_path / "a.dcm", [clip.read_bytes()], H264, NumberOfFrames=FRAMES)
    with FileSource(dicom) as source:
        for wanted in (20, 3, 11, 0, FRAMES - 1):
            source.seek(wanted / 25)
            frame = source.read()
            assert frame is not None
            assert (frame.index, number_in(frame.image)) == (wanted, wanted)


@pytest.mark.parametrize(
    ("tags", "step_s"),
    [
        ({"FrameIncrementPointer": 0x00181063, "FrameTime": "20"}, 0.02),
        ({"CineRate": 50, "RecommendedDisplayFrameRate": 10}, 0.02),
        ({"FrameTimeVector": [0, *[20] * (FRAMES - 1)]}, 0.02),
    ],
)
def test_a_stream_without_times_has_those_of_the_header(tags: dict[str, Any], step_s: float, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.h264", FRAMES, **X264)
    frames = read(write_dicom(tmp_path / "a.dcm", [clip.read_bytes()], H264, NumberOfFrames=FRAMES, **tags))
    assert [frame.pts_s for frame in frames] == pytest.approx([step_s * number for number in range(FRAMES)], abs=2e-6)


def test_the_times_of_the_stream_count_before_those_of_the_header(
    clip: Path, plain: list[Frame], tmp_path: Path
) -> None:
    tags = {"FrameIncrementPointer": 0x00181063, "FrameTime": "20"}
    assert_same(write_dicom(tmp_path / "a.dcm", [clip.read_bytes()], H264, NumberOfFrames=FRAMES, **tags), plain)


@pytest.mark.parametrize(
    ("told", "aspect"), [([11, 16], Fraction(16, 11)), ([1, 1], Fraction(4, 3)), (None, Fraction(4, 3))]
)
def test_the_shape_of_a_pixel_comes_from_the_header_if_it_tells(
    told: list[int] | None, aspect: Fraction, tmp_path: Path
) -> None:
    clip = write_clip(tmp_path / "a.mp4", FRAMES, options={"x264-params": "sar=4/3"})
    tags = {} if told is None else {"PixelAspectRatio": told}
    path = write_dicom(tmp_path / "a.dcm", [clip.read_bytes()], H264, NumberOfFrames=FRAMES, **tags)
    with FileSource(path) as source:
        assert source.info.sample_aspect == aspect


def without_preamble(dicom: Path) -> bytes:
    return dicom.read_bytes()[132:]


def without_meta_information(dicom: Path) -> bytes:
    data = without_preamble(dicom)
    return data[data.index(b"\x08\x00\x05\x00CS") :]


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (Path.read_bytes, "IM000001"),
        (Path.read_bytes, "procedure.mp4"),
        (without_preamble, "IM000001"),
        (without_preamble, "a.dcm"),
        (without_meta_information, "IM000001"),
    ],
)
def test_dicom_is_known_by_what_it_begins_with(
    change: Any, name: str, clip: Path, plain: list[Frame], tmp_path: Path
) -> None:
    dicom = write_dicom(tmp_path / "written", [clip.read_bytes()], H264, NumberOfFrames=FRAMES)
    path = tmp_path / name
    path.write_bytes(change(dicom))
    assert_same(path, plain)


def test_elements_without_types_and_without_a_preamble_need_the_name(
    clip: Path, plain: list[Frame], tmp_path: Path
) -> None:
    dicom = write_dicom(tmp_path / "written", clip.read_bytes(), IMPLICIT, NumberOfFrames=FRAMES)
    data = dicom.read_bytes()
    start = data.index(b"\x08\x00\x05\x00\x0a\x00\x00\x00")
    for name in ("a.dcm", "a.bin"):
        (tmp_path / name).write_bytes(data[start:])
    assert_same(tmp_path / "a.dcm", plain)
    with pytest.raises(SourceUnreadable, match="holds no video"):
        FileSource(tmp_path / "a.bin")


def test_a_video_with_the_name_of_a_dicom_file_plays(clip: Path, plain: list[Frame], tmp_path: Path) -> None:
    path = tmp_path / "a.dcm"
    shutil.copy(clip, path)
    assert isinstance(medium_of(path), FileMedium)
    assert_same(path, plain)


def test_text_with_the_name_of_a_dicom_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.dcm"
    path.write_text("Dear colleague, the recording is attached.\n" * 20)
    with pytest.raises(SourceUnreadable, match="holds no video"):
        FileSource(path)


READ_BYTES = """
import sys
from fractions import Fraction
from pathlib import Path
from polyplive.sources.file import FileSource

def read_so_far():
    return int(Path("/proc/self/io").read_text().split()[1])

import pydicom.filereader, pydicom.uid
before = read_so_far()
with FileSource(Path(sys.argv[1])) as source:
    frames = sum(1 for _ in source)
print(frames, read_so_far() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="the system does not count what a process reads")
def test_a_large_file_is_not_read_whole(clip: Path, tmp_path: Path) -> None:
    data = clip.read_bytes()
    dicom = write_dicom(tmp_path / "a.dcm", [data, b"hole"], H264, NumberOfFrames=FRAMES)
    gigabyte = 1 << 30
    with dicom.open("r+b") as file:
        file.seek(dicom.read_bytes().index(b"hole") - 4)
        file.write(gigabyte.to_bytes(4, "little"))
        file.truncate(file.tell() + gigabyte)  # sparse: it takes no room
    done = subprocess.run([sys.executable, "-c", READ_BYTES, str(dicom)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    frames, read_bytes = map(int, done.stdout.split())
    assert frames == FRAMES
    assert read_bytes < 20 * len(data) + (4 << 20)


def test_without_pydicom_one_line_says_what_to_install(clip: Path, tmp_path: Path) -> None:
    dicom = write_dicom(tmp_path / "a.dcm", [clip.read_bytes()], H264, NumberOfFrames=FRAMES)
    code = "import sys; sys.modules['pydicom'] = None; from polyplive.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "replay", str(dicom), "--headless"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "needs pydicom" in line
    assert "pip install 'polyplive[dicom]'" in line
    assert done.stdout == ""


def test_pydicom_is_there_for_these_tests() -> None:
    assert importlib.util.find_spec("pydicom") is not None
    assert int(pydicom.__version__.split(".")[0]) >= 3
