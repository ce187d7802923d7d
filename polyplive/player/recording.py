"""What is played, as it is shown, to the sinks."""

from __future__ import annotations

import dataclasses
import time
from collections import Counter
from typing import TYPE_CHECKING

from polyplive.compositor import compose
from polyplive.errors import SinkError
from polyplive.player.values import annotation_delay_ms
from polyplive.session import describe_session
from polyplive.sinks.base import FrameRecord
from polyplive.sinks.group import SinkGroup
from polyplive.types import StageTimes, Tally

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from polyplive.backends.base import EngineSpec
    from polyplive.sinks.base import Sink
    from polyplive.types import Frame, Hud, OverlaySettings, Prediction, SourceInfo


class Recording:
    """Feeds the sinks in the order in which frames are shown; one thread, that of playback.

    The sinks are opened at the first frame. One that fails is stopped and leaves a line in ``notices``; the others
    and playback go on. After a seek the recording goes on with what is shown. Frames that are shown at the source's
    pace have no results of their own: they are not recorded, and counted.
    """

    def __init__(self, sinks: Sequence[Sink]) -> None:
        self._sinks = SinkGroup(sinks)
        self._wanted = bool(sinks)
        self._opened = False
        self._processed = 0
        self._lost: Counter[str] = Counter()
        self._failures_to_open: list[str] = []

    @property
    def notices(self) -> tuple[str, ...]:
        """One line for each sink that failed."""
        return (*self._failures_to_open, *(str(error) for error in self._sinks.failures))

    def write(
        self,
        session: tuple[SourceInfo, EngineSpec] | None,
        frame: Frame,
        prediction: Prediction | None,
        overlay: OverlaySettings,
        hud: Hud,
    ) -> None:
        """Take one shown frame.

        ``session`` None (the model could not be opened) means that nothing is recorded. A frame without a
        ``prediction`` is in the video, with the state that ``hud`` gives; it was not processed, and counts so.
        """
        if not self._wanted or session is None or not self._open(session):
            return
        stages = prediction.stages if prediction is not None else StageTimes(decode_ms=frame.decode_ms)
        composite = None
        if self._sinks.wants_composite:
            started = time.perf_counter()
            composite = compose(frame, prediction, overlay, hud)
            stages = dataclasses.replace(stages, composite_ms=(time.perf_counter() - started) * 1e3)
        delay_ms = annotation_delay_ms(frame, prediction) + stages.composite_ms if prediction is not None else None
        self._sinks.write(FrameRecord(frame, prediction, composite, stages, annotation_delay_ms=delay_ms))
        if prediction is not None:
            self._processed += 1
        else:
            self._lost["no engine"] += 1

    def leave_out(self, frame: Frame) -> None:
        """A frame that was shown at the source's pace: it has no result of its own, and is not recorded."""
        if self._wanted:
            self._lost["not recorded"] += 1

    def close(self, dropped: Mapping[str, int], reason: str) -> None:
        """Write the closing figures and close every sink."""
        if self._opened:
            lost = {cause: count for cause, count in (self._lost + Counter(dropped)).items() if count}
            self._sinks.end(Tally(self._processed + sum(lost.values()), self._processed, lost), reason)
        self._sinks.close()

    def _open(self, session: tuple[SourceInfo, EngineSpec]) -> bool:
        if not self._opened:
            try:
                self._sinks.open(describe_session(*session))
            except SinkError as error:
                self._failures_to_open.append(str(error))
                self._wanted = False
                return False
            self._opened = True
        return True
