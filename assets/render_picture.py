"""Makes README's picture: ``python -m polyplive.assets.render_picture`` writes overlay.jpg.

A frame of the rendered colon, before encoding, and beside it the same frame as polyplive shows it: the shipped fast
model in float32 through the usual pipeline and compositor. No data set's picture is in it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
from polyplive.assets.render_demo import FPS, demo_colon

from polyplive import EngineOptions, Frame, OverlaySettings, compose, open_model
from polyplive.manifest import FAST

FRAME = 288
GAP = 8
JPEG_QUALITY = 88


def write_picture(path: Path) -> Path:
    """Render, process and write both halves side by side as JPEG."""
    image, _ = demo_colon().render_labels(FRAME)
    frame = Frame(image, FRAME, FRAME / FPS)
    with open_model(FAST, backend="openvino", engine=EngineOptions(precision="float32")) as model:
        shown = compose(frame, model.process(frame), OverlaySettings(legend=True))
    gap = np.full((image.shape[0], GAP, 3), 255, np.uint8)
    if not cv2.imwrite(str(path), np.hstack([image, gap, shown]), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]):
        raise OSError(f"{path} cannot be written")
    return path


if __name__ == "__main__":
    target = write_picture(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent / "overlay.jpg")
    print(f"{target}: {target.stat().st_size / 1024:.0f} KiB")
