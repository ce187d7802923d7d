"""What a DICOM header says of a patient is not read, not shown and not written, whatever happens to the file."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import pytest
from clipmaker import numbered, write_clip
from dicom_files import (
    ENDOSCOPIC_PICTURE,
    H264,
    JPEG,
    JPEG_LS,
    MPEG_2,
    NATIVE,
    SECRETS,
    pictures,
    pydicom,
    write_dicom,
)

from polyplive.cli import main
from polyplive.gui.session.snapshots import Snapshot, facts_of, save_snapshot
from polyplive.sessions.view import View
from polyplive.sources.file import FileSource
from polyplive.sources.reading.dicom.header import data_set_start, read_header, read_transfer_syntax
from polyplive.types import SessionState

if TYPE_CHECKING:
    from collections.abc import Callable

FRAMES = 10


def video(path: Path, syntax: str = H264, **tags: Any) -> Path:
    clip = write_clip(path.with_suffix(".clip.mp4"), FRAMES, options={"g": "5"}, sound=True)
    titled = io.BytesIO()
    with av.open(str(clip)) as given, av.open(titled, "w", format="mp4") as output:
        output.metadata.update(title="Zweig^Quirin", comment="Clinic-Yonder, KX77120")
        copies = {stream.index: output.add_stream_from_template(stream) for stream in given.streams}
        for copy in copies.values():
            copy.metadata["handler_name"] = "PRIV8 Zweig"
        for packet in given.demux():
            if packet.dts is not None:
                packet.stream = copies[packet.stream_index]
                output.mux(packet)
    clip.unlink()
    return write_dicom(path, [titled.getvalue()], syntax, NumberOfFrames=FRAMES, BurnedInAnnotation="YES", **tags)


def told(data: bytes) -> list[str]:
    return [secret for secret in SECRETS if secret.encode() in data or secret.encode("utf-16-le") in data]


def test_the_sample_is_full_of_secrets(tmp_path: Path) -> None:
    data = video(tmp_path / "a.dcm").read_bytes()
    assert told(data) == list(SECRETS)
    assert data.count(b"Zweig^Quirin") > 2
    assert b"PRIV8 Zweig" in data


class Listener(io.FileIO):
    """A file that keeps what is read of it."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.heard = b""

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(-1 if size is None else size) or b""
        self.heard += data + b"|"
        return data


@pytest.mark.parametrize("syntax", [H264, NATIVE, "1.2.840.10008.1.2"])
def test_no_value_of_the_patient_is_read(syntax: str, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "a.mp4", FRAMES).read_bytes()
    path = write_dicom(tmp_path / "a.dcm", [clip] if syntax == H264 else clip, syntax, NumberOfFrames=FRAMES)
    start = data_set_start(path)
    assert start is not None
    with Listener(path) as file:
        header = read_header(file, read_transfer_syntax(file, start))
    assert header.frames == FRAMES
    assert header.pixels is not None
    assert told(file.heard) == []
    assert len(file.heard) < 3000


def truncated(path: Path) -> None:
    data = video(path).read_bytes()
    path.write_bytes(data[: data.index(b"\x28\x00\x10\x00US")])


def unsupported(path: Path) -> None:
    frames = pictures([numbered(0)], "jpegls", "rgb24")
    write_dicom(path, frames, JPEG_LS, sop_class=ENDOSCOPIC_PICTURE, PhotometricInterpretation="YBR_FULL")


def swapped(path: Path) -> None:
    """The patient's name stands where the colours should."""
    unsupported(path)
    data = path.read_bytes()
    name, colours = data.index(b"\x10\x00\x10\x00PN"), data.index(b"\x28\x00\x04\x00CS")
    behind = colours + 8 + int.from_bytes(data[colours + 6 : colours + 8], "little")
    path.write_bytes(data[:name] + b"\x28\x00\x04\x00CS" + data[name + 6 : colours] + data[behind:])


def wrong_class(path: Path) -> None:
    video(path, sop_class="1.2.840.10008.5.1.4.1.1.77.1.6")


def renamed_class(path: Path) -> None:
    """The name stands where the kind of object should."""
    data = video(path).read_bytes()
    kind = b"1.2.840.10008.5.1.4.1.1.77.1.1.1"
    at = data.index(kind, data.index(b"\x08\x00\x16\x00UI"))
    pixels = data.index(b"\xe0\x7f\x10\x00OB")
    path.write_bytes(data[:at] + b"Zweig^Quirin".ljust(len(kind)) + data[at + len(kind) : pixels])


def no_video(path: Path) -> None:
    write_dicom(path, [b"Zweig^Quirin KX77120 " * 200], MPEG_2)


def deflated(path: Path) -> None:
    data = pydicom.dcmread(write_dicom(path, numbered(0).tobytes(), NATIVE, PhotometricInterpretation="RGB"))
    data.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1.99"
    data.save_as(path)


FAULTS = [truncated, swapped, wrong_class, renamed_class, unsupported, no_video, deflated]


@pytest.mark.parametrize("make", FAULTS, ids=lambda make: make.__name__)
def test_no_error_tells_of_the_patient(
    make: Callable[[Path], None], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "IM000001"
    make(path)
    assert told(path.read_bytes()) or make is deflated
    capfd.readouterr()
    assert main(["replay", str(path), "--headless"]) == 1
    shown = capfd.readouterr()
    assert len(shown.err.splitlines()) == 1
    assert "Traceback" not in shown.err
    assert shown.out == ""
    assert told(shown.err.encode()) == []


def test_no_output_tells_of_the_patient(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = video(tmp_path / "IM000001")
    (tmp_path / "out").mkdir()
    monkeypatch.chdir(tmp_path / "out")
    outputs = ["--record", "o.mp4", "--events", "o.jsonl", "--report", "o.html"]
    assert main(["replay", str(path), "--headless", *outputs]) == 0
    made = sorted(Path().iterdir())
    assert {"o.mp4", "o.jsonl", "o.html"} <= {made.name for made in made}
    shown = capfd.readouterr()
    assert shown.err.count("burned into the pictures") == 1
    assert f"{FRAMES} of {FRAMES} frames processed" in shown.out
    for text in (shown.out.encode(), shown.err.encode(), *(made.read_bytes() for made in made)):
        assert told(text) == []


def test_frames_and_what_is_known_of_them_tell_nothing(tmp_path: Path) -> None:
    frames = pictures([numbered(number) for number in range(3)], "mjpeg", "yuvj444p")
    path = write_dicom(tmp_path / "a.dcm", frames, JPEG, NumberOfFrames=3, PhotometricInterpretation="YBR_FULL")
    with FileSource(path) as source:
        assert told(repr((source.info, source.medium, vars(source.medium))).encode()) == []
        with source.medium.open() as file:
            assert told(file.read()) == []
        frame = source.read()
        assert frame is not None
        facts = facts_of(View(frame, info=source.info), SessionState.READY, None)
        snapshot = Snapshot(frame.image, frame.image, facts)
        for saved in save_snapshot(snapshot, tmp_path, source.info.name, 0.0):
            assert told(saved.read_bytes()) == []
