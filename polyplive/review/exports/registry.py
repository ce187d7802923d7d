"""Every export format, in the order in which they are offered. A new one is one file, and one line here."""

from __future__ import annotations

from polyplive.errors import ConfigError
from polyplive.review.dicom.export import DICOM
from polyplive.review.exports.base import ExportFormat
from polyplive.review.exports.coco import COCO_GROUND_TRUTH, COCO_RESULTS
from polyplive.review.exports.cvat import CVAT
from polyplive.review.exports.label_studio import LABEL_STUDIO
from polyplive.review.exports.mask_pictures import MASKS
from polyplive.review.exports.mot import MOT
from polyplive.review.exports.parquet import PARQUET

FORMATS: dict[str, ExportFormat] = {
    one.name: one
    for one in (
        COCO_RESULTS,
        COCO_GROUND_TRUTH,
        CVAT,
        MOT,
        LABEL_STUDIO,
        MASKS,
        PARQUET,
        DICOM,
    )
}


def find_format(name: str) -> ExportFormat:
    """The format of that name. Raises ``ConfigError`` for an unknown name."""
    if name not in FORMATS:
        raise ConfigError(f"No export format '{name}'", f"Choose {', '.join(FORMATS)}.")
    return FORMATS[name]
