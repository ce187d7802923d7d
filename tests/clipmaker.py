"""Small real clips for tests: each frame carries its number in its picture."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

BITS = 12
BLOCK = 16
_COLUMNS = 6
WIDTH, HEIGHT = BLOCK * _COLUMNS, BLOCK * 4


def numbered(number: int, width: int = WIDTH, height: int = HEIGHT) -> NDArray[np.uint8]:
    """uint8 [height, width, 3] BGR: twelve black or white blocks at the top left say ``number``; a gradient moves."""
    rows, columns = np.mgrid[0:height, 0:width]
    ramp = (rows * 2 + columns + 5 * number) % 256
    image = np.stack([ramp // 3 + 40, ramp // 4 + 60, ramp // 2 + 80], axis=2).astype(np.uint8)
    for bit in range(BITS):
        top, left = BLOCK * (bit // _COLUMNS), BLOCK * (bit % _COLUMNS)
        image[top : top + BLOCK, left : left + BLOCK] = 235 if number >> bit & 1 else 20
    return image


def number_in(image: NDArray[np.uint8]) -> int:
    """The number that ``numbered`` drew."""
    number = 0
    for bit in range(BITS):
        top, left = BLOCK * (bit // _COLUMNS) + 4, BLOCK * (bit % _COLUMNS) + 4
        number |= int(image[top : top + 8, left : left + 8].mean() > 127) << bit
    return number


def write_clip(
    path: Path,
    frames: int | Iterable[NDArray[np.uint8]] = 30,
    *,
    fps: int = 25,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    options: dict[str, str] | None = None,
    times: Sequence[int] | None = None,
    time_base: Fraction | None = None,
    colour: tuple[int, int] | None = None,
    container: str | None = None,
    container_options: dict[str, str] | None = None,
    sound: bool = False,
) -> Path:
    """Encode ``frames`` (BGR images, or how many numbered ones) to ``path`` and return it.

    ``times`` are the frames' PTS in units of ``time_base`` (variable rate). ``colour`` is (matrix, range)
    as FFmpeg numbers them: the pictures are converted with it and the stream is tagged with it.
    """
    images = [numbered(n) for n in range(frames)] if isinstance(frames, int) else list(frames)
    with av.open(str(path), "w", format=container, options=container_options or {}) as output:
        stream = output.add_stream(codec, rate=fps)
        stream.height, stream.width = images[0].shape[:2]
        stream.pix_fmt = pix_fmt
        stream.options = options or {}
        if time_base is not None:
            stream.codec_context.time_base = time_base
        if colour is not None:
            stream.codec_context.colorspace, stream.codec_context.color_range = colour
        audio = output.add_stream("aac", rate=16000) if sound else None
        for place, image in enumerate(images):
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="bgr24")
            if colour is not None:
                picture = picture.reformat(format=pix_fmt, dst_colorspace=colour[0], dst_color_range=colour[1])
            picture.pts = place if times is None else times[place]
            picture.time_base = time_base or Fraction(1, fps)
            output.mux(stream.encode(picture))
        output.mux(stream.encode())
        if audio is not None:
            _add_sound(output, audio)
    return path


def set_display_matrix(path: Path, display: tuple[int, int, int, int]) -> None:
    """Write the display matrix (a, b, c, d) into the track header of an mp4 file (ISO 14496-12, 8.3.2)."""
    data = bytearray(path.read_bytes())
    a, b, c, d = (value << 16 for value in display)
    matrix = np.array([a, b, 0, c, d, 0, 0, 0, 1 << 30], ">i4").tobytes()
    start = data.index(b"tkhd") + 4
    assert data[start] == 0, "a track header of version 0"
    data[start + 40 : start + 76] = matrix
    path.write_bytes(data)


def write_sound(path: Path) -> Path:
    """A file that holds sound and no picture."""
    with av.open(str(path), "w") as output:
        _add_sound(output, output.add_stream("aac", rate=16000))
    return path


def _add_sound(output: av.container.OutputContainer, stream: av.AudioStream) -> None:
    for block in range(10):
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        sound.sample_rate = 16000
        sound.pts = 1024 * block
        output.mux(stream.encode(sound))
    output.mux(stream.encode())
