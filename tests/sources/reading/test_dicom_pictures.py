"""Pictures in DICOM files: every frame once, in its own colours and at its own time, as pydicom decodes them too."""

from __future__ import annotations

from fractions import Fraction
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest
from clipmaker import number_in, numbered
from dicom_files import (
    ENDOSCOPIC_PICTURE,
    ENDOSCOPIC_VIDEO,
    IMPLICIT,
    JPEG,
    JPEG_2000,
    JPEG_2000_LOSSLESS,
    JPEG_EXTENDED,
    JPEG_LOSSLESS,
    JPEG_LS,
    NATIVE,
    RLE,
    SECONDARY_CAPTURE,
    pictures,
    pydicom,
    write_dicom,
)

from polyplive.errors import SourceUnreadable
from polyplive.sources.file import FileSource

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

FRAMES = 6
IMAGES = [numbered(number) for number in range(FRAMES)]
BEST = {"qmin": "1", "qmax": "1"}
SINGLE = {"sop_class": ENDOSCOPIC_PICTURE, "NumberOfFrames": FRAMES}


def planes(images: list[NDArray[np.uint8]]) -> list[bytes]:
    """Red, green and blue in the place of Y, Cb and Cr: JPEG whose colours only the header tells."""
    found = []
    for image in images:
        coder = av.CodecContext.create("mjpeg", "w")
        coder.height, coder.width, coder.pix_fmt, coder.options = *image.shape[:2], "yuvj444p", BEST
        coder.time_base = Fraction(1, 25)
        rgb = np.ascontiguousarray(image[:, :, ::-1].transpose(2, 0, 1))
        frame = av.VideoFrame.from_ndarray(rgb, format="yuvj444p")
        found.append(b"".join(bytes(packet) for packet in (*coder.encode(frame), *coder.encode(None))))
    return found


def with_marker(found: list[bytes], marker: bytes) -> list[bytes]:
    return [data[:2] + marker + data[2:] for data in found]


JFIF = b"\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0"
ADOBE_RGB = b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0\0"
CODED: dict[str, tuple[Callable[[], list[bytes]], str, str, int]] = {
    "JPEG, colours shared by two": (lambda: pictures(IMAGES, "mjpeg", "yuvj422p", BEST), JPEG, "YBR_FULL_422", 12),
    "JPEG, colours shared by four": (lambda: pictures(IMAGES, "mjpeg", "yuvj420p", BEST), JPEG, "YBR_FULL_422", 16),
    "JPEG, YCbCr": (lambda: pictures(IMAGES, "mjpeg", "yuvj444p", BEST), JPEG_EXTENDED, "YBR_FULL", 6),
    "JPEG, RGB as the header says": (lambda: planes(IMAGES), JPEG, "RGB", 6),
    "JPEG, RGB as Adobe's marker says": (lambda: with_marker(planes(IMAGES), ADOBE_RGB), JPEG, "YBR_FULL_422", 6),
    "JPEG, YCbCr as JFIF says": (
        lambda: with_marker(pictures(IMAGES, "mjpeg", "yuvj444p", BEST), JFIF),
        JPEG,
        "RGB",
        6,
    ),
    "JPEG, YCbCr, as it is subsampled": (lambda: pictures(IMAGES, "mjpeg", "yuvj422p", BEST), JPEG, "RGB", 12),
    "JPEG without loss": (lambda: pictures(IMAGES, "ljpeg", "bgr24"), JPEG_LOSSLESS, "RGB", 0),
    "JPEG-LS": (lambda: pictures(IMAGES, "jpegls", "rgb24"), JPEG_LS, "RGB", 0),
    "JPEG 2000": (lambda: pictures(IMAGES, "jpeg2000", "rgb24"), JPEG_2000, "YBR_ICT", 6),
    "JPEG 2000 without loss": (
        lambda: pictures(IMAGES, "jpeg2000", "rgb24", {"pred": "1", "format": "j2k"}),
        JPEG_2000_LOSSLESS,
        "YBR_RCT",
        0,
    ),
    "a transfer syntax that is not what is there": (
        lambda: pictures(IMAGES, "mjpeg", "yuvj444p", BEST),
        JPEG_2000,
        "YBR_FULL",
        6,
    ),
}


