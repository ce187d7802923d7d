"""What a reader that is not ours finds in a video: ``ffprobe`` where it is installed, and PyAV."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@dataclass(frozen=True)
class Found:
    """Of the video stream. ``tags`` are matrix, range, primaries and transfer; ``errors`` what was complained of."""

    codec: str
    pix_fmt: str
    size: tuple[int, int]
    times_s: tuple[float, ...]
    sample_aspect: Fraction | None
    tags: tuple[str, str, str, str]
    errors: str = ""


_NAMES = {Colorspace.ITU709: "bt709", ColorPrimaries.BT709: "bt709", ColorTrc.BT709: "bt709"}
_RANGES = {ColorRange.MPEG: "tv", ColorRange.JPEG: "pc"}


def by_ffprobe(path: Path) -> Found:
    """By the command, of whatever version: each frame is decoded, and checksums are looked at."""
    shown = (
        "stream=codec_name,pix_fmt,width,height,sample_aspect_ratio,color_space,color_range,color_primaries"
        ",color_transfer:frame=pts_time"
    )
    command = ["ffprobe", "-v", "warning", "-err_detect", "crccheck", "-select_streams", "v:0", "-show_entries", shown]
    done = subprocess.run([*command, "-of", "json", f"file:{path}"], capture_output=True, text=True, check=True)
    told: dict[str, Any] = json.loads(done.stdout)
    (stream,) = told["streams"]
    aspect = stream.get("sample_aspect_ratio", "0:1").replace(":", "/")
    return Found(
        stream["codec_name"],
        stream["pix_fmt"],
        (stream["width"], stream["height"]),
        tuple(float(frame["pts_time"]) for frame in told["frames"]),
        Fraction(aspect) or None,
        tuple(stream.get(f"color_{kind}", "") for kind in ("space", "range", "primaries", "transfer")),
        done.stderr,
    )


def by_pyav(path: Path) -> Found:
    """By the library, of the container first."""
    with path.open("rb") as file, av.open(file, options={"err_detect": "crccheck+explode"}) as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        times = tuple(float(frame.pts * frame.time_base) for frame in container.decode(stream))
        kinds = (context.colorspace, context.color_range, context.color_primaries, context.color_trc)
        names = [(_RANGES if place == 1 else _NAMES).get(kind, str(kind)) for place, kind in enumerate(kinds)]
        return Found(
            context.name,
            context.pix_fmt,
            (context.width, context.height),
            times,
            stream.sample_aspect_ratio,
            tuple(names),
        )


READERS: dict[str, Callable[[Path], Found]] = {"PyAV": by_pyav}
"""Those that are here."""
if shutil.which("ffprobe"):
    READERS["ffprobe"] = by_ffprobe
