"""Records a replay in a window: passes shown frames to the recorder."""

from __future__ import annotations

import datetime
import time
from collections import Counter
from typing import TYPE_CHECKING

from polyplive.sessions.opening import describe_session
from polyplive.sessions.recorder.messages import RecordedFrame
from polyplive.sessions.recorder.progress import ProgressMeter
from polyplive.sessions.recorder.recorder import Recorder
from polyplive.sessions.recorder.status import RecordingEnd, RecordingStatus, pieces_of
from polyplive.types import Tally

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from polyplive.backends.base import EngineSpec
    from polyplive.config import PipelineSettings
    from polyplive.sinks.base import SessionInfo, Sink
    from polyplive.types import Frame, Hud, OverlaySettings, Prediction, SourceInfo


class Recording:
    """Records frames in the order in which they are shown, and counts the frames that are not recorded; one thread.

    After a seek, recording continues with the frames that are shown then. Frames shown at the source's pace have no
    results of their own; they are counted, not recorded. A video that was played without a jump is recorded when it
    ends; otherwise the recording is over when the player is closed.
    """

    def __init__(self, sinks: Sequence[Sink], *, full_paths: bool = False) -> None:
        self._recorder = Recorder(sinks, full_paths=full_paths)
        self._wanted = bool(sinks)
        self._session: SessionInfo | None = None
        self._processed = self._repaired = 0
        self._lost: Counter[str] = Counter()
        self._meter = ProgressMeter(lambda: self._recorder.written)
        self._started = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
        self.is_straight = True
        """Whether the frames so far follow each other as they do in the video."""
        self.ended: tuple[RecordingEnd, ...] = ()
        """What it left, once it is over."""

    @property
    def status(self) -> RecordingStatus:
        """How it goes; of files, as they were at most a second ago."""
        error = "".join(self.notices[-1:])
        if not self._is_running:
            return RecordingStatus(error=error)
        contents, files = self._recorder.contents, self._meter.latest.files
        return RecordingStatus(
            is_recording=any(content.is_video for content in contents),
            contents=contents,
            started=self._started,
            elapsed_s=self._recorded_s,
            files=tuple(file.path for file in files),
            bytes_written=sum(file.size for file in files),
            free_bytes=self._meter.latest.free_bytes,
            pieces=pieces_of(files),
            error=error,
        )

    @property
    def notices(self) -> tuple[str, ...]:
        """One line for each sink that failed."""
        return self._recorder.notices

    @property
    def waiting(self) -> int:
        """Frames that were accepted and are not written yet; any thread."""
        return self._recorder.waiting

    def write(
        self,
        session: tuple[SourceInfo, EngineSpec, PipelineSettings] | None,
        frame: Frame,
        prediction: Prediction | None,
        overlay: OverlaySettings,
        hud: Hud,
    ) -> None:
        """Take one shown frame.

        ``session`` None (the model could not be opened) means that nothing is recorded. A frame without a
        ``prediction`` is written to the video with the state in ``hud``, and counts as not processed.
        """
        if not self._is_running or session is None:
            return
        if self._session is None:
            self._session = describe_session(*session)
        if self._recorder.write(RecordedFrame(frame, prediction, overlay, hud, self._session)) is None:
            return
        if prediction is not None:
            self._processed += 1
            self._repaired += frame.is_repaired
        else:
            self._lost["no engine"] += 1
        self._meter.look(time.monotonic())

    def jump(self) -> None:
        """The next frame does not follow the last one."""
        self.is_straight = self._session is None

    def leave_out(self, frame: Frame) -> None:
        """Count a frame that was shown at the source's pace: without a result of its own it is not recorded."""
        if self._is_running:
            self._lost["not recorded"] += 1

    def close(self, dropped: Mapping[str, int], reason: str) -> None:
        """Write the closing figures and close every sink; a second call does nothing."""
        if not self._is_running:
            return
        lost = {cause: count for cause, count in (self._lost + Counter(dropped)).items() if count}
        self._recorder.close(Tally(self._processed + sum(lost.values()), self._processed, lost, self._repaired), reason)
        self._meter.measure()
        files = self._meter.latest.files
        end = RecordingEnd(files, self._started, self._recorded_s, reason, problems=self.notices)
        self.ended = (end,)

    @property
    def _recorded_s(self) -> float:
        """The length of what was recorded, by the video's average rate."""
        fps = self._session.source.fps if self._session is not None else None
        return (self._processed + self._lost["no engine"]) / (fps or 25.0)

    @property
    def _is_running(self) -> bool:
        return self._wanted and not self.ended
