"""The findings of key frames as a DICOM segmentation: binary, a segment for each track, a frame for each outline.

Built element by element: the libraries at hand make segmentations of slices in space, which an endoscope's pictures are
not (PS3.3, A.51 and C.8.20; without a frame of reference the derivation image names the picture that a frame lies on).
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from polyplive import RESEARCH_NOTICE, __version__
from polyplive.review.dicom import codes
from polyplive.review.dicom.captures import shown
from polyplive.review.dicom.study import equipment, new_uid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from polyplive.review.dicom.captures import Capture
    from polyplive.review.dicom.study import Study
    from polyplive.review.key_frames import KeyFrame

_SOP_CLASS = "1.2.840.10008.5.1.4.1.1.66.4"
_COLOUR = (43803, 26565, 37722)  # CIELab of the contour's cyan, as 16-bit numbers


def segmentations(captured: Sequence[Capture], study: Study) -> list[Any]:
    """A data set for each size of the captures: all frames of one have the same rows and columns."""
    sizes = dict.fromkeys(one.size for one in captured)
    return [
        _segmentation([one for one in captured if one.size == size], study, number)
        for number, size in enumerate(sizes, 1)
    ]


def outline_mask(key: KeyFrame, track: int) -> NDArray[np.bool_]:
    """bool [rows, columns] of a capture: the inside of this track's outline."""
    inside = np.zeros(key.frame.shape[:2], np.uint8)
    outlines = [one.contour for one in key.detections if one.track == track]
    cv2.fillPoly(inside, outlines, 255)
    found: NDArray[np.bool_] = shown(key, inside) > 127
    return found


def _segmentation(captured: Sequence[Capture], study: Study, number: int) -> Any:
    frames = [(one, track, outline_mask(key, track)) for one in captured for track, key in one.keys.items()]
    tracks = sorted({track for _, track, _ in frames})
    found = _head(captured, study, number)
    found.SegmentSequence = [_segment(place, track) for place, track in enumerate(tracks, 1)]
    found.SharedFunctionalGroupsSequence = [_shared()]
    found.PerFrameFunctionalGroupsSequence = [
        _per_frame(one, tracks.index(track) + 1, place) for place, (one, track, _) in enumerate(frames, 1)
    ]
    found.NumberOfFrames = len(frames)
    bits = np.packbits(np.concatenate([mask.ravel() for *_, mask in frames]), bitorder="little").tobytes()
    found.PixelData = bits + b"\0" * (len(bits) % 2)
    found["PixelData"].VR = "OB"
    return found


def _head(captured: Sequence[Capture], study: Study, number: int) -> Any:
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import DeflatedExplicitVRLittleEndian

    meta = FileMetaDataset()
    meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = _SOP_CLASS
    meta.MediaStorageSOPInstanceUID = new_uid()
    found = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    now = datetime.now()
    first = captured[0].dataset
    found.SOPClassUID, found.SOPInstanceUID = _SOP_CLASS, meta.MediaStorageSOPInstanceUID
    found.ImageType = ["DERIVED", "PRIMARY"]
    for name in ("PatientName", "PatientID", "PatientBirthDate", "PatientSex"):
        setattr(found, name, "")
    for name in ("StudyDate", "StudyTime", "AccessionNumber", "ReferringPhysicianName", "StudyID"):
        setattr(found, name, "")
    found.StudyInstanceUID, found.SeriesInstanceUID = study.uid, study.segmentation_series
    found.SeriesNumber, found.InstanceNumber, found.Modality = 2, number, "SEG"
    found.SeriesDescription, found.PatientOrientation = "Findings in key frames", []
    found.ContentDate = found.SeriesDate = now.strftime("%Y%m%d")
    found.ContentTime = found.SeriesTime = now.strftime("%H%M%S")
    made = equipment()
    found.Manufacturer, found.ManufacturerModelName = made["manufacturer"], made["manufacturer_model_name"]
    found.SoftwareVersions, found.DeviceSerialNumber = made["software_versions"], made["device_serial_number"]
    found.ContentLabel, found.ContentDescription, found.ContentCreatorName = "POLYPS", RESEARCH_NOTICE[:64], ""
    found.Rows, found.Columns = first.Rows, first.Columns
    found.SamplesPerPixel, found.PhotometricInterpretation = 1, "MONOCHROME2"
    found.BitsAllocated = found.BitsStored = 1
    found.HighBit = found.PixelRepresentation = 0
    found.SegmentationType, found.LossyImageCompression = "BINARY", "00"
    found.SegmentsOverlap = "UNDEFINED"
    found.DimensionOrganizationSequence, found.DimensionIndexSequence = _dimensions()
    found.ReferencedSeriesSequence = [_series(captured, study)]
    return found


