"""Which of a file's or a live stream's video streams plays, and what it says of its times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from av.stream import Disposition

from polyplive.errors import SourceRefused, SourceUnreadable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from av.container import InputContainer
    from av.container.core import Container
    from av.video.stream import VideoStream

_BESIDE = Disposition.attached_pic | Disposition.timed_thumbnails
"""Pictures about a video: its cover, and the small ones that a player shows above its time line."""
_DEFAULTS_BONUS = 5_000_000
"""Pixels; as in ``map_auto_video`` of FFmpeg's ffmpeg_mux_init.c."""
_MOST_NAMED = 6
_NO_STAMPS = 0x80
"""FFmpeg's AVFMT_NOTIMESTAMPS."""


@dataclass(frozen=True, slots=True)
class StreamChoice:
    """The video stream that plays, and its ``number`` among the container's video streams, from 1.

    ``notice`` is a line for the user where there was a choice that nobody made, empty otherwise.
    """

    stream: VideoStream
    number: int
    notice: str = ""


def choose_stream(container: InputContainer, shown: str, wanted: int | None, advice: str) -> StreamChoice:
    """The video stream number ``wanted``, from 1; None: the best.

    That is the one that FFmpeg's command would take: the largest, where the one that the container marks as its default
    counts as ``_DEFAULTS_BONUS`` larger. Covers and thumbnails do not count, and what cannot be decoded is never the
    best. ``shown`` is the source's name in messages, ``advice`` the hint where it has no video. Raises
    ``SourceUnreadable``, or ``SourceRefused`` where ``wanted`` cannot be had.
    """
    streams = [stream for stream in container.streams.video if not stream.disposition & _BESIDE]
    if not streams:
        what = "only sound" if container.streams.audio else "no video stream"
        raise SourceUnreadable(f"'{shown}' holds {what}", advice)
    playable = [stream for stream in streams if _is_playable(stream)]
    if not playable:
        raise SourceUnreadable(f"'{shown}' uses a video codec that FFmpeg here cannot decode", "Convert it to H.264.")
    if wanted is not None:
        return _wanted(streams, shown, wanted)
    favourite = container.streams.best("video")
    best = max(playable, key=lambda stream: (*_rank(stream), stream is favourite))
    return StreamChoice(best, streams.index(best) + 1, _notice(streams, playable, best))


def has_stamps(container: Container) -> bool:
    """Whether ``container`` holds times for its packets; where it does not, FFmpeg makes some up, at 25 a second."""
    return not container.format.flags & _NO_STAMPS


def stated_rate(stream: VideoStream) -> float | None:
    """Frames per second on average, None if not known; where the container holds no times, as the codec says."""
    if has_stamps(stream.container):
        rate = stream.average_rate or stream.guessed_rate
    else:
        rate = stream.guessed_rate or stream.average_rate  # the average is one of made-up times
    return float(rate) if rate else None


def _wanted(streams: Sequence[VideoStream], shown: str, wanted: int) -> StreamChoice:
    if 1 <= wanted <= len(streams) and _is_playable(streams[wanted - 1]):
        return StreamChoice(streams[wanted - 1], wanted)
    if len(streams) == 1:
        what = f"'{shown}' has one video stream ({_size(streams[0])}), and no stream {wanted}"
        raise SourceRefused(what, "Leave --stream out.")
    found = ", ".join(f"{number}: {_size(stream)}" for number, stream in enumerate(streams[:_MOST_NAMED], start=1))
    more = f", and {len(streams) - _MOST_NAMED} more" if len(streams) > _MOST_NAMED else ""
    there = 1 <= wanted <= len(streams)
    problem = f"Video stream {wanted} of '{shown}' cannot be decoded" if there else f"'{shown}' has no stream {wanted}"
    raise SourceRefused(problem, f"It has {found}{more}.")


def _is_playable(stream: VideoStream) -> bool:
    # PyAV's type says that there is always one; without a decoder it is None.
    return stream.codec_context is not None


def _rank(stream: VideoStream) -> tuple[bool, int]:
    """Sorts streams. A container that counts frames tells a still picture from a video."""
    context = stream.codec_context
    bonus = _DEFAULTS_BONUS if stream.disposition & Disposition.default else 0
    return stream.frames != 1, context.width * context.height + bonus


def _notice(streams: Sequence[VideoStream], playable: Sequence[VideoStream], best: VideoStream) -> str:
    others = [stream for stream in playable if stream is not best]
    if not others:
        return ""
    choices = ", ".join(f"--stream {streams.index(other) + 1} for {_size(other)}" for other in others[:_MOST_NAMED])
    return f"plays video stream {streams.index(best) + 1} of {len(streams)} ({_size(best)}); {choices}"


def _size(stream: VideoStream) -> str:
    if not _is_playable(stream):
        return "a codec that cannot be decoded"
    context = stream.codec_context
    return f"{context.width}x{context.height}" if context.width and context.height else "a picture of unknown size"
