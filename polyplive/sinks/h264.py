"""Which encoder makes H.264 on this machine, and with which options."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from fractions import Fraction

import av
import av.error


@dataclass(frozen=True, slots=True)
class H264:
    """FFmpeg's name of an encoder, and its options but for the distance of key frames.

    A ``lossless`` one takes pictures in the layout that they came in.
    """

    name: str
    options: tuple[tuple[str, str], ...]
    lossless: bool = False


EXACT = H264("libx264", (("preset", "veryfast"), ("crf", "18"), ("bf", "0")))
"""The same pictures for the same frames, but for rare runs.

While other programs took the processor, x264 coded up to one in a hundred recordings of 96x64 otherwise, from the same
samples. Larger pictures were not seen to differ.
"""


def exact(width: int, height: int) -> H264:
    """The encoder for recordings that are to be the same on every machine, at any size."""
    return EXACT


LOSSLESS = H264("libx264", (("preset", "ultrafast"), ("qp", "0"), ("bf", "0")), lossless=True)
"""Every sample as it came. It takes less of the processor than ``QUICK``, and six to ten times as much of the disk."""


def lossless(width: int, height: int) -> H264:
    """The encoder for recordings that are to be analysed again, at any size."""
    return LOSSLESS


QUICK = H264("libx264", (("preset", "superfast"), ("crf", "18"), ("bf", "0")))
NVENC = H264("h264_nvenc", (("preset", "p4"), ("tune", "ll"), ("rc", "vbr"), ("cq", "20"), ("bf", "0")))
"""On an NVIDIA GPU's own encoder, which leaves the processor to the picture."""


@functools.cache
def quickest(width: int, height: int) -> H264:
    """The encoder for live recording at a size: NVIDIA's where there is one that takes it, the processor otherwise."""
    return NVENC if _works(NVENC, width, height) else QUICK


def _works(encoder: H264, width: int, height: int) -> bool:
    """Whether the encoder can be opened here: FFmpeg knows its name also where the GPU or its driver is missing.

    NVIDIA's also refuses small pictures, the smallest it takes depends on the GPU.
    """
    try:
        context = av.CodecContext.create(encoder.name, "w")
        context.width, context.height = width, height
        context.pix_fmt = "yuv420p"
        context.time_base = Fraction(1, 30)
        context.options = dict(encoder.options)
        context.open()
    except (av.error.FFmpegError, ValueError, OSError):
        return False
    return True
