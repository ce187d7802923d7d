"""Makes a recording with known tracks: ``python -m polyplive.assets.render_procedure --out FOLDER``.

It writes procedure.mp4, a rendered procedure, and procedure-truth.json, which is COCO ground truth with every frame
listed::

    {"info": {"schema": 1, "description", "video", "seed", "fps", "frames", "seconds"},
     "videos": [{"id": 1, "name": "procedure", "width", "height"}],
     "licenses": [], "categories": [{"id": 1, "name": "polyp", "supercategory": ""}],
     "tracks": [{"id": 1, "video_id": 1, "category_id": 1, "unique_id": "procedure_1", "kind": "sessile"}, ...],
     "images": [{"id": 1, "video_id": 1, "file_name": "procedure_000000.png", "width", "height", "frame_id": 0,
                 "time_s": 0.0, "conditions": ["outside the body"],
                 "covered": [{"track_id": 3, "bbox": [x, y, w, h]}]}, ...],
     "annotations": [{"id": 1, "image_id", "category_id": 1, "video_id": 1, "track_id", "unique_id", "bbox",
                      "area", "segmentation": {"size": [h, w], "counts"}, "iscrowd": 0, "visibility": 0.8}, ...],
     "disturbances": [{"condition", "start_s", "end_s", "track_id"}, ...]}

``track_id`` is the polyp's number, the same whenever it is seen. ``bbox`` and ``area`` are of the pixels that show it;
``visibility`` is their share of those that would without disturbances. A polyp that is wholly covered has no annotation
and stands in ``covered`` with the box that it would have. ``conditions`` are what spoils the frame.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2

from polyplive.errors import PolypliveError
from polyplive.review.exports.run_length import compressed, run_lengths
from polyplive.sources.colon.script import Disturbance
from polyplive.sources.procedure import FrameTruth, RenderedProcedure
from polyplive.types import Image, Mask

NAME = "procedure"
SEED = 2026
"""The default seed. The colons of a procedure have seeds from a million on, which training never uses."""

_KEY_FRAME_S = 2
_PIECE_S = 10  # what a worker renders in one go: views that are seen again soon are rendered once


@dataclass(frozen=True, slots=True)
class Recipe:
    """What to render: the arguments of ``RenderedProcedure``."""

    seconds: float
    polyps: int
    seed: int
    width: int
    height: int
    fps: float

    def source(self) -> RenderedProcedure:
        """A new source. Raises ``ConfigError`` for arguments out of range."""
        return RenderedProcedure(self.seconds, self.polyps, self.seed, self.width, self.height, self.fps)


def write_procedure(recipe: Recipe, folder: Path, workers: int = 1) -> tuple[Path, Path]:
    """Render, encode and describe a procedure; gives the paths of the video and of its truth.

    ``workers`` processes share the rendering and give the same files. Raises ``ConfigError`` for a bad recipe.
    """
    source = recipe.source()
    folder.mkdir(parents=True, exist_ok=True)
    video, truth_path, part = (folder / f"{NAME}{end}" for end in (".mp4", "-truth.json", ".mp4.part"))
    info = source.info
    truths = []
    with av.open(str(part), "w", format="mp4", options={"movflags": "faststart"}) as container:
        rate = Fraction(recipe.fps).limit_denominator(1001)
        key_frames = str(round(_KEY_FRAME_S * rate))
        stream = container.add_stream("libx264", rate=rate, options={"crf": "21", "preset": "medium", "g": key_frames})
        stream.width, stream.height, stream.pix_fmt = info.width, info.height, "yuv420p"
        for image, truth in _frames(recipe, source, workers):
            truths.append(_described(truth))
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
            if len(truths) % 25 == 0:
                print(f"\r{len(truths)}/{info.frames}", end="", file=sys.stderr, flush=True)
        container.mux(stream.encode())
    print(file=sys.stderr)
    truth_path.write_text(json.dumps(_document(source, truths), separators=(",", ":")) + "\n", encoding="utf-8")
    part.replace(video)
    return video, truth_path


def _frames(recipe: Recipe, source: RenderedProcedure, workers: int) -> Iterator[tuple[Image, FrameTruth]]:
    """All frames in order."""
    indices = range(source.info.frames or 0)
    cv2.setNumThreads(1)  # the arrays are small: more threads take twice the processor's time for a tenth less waiting
    if workers == 1:
        yield from map(source.render, indices)
        return
    with multiprocessing.get_context("spawn").Pool(workers, _start_worker, (recipe,)) as pool:
        yield from pool.imap(_rendered, indices, chunksize=math.ceil(_PIECE_S * recipe.fps))


_own: list[RenderedProcedure] = []
"""A worker's source."""


