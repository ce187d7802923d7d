"""``polyplive replay``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polyplive.commands.messages import announce, say, stdout
from polyplive.commands.session_setup import check_sure, make_sinks, open_pipeline, require_display, settings_from
from polyplive.errors import ConfigError
from polyplive.progress import progress_bar
from polyplive.replay import ReplaySettings, ReplaySummary
from polyplive.replay import replay as run_replay
from polyplive.session import open_source

if TYPE_CHECKING:
    from pathlib import Path

    from polyplive.config import Settings
    from polyplive.sinks.base import Sink
    from polyplive.types import SourceInfo


def replay(given: dict[str, Any]) -> int:
    """In the window, or with ``headless`` as a plain loop."""
    settings = settings_from(given)
    check_sure(given, settings)
    video: Path = given["video"]
    sinks = make_sinks(given, video)
    if given["headless"]:
        return replay_headless(video, settings, sinks, given)
    source = open_source(video, deinterlace=given["deinterlace"])  # what is wrong with it is said before a window
    source.close()
    check_start(given["start"], source.info)
    require_display()
    from polyplive.gui.app import run_window

    return run_window(
        open_source=lambda: open_source(video, deinterlace=given["deinterlace"]),
        open_pipeline=lambda: open_pipeline(settings),
        settings=settings,
        sinks=sinks,
        start_s=given["start"],
        frames=given["frames"],
        snapshots=given["snapshots"],
    )


def check_start(start_s: float, video: SourceInfo) -> None:
    """Raise ``ConfigError`` for a start behind the end, from which there is nothing to replay."""
    if video.duration_s is not None and start_s > 0 and start_s >= video.duration_s:
        raise ConfigError(
            f"--start {start_s:.12g} is behind the end of '{video.name}', which is {video.duration_s:.2f} s long",
            "Give an earlier second.",
        )


def replay_headless(video: Path, settings: Settings, sinks: list[Sink], given: dict[str, Any]) -> int:
    """Process every frame in order and print a summary; 1 when a sink failed."""
    limits = ReplaySettings(given.get("start", 0.0), given.get("frames"), settings.overlay)
    source = open_source(video, deinterlace=given.get("deinterlace", False))
    try:
        check_start(limits.start_s, source.info)
        with open_pipeline(settings) as pipeline:
            announce(pipeline.engine.spec)
            total = source.info.frames if limits.frames is None else limits.frames
            with progress_bar(video.name, total) as advance:
                summary = run_replay(source, pipeline, sinks, limits, advance)
    finally:
        source.close()
    print_summary(summary)
    for failure in summary.failures:
        say(f"polyplive: {failure}")
    return 1 if summary.failures else 130 if summary.reason == "stopped" else 0


def print_summary(summary: ReplaySummary) -> None:
    """What was done, in a few lines."""
    tally = summary.tally
    lost = ", ".join(f"{count} {cause}" for cause, count in tally.dropped.items() if count) or "none"
    stdout.print(f"{tally.processed} of {tally.read} frames processed ({summary.reason}); dropped: {lost}")
    stdout.print(f"{summary.marked} frames marked; {summary.fps:.1f} frames a second, all stages together")
    if summary.annotation_delay is not None:
        delay = summary.annotation_delay
        stdout.print(f"Annotation delay: {delay.p50:.1f} ms (p50), {delay.p99:.1f} ms (p99)")
    stages = ", ".join(f"{name} {figures.p50:.1f}" for name, figures in summary.stages.items())
    if stages:
        stdout.print(f"Stages, ms (p50): {stages}")
