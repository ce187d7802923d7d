"""``polyplive replay``."""

from __future__ import annotations

import contextlib
import functools
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from polyplive.commands.messages import announce, print_written, say, say_notices, stdout
from polyplive.commands.outputs import check_outputs, try_outputs
from polyplive.commands.session_setup import make_sinks
from polyplive.config import Settings
from polyplive.errors import ConfigError
from polyplive.sessions.engine_room.offline import OfflineEngineRoom
from polyplive.sessions.engine_room.opening import OFFLINE, SameModelOpener
from polyplive.sessions.opening import open_video
from polyplive.sessions.replay.headless import ReplaySettings, ReplaySummary
from polyplive.sessions.replay.headless import replay as run_replay
from polyplive.sinks.sound_source import SoundSource
from polyplive.sources.reading.followed import IDLE_S, FollowedSource
from polyplive.sources.reading.medium import FileMedium
from polyplive.system.progress import progress_bar
from polyplive.types import StereoOption
from polyplive.validation import check_fields
from polyplive.wording import count_of, counted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from polyplive.backends.base import EngineSpec
    from polyplive.gui.window.opening import ReplayOpening
    from polyplive.sinks.base import Sink
    from polyplive.sources.file import FileSource
    from polyplive.types import SourceInfo


@dataclass(frozen=True, slots=True)
class ReplayRequest:
    """The request of ``polyplive replay``.

    ``start_s`` is the time to begin at in seconds, ``frames`` the number of frames to play. With ``follow`` the video
    is still being written, and ends when it has not grown for ``idle_s`` seconds (None: 10). ``stream`` is the number
    of the video stream, None for the best; ``stereo`` is the half that is shown of 3D pictures. ``record``, ``events``
    and ``report`` are files to write, ``snapshots`` the folder for the window's snapshots. ``sound``: the recording has
    the video's sound.
    """

    video: Path
    settings: Settings = field(default_factory=Settings)
    headless: bool = False
    start_s: Annotated[float, Meta(ge=0)] = 0.0
    frames: Annotated[int, Meta(ge=1)] | None = None
    follow: bool = False
    idle_s: Annotated[float, Meta(gt=0, le=86400)] | None = None
    deinterlace: bool = False
    stream: Annotated[int, Meta(ge=1)] | None = None
    stereo: StereoOption | None = None
    snapshots: Path | None = None
    record: Path | None = None
    sound: bool = True
    events: Path | None = None
    report: Path | None = None

    def __post_init__(self) -> None:
        check_fields(self)
        if self.idle_s is not None and not self.follow:
            raise ConfigError("--idle does nothing without --follow", "Add --follow, or leave it out.")


def run(request: ReplayRequest) -> int:
    """As a plain loop, without a window. Returns the exit code."""
    sinks, _ = checked_sinks(request)
    try:
        return replay_headless(request, sinks)
    finally:
        _print_written(sinks)


def opening(request: ReplayRequest) -> ReplayOpening:
    """The same for the window, where it is shown. Raises ``PolypliveError`` for what cannot be played or written."""
    from polyplive.gui.window.opening import ReplayOpening

    sinks, _ = checked_sinks(request)
    return ReplayOpening(
        open_source=_opener(request),
        open_engine=SameModelOpener(request.settings, say, tune=True),
        settings=request.settings,
        sinks=sinks,
        start_s=request.start_s,
        frames=request.frames,
        snapshots=request.snapshots,
        on_closed=lambda _: _print_written(sinks),
        path=request.video,
    )


def checked_sinks(request: ReplayRequest) -> tuple[list[Sink], SourceInfo]:
    """The sinks of a request whose video and files can be opened, and what is known of the video."""
    video = request.video
    files = {"record": request.record, "events": request.events, "report": request.report}
    outputs = {**files, "snapshots": request.snapshots}
    check_outputs(outputs, video)
    source = _opener(request)()  # so that a bad file is reported first
    source.close()
    say_notices(source.info)
    check_start(request.start_s, source.info)
    try_outputs(outputs, video)
    return make_sinks(files, _sound(request, source)), source.info


def _print_written(sinks: Sequence[Sink]) -> None:
    print_written(file for sink in sinks for file in sink.files)


