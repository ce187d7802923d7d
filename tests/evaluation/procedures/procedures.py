"""Truth and findings of made-up procedures, as COCO's files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

Seen = dict[str, dict[int, dict[str, list[float]]]]
"""By procedure, frame and lesion: its box."""


def truth_document(seen: Seen, frames: int, fps: float | None = 10.0) -> dict[str, Any]:
    images, annotations = [], []
    for procedure, shown in seen.items():
        for index in range(frames):
            images.append(
                {"id": len(images) + 1, "file_name": f"{procedure}_{index:06d}.png", "width": 99, "height": 99}
            )
            for name, box in shown.get(index, {}).items():
                about = {"unique_id": f"{procedure}_{name}", "bbox": box, "category_id": 1}
                annotations.append({"id": len(annotations) + 1, "image_id": len(images), **about})
    return {
        "info": {"fps": fps},
        "images": images,
        "annotations": annotations,
        "categories": [{"id": 1, "name": "polyp"}],
    }


def result(procedure: str, index: int, box: list[float], score: float) -> dict[str, Any]:
    return {"file_name": f"{procedure}_{index}.jpg", "image_id": 1, "category_id": 1, "bbox": box, "score": score}


def written(path: Path, document: Any) -> Path:
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def at_random(seed: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Two procedures of 60 frames with lesions that come and go, and findings on them, beside them and elsewhere."""
    draw = np.random.default_rng(seed)
    seen: Seen = {"first": {}, "second_one": {}}
    results = []
    for procedure, shown in seen.items():
        for number in range(3):
            start, length = draw.integers(0, 45), draw.integers(1, 30)
            corner = draw.integers(0, 60, 2).tolist()
            for index in range(int(start), min(int(start + length), 60)):
                if draw.random() < 0.8:
                    shown.setdefault(index, {})[str(number)] = [*corner, 20, 15]
        rate = 0.2 if procedure == "first" else 0.05
        for index in range(60):
            boxes = [*shown.get(index, {}).values(), *([[5, 5, 12, 12]] if draw.random() < rate else [])]
            for box in boxes:
                for _ in range(draw.integers(0, 3)):
                    x, y = (box[axis] + int(draw.integers(-18, 18)) for axis in range(2))
                    score = float(draw.choice([0.05, 0.3, 0.5, *draw.random(3)]))
                    results.append(result(procedure, index, [x, y, 15, 15], score))
    return truth_document(seen, 60), results
