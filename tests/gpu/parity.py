"""How far TensorRT's answers are from ONNX Runtime's, in figures: ``python tests/gpu/parity.py [OUT.json]``.

Over frames of the rendered clip with a polyp in view, and noise. Each graph is compared with the float32 graph on the
processor: the greatest and the mean difference of the probability, the share of pixels on the other side of one half,
and the greatest difference of the CAM as a share of its maximum, with their correlation.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from polyplive.backends.base import Outputs
from polyplive.backends.checks import check_numbers
from polyplive.backends.factory import open_engine
from polyplive.config import EngineOptions
from polyplive.errors import PolypliveError
from polyplive.evaluation.demo_truth import demo_clip
from polyplive.pipeline.preprocess import preprocess
from polyplive.sessions.opening import open_video
from polyplive.types import Roi

MODEL = "polyplive-fast"
TIMES_S = (4.0, 5.2, 9.2, 12.0, 16.4)


def pictures(side: int) -> list[np.ndarray]:
    """uint8 [1, side, side, 3] RGB."""
    source = open_video(demo_clip())
    found = []
    for time_s in TIMES_S:
        source.seek(time_s)
        frame = source.read()
        found.append(preprocess(frame, Roi(0, 0, frame.width, frame.height), side, side))
    source.close()
    return [*found, np.random.default_rng(0).integers(0, 256, (1, side, side, 3), np.uint8)]


def parity(precision: str, notify=lambda line: print(line, file=sys.stderr)) -> dict:
    """The figures of one precision."""
    reference = open_engine(MODEL, "onnxruntime")
    engine = open_engine(MODEL, "tensorrt", EngineOptions(precision=precision), notify)
    rows = [_compared(_infer(engine, picture), _infer(reference, picture)) for picture in pictures(engine.spec.height)]
    found = {"precision": precision, "device": engine.spec.device, "graph": engine.spec.manifest.name}
    with_map = [row for row in rows if row["cam"] is not None]
    found |= {name: max(row[name] for row in rows) for name in ("probability", "mean_probability", "other_side")}
    found |= {
        "cam": max(row["cam"] for row in with_map),
        "cam_correlation": min(row["correlation"] for row in with_map),
        "frames": len(rows),
        "with_map": len(with_map),
    }
    engine.close()
    reference.close()
    return found


def _infer(engine, picture: np.ndarray) -> Outputs:
    """Its answer, which has to be numbers: a maximum passes over NaN."""
    outputs = engine.infer(picture)
    check_numbers(outputs, engine.spec.backend)
    return outputs


def _compared(given, wanted) -> dict:
    difference = np.abs(given.probability - wanted.probability)
    row = {
        "probability": float(difference.max()),
        "mean_probability": float(difference.mean()),
        "other_side": float(((given.probability > 0.5) != (wanted.probability > 0.5)).mean()),
        "cam": None,
        "correlation": None,
    }
    if wanted.cam.max() > 0:
        row["cam"] = float(np.abs(given.cam - wanted.cam).max() / wanted.cam.max())
        row["correlation"] = float(np.corrcoef(given.cam.ravel(), wanted.cam.ravel())[0, 1])
    return row


def main() -> None:
    try:
        found = [parity(precision) for precision in ("float32", "float16")]
    except PolypliveError as error:
        sys.exit(f"parity: {error}")
    text = json.dumps(found, indent=2)
    print(text)
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
