"""DICOM files that are cut off, lie, or hold something else: what is there plays, or one line says what is wrong."""

from __future__ import annotations

import random
import subprocess
import sys
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from clipmaker import number_in, numbered, write_clip
from dicom_files import (
    BIG_ENDIAN,
    DEFLATED,
    ENDOSCOPIC_PICTURE,
    H264,
    JPEG,
    NATIVE,
    SECRETS,
    header,
    pictures,
    pydicom,
    write_dicom,
)
from processes import PATIENCE_S

from polyplive.errors import SourceUnreadable
from polyplive.sources.file import FileSource

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FRAMES = 12
IMAGES = [numbered(number) for number in range(FRAMES)]
CODED = pictures(IMAGES, "mjpeg", "yuvj444p")
ITEM = b"\xfe\xff\x00\xe0"
MUTANTS = 250


def jpegs(path: Path, **tags: Any) -> Path:
    defaults = {"PhotometricInterpretation": "YBR_FULL", "NumberOfFrames": FRAMES, "FrameTime": "40"}
    return write_dicom(path, CODED, JPEG, sop_class=ENDOSCOPIC_PICTURE, **{**defaults, **tags})


def stream(path: Path) -> Path:
    clip = write_clip(path.with_suffix(".ts"), FRAMES, options={"bf": "0", "g": "4"})
    return write_dicom(path, [clip.read_bytes()], H264, NumberOfFrames=FRAMES, CineRate=25)


def played(path: Path) -> tuple[list[int], dict[str, int]]:
    """The numbers that the frames show, which have to be their indices, and what is missing."""
    with FileSource(path) as source:
        frames = list(source)
        assert [number_in(frame.image) for frame in frames] == [frame.index for frame in frames]
        return [frame.index for frame in frames], dict(source.dropped)


def refusal(path: Path) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(SourceUnreadable) as caught:
            FileSource(path)
    text = str(caught.value)
    assert "\n" not in text
    assert path.name in text
    assert caught.value.hint
    assert not [secret for secret in SECRETS if secret in text]
    return text


def items(data: bytes) -> list[int]:
    """Where the fragments begin, with the offset table."""
    found, at = [], data.index(ITEM, data.index(b"\xe0\x7f\x10\x00OB"))
    while data[at : at + 4] == ITEM:
        found.append(at)
        at += 8 + int.from_bytes(data[at + 4 : at + 8], "little")
    return found


def test_pictures_cut_off_play_up_to_the_cut_and_the_others_are_missing(tmp_path: Path) -> None:
    path = jpegs(tmp_path / "a.dcm")
    data = path.read_bytes()
    path.write_bytes(data[: items(data)[1 + 7]])
    assert played(path) == (list(range(7)), {"missing": FRAMES - 7})
    path.write_bytes(data[: items(data)[1 + 7] + 20])
    assert played(path) == (list(range(7)), {"missing": FRAMES - 8, "damaged": 1})


def test_a_stream_cut_off_plays_up_to_the_cut(tmp_path: Path) -> None:
    path = stream(tmp_path / "a.dcm")
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])
    indices, _ = played(path)
    assert 4 <= len(indices) < FRAMES