def read(path: Path) -> list[NDArray[np.uint8]]:
    with FileSource(path) as source:
        frames = list(source)
        assert source.dropped == {}
        assert [frame.index for frame in frames] == list(range(len(frames)))
        return [frame.image for frame in frames]


def assert_close(path: Path, tolerance: int) -> None:
    images = read(path)
    assert [number_in(image) for image in images] == list(range(FRAMES))
    worst = max(np.abs(image.astype(int) - other).max() for image, other in zip(images, IMAGES, strict=True))
    assert worst <= tolerance


@pytest.mark.parametrize("name", CODED)
def test_compressed_pictures_have_their_colours(name: str, tmp_path: Path) -> None:
    coded, syntax, colours, tolerance = CODED[name]
    path = write_dicom(tmp_path / "a.dcm", coded(), syntax, PhotometricInterpretation=colours, **SINGLE)
    assert_close(path, tolerance)


@pytest.mark.parametrize("name", ["JPEG, YCbCr", "JPEG, colours shared by two", "JPEG, RGB as the header says"])
def test_pydicom_decodes_the_same_colours(name: str, tmp_path: Path) -> None:
    coded, syntax, colours, _ = CODED[name]
    if not pydicom.pixels.get_decoder(syntax).is_available:
        pytest.skip("pydicom decodes no JPEG here: install pillow")
    path = write_dicom(tmp_path / "a.dcm", coded(), syntax, PhotometricInterpretation=colours, **SINGLE)
    for image, other in zip(read(path), pydicom.dcmread(path).pixel_array, strict=True):
        assert np.abs(image[:, :, ::-1].astype(int) - other).mean() < 2


