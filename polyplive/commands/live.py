"""``polyplive live``."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from polyplive import RESEARCH_NOTICE, __version__
from polyplive.commands.messages import print_written, say, say_notices, stdout
from polyplive.commands.outputs import try_outputs
from polyplive.commands.session_setup import make_sinks
from polyplive.config import KEEP_FREE_MIB, Settings, hide_heat, withhold_findings
from polyplive.errors import ConfigError, SourceNotFound
from polyplive.sessions.engine_room.opening import SameModelOpener
from polyplive.sessions.live import LiveParts, LiveSession, LiveSummary
from polyplive.sessions.live.second_screen import SecondScreen
from polyplive.sessions.recorder.recorder import Recorder
from polyplive.sessions.recorder.recording_files import RecordingSettings, live_encoder
from polyplive.sessions.recorder.thread import RecorderThread, ResultsThread
from polyplive.sinks.restream.address import parse_restream
from polyplive.sinks.restream.server import PictureServer
from polyplive.sinks.segments import SegmentSettings, SegmentWriter
from polyplive.sources.capture.address import Address, Kind, parse_address
from polyplive.sources.capture.devices import check_device, list_devices
from polyplive.sources.capture.options import CaptureRequest
from polyplive.sources.capture.slower import slower_request
from polyplive.sources.device import DeviceSource
from polyplive.system.progress import WaitingNotice
from polyplive.system.stopping import on_stop, stopped_by_signals, uninterrupted
from polyplive.types import StereoOption
from polyplive.validation import check_fields
from polyplive.wording import count_of, counted

if TYPE_CHECKING:
    from collections.abc import Callable

    from polyplive.gui.session.live_page import LivePage
    from polyplive.gui.window.opening import LiveOpening
    from polyplive.stats import Distribution


@dataclass(frozen=True, slots=True)
class LiveRequest:
    """The request of ``polyplive live``.

    ``device`` is an id, path or address, None for the first device. ``size`` (width, height), ``rate`` (frames a
    second) and ``pixel_format`` (four letters) are requested from it. ``stream`` is the number of the video stream
    where an address sends several, ``stereo`` the half that is shown of 3D pictures. ``frames`` is the number of frames
    after which to end. ``record``, ``record_raw``, ``events`` and ``report`` are files to write; a recording begins a
    new file after ``segment_minutes``, and ends before less than ``keep_free_mib`` MiB of the disk are free. With
    ``lossless`` raw ones hold every sample. ``restream`` is the address that other programs get the picture from.
    """

    settings: Settings = field(default_factory=Settings)
    device: str | None = None
    headless: bool = False
    frames: Annotated[int, Meta(ge=1)] | None = None
    sound: bool = False
    snapshots: Path | None = None
    size: tuple[Annotated[int, Meta(ge=1)], Annotated[int, Meta(ge=1)]] | None = None
    rate: Annotated[float, Meta(ge=0.1, le=1000)] | None = None
    pixel_format: str | None = None
    stream: Annotated[int, Meta(ge=1)] | None = None
    stereo: StereoOption | None = None
    record: Path | None = None
    record_raw: Path | None = None
    lossless: bool = False
    segment_minutes: Annotated[float, Meta(ge=0.05)] | None = None
    keep_free_mib: Annotated[float, Meta(ge=0)] = KEEP_FREE_MIB
    events: Path | None = None
    report: Path | None = None
    restream: str | None = None

    def __post_init__(self) -> None:
        check_fields(self)
        if self.lossless and self.headless and self.record_raw is None:
            raise ConfigError("--lossless does nothing without --record-raw", "Add --record-raw, or leave it out.")


def run(request: LiveRequest) -> int:
    """Without a window, until the frame limit or Ctrl-C. Returns the exit code."""
    with stopped_by_signals() as stop, uninterrupted():  # the loop handles a signal itself
        parts, address = _parts(request, hide_heat(withhold_findings(request.settings)))
        code = _headless(parts, address)
        return code if stop.signal is None else stop.code


def opening(request: LiveRequest, *, closes_window: bool = False) -> LiveOpening:
    """The same for the window. Raises ``PolypliveError`` for a source, a setting or a file that cannot be used.

    With ``closes_window`` the window closes when the session ends by itself.
    """
    from polyplive.gui.window.opening import LiveOpening

    settings = hide_heat(withhold_findings(request.settings))
    parts, address = _parts(request, settings)

    def say_what_was_done(page: LivePage) -> None:
        summary = page.session.summary()
        if summary.error is None:
            print_live_summary(summary)
        _print_recorded(summary)

    return LiveOpening(
        parts, settings, request.snapshots, request.sound, say_what_was_done, closes_window, source=address
    )


def _parts(request: LiveRequest, settings: Settings) -> tuple[LiveParts, Address]:
    address = _address(request.device)
    capture = _capture(request, address)
    opener = SameModelOpener(settings, say, tune=True)
    parts = LiveParts(
        open_source=lambda: DeviceSource(address, capture),
        open_engine=opener,
        open_faster=opener.faster,
        open_slower=lambda rate: _slower(address, capture, rate),
        pipeline=settings.pipeline,
        settings=settings.live,
        overlay=settings.overlay,
        threshold=settings.pipeline.threshold,
        frames=request.frames,
        recorders=_recorders(request),
        recording=RecordingSettings(_segments(request), settings.full_paths, request.lossless),
        with_screen=not request.headless,
        second_screen=_second_screen(request.restream),
    )
    return parts, address


def _slower(address: Address, capture: CaptureRequest, rate: float) -> Callable[[], DeviceSource] | None:
    """How to open the source at a lower rate than ``rate``, where that can be asked."""
    request = slower_request(address, capture, rate)
    return None if request is None else lambda: DeviceSource(address, request)


def print_live_summary(summary: LiveSummary) -> None:
    """Print what the session did, in a few lines."""
    tally = summary.tally
    lost = ", ".join(f"{count} {cause}" for cause, count in tally.dropped.items() if count) or "none"
    stdout.print(f"{tally.processed} of {tally.read} frames processed ({summary.reason}); the others: {lost}")
    if summary.shown or summary.unshown:
        drawn = f"{summary.overlaid} with an overlay, {summary.marks_shown} with a finding marked"
        results = tally.processed - summary.results_unshown
        unshown = ", ".join(f"{count} {cause}" for cause, count in summary.unshown.items() if count) or "none"
        stdout.print(f"{counted(summary.shown, 'frame')} shown, {drawn}; not shown: {unshown}")
        stdout.print(f"{counted(results, 'result')} shown; not shown: {summary.results_unshown}")
    for name, delay in (("Video", summary.video_delay), ("Annotation", summary.annotation_delay)):
        if delay is not None:
            stdout.print(f"{name} delay: {_delay(delay)}")
    if summary.governor_steps:
        stdout.print(f"Heatmaps: {count_of(summary.heatmaps, summary.heatmaps_wanted)}; governor steps:")
        for step in summary.governor_steps:
            stdout.print(f"  {step.reason}")
    again = f"source opened {counted(summary.source_opens, 'time')}, model {counted(summary.engine_starts, 'time')}"
    stdout.print(f"Frames with a finding: {count_of(summary.marked, tally.processed)}; {again}")


def _print_recorded(summary: LiveSummary) -> None:
    """Print which files were written, and the marks that are in none."""
    print_written(file.path for end in summary.recorded for file in end.files)
    for mark in summary.unsaved_marks:
        when = f"at {mark.pts_s:.2f} s" if mark.pts_s is not None else "before the first frame"
        stdout.print(f"In no events file: mark {mark.number} {when}{': ' if mark.text else ''}{mark.text}")


def _headless(parts: LiveParts, address: Address) -> int:
    say(f"polyplive {__version__} · {RESEARCH_NOTICE}")
    say(f"Live from {address.shown}; Ctrl-C ends it")
    session = LiveSession(parts)
    told, governed, source, stopped = "", "", None, threading.Event()
    with on_stop(stopped.set):
        session.start()
        while not stopped.is_set() and not session.wait(0.2):
            state, reason = session.state
            if state.value != told:
                told = state.value
                say(f"{state.value}{': ' + reason if reason else ''}")
            if session.governed != governed:
                governed = session.governed
                say(governed)
            if (opened := session.source) is not None and opened is not source:
                say_notices(opened, source.notices if source is not None else ())
                source = opened
    survivors = session.close(on_waiting=WaitingNotice(say))
    summary = session.summary()
    _raise_what_ended(summary)
    print_live_summary(summary)
    _print_recorded(summary)
    if summary.clock_notice:
        say(summary.clock_notice)
    for notice in summary.notices:
        say(f"polyplive: {notice}")
    _name_survivors(survivors)
    if not summary.tally.processed and not stopped.is_set():
        say("polyplive: No frame was processed. See the lines above for the reason.")
        return 1
    return 1 if summary.notices else 0


def _raise_what_ended(summary: LiveSummary) -> None:
    """Raise the error of a session that could never have worked."""
    if summary.error is not None:
        raise summary.error


def _name_survivors(survivors: tuple[str, ...]) -> None:
    for name in survivors:
        say(f"polyplive: '{name}' did not end in time and was left behind")


def _address(device: str | None) -> Address:
    """The address to open. Raises ``SourceError`` for a device that is missing or cannot be used."""
    if device is None:
        found = list_devices()
        if not found:
            raise SourceNotFound("No capture device is connected", "Plug one in, or name a stream's address.")
        return parse_address(found[0].id)
    address = parse_address(device)
    if address.kind is Kind.V4L2:
        check_device(address)
    return address


def _capture(request: LiveRequest, address: Address) -> CaptureRequest:
    """What to request from the source. Raises ``ConfigError`` for a setting that its kind does not have."""
    options = {"size": request.size, "rate": request.rate, "format": request.pixel_format}
    unknown = {Kind.STREAM: list(options), Kind.SCREEN: ["format"]}.get(address.kind, [])
    for name in unknown:
        if options[name] is not None:
            what = "a stream, which comes as it was sent" if address.kind is Kind.STREAM else "a screen"
            raise ConfigError(f"--{name} cannot be asked of {what}", f"Leave --{name} out.")
    if request.stream is not None and address.kind is not Kind.STREAM:
        raise ConfigError("--stream is for an address that sends several; a device has one", "Leave --stream out.")
    return CaptureRequest(request.size, request.rate, request.pixel_format, request.stream, request.stereo)


def _recorders(request: LiveRequest) -> list[RecorderThread]:
    """The recorders of videos and results, each a thread. Raises ``ConfigError`` and ``SinkError`` for their files."""
    videos = {"record": request.record, "record-raw": request.record_raw}
    results = {"events": request.events, "report": request.report}
    try_outputs({**videos, **results, "snapshots": request.snapshots}, listed=True)
    recorders: list[RecorderThread] = []
    if sinks := make_sinks(results):
        recorders.append(ResultsThread(Recorder(sinks, marked_only=True, full_paths=request.settings.full_paths)))
    wanted = [(request.record, True), (request.record_raw, False)]
    settings = _segments(request)
    if writers := [
        SegmentWriter(path, settings, composed=composed, encoder_for=live_encoder(composed, request.lossless))
        for path, composed in wanted
        if path is not None
    ]:
        recorders.append(RecorderThread(Recorder(writers)))
    return recorders


def _segments(request: LiveRequest) -> SegmentSettings:
    """When a recording begins a new file, and when it ends."""
    segment_s = request.segment_minutes * 60 if request.segment_minutes is not None else None
    return SegmentSettings(segment_s, request.keep_free_mib)


def _second_screen(restream: str | None) -> SecondScreen | None:
    """Where other programs get the picture, which is said. Raises ``ConfigError`` and ``SinkError`` for its address."""
    if restream is None:
        return None
    address = parse_restream(restream)
    screen = SecondScreen(PictureServer(address))
    say(f"The picture for other programs: {screen.url}")
    if address.warning:
        say(f"polyplive: {address.warning}")
    return screen


def _delay(delay: Distribution) -> str:
    return f"{delay.p50:.1f} ms (p50), {delay.p99:.1f} ms (p99), {delay.max:.1f} ms (longest)"