def _start_worker(recipe: Recipe) -> None:
    cv2.setNumThreads(1)
    _own.append(recipe.source())


def _rendered(index: int) -> tuple[Image, FrameTruth]:
    return _own[0].render(index)


def _described(truth: FrameTruth) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A frame's entry in ``images``, and its entries in ``annotations`` without their ids."""
    image: dict[str, Any] = {
        "id": truth.index + 1,
        "video_id": 1,
        "file_name": f"{NAME}_{truth.index:06d}.png",
        "frame_id": truth.index,
        "time_s": round(truth.pts_s, 6),
        "conditions": list(truth.conditions),
        "covered": [{"track_id": p.polyp, "bbox": list(p.clear_bbox)} for p in truth.polyps if p.area_px == 0],
    }
    annotations = [
        {
            "image_id": truth.index + 1,
            "category_id": 1,
            "video_id": 1,
            "track_id": polyp.polyp,
            "unique_id": f"{NAME}_{polyp.polyp}",
            "bbox": list(polyp.bbox),
            "area": polyp.area_px,
            "segmentation": _segmentation(polyp.mask),
            "iscrowd": 0,
            "visibility": round(polyp.visibility, 4),
        }
        for polyp in truth.polyps
        if polyp.area_px > 0
    ]
    return image, annotations


def _segmentation(mask: Mask) -> dict[str, Any]:
    height, width = mask.shape
    return {"size": [height, width], "counts": compressed(run_lengths(mask, 0, 0, width, height))}


def _document(source: RenderedProcedure, truths: list[tuple[dict[str, Any], list[dict[str, Any]]]]) -> dict[str, Any]:
    info, script = source.info, source.script
    size = {"width": info.width, "height": info.height}
    facts = {"video": f"{NAME}.mp4", "seed": script.seed, "fps": info.fps, "frames": info.frames}
    annotations = [annotation for _, found in truths for annotation in found]
    return {
        "info": {"schema": 1, "description": "A rendered procedure", **facts, "seconds": info.duration_s},
        "videos": [{"id": 1, "name": NAME, **size}],
        "licenses": [],
        "categories": [{"id": 1, "name": "polyp", "supercategory": ""}],
        "tracks": [
            {"id": polyp, "video_id": 1, "category_id": 1, "unique_id": f"{NAME}_{polyp}", "kind": kind}
            for polyp, kind in source.kinds.items()
        ],
        "images": [image | size for image, _ in truths],
        "annotations": [{"id": number, **annotation} for number, annotation in enumerate(annotations, 1)],
        "disturbances": [_told(disturbance) for disturbance in script.disturbances],
    }


def _told(disturbance: Disturbance) -> dict[str, Any]:
    told = {
        "condition": disturbance.condition,
        "start_s": round(disturbance.start_s, 3),
        "end_s": round(disturbance.end_s, 3),
    }
    return told | ({"track_id": disturbance.polyp} if disturbance.polyp else {})


def even_size(text: str) -> tuple[int, int]:
    """Width and height of ``WIDTHxHEIGHT``; H.264 needs both even. Raises ``argparse.ArgumentTypeError``."""
    try:
        width, height = (int(part) for part in text.lower().split("x"))
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is no size: give it as 400x320") from None
    if width % 2 or height % 2 or min(width, height) < 16:
        raise argparse.ArgumentTypeError(f"'{text}' has sides that are odd or below 16 pixels")
    return width, height


def main() -> None:
    """Parse the command line and render."""
    parser = argparse.ArgumentParser(prog="render_procedure", description="Render a procedure with known tracks.")
    parser.add_argument("--minutes", type=float, default=10.0, help="length of the procedure (10)")
    parser.add_argument("--polyps", type=int, default=12, help="how many polyps it has (12)")
    parser.add_argument("--seed", type=int, default=SEED, help=f"the same seed gives the same procedure ({SEED})")
    parser.add_argument("--size", type=even_size, default=(400, 320), help="pixels of a frame (400x320)")
    parser.add_argument("--fps", type=float, default=12.5, help="frames a second (12.5)")
    parser.add_argument("--workers", type=int, default=1, help="processes that render (1)")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="where the two files go")
    given = parser.parse_args()
    width, height = given.size
    recipe = Recipe(given.minutes * 60, given.polyps, given.seed, width, height, given.fps)
    try:
        paths = write_procedure(recipe, given.out, max(given.workers, 1))
    except PolypliveError as error:
        sys.exit(str(error))
    for path in paths:
        print(f"{path}: {path.stat().st_size / 1024:.0f} KiB")


if __name__ == "__main__":
    main()
