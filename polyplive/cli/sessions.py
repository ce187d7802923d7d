"""The commands that show or process video."""

from __future__ import annotations

import sys
from typing import Any

import click

from polyplive.cli.group import EXISTING, cli
from polyplive.commands.options import (
    Seconds,
    capture_options,
    engine_options,
    finding_options,
    governor_options,
    overlay_options,
    path_options,
    pipeline_options,
    recording_options,
    sink_options,
    source_options,
    window_options,
)
from polyplive.commands.requests import check_confirmation, make_request
from polyplive.config import LIVE_MIN_FRAMES


@cli.command("demo", epilog="Example: polyplive demo")
@click.option("--output", type=EXISTING, metavar="FOLDER", help="Write overlay video, events and report into it.")
@click.option("--headless", is_flag=True, help="Write files also where a window could be opened.")
@engine_options
def demo_command(**options: Any) -> None:
    """Replay the rendered demo clip.

    Opens a window; with no display it writes the overlay video and says where.
    """
    from polyplive.commands import demo, window

    request = make_request(demo.DemoRequest, options)
    sys.exit(window.run_demo(request.settings) if demo.wants_window(request) else demo.run(request))


@cli.command("replay", epilog="Example: polyplive replay procedure.mp4 --record overlay.mp4 --events events.jsonl")
@click.argument("video", type=EXISTING)
@click.option("--headless", is_flag=True, help="No window: process every frame as fast as possible, then end.")
@click.option("--start", "start_s", type=Seconds(), metavar="SECONDS", help="Where to begin.")
@click.option("--frames", type=int, metavar="N", help="Stop after N frames.")
@click.option("--follow", is_flag=True, help="The video is still being written: go on as it grows.")
@click.option(
    "--idle",
    "idle_s",
    type=Seconds(),
    metavar="SECONDS",
    help="With --follow: end when it has not grown for so long.  [default: 10]",
)
@click.option("--deinterlace", is_flag=True, help="For interlaced recordings.")
@window_options
@source_options
@sink_options
@path_options
@overlay_options
@finding_options
@pipeline_options
@engine_options
def replay_command(**options: Any) -> None:
    """Show a recorded procedure with contours, masks and heatmap."""
    from polyplive.commands import replay, window

    request = make_request(replay.ReplayRequest, options)
    check_confirmation(options, request.settings.pipeline.min_frames)
    sys.exit(replay.run(request) if request.headless else window.run_replay(request))


@cli.command("live", epilog="Example: polyplive live /dev/video0 --size 1920x1080 --rate 60 --record overlay.mp4")
@click.argument("device", required=False)
@click.option("--headless", is_flag=True, help="No window: for servers and scripts.")
@click.option("--frames", type=int, metavar="N", help="End after N frames.")
@click.option("--sound", is_flag=True, help="Beep at a new finding.")
@window_options
@source_options
@capture_options
@recording_options
@path_options
@overlay_options
@finding_options
@pipeline_options
@governor_options
@engine_options
def live_command(**options: Any) -> None:
    """Overlay on a running capture card, camera, screen or stream.

    DEVICE is an id or path that 'polyplive devices' lists, 'screen:0.0', or an address such as rtsp://host/stream;
    without it, the first device is taken. Video never waits for the model.
    """
    from polyplive.commands import live, window

    request = make_request(live.LiveRequest, options)
    check_confirmation(options, request.settings.pipeline.min_frames or LIVE_MIN_FRAMES)
    sys.exit(live.run(request) if request.headless else window.run_live(request))
