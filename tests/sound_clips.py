"""Clips in which a beep begins with each flash of the picture, and what is seen and heard of them when read back."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
import numpy as np
from sink_rig import session

from polyplive.sinks.base import FrameRecord
from polyplive.sinks.h264 import exact
from polyplive.sinks.segments import SegmentSettings, SegmentWriter
from polyplive.sinks.sound_source import SoundSource
from polyplive.sources.file import FileSource
from polyplive.types import StageTimes, Tally

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from polyplive.types import Frame

FPS = 25
FRAME_S = 1 / FPS
MARKS_S = (0.6, 1.2, 2.2, 2.72)
"""When flashes and beeps begin, by a clock that both share; each lasts for ``MARK_S``. No distance comes twice."""
MARK_S = 0.2
SECONDS = 3.4
WIDTH, HEIGHT = 64, 48


def write_marked(
    path: Path,
    sound: str = "aac",
    video: str = "libx264",
    *,
    picture_s: tuple[float, float] = (0.0, SECONDS),
    sound_s: tuple[float, float] = (0.0, SECONDS),
    origin_s: float = 0.0,
    rate: int = 48000,
    size: tuple[int, int] = (WIDTH, HEIGHT),
) -> Path:
    """Write a clip whose pictures and sound begin and end at these times; ``origin_s`` is added to all stamps."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream(video, rate=FPS)
        stream.width, stream.height = size
        stream.pix_fmt = "yuvj420p" if video == "mjpeg" else "yuv420p"
        stream.options = {"preset": "ultrafast"} if video == "libx264" else {}
        track = output.add_stream(sound, rate=rate, layout="mono")
        events = [(at, "picture") for at in np.arange(*picture_s, 1 / FPS)]
        events += [(at, "sound") for at in np.arange(*sound_s, 1024 / rate)]
        fitted = av.AudioResampler(
            track.codec_context.format.name, "mono", rate, track.codec_context.frame_size or 1024
        )
        for at, kind in sorted(events):
            if kind == "picture":
                output.mux(stream.encode(_picture(at, size, origin_s, stream.pix_fmt)))
            else:
                for block in fitted.resample(_block(at, rate, origin_s)):
                    output.mux(track.encode(block))
        for block in fitted.resample(None):
            output.mux(track.encode(block))
        output.mux(track.encode())
        output.mux(stream.encode())
    return path


def _is_marked(at: np.ndarray | float) -> np.ndarray:
    at = np.asarray(at) + 1e-6
    return np.any([(at >= mark) & (at < mark + MARK_S) for mark in MARKS_S], axis=0)


def _picture(at: float, size: tuple[int, int], origin_s: float, pix_fmt: str) -> av.VideoFrame:
    grey = np.full((size[1], size[0], 3), 235 if _is_marked(at) else 20, np.uint8)
    picture = av.VideoFrame.from_ndarray(grey, format="bgr24").reformat(format=pix_fmt)
    picture.pts, picture.time_base = round((at + origin_s) * FPS), Fraction(1, FPS)
    return picture


def _block(at: float, rate: int, origin_s: float) -> av.AudioFrame:
    times = at + np.arange(1024) / rate
    tone = np.where(_is_marked(times), np.sin(2 * np.pi * 1000 * times) / 2, 0)
    block = av.AudioFrame.from_ndarray(tone[None].astype(np.float32), format="flt", layout="mono")
    block.sample_rate, block.time_base = rate, Fraction(1, rate)
    block.pts = round((at + origin_s) * rate)
    return block


def recorded(
    source: Path,
    path: Path,
    start_s: float = 0.0,
    frames: int | None = None,
    seeks: dict[int, float] | None = None,
    sound: bool = True,
) -> list[str]:
    """Record ``source`` with its sound, as a replay does; after so many frames ``seeks`` go to so many seconds.

    Gives the lines for the user.
    """
    lines: list[str] = []
    with FileSource(source) as video:
        heard = SoundSource(video.medium, None, lines.append) if sound else None
        sink = SegmentWriter(path, SegmentSettings(free_mib=0), encoder_for=exact, listed=False, sound=heard)
        sink.open(session(fps=video.info.fps))
        if start_s:
            video.seek(start_s)
        count = 0
        for frame in given(video, frames, seeks or {}):
            sink.write(FrameRecord(frame, None, frame.image, StageTimes()))
            count += 1
        sink.end(Tally(count, count, {}), "end of file")
        sink.close()
    return lines


def given(video: FileSource, frames: int | None, seeks: dict[int, float]) -> Iterator[Frame]:
    count = 0
    while (frames is None or count < frames) and (frame := video.read()) is not None:
        yield frame
        count += 1
        if count in seeks:
            video.seek(seeks[count])


def flashes(path: Path) -> list[float]:
    """When flashes begin, in seconds by the file's clock."""
    with av.open(str(path)) as container:
        shown = [
            (float(frame.time), frame.to_ndarray(format="gray").mean() > 128) for frame in container.decode(video=0)
        ]
    dark = [False, *(bright for _, bright in shown)]
    return [at for (at, bright), before in zip(shown, dark, strict=False) if bright and not before]


def beeps(path: Path) -> list[float] | None:
    """When beeps begin; None where the file has no sound track."""
    with av.open(str(path)) as container:
        if not container.streams.audio:
            return None
        loud = [at for frame in container.decode(audio=0) for at in _loud(frame)]
    return [at for at, before in zip(loud, [-1.0, *loud], strict=False) if at - before > MARK_S / 2]


def _loud(frame: av.AudioFrame) -> Sequence[float]:
    """When ``frame`` is loud. Whole numbers are scaled to 1."""
    heard: Any = frame.to_ndarray().astype(np.float64).ravel()
    if not frame.format.name.startswith(("flt", "dbl")):
        heard = heard / 2.0 ** (8 * frame.format.bytes - 1)
    return [float(frame.time) + float(at) / frame.sample_rate for at in np.flatnonzero(np.abs(heard) > 0.15)]


def payloads(path: Path) -> list[bytes]:
    """The packets of the sound track, as they are stored."""
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(audio=0) if packet.size]
