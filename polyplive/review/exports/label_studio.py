"""Label Studio: one task with a prediction, of ``VideoRectangle`` boxes and spans of ``TimelineLabels``.

Described at labelstud.io, "Import pre-annotations" and the tags of those names. Frames count from 1, places are per
cent of the picture. Between entries of a sequence the box is interpolated; one that is not ``enabled`` is the last
before a gap.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from polyplive.review.exports.base import ExportFormat, ExportOptions
from polyplive.review.exports.linked import label_of
from polyplive.review.exports.scaled import edges
from polyplive.review.exports.texts import TextFile, TextsByTrack

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from polyplive.review.exports.linked import LinkedFinding, LinkedFindings, LinkedFrame
    from polyplive.review.tracks import Track

BOX, VIDEO, TIMELINE = "box", "video", "timeline"
"""How the tags are named in the labelling configuration (docs/exports.md)."""
_WHOLE = (100, 100)


def write(findings: LinkedFindings, path: Path, options: ExportOptions) -> None:
    """Write a list of one task; memory does not grow with the recording."""
    with TextFile(path) as file, TextsByTrack(path.parent) as boxes:
        spans = _collect(findings, boxes)
        file.write(f'[{{"data": {_text({VIDEO: findings.name})},\n"predictions": [{{')
        file.write(f'"model_version": {_text(findings.session.model)},\n"result": [')
        separator = "\n"
        for track in findings.tracks:
            file.write(separator)
            _write_track(file, findings, track, boxes)
            file.write(",\n" + _text(_timeline(track, spans[track.number])))
            separator = ",\n"
        file.write("\n]}]}]\n")


def _collect(findings: LinkedFindings, boxes: TextsByTrack) -> dict[int, list[tuple[int, int]]]:
    """Store each track's boxes; the stretches of frames from 1 in which each is seen, both ends included."""
    waiting: dict[int, dict[str, Any]] = {}
    spans: dict[int, list[tuple[int, int]]] = {track.number: [] for track in findings.tracks}

    def leave(number: int) -> None:
        last = waiting.pop(number)
        boxes.add(number, _text({**last, "enabled": False}))

    for frame in findings.frames():
        for number in frame.gone:
            leave(number)
        for finding in frame.findings:
            number = finding.track
            if number in waiting:
                boxes.add(number, _text(waiting[number]))
                spans[number][-1] = spans[number][-1][0], frame.index + 1
            else:
                spans[number].append((frame.index + 1, frame.index + 1))
            waiting[number] = _box(finding, frame)
    for number in tuple(waiting):
        leave(number)
    return spans


def _box(finding: LinkedFinding, frame: LinkedFrame) -> dict[str, Any]:
    left, top, right, bottom = edges(finding.detection, frame, _WHOLE)
    place = {"x": left, "y": top, "width": right - left, "height": bottom - top}
    return {
        "frame": frame.index + 1,
        "enabled": True,
        "rotation": 0,
        **{name: round(value, 4) for name, value in place.items()},
        "time": round(frame.time_s, 6),
    }


def _write_track(file: TextFile, findings: LinkedFindings, track: Track, boxes: TextsByTrack) -> None:
    head = {
        "id": f"finding-{track.number}",
        "from_name": BOX,
        "to_name": VIDEO,
        "type": "videorectangle",
        "origin": "prediction",
        "score": round(track.mean_score, 4),
        "meta": {"text": [f"finding {track.number}, {findings.verdict(track.number).value}"]},
    }
    file.write(_text(head)[:-1] + ',"value":{"sequence":[')
    for place, box in enumerate(boxes.of(track.number)):
        file.write(",\n" + box if place else box)
    duration_s = findings.frame_count * findings.session.frame_s
    about = {"framesCount": findings.frame_count, "duration": round(duration_s, 6), "labels": [label_of(track)]}
    file.write("]," + _text(about)[1:] + "}")


def _timeline(track: Track, spans: list[tuple[int, int]]) -> dict[str, Any]:
    ranges = [{"start": first, "end": last} for first, last in spans]
    return {
        "id": f"span-{track.number}",
        "from_name": TIMELINE,
        "to_name": VIDEO,
        "type": "timelinelabels",
        "origin": "prediction",
        "value": {"ranges": ranges, "timelinelabels": [label_of(track)]},
    }


def _text(values: Mapping[str, Any] | str) -> str:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


LABEL_STUDIO = ExportFormat(
    "label-studio", "Label Studio: a video task with boxes and spans as predictions", ".json", write
)