def test_plain_pictures_cut_off_play_up_to_the_cut(tmp_path: Path) -> None:
    pixels = b"".join(image[:, :, ::-1].tobytes() for image in IMAGES)
    path = write_dicom(
        tmp_path / "a.dcm",
        pixels,
        NATIVE,
        sop_class=ENDOSCOPIC_PICTURE,
        PhotometricInterpretation="RGB",
        NumberOfFrames=FRAMES,
    )
    data = path.read_bytes()
    path.write_bytes(data[: -len(pixels) // 2])
    assert played(path) == (list(range(FRAMES // 2)), {"missing": FRAMES // 2})
    path.write_bytes(data[: -len(pixels) + 100])
    assert "empty or cut off" in refusal(path)


@pytest.mark.parametrize("lie", [b"\xff" * 4, b"\0\0\0\x7f", b"\1\0\0\0", b"\0\0\0\0"])
def test_a_table_that_lies_costs_nothing(lie: bytes, tmp_path: Path) -> None:
    path = jpegs(tmp_path / "a.dcm")
    data = bytearray(path.read_bytes())
    table = items(bytes(data))[0] + 8
    data[table : table + 4 * FRAMES] = lie * FRAMES
    path.write_bytes(data)
    assert played(path) == (list(range(FRAMES)), {})


def test_without_any_table_item_everything_plays(tmp_path: Path) -> None:
    for path in (jpegs(tmp_path / "a.dcm"), stream(tmp_path / "b.dcm")):
        data = path.read_bytes()
        table, first, *_ = items(data)
        path.write_bytes(data[:table] + data[first:])
        assert played(path) == (list(range(FRAMES)), {})


def test_a_length_that_lies_costs_the_frames_behind_it(tmp_path: Path) -> None:
    path = jpegs(tmp_path / "a.dcm")
    data = bytearray(path.read_bytes())
    fifth = items(bytes(data))[1 + 5]
    data[fifth + 4 : fifth + 8] = b"\xff\xff\xff\xff"
    path.write_bytes(data)
    indices, dropped = played(path)
    assert indices[:5] == list(range(5))
    assert len(indices) + sum(dropped.values()) == FRAMES


@pytest.mark.parametrize(("told", "missing"), [(FRAMES + 5, 5), (FRAMES - 5, 0), (2**31 - 1, 2**31 - 1 - FRAMES)])
def test_a_number_of_frames_that_lies(told: int, missing: int, tmp_path: Path) -> None:
    indices, dropped = played(jpegs(tmp_path / "a.dcm", NumberOfFrames=told))
    assert indices == list(range(FRAMES))
    assert dropped.get("missing", 0) == missing


def test_damaged_pictures_cost_themselves(tmp_path: Path) -> None:
    path = jpegs(tmp_path / "a.dcm")
    data = bytearray(path.read_bytes())
    starts = items(bytes(data))
    for hurt in (3, 8):
        begin, end = starts[1 + hurt] + 8, starts[2 + hurt]
        data[begin:end] = bytes(end - begin)
    path.write_bytes(data)
    assert played(path) == ([index for index in range(FRAMES) if index not in (3, 8)], {"damaged": 2})


def no_fragments(path: Path) -> None:
    data = jpegs(path).read_bytes()
    path.write_bytes(data[: items(data)[1]] + b"\xfe\xff\xdd\xe0\0\0\0\0")


def cut_in_the_header(path: Path) -> None:
    data = jpegs(path).read_bytes()
    path.write_bytes(data[: data.index(b"\x28\x00\x10\x00US")])


def without_pixels(path: Path) -> None:
    data = pydicom.dcmread(jpegs(path))
    del data.PixelData
    data.SOPClassUID = "1.2.840.10008.5.1.4.1.1.88.33"
    data.save_as(path)


def directory(path: Path) -> None:
    data = pydicom.dcmread(jpegs(path))
    del data.PixelData
    data.SOPClassUID = "1.2.840.10008.1.3.10"
    data.save_as(path)


def tomography(path: Path) -> None:
    pixels = np.zeros((64, 96), np.uint16).tobytes()
    grey = {"SamplesPerPixel": 1, "PhotometricInterpretation": "MONOCHROME2", "BitsAllocated": 16}
    write_dicom(path, pixels, NATIVE, sop_class="1.2.840.10008.5.1.4.1.1.2", **grey)


def slide(path: Path) -> None:
    write_dicom(path, CODED, JPEG, sop_class="1.2.840.10008.5.1.4.1.1.77.1.6", PhotometricInterpretation="YBR_FULL")


def in_another_syntax(syntax: str) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        data = header(ENDOSCOPIC_PICTURE, PhotometricInterpretation="RGB")
        data.PixelData = IMAGES[0].tobytes()
        data["PixelData"].VR = "OW"
        data.file_meta = pydicom.dataset.FileMetaDataset()
        data.file_meta.TransferSyntaxUID = syntax
        data.save_as(path, enforce_file_format=True)

    return write


def sound(path: Path) -> None:
    write_dicom(path, [random.Random(1).randbytes(60_000)], H264)


def endless_zeros(path: Path) -> None:
    path.write_bytes(bytes(128) + b"DICM")
    with path.open("ab") as file:
        file.truncate(1 << 30)


def deep(path: Path) -> None:
    element = b"\x08\x00\x15\x11SQ\0\0\xff\xff\xff\xff" + ITEM + b"\xff\xff\xff\xff"
    path.write_bytes(bytes(128) + b"DICM" + element * 5000)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (no_fragments, "empty or cut off"),
        (cut_in_the_header, "no pictures are found (VL Endoscopic Image Storage)"),
        (without_pixels, "no pictures are found (Comprehensive SR Storage)"),
        (directory, "a DICOMDIR, a list of other DICOM files"),
        (tomography, "another kind (CT Image Storage)"),
        (slide, "another kind (VL Whole Slide Microscopy Image Storage)"),
        (in_another_syntax(DEFLATED), "not supported (Deflated Explicit VR Little Endian)"),
        (in_another_syntax(BIG_ENDIAN), "not supported (Explicit VR Big Endian)"),
        (sound, "holds no video"),
        (endless_zeros, "a damaged header"),
        (deep, "a damaged header"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_what_cannot_be_played_is_refused_in_one_line(
    make: Callable[[Path], None], says: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.dcm"
    make(path)
    capfd.readouterr()
    assert says in refusal(path)
    assert capfd.readouterr() == ("", "")


MUTATE = """
import random, sys, warnings
from pathlib import Path
from polyplive.errors import SourceError
from polyplive.sources.file import FileSource

warnings.simplefilter("error")
folder, count = Path(sys.argv[1]), int(sys.argv[2])
clips = sorted(folder.glob("*.dcm"))
ended = refused = 0
for seed in range(count):
    chance = random.Random(seed)
    clip = clips[seed % len(clips)]
    data = bytearray(clip.read_bytes())
    pixels = data.index(b"\\xe0\\x7f\\x10\\x00")
    for _ in range(chance.choice((1, 1, 3, 20))):
        place = chance.randrange(128, min(len(data), pixels + 100))
        kind = chance.choice("ffffwdi")
        if kind == "f":
            data[place] ^= 1 << chance.randrange(8)
        elif kind == "w":
            data[place : place + 4] = chance.choice((b"\\xff" * 4, b"\\xff\\xff\\xff\\x7f", bytes(4)))
        elif kind == "d":
            del data[place : place + chance.randrange(1, 40)]
        else:
            data[place:place] = chance.randbytes(chance.randrange(1, 16))
    path = folder / "mutant"
    path.write_bytes(data)
    print(seed, clip.name, flush=True)
    try:
        with FileSource(path) as source:
            for _ in source:
                pass
            source.seek(0.2)
            source.read()
        ended += 1
    except SourceError as error:
        text = str(error)
        assert "\\n" not in text
        assert not [secret for secret in sys.argv[3:] if secret in text], text
        refused += 1
print("done", ended, refused)
"""


def test_mutated_headers_end_or_are_refused(tmp_path: Path) -> None:
    jpegs(tmp_path / "a.dcm")
    stream(tmp_path / "b.dcm")
    pixels = b"".join(image[:, :, ::-1].tobytes() for image in IMAGES)
    plain = {"sop_class": ENDOSCOPIC_PICTURE, "PhotometricInterpretation": "RGB", "NumberOfFrames": FRAMES}
    coded = pydicom.dcmread(write_dicom(tmp_path / "c.dcm", pixels, NATIVE, **plain))
    coded.compress(pydicom.uid.RLELossless)
    coded.save_as(tmp_path / "d.dcm")
    command = [sys.executable, "-c", MUTATE, str(tmp_path), str(MUTANTS), *SECRETS]
    run = subprocess.run(command, capture_output=True, text=True, timeout=10 * PATIENCE_S)
    lines = run.stdout.splitlines()
    assert run.returncode == 0, f"copy {lines[-1:]}, exit {run.returncode}: {run.stderr[-2000:]}"
    _, ended, refused = lines[-1].split()
    assert int(ended) + int(refused) == MUTANTS
    assert int(ended) > MUTANTS // 4
    assert run.stderr == ""
