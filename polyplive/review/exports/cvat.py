"""CVAT for video 1.1: a ``<track>`` for each finding, with a keyframe for each frame that shows it.

Described in CVAT's manual, "XML annotation format". Frames count from 0. Between keyframes CVAT interpolates, so a
shape that is ``outside`` stands in the first analysed frame that lacks the finding.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from polyplive.review.exports.base import ExportFormat, ExportOptions
from polyplive.review.exports.linked import label_of
from polyplive.review.exports.scaled import corners, edges
from polyplive.review.exports.texts import TextFile, TextsByTrack

if TYPE_CHECKING:
    from pathlib import Path

    from polyplive.review.exports.linked import LinkedFinding, LinkedFindings, LinkedFrame

_NOT_FOR_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ATTRIBUTES = (("finding", False), ("verdict", False), ("score", True))
"""What each shape says besides, and whether it changes from frame to frame."""


def write(findings: LinkedFindings, path: Path, options: ExportOptions) -> None:
    """Write the file; memory does not grow with the recording."""
    with TextFile(path) as file, TextsByTrack(path.parent) as shapes:
        _collect(findings, shapes, boxes=options.boxes)
        file.write('<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n<version>1.1</version>\n')
        file.write(_meta(findings))
        for number, track in enumerate(findings.tracks):
            file.write(f'<track id="{number}" label={_quoted(label_of(track))} source="auto">\n')
            for shape in shapes.of(track.number):
                file.write(shape)
            file.write("</track>\n")
        file.write("</annotations>\n")


def _collect(findings: LinkedFindings, shapes: TextsByTrack, *, boxes: bool) -> None:
    last: dict[int, str] = {}
    index = -1
    for frame in findings.frames():
        index = frame.index
        for number in frame.gone:
            shapes.add(number, _shape(last.pop(number), index, outside=True))
        for finding in frame.findings:
            last[finding.track] = place = _place(finding, frame, findings, boxes=boxes)
            shapes.add(finding.track, _shape(place, index, outside=False))
    if index + 1 < findings.frame_count:
        for number, place in last.items():
            shapes.add(number, _shape(place, index + 1, outside=True))


def _place(finding: LinkedFinding, frame: LinkedFrame, findings: LinkedFindings, *, boxes: bool) -> str:
    """A shape but for its frame: two marks stand where that belongs."""
    detection = finding.detection
    values = {"finding": finding.track, "verdict": finding.verdict.value, "score": f"{detection.score:.4f}"}
    attributes = "".join(f'<attribute name="{name}">{values[name]}</attribute>' for name, _ in _ATTRIBUTES)
    if boxes:
        left, top, right, bottom = edges(detection, frame, findings.size)
        where = f'xtl="{left:.2f}" ytl="{top:.2f}" xbr="{right:.2f}" ybr="{bottom:.2f}"'
        return f"<box {{}} {where}>{attributes}</box>\n"
    points = ";".join(f"{x:.2f},{y:.2f}" for x, y in corners(detection, frame, findings.size).tolist())
    return f'<polygon {{}} points="{points}">{attributes}</polygon>\n'


def _shape(place: str, index: int, *, outside: bool) -> str:
    return place.format(f'frame="{index}" keyframe="1" outside="{outside:d}" occluded="0" z_order="0"')


def _meta(findings: LinkedFindings) -> str:
    width, height = findings.size
    attributes = "".join(
        f"<attribute><name>{name}</name><mutable>{changes}</mutable><input_type>text</input_type>"
        "<default_value></default_value><values></values></attribute>"
        for name, changes in _ATTRIBUTES
    )
    labels = "".join(
        f"<label><name>{_escaped(label)}</name><attributes>{attributes}</attributes></label>\n"
        for label in findings.labels
    )
    return (
        f"<meta><task><name>{_escaped(findings.name)}</name><size>{findings.frame_count}</size>"
        f"<mode>interpolation</mode><overlap>0</overlap><start_frame>0</start_frame>"
        f"<stop_frame>{max(findings.frame_count - 1, 0)}</stop_frame><frame_filter></frame_filter>\n"
        f"<labels>{labels}</labels>\n"
        f"<original_size><width>{width}</width><height>{height}</height></original_size></task></meta>\n"
    )


def _escaped(text: str) -> str:
    return escape(_NOT_FOR_XML.sub("\ufffd", text))


def _quoted(text: str) -> str:
    return quoteattr(_NOT_FOR_XML.sub("\ufffd", text))


CVAT = ExportFormat(
    "cvat", "CVAT for video 1.1: a track for each finding", ".xml", write, one_size=True, options=("boxes",)
)
