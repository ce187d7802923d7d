"""``polyplive demo``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from polyplive.commands.messages import stdout
from polyplive.commands.replay import replay_headless
from polyplive.commands.session_setup import make_sinks, open_pipeline, settings_from
from polyplive.demo import TruthSink, demo_clip
from polyplive.errors import SinkError
from polyplive.machine import has_display
from polyplive.session import open_source

OUTPUT = Path("polyplive-demo")


def demo(given: dict[str, Any]) -> int:
    """The rendered clip in the window, or as files where there is no display."""
    settings = settings_from(given)
    clip = demo_clip()
    if not given["headless"] and given["output"] is None and has_display():
        from polyplive.gui.app import run_window

        return run_window(
            open_source=lambda: open_source(clip), open_pipeline=lambda: open_pipeline(settings), settings=settings
        )
    folder = _folder(given["output"] or OUTPUT)
    files = {"record": folder / "overlay.mp4", "events": folder / "events.jsonl", "report": folder / "report.html"}
    truth = TruthSink()
    code = replay_headless(clip, settings, [*make_sinks(dict(files)), truth], {})
    for line in truth.summary():
        stdout.print(line)
    for label, name in (("Overlay video", "record"), ("Events", "events"), ("Report", "report")):
        stdout.print(f"{label}: {files[name].resolve()}", markup=False)
    return code


def _folder(folder: Path) -> Path:
    """``folder``, made if need be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SinkError(f"Cannot make the folder '{folder}': {error.strerror}", "Name another with --output.") from None
    return folder
