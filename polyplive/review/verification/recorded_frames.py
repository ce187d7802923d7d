"""The frames of a session's recording by their number in the session."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from polyplive.errors import DataError, text_of
from polyplive.pixels.lossless import is_lossless
from polyplive.sessions.opening import open_video
from polyplive.sinks.frame_list import FrameList

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from polyplive.review.events_file import EventsSession
    from polyplive.sources.file import FileSource
    from polyplive.types import Frame, StereoOption


class RecordedFrames:
    """Frames of one or several files, by their ``index`` in the session. One thread.

    A live recording says by ``NAME.frames.csv`` which frame of the session each of its frames is; those of a replayed
    video are its own. Raises ``SourceError`` for what is no video, and ``DataError`` for a list that is none.
    """

    def __init__(self, videos: Sequence[Path], session: EventsSession) -> None:
        self._session = session
        self._videos = list(videos)
        self._at = self._asked = -1
        self._source: FileSource | None = None
        self._list: list[int] | None = None
        self._last: tuple[int, Frame] | None = None
        self.is_lossless = True
        """Whether every file that was opened holds its source's own samples."""
        self._open_next()

    def frame(self, index: int) -> Frame | None:
        """The frame with this number in the session; None where no file has it."""
        if index < self._asked:
            self._begin_again()
        self._asked = index
        while self._last is None or self._last[0] < index:
            if not self._step():
                return None
        return self._last[1] if self._last[0] == index else None  # or one that comes later

    def close(self) -> None:
        """Close the file that is open."""
        if self._source is not None:
            self._source.close()
            self._source = None

    def _step(self) -> bool:
        while self._source is not None:
            frame = self._source.read()
            if frame is not None:
                listed = self._list
                if listed is not None and frame.index >= len(listed):
                    continue
                self._last = (frame.index if listed is None else listed[frame.index]), frame
                return True
            self._open_next()
        return False

    def _begin_again(self) -> None:
        """A replay went back: read from the first file on."""
        self.close()
        self._at, self._last = -1, None
        self._open_next()

    def _open_next(self) -> None:
        self.close()
        self._at += 1
        if self._at >= len(self._videos):
            return
        video, session = self._videos[self._at], self._session
        if not session.live:
            self._source = open_video(
                video, deinterlace=session.deinterlaced, stream=session.stream, stereo=_stereo(session)
            )
            return
        self._source = open_video(video, stereo="whole")  # a recording holds the half that was shown
        self._list = _listed(FrameList(video).path)
        self.is_lossless = self.is_lossless and is_lossless(self._source.description)


def _stereo(session: EventsSession) -> StereoOption:
    match session.stereo:
        case "left" | "right" | "top" | "bottom":
            return session.stereo
        case _:
            return "whole"


def _listed(path: Path) -> list[int]:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = [int(row["index"]) for row in csv.DictReader(file)]
    except OSError as error:
        raise DataError(
            f"'{path.name}' cannot be read ({text_of(error)})",
            "A live recording is verified with the list of frames that was written beside it.",
        ) from None
    except (KeyError, TypeError, ValueError):
        raise DataError(f"'{path.name}' is no list of a recording's frames", "Give the one beside the video.") from None
    return rows
