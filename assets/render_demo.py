"""Makes the demo clip: ``python -m polyplive.assets.render_demo [FOLDER]`` writes demo.mp4 and demo-truth.json.

The clip is a rendered colon with five polyps, sessile and pedunculated, and stretches with none. The truth has for
every frame the polyps in view. It is JSON::

    {"schema": 1, "video": "demo.mp4", "seed", "width", "height", "fps", "frames",
     "polyps": [{"polyp": 1, "kind": "sessile"}, ...],
     "truth": [[{"polyp", "bbox": [x, y, w, h], "area_px", "contours": [[x, y, x, y, ...], ...]}, ...], ...]}

``truth[i]`` belongs to frame i and is empty where no pixel shows a polyp. Boxes and areas are exact. Contours are
corners in clip pixels, thinned to within a pixel of the exact mask, which the same seed renders again.
"""

from __future__ import annotations

import json
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from polyplive.sources.colon.polyps import Placement
from polyplive.sources.synthetic import DEMO_SEED, RenderedColon
from polyplive.types import Image

WIDTH, HEIGHT, FPS, FRAMES = 640, 512, 25, 550
PLACEMENTS = (
    Placement(0.27, 70, "sessile", 0.26),
    Placement(0.57, 200, "pedunculated", 0.20),
    Placement(0.86, 330, "sessile", 0.22),
    Placement(0.90, 120, "pedunculated", 0.18),
    Placement(0.93, 230, "sessile", 0.30),
)


def demo_colon() -> RenderedColon:
    """The source that the clip was made from: its frames and masks before encoding."""
    return RenderedColon(WIDTH, HEIGHT, DEMO_SEED, PLACEMENTS, FRAMES, float(FPS))


def describe(labels: NDArray[np.uint8]) -> list[dict[str, Any]]:
    """The polyps in a label map uint8 [H, W], as the truth file has them."""
    polyps = []
    for number in (int(value) for value in np.unique(labels) if value):
        mask = (labels == number).astype(np.uint8)
        outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        corners = [cv2.approxPolyDP(outline, 1.0, True).reshape(-1).tolist() for outline in outlines]
        box = [int(value) for value in cv2.boundingRect(mask)]
        polyps.append({"polyp": number, "bbox": box, "area_px": int(mask.sum()), "contours": corners})
    return polyps


def write_demo(folder: Path) -> tuple[Path, Path]:
    """Render, encode and describe the whole clip; gives the paths of the video and of its truth."""
    colon = demo_colon()
    video, truth_path = folder / "demo.mp4", folder / "demo-truth.json"
    truth = []
    with av.open(str(video), "w", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("libx264", rate=Fraction(FPS), options={"crf": "23", "preset": "slow"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for index in range(FRAMES):
            image, labels = colon.render_labels(index)
            truth.append(describe(labels))
            container.mux(stream.encode(_video_frame(image)))
            print(f"\r{index + 1}/{FRAMES}", end="", file=sys.stderr, flush=True)
        container.mux(stream.encode())
    print(file=sys.stderr)
    kinds = [{"polyp": number, "kind": polyp.kind} for number, polyp in enumerate(colon.polyps, 1)]
    facts = {"schema": 1, "video": video.name, "seed": DEMO_SEED, "width": WIDTH, "height": HEIGHT, "fps": FPS}
    text = json.dumps({**facts, "frames": FRAMES, "polyps": kinds, "truth": truth}, separators=(",", ":"))
    truth_path.write_text(text + "\n", encoding="utf-8")
    return video, truth_path


def _video_frame(image: Image) -> av.VideoFrame:
    return av.VideoFrame.from_ndarray(image, format="bgr24")


if __name__ == "__main__":
    paths = write_demo(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent)
    print(*(f"{path}: {path.stat().st_size / 1024:.0f} KiB" for path in paths), sep="\n")
