"""DICOM objects of findings, read back by pydicom, highdicom and, where it is there, dciodvfy."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from dicom_files import H264, SECRETS, write_dicom
from review_rig import found_in

from polyplive.errors import ConfigError, DataError
from polyplive.review.decisions import Verdict
from polyplive.review.exports.base import ExportOptions
from polyplive.review.exports.export import export_findings
from polyplive.review.exports.registry import find_format

if TYPE_CHECKING:
    from pathlib import Path

pydicom = pytest.importorskip("pydicom", reason="pydicom is not installed: pip install 'polyplive[dicom]'")
highdicom = pytest.importorskip("highdicom", reason="highdicom is not installed: pip install 'polyplive[dicom]'")

FOUND = {index: {1: 0.9, **({2: 0.6 + index / 1000} if index > 20 else {})} for index in range(10, 40)}
EXPLICIT = "1.2.840.10008.1.2.1"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The clip with its events."""
    return found_in(tmp_path_factory.mktemp("dicom"), FOUND, frames=45)


@pytest.fixture(scope="module")
def folder(made: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    video, events = made
    out = tmp_path_factory.mktemp("out") / "dicom"
    verdicts = {1: Verdict.ACCEPTED}
    export_findings(events, find_format("dicom"), out, verdicts=lambda _: verdicts, options=ExportOptions(video=video))
    return out


def test_each_finding_is_a_group_with_its_figures_and_its_key_frame(folder: Path) -> None:
    report = highdicom.sr.srread(folder / "report.dcm")
    groups = report.content.get_image_measurement_groups()
    assert [str(group.tracking_identifier) for group in groups] == ["Polyp 1", "Polyp 2"]
    values = [{one.name.meaning: one.value for one in group.get_measurements()} for group in groups]
    assert values[0]["Peak score"] == pytest.approx(0.9)
    assert values[1]["First seen, time of the video"] == pytest.approx(21 / 25)
    verdicts = [group.get_qualitative_evaluations()[0].value.value for group in groups]
    assert verdicts == ["accepted", "unseen"]
    frames = {pydicom.dcmread(path).SOPInstanceUID for path in folder.glob("key-frame-*.dcm")}
    shown = [group.source_images[0].referenced_sop_instance_uid for group in groups]
    assert set(shown) == frames
    assert report.VerificationFlag == "UNVERIFIED"
    assert report.CompletionFlag == "PARTIAL"


def test_segments_lie_on_the_key_frames_where_the_findings_are(folder: Path) -> None:
    segmentation = pydicom.dcmread(folder / "segmentation-1.dcm")
    assert highdicom.seg.segread(folder / "segmentation-1.dcm").number_of_segments == 2
    captured = {str(one.SOPInstanceUID): one for one in map(pydicom.dcmread, sorted(folder.glob("key-frame-*.dcm")))}
    masks = segmentation.pixel_array
    assert masks.shape == (2, 160, 192)
    for number, (mask, group) in enumerate(zip(masks, segmentation.PerFrameFunctionalGroupsSequence, strict=True), 1):
        source = group.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID
        assert captured[source].Rows == 160
        assert group.SegmentIdentificationSequence[0].ReferencedSegmentNumber == number
        left = 4 + 60 * (number - 1)
        assert cv2.boundingRect(mask) == (left, 110, 21, 21)


def test_key_frames_are_the_picture_without_a_mark(made: tuple[Path, Path], folder: Path) -> None:
    from clipmaker import number_in

    picture = cv2.imdecode(np.frombuffer(jpeg_of(folder / "key-frame-002.dcm"), np.uint8), cv2.IMREAD_COLOR)
    assert number_in(picture) == 39
    box = picture[110:131, 64:85].astype(int)
    assert np.ptp(box[..., 0]) < 120, "no bright outline"


def jpeg_of(path: Path) -> bytes:
    dataset = pydicom.dcmread(path)
    return next(pydicom.encaps.generate_frames(dataset.PixelData, number_of_frames=1))


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dciodvfy is not installed (Debian's dicom3tools)")
def test_dciodvfy_finds_no_error(folder: Path, tmp_path: Path) -> None:
    for path in sorted(folder.iterdir()):
        plain = pydicom.dcmread(path)
        if plain.file_meta.TransferSyntaxUID.is_deflated:  # which it cannot read
            plain.file_meta.TransferSyntaxUID = EXPLICIT
        plain.save_as(tmp_path / path.name, enforce_file_format=True)
        said = subprocess.run(["dciodvfy", tmp_path / path.name], capture_output=True, text=True, check=False)
        errors = [line for line in said.stderr.splitlines() if line.startswith("Error")]
        assert errors == [], path.name


def test_of_a_dicom_video_only_references_are_taken_and_those_only_when_asked_for(
    made: tuple[Path, Path], tmp_path: Path
) -> None:
    clip, events = made
    video = write_dicom(tmp_path / "a.dcm", [clip.read_bytes()], H264, NumberOfFrames=45)
    uids = [b"1.2.826.0.1.3680043.8.498.1", b"1.2.826.0.1.3680043.8.498.2", b"1.2.826.0.1.3680043.8.498.3"]
    for references in (False, True):
        out = tmp_path / f"out-{references}"
        options = ExportOptions(video=video, references=references)
        export_findings(events, find_format("dicom"), out, options=options)
        written = [path.read_bytes() for path in sorted(out.iterdir()) if not path.name.startswith("segm")]
        written.append(as_text(out / "segmentation-1.dcm"))
        assert [secret for secret in SECRETS for data in written if secret.encode() in data] == []
        report = (out / "report.dcm").read_bytes()
        assert [uid in report for uid in uids] == [references] * 3
        found = highdicom.sr.srread(out / "report.dcm").content.get_image_measurement_groups()[1].source_images
        if references:
            assert found[1].referenced_frame_numbers == [40], "the standard counts from 1"


def as_text(path: Path) -> bytes:
    return str(pydicom.dcmread(path)).encode()


def test_without_a_video_or_a_study_to_refer_to_it_says_what_to_do(made: tuple[Path, Path], tmp_path: Path) -> None:
    video, events = made
    with pytest.raises(ConfigError, match="--video"):
        export_findings(events, find_format("dicom"), tmp_path / "a")
    options = ExportOptions(video=video, references=True)
    with pytest.raises(DataError, match="--dicom-references"):
        export_findings(events, find_format("dicom"), tmp_path / "b", options=options)
    assert list(tmp_path.iterdir()) == []