def _dimensions() -> tuple[list[Any], list[Any]]:
    """Frames are ordered by segment, then by picture."""
    from pydicom.dataset import Dataset
    from pydicom.tag import Tag

    organization, uid = Dataset(), new_uid()
    organization.DimensionOrganizationUID = uid
    indices = []
    for pointer, group, label in (
        (Tag("ReferencedSegmentNumber"), Tag("SegmentIdentificationSequence"), "Segment"),
        (Tag("InStackPositionNumber"), Tag("FrameContentSequence"), "Picture"),
    ):
        index = Dataset()
        index.DimensionOrganizationUID, index.DimensionIndexPointer = uid, pointer
        index.FunctionalGroupPointer, index.DimensionDescriptionLabel = group, label
        indices.append(index)
    return [organization], indices


def _series(captured: Sequence[Capture], study: Study) -> Any:
    from pydicom.dataset import Dataset

    found = Dataset()
    found.SeriesInstanceUID = study.key_frame_series
    found.ReferencedInstanceSequence = [_instance(one) for one in captured]
    return found


def _instance(one: Capture) -> Any:
    from pydicom.dataset import Dataset

    found = Dataset()
    found.ReferencedSOPClassUID = one.dataset.SOPClassUID
    found.ReferencedSOPInstanceUID = one.dataset.SOPInstanceUID
    return found


def _segment(number: int, track: int) -> Any:
    from pydicom.dataset import Dataset

    found = Dataset()
    found.SegmentNumber, found.SegmentLabel = number, f"Polyp {track}"
    found.SegmentAlgorithmType, found.SegmentAlgorithmName = "AUTOMATIC", f"polyplive {__version__}"
    found.SegmentedPropertyCategoryCodeSequence = [
        _coded(codes.standard("SCT", "49755003", "Morphologically abnormal structure"))
    ]
    found.SegmentedPropertyTypeCodeSequence = [_coded(codes.polyp())]
    found.AnatomicRegionSequence = [_coded(codes.colon())]
    found.TrackingID, found.TrackingUID = f"Polyp {track}", new_uid()
    found.RecommendedDisplayCIELabValue = list(_COLOUR)
    return found


def _coded(code: Any) -> Any:
    from pydicom.dataset import Dataset

    found = Dataset()
    found.CodeValue, found.CodingSchemeDesignator, found.CodeMeaning = code.value, code.scheme_designator, code.meaning
    return found


def _shared() -> Any:
    from pydicom.dataset import Dataset

    return Dataset()


def _per_frame(one: Capture, segment: int, place: int) -> Any:
    """Which segment a frame shows, and which picture it was derived from."""
    from pydicom.dataset import Dataset

    found, content, identified, derivation = Dataset(), Dataset(), Dataset(), Dataset()
    content.StackID, content.InStackPositionNumber = "1", place
    content.DimensionIndexValues = [segment, place]
    identified.ReferencedSegmentNumber = segment
    source = _instance(one)
    source.PurposeOfReferenceCodeSequence = [
        _coded(codes.standard("DCM", "121322", "Source image for image processing operation"))
    ]
    source.SpatialLocationsPreserved = "YES"
    derivation.SourceImageSequence = [source]
    derivation.DerivationCodeSequence = [_coded(codes.standard("DCM", "113076", "Segmentation"))]
    found.FrameContentSequence, found.SegmentIdentificationSequence = [content], [identified]
    found.DerivationImageSequence = [derivation]
    return found
