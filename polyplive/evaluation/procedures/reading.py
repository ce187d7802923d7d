"""Reads ground truth and findings of whole procedures: COCO's files, and our own events."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from polyplive.errors import DataError
from polyplive.evaluation.procedures.boxes import Box, Finding, Found, FrameKey, SeenLesion, Truth
from polyplive.review.events_file import EventsFile
from polyplive.system.file_names import file_name
from polyplive.wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_UNKNOWN = 0.05
"""The share of findings that may lie in frames which the truth lacks."""


def read_truth(path: Path) -> Truth:
    """COCO ground truth with every frame listed, with findings or without. Raises ``DataError``.

    Frames are known by their names, ``PROCEDURE_000120.png``. A lesion is known by ``unique_id``, or by ``track_id``
    within its procedure; an annotation with neither is no ground truth of lesions.
    """
    document = _json(path)
    if not isinstance(document, dict) or not isinstance(document.get("images"), list):
        raise _wrong(path, "no COCO ground truth")
    truth, names = Truth(fps=_rate(document)), dict[Any, FrameKey]()
    try:
        for image in document["images"]:
            key = FrameKey.of(image["file_name"])
            if key is None:
                raise _wrong(path, f"'{image['file_name']}' names no frame: a name ends in _000120.png")
            if key in truth.frames:
                raise _wrong(path, f"frame '{key.text}' is listed twice")
            truth.frames[key] = []
            names[image["id"]] = key
        for annotation in document.get("annotations", []):
            key = names[annotation["image_id"]]
            truth.frames[key].append(SeenLesion(_lesion(annotation, key), _box(annotation["bbox"])))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, DataError):
            raise
        raise _wrong(path, "no COCO ground truth with names, boxes and lesions") from None
    if not truth.frames:
        raise _wrong(path, "it lists no frame")
    truth.frames = {key: truth.frames[key] for key in sorted(truth.frames, key=lambda one: (one.procedure, one.index))}
    return truth


def read_findings(paths: Sequence[Path], truth: Truth, truth_path: Path) -> Found:
    """COCO results and events of the procedures in ``truth``, together. Raises ``DataError``.

    A result without ``file_name`` is known by the id of its picture in ``truth_path``. Where there is one procedure and
    one events file, they belong together whatever their names.
    """
    found = Found()
    for path in paths:
        if _begins_with(path) == b"{":
            _add_events(found, path, truth, is_only=len(paths) == 1)
        else:
            _add_results(found, path, truth_path)
    unknown = sum(len(items) for key, items in found.frames.items() if key not in truth.frames)
    total = sum(len(items) for items in found.frames.values())
    if unknown > MOST_UNKNOWN * total:
        raise DataError(
            f"{unknown} of {counted(total, 'finding')} lie in frames that '{file_name(str(truth_path))}' does not list",
            "Give findings of the same recording, whose frames have the same names.",
        )
    return found


def _add_events(found: Found, path: Path, truth: Truth, *, is_only: bool) -> None:
    events = EventsFile(path)
    session = events.session
    procedure = Path(file_name(session.source)).stem
    if is_only and len(truth.procedures) == 1:
        procedure = truth.procedures[0]
    analysed = 0
    for frame in events.frames():
        analysed += 1
        key = FrameKey(procedure, frame.index)
        if key not in found.frames:  # a session that went back: the first time counts
            found.frames[key] = [Finding(one.score, one.bbox) for one in frame.detections]
    found.annotation_ms += events.annotation_ms.values()
    found.fps = found.fps or session.fps
    found.model, found.model_sha256 = session.model, session.model_sha256
    found.analysed = (found.analysed or 0) + analysed


def _add_results(found: Found, path: Path, truth_path: Path) -> None:
    results = _json(path)
    if not isinstance(results, list):
        raise _wrong(path, "neither COCO results nor events")
    names: dict[Any, FrameKey | None] = {}
    if any(isinstance(item, dict) and "file_name" not in item for item in results):
        names = {image["id"]: FrameKey.of(image["file_name"]) for image in _json(truth_path)["images"]}
    try:
        for item in results:
            name = item.get("file_name", item["image_id"])
            key = FrameKey.of(name) if isinstance(name, str) else names.get(name)
            score = float(item["score"])
            if not math.isfinite(score):
                raise ValueError(score)
            found.frames.setdefault(key or FrameKey("", -1), []).append(Finding(score, _box(item["bbox"])))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise _wrong(path, "no COCO results with pictures, boxes and scores") from None


def _rate(document: dict[str, Any]) -> float | None:
    about = document.get("info")
    rate = about.get("fps") if isinstance(about, dict) else None
    return float(rate) if isinstance(rate, int | float) and 0 < rate < math.inf else None


def _lesion(annotation: dict[str, Any], key: FrameKey) -> str:
    name = annotation.get("unique_id")
    return name if isinstance(name, str) else f"{key.procedure}_{annotation['track_id']}"


def _box(values: Any) -> Box:
    left, top, width, height = (float(value) for value in values)
    if not all(map(math.isfinite, (left, top, width, height))):
        raise ValueError(values)
    return left, top, width, height


def _begins_with(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(64).lstrip()[:1]
    except OSError as error:
        raise _unreadable(path, error) from None


def _json(path: Path) -> Any:
    try:
        return msgspec.json.decode(path.read_bytes())
    except OSError as error:
        raise _unreadable(path, error) from None
    except msgspec.DecodeError:
        raise _wrong(path, "no JSON") from None


def _unreadable(path: Path, error: OSError) -> DataError:
    return DataError(f"'{file_name(str(path))}' cannot be read: {error.strerror}", "Give another file.")


def _wrong(path: Path, why: str) -> DataError:
    return DataError(f"'{file_name(str(path))}' cannot be used: {why}", "docs/evaluate.md says what is needed.")
