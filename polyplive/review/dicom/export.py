"""The export format: a folder with report, key frames and segmentation."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from polyplive.errors import ConfigError
from polyplive.review.dicom.captures import captures
from polyplive.review.dicom.segmentation import segmentations
from polyplive.review.dicom.structured_report import structured_report
from polyplive.review.dicom.study import Study
from polyplive.review.exports.base import ExportFormat, ExportOptions
from polyplive.review.key_frames import key_frames
from polyplive.sessions.opening import open_video
from polyplive.system.atomic_file import write_new

if TYPE_CHECKING:
    from pathlib import Path

    from polyplive.review.exports.linked import LinkedFindings


def write(findings: LinkedFindings, path: Path, options: ExportOptions) -> None:
    """Write ``report.dcm``, ``key-frame-001.dcm`` and so on, and ``segmentation-1.dcm``, one for each size of picture.

    Raises ``ConfigError`` without a video, and ``SourceError`` where it cannot be opened.
    """
    if options.video is None:
        raise ConfigError("'dicom' takes its key frames from the video", "Add --video FILE.")
    study = Study.of(options.video, references=options.references)
    source = open_video(options.video)
    try:
        keys = key_frames(source, findings.events(), findings.tracks)
    finally:
        source.close()
    captured = captures(keys, study)
    verdicts = {track.number: findings.verdict(track.number) for track in findings.tracks}
    for number, capture in enumerate(captured, 1):
        _save(capture.dataset, path / f"key-frame-{number:03d}.dcm")
    for number, segmentation in enumerate(segmentations(captured, study), 1):
        _save(segmentation, path / f"segmentation-{number}.dcm")
    report = structured_report(findings.session, findings.tracks, verdicts, captured, study)
    _save(report, path / "report.dcm")


def _save(dataset: Any, path: Path) -> None:
    from pydicom import dcmwrite

    held = io.BytesIO()
    dcmwrite(held, dataset, enforce_file_format=True)
    write_new(path, held.getvalue())


DICOM = ExportFormat(
    "dicom",
    "DICOM: a structured report, key frames as secondary captures, and their segmentation",
    "",
    write,
    is_folder=True,
    options=("video", "references"),
    package="highdicom",
    extra="dicom",
)
