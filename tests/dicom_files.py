"""Small DICOM files for tests, made with pydicom: a video stream or pictures, in a header with a patient in it."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest
from clipmaker import HEIGHT, WIDTH

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

pydicom = pytest.importorskip("pydicom", reason="pydicom is not installed: pip install 'polyplive[dicom]'")

ENDOSCOPIC_VIDEO, PHOTOGRAPHIC_VIDEO = "1.2.840.10008.5.1.4.1.1.77.1.1.1", "1.2.840.10008.5.1.4.1.1.77.1.4.1"
ENDOSCOPIC_PICTURE, SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.77.1.1", "1.2.840.10008.5.1.4.1.1.7.4"
MPEG_2, MPEG_2_HIGH = "1.2.840.10008.1.2.4.100", "1.2.840.10008.1.2.4.101"
H264, H264_BD, H264_2D, H264_3D, H264_STEREO = (f"1.2.840.10008.1.2.4.{number}" for number in range(102, 107))
HEVC, HEVC_10 = "1.2.840.10008.1.2.4.107", "1.2.840.10008.1.2.4.108"
JPEG, JPEG_EXTENDED, JPEG_LOSSLESS = (f"1.2.840.10008.1.2.4.{number}" for number in (50, 51, 70))
JPEG_LS, JPEG_2000_LOSSLESS, JPEG_2000 = (f"1.2.840.10008.1.2.4.{number}" for number in (80, 90, 91))
RLE, NATIVE, IMPLICIT = "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"
DEFLATED, BIG_ENDIAN = "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2"

SECRETS = ("Zweig", "Quirin", "KX77120", "19310507", "Clinic-Yonder", "Wexley", "A0Q9", "Haemorrh", "Rm-Nine", "PRIV8")
"""Parts of what the header says of the patient, the institution and the procedure; nothing else holds them."""


def header(sop_class: str, **tags: Any) -> Any:
    """A data set with every element that names a patient or a place, in sequences and private elements as well."""
    data = pydicom.Dataset()
    data.SOPClassUID, data.SOPInstanceUID = sop_class, "1.2.826.0.1.3680043.8.498.1"
    data.StudyInstanceUID, data.SeriesInstanceUID = "1.2.826.0.1.3680043.8.498.2", "1.2.826.0.1.3680043.8.498.3"
    data.SpecificCharacterSet, data.Modality, data.Manufacturer = "ISO_IR 100", "ES", "PRIV8 Optics"
    data.PatientName, data.PatientID, data.PatientBirthDate = "Zweig^Quirin", "KX77120", "19310507"
    data.InstitutionName, data.InstitutionAddress = "Clinic-Yonder", "Rm-Nine, Clinic-Yonder"
    data.ReferringPhysicianName, data.OperatorsName, data.AccessionNumber = "Wexley^A", "Wexley^B", "A0Q9"
    data.StudyDescription, data.StationName, data.PatientComments = "Haemorrh.", "Rm-Nine", "Zweig, Haemorrh."
    other = pydicom.Dataset()
    other.PatientID, other.PatientName = "KX77120-2", "Zweig^Quirin^Old"
    inner = pydicom.Dataset()
    inner.InstitutionName = "Clinic-Yonder West"
    other.ReferencedPatientSequence = pydicom.Sequence([inner])
    data.OtherPatientIDsSequence = pydicom.Sequence([other])
    for kept, is_undefined in ((data["OtherPatientIDsSequence"], True), (other["ReferencedPatientSequence"], True)):
        kept.is_undefined_length = is_undefined
    other.is_undefined_length_sequence_item = True
    block = data.private_block(0x0011, "PRIV8 CREATOR", create=True)
    block.add_new(0x01, "LO", "Zweig KX77120")
    block.add_new(0x02, "OB", b"KX77120 " * 40)
    data.SamplesPerPixel, data.PhotometricInterpretation, data.PlanarConfiguration = 3, "YBR_PARTIAL_420", 0
    data.Rows, data.Columns, data.BitsAllocated, data.BitsStored, data.HighBit = HEIGHT, WIDTH, 8, 8, 7
    data.PixelRepresentation, data.LossyImageCompression, data.BurnedInAnnotation = 0, "01", "NO"
    for name, value in tags.items():
        setattr(data, name, value)
    return data


def write_dicom(
    path: Path,
    pixels: bytes | Sequence[bytes],
    syntax: str,
    *,
    sop_class: str = ENDOSCOPIC_VIDEO,
    table: bool = True,
    **tags: Any,
) -> Path:
    """Write ``pixels`` to ``path``: fragments, of which ``table`` lists the offsets, or one value of defined length."""
    data = header(sop_class, **tags)
    meta = pydicom.dataset.FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = sop_class, data.SOPInstanceUID
    meta.TransferSyntaxUID, meta.SourceApplicationEntityTitle = syntax, "PRIV8-AE"
    data.file_meta = meta
    if isinstance(pixels, bytes):
        data.PixelData = pixels + bytes(len(pixels) % 2)
        data["PixelData"].VR = "OB"
    else:
        data.PixelData = pydicom.encaps.encapsulate(list(pixels), has_bot=table)
        data["PixelData"].VR = "OB"
        data["PixelData"].is_undefined_length = True
    data.save_as(path, enforce_file_format=True)
    return path


def pictures(
    images: Sequence[NDArray[np.uint8]], codec: str, pix_fmt: str, options: dict[str, str] | None = None
) -> list[bytes]:
    """Each of ``images`` (uint8 [H, W, 3] BGR) as a picture that ``codec`` codes alone."""
    found = []
    for image in images:
        coder = av.CodecContext.create(codec, "w")
        coder.height, coder.width = image.shape[:2]
        coder.pix_fmt, coder.options, coder.time_base = pix_fmt, options or {}, Fraction(1, 25)
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="bgr24").reformat(format=pix_fmt)
        found.append(b"".join(bytes(packet) for packet in (*coder.encode(frame), *coder.encode(None))))
    return found
