"""A recorded video as a source: any container and codec that FFmpeg decodes."""

from __future__ import annotations

import time
from collections import Counter, deque
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from polyplive.sources.av_errors import AV_ERRORS, translated
from polyplive.sources.picture.conversion import PictureMaker
from polyplive.sources.picture.deinterlace import Deinterlacer
from polyplive.sources.picture.shape import PictureShape
from polyplive.sources.picture.tone_mapping import hdr_notice
from polyplive.sources.reading.decoder import check_size
from polyplive.sources.reading.frame_stream import FrameStream
from polyplive.sources.reading.media import medium_of
from polyplive.types import Frame, SourceInfo

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from types import TracebackType

    from av.video.frame import VideoFrame

    from polyplive.pixels.picture import Picture
    from polyplive.sources.reading.frame_stream import NumberedFrame
    from polyplive.sources.reading.medium import Medium
    from polyplive.sources.reading.presentation import FrameLayout
    from polyplive.types import StereoOption

SCAN_AT_OPEN_BYTES = 256 << 20
"""The packets of files up to this size are listed at opening; those of larger files at the first seek or damage."""


_TRIED = 4
"""Key frames to look for until a file counts as one without: one of them may be damaged."""
_REFRESH = 32
"""Frames to begin earlier where the one that was sought did not come: a refresh may take so many."""