def ycbcr(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """uint8 [H, W, 3]: full-range Y, Cb, Cr of BT.601 (PS3.3, C.7.6.3.1.2)."""
    blue, green, red = (image[:, :, channel].astype(float) for channel in range(3))
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    found = np.stack([luma, 128 + (blue - luma) / 1.772, 128 + (red - luma) / 1.402], axis=2)
    return found.round().clip(0, 255).astype(np.uint8)


def shared_by_two(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """uint8 [H, W / 2, 4]: Y, Y, Cb, Cr of each two neighbours in a row."""
    found = ycbcr(image)
    left, right = found[:, 0::2], found[:, 1::2]
    return np.stack([left[..., 0], right[..., 0], left[..., 1], left[..., 2]], axis=2)


GREYS = [np.repeat(image[:, :, :1], 3, axis=2) for image in IMAGES]
PLAIN: dict[str, tuple[list[NDArray[np.uint8]], dict[str, Any], int]] = {
    "RGB": ([image[:, :, ::-1] for image in IMAGES], {"PhotometricInterpretation": "RGB"}, 0),
    "RGB in planes": (
        [image[:, :, ::-1].transpose(2, 0, 1) for image in IMAGES],
        {"PhotometricInterpretation": "RGB", "PlanarConfiguration": 1},
        0,
    ),
    "YCbCr": ([ycbcr(image) for image in IMAGES], {"PhotometricInterpretation": "YBR_FULL"}, 3),
    "YCbCr shared by two": (
        [shared_by_two(image) for image in IMAGES],
        {"PhotometricInterpretation": "YBR_FULL_422"},
        8,
    ),
}


@pytest.mark.parametrize("syntax", [NATIVE, IMPLICIT])
@pytest.mark.parametrize("name", PLAIN)
def test_pictures_that_are_not_compressed_have_their_colours(name: str, syntax: str, tmp_path: Path) -> None:
    arrays, tags, tolerance = PLAIN[name]
    pixels = b"".join(array.tobytes() for array in arrays)
    path = write_dicom(tmp_path / "a.dcm", pixels, syntax, **{**SINGLE, "sop_class": SECONDARY_CAPTURE}, **tags)
    assert_close(path, tolerance)


@pytest.mark.parametrize("coded", [False, True], ids=["plain", "run-length coded"])
def test_grey_pictures_are_grey(coded: bool, tmp_path: Path) -> None:
    tags = {**SINGLE, "SamplesPerPixel": 1, "PhotometricInterpretation": "MONOCHROME2"}
    pixels = b"".join(image[:, :, 0].tobytes() for image in GREYS)
    path = write_dicom(tmp_path / "a.dcm", pixels, NATIVE, **tags)
    if coded:
        compressed = pydicom.dcmread(path)
        compressed.compress(RLE)
        compressed.save_as(path)
    assert all(np.array_equal(image, other) for image, other in zip(read(path), GREYS, strict=True))


def test_run_length_coded_pictures_are_exact(tmp_path: Path) -> None:
    pixels = b"".join(image[:, :, ::-1].tobytes() for image in IMAGES)
    path = write_dicom(tmp_path / "a.dcm", pixels, NATIVE, PhotometricInterpretation="RGB", **SINGLE)
    data = pydicom.dcmread(path)
    data.compress(RLE)
    data.save_as(path)
    assert_close(path, 0)


def test_a_single_picture_is_a_video_of_one_frame(tmp_path: Path) -> None:
    path = write_dicom(
        tmp_path / "a.dcm",
        pictures(IMAGES[5:], "mjpeg", "yuvj444p", BEST),
        JPEG,
        sop_class=ENDOSCOPIC_PICTURE,
        PhotometricInterpretation="YBR_FULL",
    )
    with FileSource(path) as source:
        assert source.info.frames == 1
        assert [number_in(frame.image) for frame in source] == [5]


def halves(data: bytes) -> list[bytes]:
    middle = len(data) // 4 * 2
    return [data[:middle], data[middle:]]


@pytest.mark.parametrize("table", ["basic", "extended", "none"])
def test_a_frame_may_lie_in_several_fragments(table: str, tmp_path: Path) -> None:
    frames = pictures(IMAGES, "mjpeg", "yuvj444p", BEST)
    parts = [part + bytes(len(part) % 2) for frame in frames for part in halves(frame)]
    tags: dict[str, Any] = {}
    starts = list(accumulate((8 + len(part) for part in parts), initial=0))[:-1:2]
    if table == "extended":
        tags["ExtendedOffsetTable"] = np.array(starts, "<u8").tobytes()
        tags["ExtendedOffsetTableLengths"] = np.array([len(frame) for frame in frames], "<u8").tobytes()
    path = write_dicom(
        tmp_path / "a.dcm", parts, JPEG, table=False, PhotometricInterpretation="YBR_FULL", **SINGLE, **tags
    )
    if table == "basic":
        data = path.read_bytes()
        empty, item = b"\xfe\xff\x00\xe0\0\0\0\0", b"\xfe\xff\x00\xe0"
        listed = item + (4 * FRAMES).to_bytes(4, "little") + np.array(starts, "<u4").tobytes()
        path.write_bytes(data.replace(empty, listed, 1))
    assert_close(path, 6)


def test_all_frames_may_lie_in_one_fragment(tmp_path: Path) -> None:
    whole = b"".join(pictures(IMAGES, "mjpeg", "yuvj444p", BEST))
    path = write_dicom(tmp_path / "a.dcm", [whole], JPEG, PhotometricInterpretation="YBR_FULL", **SINGLE)
    assert_close(path, 6)


TIMES: dict[str, tuple[dict[str, Any], list[float]]] = {
    "a time for each frame": ({"FrameIncrementPointer": 0x00181063, "FrameTime": "33.37"}, [0, 0.03337, 0.06674]),
    "increments": (
        {"FrameIncrementPointer": 0x00181065, "FrameTimeVector": [0, 40, 1000, 40, 40, 80], "FrameTime": "10"},
        [0, 0.04, 1.04],
    ),
    "increments, with no pointer to them": ({"FrameTimeVector": [0, 40, 1000, 40, 40, 80]}, [0, 0.04, 1.04]),
    "increments that are too few": ({"FrameTimeVector": [0, 40, 50], "CineRate": 10}, [0, 0.1, 0.2]),
    "increments that go back": ({"FrameTimeVector": [0, 40, -50, 40, 40, 40], "CineRate": 10}, [0, 0.1, 0.2]),
    "the rate at which it was taken": ({"CineRate": 30, "RecommendedDisplayFrameRate": 15}, [0, 1 / 30, 2 / 30]),
    "the rate at which it is shown": ({"RecommendedDisplayFrameRate": 15, "FrameTime": "0"}, [0, 1 / 15, 2 / 15]),
    "nothing": ({}, [0, 0.04, 0.08]),
}


@pytest.mark.parametrize("name", TIMES)
def test_frames_have_the_times_of_the_header(name: str, tmp_path: Path) -> None:
    tags, expected = TIMES[name]
    coded = pictures(IMAGES, "mjpeg", "yuvj444p", BEST)
    path = write_dicom(tmp_path / "a.dcm", coded, JPEG, PhotometricInterpretation="YBR_FULL", **{**SINGLE, **tags})
    with FileSource(path) as source:
        frames = list(source)
        assert [frame.pts_s for frame in frames][:3] == pytest.approx(expected, abs=2e-6)
        assert len(frames) == FRAMES
        source.seek(expected[2] + 0.001)
        assert source.read().index == 2


@pytest.mark.filterwarnings("ignore:The value for the data element")
def test_many_increments_are_read_where_they_do_not_fit_the_usual_length(tmp_path: Path) -> None:
    """More than 65,534 bytes: the value has 'unknown' for its type then (PS3.3, C.7.6.5, note)."""
    frames = 20_000
    pixel = np.full((2, 2, 3), 90, np.uint8)
    increments = [0.0, *([20.125, 59.875] * frames)[: frames - 1]]
    path = write_dicom(
        tmp_path / "a.dcm",
        pixel.tobytes() * frames,
        NATIVE,
        PhotometricInterpretation="RGB",
        Rows=2,
        Columns=2,
        NumberOfFrames=frames,
        FrameIncrementPointer=0x00181065,
        FrameTimeVector=increments,
    )
    with FileSource(path) as source:
        assert source.info.frames == frames
        assert source.info.duration_s == pytest.approx(sum(increments) / 1000, abs=0.1)
        times = [frame.pts_s for frame, _ in zip(source, range(4), strict=False)]
    assert times == pytest.approx([0, 0.020125, 0.08, 0.100125], abs=2e-6)


def test_the_shape_of_a_pixel_comes_from_the_header(tmp_path: Path) -> None:
    coded = pictures(IMAGES, "mjpeg", "yuvj444p", BEST)
    path = write_dicom(
        tmp_path / "a.dcm", coded, JPEG, PhotometricInterpretation="YBR_FULL", PixelAspectRatio=[11, 16], **SINGLE
    )
    with FileSource(path) as source:
        assert source.info.sample_aspect == Fraction(16, 11)
        assert {frame.sample_aspect for frame in source} == {Fraction(16, 11)}


@pytest.mark.parametrize(
    ("tags", "syntax"),
    [
        ({"PhotometricInterpretation": "PALETTE COLOR", "SamplesPerPixel": 1}, NATIVE),
        ({"PhotometricInterpretation": "RGB", "BitsAllocated": 16}, NATIVE),
        ({"PhotometricInterpretation": "YBR_FULL", "PlanarConfiguration": 1}, NATIVE),
        ({"PhotometricInterpretation": "YBR_FULL"}, JPEG_LS),
        ({"PhotometricInterpretation": "YBR_FULL"}, JPEG_2000),
        ({"PhotometricInterpretation": "YBR_FULL"}, RLE),
    ],
)
def test_colours_that_would_come_out_wrong_are_refused(tags: dict[str, Any], syntax: str, tmp_path: Path) -> None:
    coded: Any = {
        JPEG_LS: lambda: pictures(IMAGES, "jpegls", "rgb24"),
        JPEG_2000: lambda: pictures(IMAGES, "jpeg2000", "rgb24"),
        RLE: lambda: [image.tobytes() for image in IMAGES],
        NATIVE: lambda: b"".join(image.tobytes() for image in IMAGES),
    }[syntax]()
    path = write_dicom(tmp_path / "a.dcm", coded, syntax, **{**SINGLE, **tags})
    with pytest.raises(SourceUnreadable, match=r"a kind that is not supported .* Export it") as caught:
        FileSource(path)
    assert tags["PhotometricInterpretation"] in str(caught.value)


def test_burned_in_text_is_said_once(tmp_path: Path) -> None:
    coded = pictures(IMAGES, "mjpeg", "yuvj444p", BEST)
    notices = {}
    for burned_in in ("YES", "NO"):
        path = write_dicom(
            tmp_path / "a.dcm",
            coded,
            JPEG,
            sop_class=ENDOSCOPIC_VIDEO,
            PhotometricInterpretation="YBR_FULL",
            NumberOfFrames=FRAMES,
            BurnedInAnnotation=burned_in,
        )
        with FileSource(path) as source:
            notices[burned_in] = source.info.notices
    assert notices["NO"] == ()
    (notice,) = notices["YES"]
    assert "burned into the pictures" in notice
