"""What all objects of an export share: their study, and nothing of a patient."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from polyplive import __version__
from polyplive.errors import DataError
from polyplive.system.file_names import file_name

if TYPE_CHECKING:
    from pathlib import Path

MANUFACTURER = "polyplive"
_MODEL = "polyplive, research use only"
_REFERENCES = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID")


def new_uid() -> str:
    """A new unique identifier, made of random bits alone (2.25., as the standard's part 5, B.2 allows)."""
    from pydicom.uid import generate_uid

    return str(generate_uid(prefix=None))


@dataclass(frozen=True, slots=True)
class SourceInstance:
    """The object that a recording came from, by its identifiers alone."""

    study: str
    series: str
    instance: str
    sop_class: str


@dataclass(frozen=True, slots=True)
class Study:
    """The study that new objects belong to; ``source`` is what they refer to, None without references.

    A new study has an identifier of its own. With ``source`` they join the source's study.
    """

    source: SourceInstance | None = None
    uid: str = field(default_factory=new_uid)
    key_frame_series: str = field(default_factory=new_uid)
    segmentation_series: str = field(default_factory=new_uid)
    report_series: str = field(default_factory=new_uid)

    @classmethod
    def of(cls, video: Path, *, references: bool) -> Study:
        """The study of an export of ``video``. With ``references`` it names the DICOM object that ``video`` is.

        Raises ``DataError`` where there is none to refer to.
        """
        if not references:
            return cls()
        source = source_instance(video)
        return cls(source, source.study)


def source_instance(video: Path) -> SourceInstance:
    """The identifiers of a DICOM file; no other element is read. Raises ``DataError`` for another file."""
    import pydicom
    from pydicom.errors import InvalidDicomError

    try:
        found = pydicom.dcmread(video, stop_before_pixels=True, specific_tags=list(_REFERENCES))
        study, series, instance, sop_class = (str(found[name].value) for name in _REFERENCES)
    except (InvalidDicomError, KeyError, OSError, ValueError):
        raise DataError(
            f"'{file_name(str(video))}' is no DICOM file with a study to refer to", "Leave --dicom-references out."
        ) from None
    return SourceInstance(study, series, instance, sop_class)


def equipment() -> dict[str, Any]:
    """What made the objects, as arguments that highdicom's classes take."""
    return {
        "manufacturer": MANUFACTURER,
        "manufacturer_model_name": _MODEL,
        "software_versions": __version__,
        "device_serial_number": __version__,
    }
