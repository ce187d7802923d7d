"""Key frames as DICOM secondary captures: the field of view alone, without any mark."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from polyplive.overlay.true_shape import in_true_shape
from polyplive.review.dicom.study import equipment, new_uid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from polyplive.review.dicom.study import Study
    from polyplive.review.key_frames import KeyFrame


@dataclass(frozen=True, slots=True, eq=False)
class Capture:
    """A secondary capture ``dataset`` of the frame ``index``, and the key frames that it is of, by track."""

    dataset: Any
    index: int
    keys: Mapping[int, KeyFrame]

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns."""
        return int(self.dataset.Rows), int(self.dataset.Columns)


def captures(frames: Mapping[int, KeyFrame], study: Study) -> list[Capture]:
    """One for each frame: two findings may be seen best in the same. Pixels are square, compression is JPEG."""
    by_index: dict[int, dict[int, KeyFrame]] = {}
    for number, key in frames.items():
        by_index.setdefault(key.frame.index, {})[number] = key
    return [
        Capture(_capture(next(iter(keys.values())), study, number), index, keys)
        for number, (index, keys) in enumerate(sorted(by_index.items()), 1)
    ]


def shown(key: KeyFrame, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """What of ``image`` (uint8 [H, W] or [H, W, 3]), at the frame's size, a capture shows, with square pixels."""
    return np.ascontiguousarray(in_true_shape(image[key.roi.slices], key.frame.sample_aspect))


def _capture(key: KeyFrame, study: Study, number: int) -> Any:
    import highdicom
    from pydicom.uid import JPEGBaseline8Bit

    found = highdicom.sc.SCImage(
        pixel_array=np.ascontiguousarray(shown(key, key.frame.image)[..., ::-1]),
        photometric_interpretation="YBR_FULL_422",
        bits_allocated=8,
        coordinate_system="PATIENT",
        patient_orientation=("L", "F"),
        study_instance_uid=study.uid,
        series_instance_uid=study.key_frame_series,
        series_number=1,
        sop_instance_uid=new_uid(),
        instance_number=number,
        transfer_syntax_uid=JPEGBaseline8Bit,
        **equipment(),
    )
    found.PatientOrientation = []  # an endoscope's picture has none
    found.Laterality = ""
    found.SeriesDescription = "Key frames"
    found.LossyImageCompression = "01"
    found.LossyImageCompressionMethod = "ISO_10918_1"
    found.LossyImageCompressionRatio = f"{found.Rows * found.Columns * 3 / max(len(found.PixelData), 1):.1f}"
    found.ImageComments = f"Frame {key.frame.index} of the recording"
    return found
