"""``polyplive demo``."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from polyplive.commands.messages import stdout
from polyplive.commands.outputs import try_outputs
from polyplive.commands.replay import ReplayRequest, replay_headless
from polyplive.commands.session_setup import make_sinks
from polyplive.config import Settings
from polyplive.evaluation.demo_truth import TruthSink, demo_clip
from polyplive.system.machine import has_display
from polyplive.validation import check_fields

OUTPUT = Path("polyplive-demo")


@dataclass(frozen=True, slots=True)
class DemoRequest:
    """The request of ``polyplive demo``; ``output`` is the folder for files and means that no window opens."""

    settings: Settings = field(default_factory=Settings)
    output: Path | None = None
    headless: bool = False

    def __post_init__(self) -> None:
        check_fields(self)


def wants_window(request: DemoRequest) -> bool:
    """Whether the clip is shown: files are not what was asked for, and a window can be opened."""
    return not request.headless and request.output is None and has_display()


def run(request: DemoRequest) -> int:
    """Write what the rendered clip gives into files. Returns the exit code."""
    settings, clip = request.settings, demo_clip()
    folder = request.output or OUTPUT
    files = {"record": folder / "overlay.mp4", "events": folder / "events.jsonl", "report": folder / "report.html"}
    try_outputs({"output": folder, **files}, clip)
    truth = TruthSink()
    code = replay_headless(ReplayRequest(clip, settings, headless=True), [*make_sinks(files), truth])
    for line in truth.summary():
        stdout.print(line)
    for label, name in (("Overlay video", "record"), ("Events", "events"), ("Report", "report")):
        stdout.print(f"{label}: {files[name].resolve()}")
    return code
