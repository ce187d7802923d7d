"""Which medium a path names: a video file, or the video in a DICOM file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyplive.sources.av_errors import check_file, translated
from polyplive.sources.reading.dicom.header import data_set_start
from polyplive.sources.reading.dicom.medium import DicomMedium
from polyplive.sources.reading.medium import FileMedium

if TYPE_CHECKING:
    from pathlib import Path

    from polyplive.sources.reading.medium import Medium


def medium_of(path: Path) -> Medium:
    """The bytes of the video at ``path``. What is no DICOM is FFmpeg's.

    Raises ``SourceNotFound`` or ``SourceUnreadable`` where ``path`` is no regular file with content or no DICOM that
    can be played, and ``MissingDependency`` for DICOM without pydicom.
    """
    check_file(path)
    with translated(path):
        start = data_set_start(path)
    return FileMedium(path) if start is None else DicomMedium(path, start)
