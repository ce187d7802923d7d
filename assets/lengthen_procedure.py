"""Makes a long recording of a short one: ``python -m polyplive.assets.lengthen_procedure VIDEO --out FILE``.

The short one is played again and again. Every frame carries its own number (:mod:`polyplive.assets.frame_code`), so
that no two are alike and one can see where a player is.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray
from polyplive.assets import frame_code
from polyplive.assets.render_procedure import even_size

_KEY_FRAME_S = 2


def lengthen(video: Path, out: Path, seconds: float, size: tuple[int, int], fps: int) -> None:
    """Write ``out`` (MP4, H.264), ``seconds`` of ``video`` over and over at ``size`` (width, height).

    Raises ``ValueError`` for more frames than can be numbered.
    """
    frames = round(seconds * fps)
    if not 1 <= frames <= frame_code.HIGHEST + 1:
        raise ValueError(f"{frames} frames: use 1 to {frame_code.HIGHEST + 1}")
    part = out.with_name(out.name + ".part")
    out.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(part), "w", format="mp4", options={"movflags": "faststart"}) as container:
        options = {"crf": "28", "preset": "ultrafast", "g": str(_KEY_FRAME_S * fps)}
        stream = container.add_stream("libx264", rate=Fraction(fps), options=options)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for index, planes in zip(range(frames), _repeated(video, size, fps), strict=False):
            frame_code.stamp(planes[: size[1]], index)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(planes, format="yuv420p")))
            if index % 250 == 0:
                print(f"\r{index}/{frames}", end="", file=sys.stderr, flush=True)
        container.mux(stream.encode())
    print(file=sys.stderr)
    part.replace(out)


def _repeated(video: Path, size: tuple[int, int], fps: int) -> Iterator[NDArray[np.uint8]]:
    """The frames of ``video`` without end, at ``fps``, as planes uint8 [H * 3 / 2, W] of YUV 4:2:0.

    A frame that is given twice is the same array.
    """
    scaler = VideoReformatter()
    while True:
        with av.open(str(video)) as container:
            stream = container.streams.video[0]
            given = 0
            for number, frame in enumerate(container.decode(stream), 1):
                planes = np.asarray(scaler.reformat(frame, *size, format="yuv420p").to_ndarray(), np.uint8)
                until = round(number * fps / stream.average_rate)
                yield from [planes] * (until - given)
                given = until


def main() -> None:
    """Parse the command line and write."""
    parser = argparse.ArgumentParser(prog="lengthen_procedure", description="Make a long recording of a short one.")
    parser.add_argument("video", type=Path, help="the short one, with the scope's black corners")
    parser.add_argument("--minutes", type=float, default=60.0, help="length of the long one (60)")
    parser.add_argument("--size", type=even_size, default=(640, 512), help="pixels of a frame (640x512)")
    parser.add_argument("--fps", type=int, default=25, help="frames a second (25)")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the file to write, an MP4")
    given = parser.parse_args()
    try:
        lengthen(given.video, given.out, given.minutes * 60, given.size, given.fps)
    except (ValueError, OSError) as error:
        sys.exit(f"{error}")
    print(f"{given.out}: {given.out.stat().st_size / 1024**2:.0f} MiB")


if __name__ == "__main__":
    main()