class FileSource:
    """Gives every frame of a video file in order of presentation, with exact seeking.

    Frames hold the decoder's own samples where these can serve (``PictureMaker``), and give BGR when asked. They are
    cropped and turned as container and codec say, each in its own size: joined recordings may change it. Pixels that
    are not square stay as they are coded; ``sample_aspect`` says what they are. A still picture is a video of one
    frame.

    It can be iterated, and closes itself where it stands in a ``with`` statement. One thread reads it.

    Frame 0 is the first that can be decoded, and ``pts_s`` counts from it; it strictly rises. Every frame that decodes
    is given, in the decoder's order, whatever its time stamp says. Stamps that cannot be right are repaired from their
    neighbours, and counted in ``repaired``. The policy is in ``timeline``. In a stream without any stamp, ``pts_s`` is
    the frame's number divided by the average rate.

    Damage costs the frames it hits. They keep their numbers, and are counted in ``dropped``: ``damaged`` (an error was
    seen), ``undecoded`` (their packets gave no picture, without an error) or ``missing`` (listed by the container,
    absent from the file). Frames whose damage the decoder conceals are given, and counted in ``concealed``. At the
    first damage the source starts again at the last key frame with a single-threaded decoder. So an error costs only
    its own frame, and every run gives the same frames.
    """

    def __init__(
        self,
        path: Path,
        *,
        deinterlace: bool = False,
        full_path: bool = False,
        stream: int | None = None,
        stereo: StereoOption | None = None,
        medium: Medium | None = None,
    ) -> None:
        """Open ``path``; ``deinterlace`` makes interlaced frames whole (one out for each one in).

        The source's name is the file's, with ``full_path`` with its folders. ``stream`` is the number of the video
        stream that plays, from 1; None for the best, of which ``info.notices`` tells where there are several.
        ``stereo`` is the half that is shown of a 3D picture that holds both eyes; None for the left eye where the file
        is flagged as 3D, which ``info.notices`` tells, and otherwise the whole picture. ``medium`` is where its bytes
        come from, where that is not for the path to say.

        Raises ``SourceNotFound`` or ``SourceUnreadable``, ``SourceRefused`` where there is no such stream, and
        ``MissingDependency`` for DICOM without pydicom.
        """
        self._path = path
        self._asked_stream = stream
        self._name = str(path.absolute()) if full_path else path.name
        self._medium = medium_of(path) if medium is None else medium
        self._dropped: Counter[str] = Counter()
        self._concealed = self._repaired = 0
        self._closed = False
        self._waiting: deque[NumberedFrame] = deque()
        with translated(path):
            self._stream = self._open_stream(stream)
            try:
                if not self._medium.is_growing and self._medium.size <= SCAN_AT_OPEN_BYTES:
                    self._stream.list_packets()
                self._shape = PictureShape(self._stream.decoder.stream, told=self._medium.sample_aspect, stereo=stereo)
                codec = self._stream.decoder.stream.codec_context.name
                self._maker = PictureMaker(self._shape, codec, self.description)
                first = self._maker.picture(self._stream.first)  # refuses a pixel format that cannot be converted
                self._deinterlacer = Deinterlacer(self._stream.decoder.time_base) if deinterlace else None
                self._info = self._describe(first)
            except BaseException:
                self._stream.close()
                raise
        self._begin(0)

    @property
    def description(self) -> str:
        """What the file says that it is, by the container's own field; empty where it says nothing."""
        return self._stream.decoder.description

    @property
    def info(self) -> SourceInfo:
        """What was known at opening; the size is the first frame's.

        ``frames`` is exact up to 256 MiB; above, it is the container's own count.
        """
        return self._info

    @property
    def medium(self) -> Medium:
        """Where the video's bytes come from."""
        return self._medium

    @property
    def dropped(self) -> Mapping[str, int]:
        """The number of lost frames by cause. A copy."""
        return {cause: count for cause, count in dict(self._dropped).items() if count}

    @property
    def errors(self) -> int:
        """How often reading or decoding met damage so far; at a new start the same damage may count again."""
        return self._stream.errors

    @property
    def concealed(self) -> int:
        """The number of frames in which the decoder concealed damage."""
        return self._concealed

    @property
    def repaired(self) -> int:
        """The number of frames given whose own time stamp was missing or not usable."""
        return self._repaired

    def read(self) -> Frame | None:
        """The next frame, or None at the end and after ``close()``. Damaged frames are skipped and counted."""
        if self._closed or self._ended:
            return None
        started = time.perf_counter()
        with translated(self._path):
            given = self._next_given()
        if given is None:
            self._end()
            return None
        found, picture = given
        self._count_gap(found.number, found.errors)
        self._concealed += bool(found.picture.is_corrupt)
        self._repaired += found.time.is_repaired
        self._seeking = False
        return Frame(
            picture,
            index=found.number,
            pts_s=found.time.time_s,
            captured_s=time.monotonic(),
            decode_ms=(time.perf_counter() - started) * 1e3,
            sample_aspect=self._sample_aspect(found.picture),
            stamp_s=found.time.stamp_s,
            is_repaired=found.time.is_repaired,
        )

    def seek(self, pts_s: float) -> None:
        """Make the next ``read`` give the last frame whose PTS is at most ``pts_s``, clamped to the file's ends.

        If that frame is damaged, the next undamaged one is given. The first seek in a file larger than 256 MiB reads
        the whole file once, without decoding.
        """
        if self._closed:
            return
        with translated(self._path):
            self._go_to(self._stream.number_at(pts_s))

    def seek_frame(self, number: int) -> None:
        """``seek`` to the frame with this ``number``, from 0."""
        if self._closed:
            return
        with translated(self._path):
            self._go_to(min(max(0, number), max(0, len(self._stream.list_packets()) - 1)))

    def layout(self) -> FrameLayout:
        """How many frames there are, and at which ones decoding can begin: only 0 where the demuxer finds no others.

        The next ``read`` gives frame 0. Like a first seek it reads a large file once.
        """
        with translated(self._path):
            found = self._stream.list_packets().layout
            entries = found.entries
            tried = entries[1 :: max(1, len(entries) // _TRIED)]
            can_begin = any(self._stream.begin_near(entry) for entry in tried)
            self._begin(0)
            self._begin_near(0)
        return found if can_begin else replace(found, entries=(0,))

    def close(self) -> None:
        """Free everything; calling it again does nothing."""
        self._closed = True
        self._waiting.clear()
        self._stream.close()

    def __iter__(self) -> Iterator[Frame]:
        """Iterate over the remaining frames; ``seek(0)`` starts again."""
        while (frame := self.read()) is not None:
            yield frame

    def __enter__(self) -> FileSource:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open_stream(self, stream: int | None) -> FrameStream:
        return FrameStream(self._medium, stream)

    def _begin(self, number: int) -> None:
        """Reset for a new position; ``number`` is the next frame to give."""
        self._next = number
        self._ended = False
        self._seeking = False
        self._errors_seen = self._stream.errors

    def _go_to(self, number: int) -> None:
        # The deinterlacer also needs the frame before, to give the same result as without a seek.
        needed = max(0, number - 1) if self._deinterlacer is not None else number
        if self._is_ahead(number) and self._stream.reaches(needed):
            self._next = number
        else:
            self._begin(number)
            self._begin_near(needed)
        self._seeking = True

    def _is_ahead(self, number: int) -> bool:
        return number >= self._next and not self._ended

    def _next_given(self) -> tuple[NumberedFrame, Picture] | None:
        while (found := self._next_wanted()) is not None:
            try:
                check_size(self._path, found.picture.width, found.picture.height)
                return found, self._maker.picture(found.picture)
            except AV_ERRORS:
                self._count_gap(found.number, found.errors)
                self._dropped["damaged"] += 1
        return None

    def _next_wanted(self) -> NumberedFrame | None:
        """The next frame from ``_next`` on. After a seek to an end that cannot be decoded: the last frame before it."""
        back, may_be_earlier = 1, self._seeking and self._next > 0
        while True:
            held: NumberedFrame | None = None
            while (found := self._next_picture()) is not None:
                if found.number > self._next and may_be_earlier:
                    break  # perhaps decoding began where pictures only become whole (intra refresh)
                if found.number >= self._next:
                    return found
                held = found
            if found is not None:
                may_be_earlier = False
                self._begin_near(max(0, self._next - _REFRESH))
                continue
            if not self._seeking or held is not None or back > 2 * self._next:
                return held if self._seeking else None
            self._begin_near(max(0, self._next - back))
            back *= 2

    def _begin_near(self, number: int) -> None:
        """Decode from near frame ``number`` on; no frame read before has to do with the next ones."""
        self._waiting.clear()
        if self._deinterlacer is not None:
            self._deinterlacer.reset()
        self._stream.begin_near(number)

    def _next_picture(self) -> NumberedFrame | None:
        if self._deinterlacer is None:
            return self._stream.read()
        while not self._waiting:
            found = self._stream.read()
            if found is None:
                self._waiting.extend(self._deinterlacer.flush())
                break
            self._waiting.extend(self._deinterlacer.push(found))
        return self._waiting.popleft() if self._waiting else None

    def _count_gap(self, number: int, errors: int) -> None:
        """Count the frames between the last one given and ``number``, until which ``errors`` packets were lost."""
        if number > self._next:
            cause = "damaged" if errors > self._errors_seen else "undecoded"
            self._dropped[cause] += number - self._next
            self._errors_seen = errors  # frames that were held back come between an error and the gap it leaves
        self._next = number + 1

    def _end(self) -> None:
        """At the end of the file, count the frames after the last one given."""
        self._ended = True
        frames = self._stream.frames
        if frames is not None:
            self._count_gap(max(self._next, len(frames)), self._stream.errors)
            self._dropped["missing"] = self._stream.missing

    def _describe(self, first: Picture) -> SourceInfo:
        decoder, frames, times = self._stream.decoder, self._stream.frames, self._stream.times
        eye = self._shape.eye
        hdr = hdr_notice(self._stream.first.color_trc)
        notices = (self._stream.choice.notice, eye.notice, hdr, self._stream.ends_early, *self._medium.notices)
        return SourceInfo(
            name=self._name,
            width=first.width,
            height=first.height,
            fps=times.rate,
            frames=len(frames) if frames is not None else decoder.announced,
            duration_s=times.duration_s(len(frames)) if frames is not None else decoder.container_duration_s,
            codec=decoder.stream.codec_context.name,
            notices=tuple(filter(None, notices)),
            sample_aspect=self._sample_aspect(self._stream.first),
            stereo=eye.name,
            stream=self._asked_stream,
            deinterlaced=self._deinterlacer is not None,
        )

    def _sample_aspect(self, picture: VideoFrame) -> Fraction:
        return self._shape.sample_aspect(picture, self._stream.decoder.stream)
