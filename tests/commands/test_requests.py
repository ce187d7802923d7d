"""One frozen request a command: every option has its field, and a program can build one and run it."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from clipmaker import write_clip

from polyplive.cli import cli
from polyplive.commands import (
    batch,
    bench,
    build,
    demo,
    desktop_entry,
    devices,
    doctor,
    evaluate,
    evaluate_procedures,
    evaluate_recording,
    explain,
    export,
    export_findings,
    live,
    replay,
    report,
    review,
    train,
    verify,
)
from polyplive.commands.requests import PICTURES_ONLY, RECORDINGS_ONLY, make_request
from polyplive.config import SETTING_NAMES, Settings, load_settings
from polyplive.errors import ConfigError

REQUESTS = [
    ("batch", batch.BatchRequest, ()),
    ("bench", bench.BenchRequest, ()),
    ("build", build.BuildRequest, ()),
    ("demo", demo.DemoRequest, ()),
    ("desktop-entry", desktop_entry.DesktopEntryRequest, ()),
    ("devices", devices.DevicesRequest, ()),
    ("doctor", doctor.DoctorRequest, ()),
    ("evaluate", evaluate.EvaluatePicturesRequest, RECORDINGS_ONLY),
    ("evaluate", evaluate_recording.EvaluateRecordingRequest, PICTURES_ONLY),
    ("evaluate-procedures", evaluate_procedures.EvaluateProceduresRequest, ()),
    ("explain", explain.ExplainRequest, ()),
    ("export", export.ExportRequest, ()),
    ("export-findings", export_findings.ExportFindingsRequest, ()),
    ("live", live.LiveRequest, ()),
    ("replay", replay.ReplayRequest, ()),
    ("report", report.ReportRequest, ()),
    ("review", review.ReviewRequest, ()),
    ("train", train.TrainRequest, ()),
    ("verify", verify.VerifyRequest, ()),
]


@pytest.mark.parametrize(("command", "kind", "unwanted"), REQUESTS)
def test_every_option_is_a_field_or_a_setting(command: str, kind: type, unwanted: tuple[str, ...]) -> None:
    options = {option.name for option in cli.commands[command].params} - {"help", *unwanted}
    fields = {item.name for item in dataclasses.fields(kind)}
    settings = SETTING_NAMES | {"config"} if "settings" in fields else set()
    assert fields - {"settings"} <= options
    assert options <= fields | settings


def test_every_command_with_options_has_a_request() -> None:
    assert {name for name, command in cli.commands.items() if command.params} == {name for name, *_ in REQUESTS}


def test_options_override_the_file_that_they_name(tmp_path: Path) -> None:
    file = tmp_path / "my.toml"
    file.write_text("[pipeline]\nthreshold = 0.3\nmin_area = 0.01\n")
    made = make_request(replay.ReplayRequest, {"video": Path("a.mp4"), "config": file, "threshold": 0.6, "roi": None})
    assert made == replay.ReplayRequest(Path("a.mp4"), load_settings(file, {"threshold": 0.6}))
    assert (made.settings.pipeline.threshold, made.settings.pipeline.min_area) == (0.6, 0.01)


@pytest.mark.parametrize(
    ("kind", "values", "says"),
    [
        (replay.ReplayRequest, {"video": 3}, "ReplayRequest.video is 3. It must be a path"),
        (
            replay.ReplayRequest,
            {"video": Path("a"), "frames": 0},
            "frames is 0. It must be a whole number of at least 1",
        ),
        (live.LiveRequest, {"size": (0, 5)}, "size is (0, 5)"),
        (live.LiveRequest, {"settings": 5}, "settings is 5"),
        (train.TrainRequest, {"data": Path("a"), "epochs": "many"}, "epochs is 'many'"),
    ],
)
def test_a_request_that_a_program_builds_wrongly_is_refused(kind: type, values: dict, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        kind(**values)
    assert says in str(caught.value)


def test_a_program_can_run_a_request(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", frames=5)
    request = replay.ReplayRequest(clip, Settings(), headless=True, events=tmp_path / "events.jsonl", frames=3)
    assert replay.run(request) == 0
    lines = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    assert [line["type"] for line in lines] == ["session", "pipeline", *["frame"] * 3, "end"]


@pytest.mark.parametrize(("asked", "shown"), [(None, False), (True, True), (False, False)])
def test_a_live_source_is_opened_without_heat_unless_heat_is_asked_for(asked: bool | None, shown: bool) -> None:
    settings = load_settings(None, {"heatmap": asked, "model": "polyplive-fast"})
    made = live.opening(live.LiveRequest(settings, "udp://127.0.0.1:9"))
    assert made.settings.overlay.needs_cam is shown
    assert made.parts.overlay.needs_cam is shown