def _opener(request: ReplayRequest) -> Callable[[], FileSource]:
    return functools.partial(
        open_video,
        request.video,
        deinterlace=request.deinterlace,
        full_path=request.settings.full_paths,
        stream=request.stream,
        stereo=request.stereo,
        follow=request.follow,
        idle_s=request.idle_s or IDLE_S,
    )


def _sound(request: ReplayRequest, source: FileSource) -> SoundSource | None:
    """The sound to record; None where there is none, or the recording cannot hold it."""
    if request.record is None or not request.sound:
        return None
    medium = FileMedium(request.video) if request.follow else source.medium
    sound = SoundSource(medium, request.stream, say)
    is_recordable = sound.is_recordable(request.record)
    if is_recordable and request.follow:
        say("Sound is not recorded: the video is still being written.")
    elif is_recordable:
        return sound
    sound.close()
    return None


def check_start(start_s: float, video: SourceInfo) -> None:
    """Raise ``ConfigError`` for a start after the end of the video."""
    if video.duration_s is not None and start_s > 0 and start_s >= video.duration_s:
        raise ConfigError(
            f"--start {start_s:.12g} is behind the end of '{video.name}', which is {video.duration_s:.2f} s long",
            "Give an earlier second.",
        )


def replay_headless(request: ReplayRequest, sinks: list[Sink]) -> int:
    """Process every frame in order into ``sinks`` and print a summary; 1 when a sink failed."""
    with contextlib.ExitStack() as stack:
        bars: list[Callable[[int], None]] = []

        def opened(info: SourceInfo, spec: EngineSpec) -> None:
            announce(spec)
            total = info.frames if request.frames is None else request.frames
            bars.append(stack.enter_context(progress_bar(request.video.name, total)))

        summary = process(request, sinks, lambda done: bars[0](done), opened)
    print_summary(summary)
    for failure in summary.failures:
        say(f"polyplive: {failure}")
    return 1 if summary.failures else 130 if summary.reason == "stopped" else 0


def process(
    request: ReplayRequest,
    sinks: list[Sink],
    on_frame: Callable[[int], None],
    on_opened: Callable[[SourceInfo, EngineSpec], None] = lambda *_: None,
) -> ReplaySummary:
    """Process every frame in order into ``sinks``; ``on_frame`` gets the number of frames done. Any thread.

    ``on_opened`` is called once video and model are open.
    """
    limits = ReplaySettings(request.start_s, request.frames, request.settings.overlay, request.settings.full_paths)
    source = _opener(request)()
    try:
        opener = SameModelOpener(request.settings, say, OFFLINE, is_parallel=True)
        with OfflineEngineRoom(opener, request.settings.pipeline) as room:
            on_opened(source.info, room.spec)
            on_stopping = source.interrupt if isinstance(source, FollowedSource) else None
            return run_replay(source, room, sinks, limits, on_frame, on_stopping)
    finally:
        source.close()


def print_summary(summary: ReplaySummary) -> None:
    """Print what was done, in a few lines."""
    tally = summary.tally
    lost = ", ".join(f"{count} {cause}" for cause, count in tally.dropped.items() if count) or "none"
    stdout.print(f"{tally.processed} of {tally.read} frames processed ({summary.reason}); not processed: {lost}")
    if tally.repaired:
        stdout.print(f"Time stamps missing or not usable, and repaired: {tally.repaired}")
    marked = count_of(summary.marked, tally.processed)
    stdout.print(f"Frames marked: {marked}; {summary.fps:.1f} frames a second, all stages together")
    if summary.size_changes:
        often = "once" if summary.size_changes == 1 else counted(summary.size_changes, "time")
        stdout.print(f"The picture changed its size {often}; coordinates are pixels of each frame's own")
    if summary.annotation_delay is not None:
        delay = summary.annotation_delay
        stdout.print(f"Annotation delay: {delay.p50:.1f} ms (p50), {delay.p99:.1f} ms (p99)")
    if summary.engine_starts > 1:
        again = summary.engine_starts - 1
        stdout.print(f"The model failed and was started again: {counted(again, 'time')}")
    stages = ", ".join(f"{name} {figures.p50:.1f}" for name, figures in summary.stages.items())
    if stages:
        stdout.print(f"Stages, ms (p50): {stages}")
