"""``polyplive live``."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING, Any

from polyplive import RESEARCH_NOTICE, __version__
from polyplive.commands.messages import say, stdout
from polyplive.commands.session_setup import (
    SameModel,
    leave_room_for_video,
    live_settings_from,
    make_sinks,
    require_display,
)
from polyplive.commands.stopping import INTERRUPTED
from polyplive.errors import ConfigError, SourceNotFound
from polyplive.live import LiveParts, LiveSession, LiveSummary
from polyplive.live.outlet import Outlet, RecordingOutlet, ResultsOutlet
from polyplive.live.recorder import LiveRecorder, RecordingSettings
from polyplive.sources.address import Address, Kind, parse_address
from polyplive.sources.device import CaptureRequest, DeviceSource
from polyplive.sources.devices import describe_device, list_devices

if TYPE_CHECKING:
    from polyplive.config import Settings
    from polyplive.stats import Distribution


def live(given: dict[str, Any]) -> int:
    """In the window, or with ``headless`` until the frame limit or Ctrl-C."""
    settings = _settings(given)
    address = _address(given["device"])
    request = CaptureRequest(_size(given["size"]), given["rate"], given["pixel_format"])
    parts = LiveParts(
        open_source=lambda: DeviceSource(address, request),
        open_pipeline=SameModel(settings),
        settings=settings.live,
        overlay=settings.overlay,
        threshold=settings.pipeline.threshold,
        frames=given["frames"],
        outlets=_outlets(given),
        with_screen=not given["headless"],
    )
    if given["headless"]:
        return _headless(parts, address)
    require_display()
    from polyplive.gui.app import run_live_window

    code, summary, survivors = run_live_window(parts, settings, given["snapshots"], given["sound"])
    print_live_summary(summary)
    return _leave(code, survivors)


def print_live_summary(summary: LiveSummary) -> None:
    """What the session did, in a few lines."""
    tally = summary.tally
    lost = ", ".join(f"{count} {cause}" for cause, count in tally.dropped.items() if count) or "none"
    stdout.print(f"{tally.processed} of {tally.read} frames processed ({summary.reason}); the others: {lost}")
    if summary.shown or summary.unshown:
        unshown = ", ".join(f"{count} {cause}" for cause, count in summary.unshown.items() if count) or "none"
        stdout.print(f"{summary.shown} frames shown; not shown: {unshown}")
    for name, delay in (("Video", summary.video_delay), ("Annotation", summary.annotation_delay)):
        if delay is not None:
            stdout.print(f"{name} delay: {_delay(delay)}")
    again = f"source opened {summary.source_opens} times, model {summary.engine_starts} times"
    stdout.print(f"{summary.marked} frames marked; {again}")


def _headless(parts: LiveParts, address: Address) -> int:
    say(f"polyplive {__version__} · {RESEARCH_NOTICE}")
    say(f"Live from {address.shown}; Ctrl-C ends it")
    session = LiveSession(parts)
    session.start()
    told, code = "", 0
    try:
        while not session.wait(0.2):
            state, reason = session.state
            if state.value != told:
                told = state.value
                say(f"{state.value}{': ' + reason if reason else ''}")
    except KeyboardInterrupt:
        code = INTERRUPTED
    survivors = session.close()
    summary = session.summary()
    print_live_summary(summary)
    for notice in summary.notices:
        say(f"polyplive: {notice}")
    if not summary.tally.processed and not code:
        say("polyplive: No frame was processed. See the lines above for the reason.")
        code = 1
    return _leave(1 if summary.notices and not code else code, survivors)


def _leave(code: int, survivors: tuple[str, ...]) -> int:
    """End the process at once where a thread hangs in a driver or a runtime: nothing else would end it."""
    for name in survivors:
        say(f"polyplive: '{name}' did not end in time and was left behind")
    if survivors:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return code


def _settings(given: dict[str, Any]) -> Settings:
    """The settings, with the defaults that go with live use where nothing else was asked for."""
    return leave_room_for_video(live_settings_from(given))


def _address(device: str | None) -> Address:
    """What to open. Raises ``SourceNotFound`` for a device that is not there, naming those that are."""
    if device is None:
        found = list_devices()
        if not found:
            raise SourceNotFound("No capture device is connected", "Plug one in, or name a stream's address.")
        return parse_address(found[0].id)
    address = parse_address(device)
    if address.kind is Kind.V4L2:
        known = describe_device(address.target)
        if known is None or known.problem:
            why = known.problem if known is not None else "it captures no video"
            there = ", ".join(other.id for other in list_devices()) or "none"
            raise SourceNotFound(f"'{device}' cannot be used: {why}", f"Connected: {there}.")
    return address


def _size(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    found = re.fullmatch(r"(\d{1,5})[x,](\d{1,5})", text.strip().lower())
    if found is None or not int(found[1]) or not int(found[2]):
        raise ConfigError(f"'{text}' is no picture size", "Write it as 1920x1080.")
    return int(found[1]), int(found[2])


def _outlets(given: dict[str, Any]) -> list[Outlet]:
    """Recording and results, each in a thread of its own. Raises ``ConfigError`` for outputs that cannot be."""
    names = {"record": given["record"], "record-raw": given["record_raw"]}
    sinks = make_sinks({**given, "record": None}, also=names)
    outlets: list[Outlet] = [ResultsOutlet(sinks)] if sinks else []
    if any(path is not None for path in names.values()):
        piece_s = given["piece"] * 60 if given["piece"] is not None else None
        settings = RecordingSettings(given["record"], given["record_raw"], piece_s, given["keep_free"])
        outlets.append(RecordingOutlet(LiveRecorder(settings)))
    return outlets


def _delay(delay: Distribution) -> str:
    return f"{delay.p50:.1f} ms (p50), {delay.p99:.1f} ms (p99), {delay.max:.1f} ms (longest)"
