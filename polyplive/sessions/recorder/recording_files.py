"""Which files a recording of a running session writes, and the recorders that write them."""

from __future__ import annotations

import datetime
import itertools
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from polyplive.errors import ConfigError
from polyplive.sessions.recorder.recorder import Recorder
from polyplive.sessions.recorder.thread import RecorderThread, ResultsThread
from polyplive.sinks.base import Content
from polyplive.sinks.containers import check_container
from polyplive.sinks.events import EventsSink
from polyplive.sinks.failures import sink_error
from polyplive.sinks.frame_list import FrameList
from polyplive.sinks.h264 import lossless, quickest
from polyplive.sinks.segments import SegmentSettings, SegmentWriter
from polyplive.system.file_names import fitting_stem
from polyplive.system.private_files import check_writable, make_private_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from polyplive.sinks.h264 import H264

_EVENTS = ".events.jsonl"


@dataclass(frozen=True, slots=True)
class RecordingFiles:
    """The files of one recording: ``raw`` the source's pixels, ``overlay`` what was drawn, and always events.

    Raises ``ConfigError`` where there is no video or where two files are one, and ``SinkError`` for the name of a video
    that no container has.
    """

    raw: Path | None
    overlay: Path | None
    events: Path

    def __post_init__(self) -> None:
        if not self.videos:
            raise ConfigError("Neither raw nor overlay is to be recorded", "Choose one of them, or both.")
        paths = [*self.videos.values(), self.events]
        if len(set(paths)) < len(paths):
            raise ConfigError(f"'{paths[0].name}' is named twice for one recording", "Give each file its own name.")
        for path in self.videos.values():
            check_container(path)

    @classmethod
    def beside(cls, *, raw: Path | None = None, overlay: Path | None = None) -> RecordingFiles:
        """With events beside the first video that is named: ``NAME.events.jsonl``."""
        first = raw or overlay or Path("recording")  # neither is refused below
        return cls(raw, overlay, first.with_name(fitting_stem(first.stem, _EVENTS) + _EVENTS))

    @property
    def videos(self) -> dict[Content, Path]:
        """The files of video, by what they hold."""
        found = {Content.RAW: self.raw, Content.OVERLAY: self.overlay}
        return {content: path for content, path in found.items() if path is not None}


@dataclass(frozen=True, slots=True)
class RecordingSettings:
    """How a session's recordings are written. Without ``full_paths`` their events name files without folders.

    ``lossless`` raw recordings hold every sample of the source.
    """

    segments: SegmentSettings = field(default_factory=SegmentSettings)
    full_paths: bool = False
    lossless: bool = False


def recordings_folder() -> Path:
    """The default folder for recordings: the program's folder in the user's local data, beside its snapshots."""
    return Path(platformdirs.user_data_dir("polyplive", appauthor=False, roaming=False)) / "recordings"


def new_files(folder: Path, contents: Collection[Content], now: datetime.datetime | None = None) -> RecordingFiles:
    """Names in ``folder`` that no file has: ``polyplive-YYYYMMDD-HHMMSS-raw.mp4`` and so on, by the local time.

    Makes the folder if it is missing, for its owner alone. Raises ``ConfigError`` where ``contents`` has no video, and
    ``SinkError`` where nothing can be written.
    """
    stem = f"polyplive-{now or datetime.datetime.now():%Y%m%d-%H%M%S}"
    try:
        make_private_folder(folder)
        for number in itertools.count(1):
            files = _files(folder, stem if number == 1 else f"{stem}-{number}", contents)
            if not any(map(os.path.lexists, _all_names(files))):
                check_writable(files.events)
                return files
    except OSError as error:
        raise sink_error(folder / stem, error) from None
    raise AssertionError("there is always a next number")


def live_encoder(composed: bool, is_lossless: bool) -> Callable[[int, int], H264]:
    """The encoder of a live recording, ``composed`` with the overlay or raw."""
    return lossless if is_lossless and not composed else quickest


def recording_threads(files: RecordingFiles, settings: RecordingSettings, number: int) -> tuple[RecorderThread, ...]:
    """The recorders of ``files``, each a thread that is not started: of the videos, and of the events."""
    writers = []
    for content, path in files.videos.items():
        is_overlay = content is Content.OVERLAY
        encoder = live_encoder(is_overlay, settings.lossless)
        writers.append(SegmentWriter(path, settings.segments, composed=is_overlay, encoder_for=encoder))
    events = Recorder([EventsSink(files.events)], full_paths=settings.full_paths)
    return (
        RecorderThread(Recorder(writers), f"polyplive-recorder-{number}"),
        ResultsThread(events, f"polyplive-results-{number}"),
    )


def _files(folder: Path, stem: str, contents: Collection[Content]) -> RecordingFiles:
    paths = {content: folder / f"{stem}-{content.value}.mp4" for content in contents if content.is_video}
    return RecordingFiles(paths.get(Content.RAW), paths.get(Content.OVERLAY), folder / f"{stem}{_EVENTS}")


def _all_names(files: RecordingFiles) -> list[Path]:
    videos = list(files.videos.values())
    return [*videos, *(FrameList(path).path for path in videos), files.events]
