"""A recorded video as a source: any container and codec that FFmpeg decodes."""

from __future__ import annotations

import time
from bisect import bisect_right
from collections import Counter, deque
from fractions import Fraction
from typing import TYPE_CHECKING

from polyplive.sources.av_errors import AV_ERRORS, check_file, translated
from polyplive.sources.conversion import BgrConverter
from polyplive.sources.deinterlace import Deinterlacer
from polyplive.sources.frame_stream import FrameStream
from polyplive.sources.packets import InventedPts
from polyplive.types import Frame, SourceInfo

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from polyplive.sources.frame_stream import Numbered
    from polyplive.types import Image

SCAN_AT_OPEN_BYTES = 256 << 20
"""Files up to this size have their packets listed when they are opened; larger ones at the first seek or damage."""

_DEFAULT_RATE = 25.0
_MAX_RATE = 1000.0
_RATE_TOLERANCE = 0.02


class FileSource:
    """Frames of a video file in order of presentation, every one of them, with exact seeking.

    Frames are uint8 [H, W, 3] BGR arrays, contiguous, turned as the container's display matrix says, and of one
    size: a frame whose size differs from the first one's is rescaled to it. Pixels that are not square stay as they
    are coded. A still picture is a video of one frame.

    Frame 0 is the first that can be decoded, and ``pts_s`` counts from it. In a stream without usable time stamps
    (raw H.264, MPEG program streams, H.264 with B-frames in AVI, joined recordings whose clock starts again)
    ``pts_s`` is the frame's number divided by the average rate, and a seek backwards decodes from the start: exact,
    but slow.

    Damage costs the frames it hits: they are counted in ``dropped`` as ``damaged`` (an error was seen),
    ``undecoded`` (their packets gave no picture, without an error) or ``missing`` (listed by the container, absent
    from the file), and keep their numbers. Frames whose damage the decoder conceals are given, and counted in
    ``concealed``. At the first damage the source starts again at the last key frame with a decoder of one thread, so
    that an error costs no frame but its own and every run gives the same frames.
    """

    def __init__(self, path: Path, *, deinterlace: bool = False) -> None:
        """Open ``path``; ``deinterlace`` makes interlaced frames whole (one out for each one in).

        Raises ``SourceNotFound`` or ``SourceUnreadable``.
        """
        self._path = path
        size = check_file(path)
        self._dropped: Counter[str] = Counter()
        self._concealed = 0
        self._closed = False
        with translated(path):
            self._stream = FrameStream(path, size)
            try:
                if size <= SCAN_AT_OPEN_BYTES:
                    self._stream.list_packets()
                self._converter = BgrConverter(self._stream.first)
                self._converter.image(self._stream.first)  # a format that cannot be converted is refused here
                time_base = self._stream.decoder.stream.time_base or Fraction(1, 90_000)
                self._tick_s = float(time_base)
                self._deinterlacer = Deinterlacer(time_base) if deinterlace else None
                self._rate = self._average_rate()
                self._info = self._describe()
            except BaseException:
                self._stream.close()
                raise
        self._begin(0)

    @property
    def info(self) -> SourceInfo:
        """What was known at opening. ``frames`` is exact up to 256 MiB; above, it is the container's own count."""
        return self._info

    @property
    def dropped(self) -> Mapping[str, int]:
        """Frames that the file should have given and did not, by cause. A copy."""
        return {cause: count for cause, count in self._dropped.items() if count}

    @property
    def concealed(self) -> int:
        """Frames given although the decoder had to guess part of the picture."""
        return self._concealed

    def read(self) -> Frame | None:
        """The next frame, or None at the end and after ``close()``. Damage is passed over and counted."""
        if self._closed or self._ended:
            return None
        started = time.perf_counter()
        with translated(self._path):
            given = self._next_image()
        if given is None:
            self._end()
            return None
        found, image = given
        self._count_gap(found.number)
        self._concealed += bool(found.picture.is_corrupt)
        self._seeking = False
        return Frame(
            image=image,
            index=found.number,
            pts_s=self._pts_s(found),
            captured_s=time.monotonic(),
            decode_ms=(time.perf_counter() - started) * 1e3,
        )

    def seek(self, pts_s: float) -> None:
        """Make the next ``read`` give the last frame whose PTS is at most ``pts_s``, clamped to the file's ends.

        Should that frame be damaged, the next whole one comes instead. The first seek in a file larger than 256 MiB
        reads through it once, without decoding.
        """
        if self._closed:
            return
        with translated(self._path):
            self._stream.list_packets()
            number = self._number_at(pts_s)
            # The deinterlacer needs the frame before as well, to give what it gives without a seek.
            needed = max(0, number - 1) if self._deinterlacer is not None else number
            if self._is_ahead(number) and self._stream.reaches(needed):
                self._next = number
            else:
                self._begin(number)
                self._stream.begin_near(needed)
            self._seeking = True

    def close(self) -> None:
        """Free everything; calling it again does nothing."""
        self._closed = True
        self._waiting.clear()
        self._stream.close()

    def _begin(self, number: int) -> None:
        """Forget what belongs to the old place; ``number`` is the next frame to give."""
        self._next = number
        self._ended = False
        self._seeking = False
        self._errors_seen = self._stream.errors
        self._waiting: deque[Numbered] = deque()
        if self._deinterlacer is not None:
            self._deinterlacer.reset()

    def _is_ahead(self, number: int) -> bool:
        return number >= self._next and not self._ended

    def _next_image(self) -> tuple[Numbered, Image] | None:
        while (found := self._next_wanted()) is not None:
            try:
                return found, self._converter.image(found.picture)
            except AV_ERRORS:
                self._count_gap(found.number)
                self._dropped["damaged"] += 1
        return None

    def _next_wanted(self) -> Numbered | None:
        """The next frame from ``_next`` on; after a seek to an end that cannot be decoded, the last one before it."""
        back = 1
        while True:
            held: Numbered | None = None
            while (found := self._next_picture()) is not None:
                if found.number >= self._next:
                    return found
                held = found
            if not self._seeking or held is not None or back > 2 * self._next:
                return held if self._seeking else None
            self._stream.begin_near(max(0, self._next - back))
            back *= 2

    def _next_picture(self) -> Numbered | None:
        if self._deinterlacer is None:
            return self._stream.read()
        while not self._waiting:
            found = self._stream.read()
            if found is None:
                self._waiting.extend(self._deinterlacer.flush())
                break
            self._waiting.extend(self._deinterlacer.push(found))
        return self._waiting.popleft() if self._waiting else None

    def _count_gap(self, number: int) -> None:
        """Account for the frames between the last one given and ``number``."""
        if number > self._next:
            cause = "damaged" if self._stream.errors > self._errors_seen else "undecoded"
            self._dropped[cause] += number - self._next
        self._errors_seen = self._stream.errors
        self._next = number + 1

    def _end(self) -> None:
        """Account for the frames behind the last one given, at the end of the file."""
        self._ended = True
        index = self._stream.index
        if index is None:
            return
        self._count_gap(max(self._next, index.count))
        if index.timed:
            self._dropped["missing"] = max(0, (self._stream.decoder.announced or 0) - index.listed)

    def _number_at(self, pts_s: float) -> int:
        index = self._stream.list_packets()
        if index.timed:
            return max(0, bisect_right(index.pts, pts_s, key=self._seconds) - 1)
        return min(max(0, int(pts_s * self._rate + 1e-6)), max(0, index.count - 1))

    def _seconds(self, pts: int) -> float:
        return (pts - (self._stream.first.pts or 0)) * self._tick_s

    def _pts_s(self, found: Numbered) -> float:
        index = self._stream.index
        if index is not None and index.timed:
            return self._seconds(index.pts[found.number])
        if index is None and found.pts is not None and self._stream.decoder.invented_pts is InventedPts.NO:
            return self._seconds(found.pts)
        return found.number / self._rate

    def _average_rate(self) -> float:
        """Frames a second: the container's figure where the time stamps bear it out, else theirs."""
        stream = self._stream.decoder.stream
        stated = float(stream.average_rate or stream.guessed_rate or 0)
        index = self._stream.index
        if index is not None and index.timed and index.count > 1:
            measured = (index.count - 1) / self._seconds(index.pts[-1])
            if abs(measured - stated) > _RATE_TOLERANCE * measured:
                stated = measured
        return stated if 0 < stated <= _MAX_RATE else _DEFAULT_RATE

    def _describe(self) -> SourceInfo:
        decoder = self._stream.decoder
        index = self._stream.index
        duration = decoder.container_duration_s
        if index is not None and index.timed:
            duration = self._seconds(index.pts[-1]) + 1.0 / self._rate
        elif index is not None:
            duration = index.count / self._rate
        width, height = self._converter.size
        return SourceInfo(
            name=str(self._path),
            width=width,
            height=height,
            fps=self._rate,
            frames=index.count if index is not None else decoder.announced,
            duration_s=duration,
            codec=decoder.stream.codec_context.name,
        )
