"""MOT 1.1, the format of the Multiple Object Tracking benchmark, as trackers write it and CVAT reads it.

Described at motchallenge.net, "Submit your own results". Frames and tracks count from 1. A place is the box's left,
top, width and height in pixels from 0, as CVAT and datumaro take it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyplive.review.exports.base import ExportFormat, ExportOptions
from polyplive.review.exports.scaled import edges
from polyplive.review.exports.texts import TextFile
from polyplive.system.private_files import make_private_folder

if TYPE_CHECKING:
    from pathlib import Path

    from polyplive.review.exports.linked import LinkedFindings


def write(findings: LinkedFindings, path: Path, options: ExportOptions) -> None:
    """Write ``gt/gt.txt`` with ``gt/labels.txt``, ``det/det.txt`` with the scores, and ``seqinfo.ini``."""
    for folder in ("gt", "det"):
        make_private_folder(path / folder)
    with TextFile(path / "gt" / "labels.txt") as labels:
        labels.write("".join(f"{' '.join(label.split())}\n" for label in findings.labels))
    with TextFile(path / "seqinfo.ini") as about:
        about.write(_about(findings))
    classes = {label: number for number, label in enumerate(findings.labels, 1)}
    with TextFile(path / "gt" / "gt.txt") as truth, TextFile(path / "det" / "det.txt") as found:
        for frame in findings.frames():
            for finding in frame.findings:
                left, top, right, bottom = edges(finding.detection, frame, findings.size)
                box = ",".join(
                    f"{value:.2f}".rstrip("0").rstrip(".") for value in (left, top, right - left, bottom - top)
                )
                row = f"{frame.index + 1},{finding.track},{box}"
                truth.write(f"{row},1,{classes[finding.label]},1\n")
                found.write(f"{row},{finding.detection.score:.4f},-1,-1,-1\n")


def _about(findings: LinkedFindings) -> str:
    width, height = findings.size
    name = "".join(letter if letter.isprintable() else "?" for letter in findings.stem)
    values = {
        "name": name,
        "imDir": "img1",
        "frameRate": f"{findings.session.fps or 25.0:g}",
        "seqLength": findings.frame_count,
        "imWidth": width,
        "imHeight": height,
        "imExt": ".png",
    }
    return "[Sequence]\n" + "".join(f"{key}={value}\n" for key, value in values.items())


MOT = ExportFormat(
    "mot", "MOT 1.1: boxes with tracks, as truth and with scores", "", write, is_folder=True, one_size=True
)
