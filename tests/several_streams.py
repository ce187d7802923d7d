"""Makes files that hold several video streams, each of which shows a grey of its own."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np
from av.stream import Disposition

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def grey_of(number: int) -> int:
    """What stream ``number``, from 1, shows."""
    return 40 + 50 * number


def write_streams(
    path: Path,
    sizes: Sequence[tuple[int, int]],
    frames: int = 6,
    marked: dict[int, Disposition] | None = None,
    container: str | None = None,
) -> Path:
    """One H.264 stream for each (width, height) of ``sizes``; ``marked`` says what streams are, by number from 1."""
    with av.open(str(path), "w", format=container) as output:
        streams = []
        for number, (width, height) in enumerate(sizes, start=1):
            stream = output.add_stream("libx264", rate=25, options={"bf": "2", "g": "4"})
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            if marked is not None:
                stream.disposition = marked.get(number, Disposition(0))
            streams.append(stream)
        for place in range(frames):
            for number, stream in enumerate(streams, start=1):
                image = np.full((stream.height, stream.width, 3), grey_of(number), np.uint8)
                picture = av.VideoFrame.from_ndarray(image, format="bgr24")
                picture.pts, picture.time_base = place, Fraction(1, 25)
                output.mux(stream.encode(picture))
        for stream in streams:
            output.mux(stream.encode())
    return path
