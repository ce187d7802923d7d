"""Results that are late for good: the delay is told, and each saving that is left can be chosen, one by one."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

import pytest
from live_rig import PATIENT, Rig
from slowed_governor import named

from polyplive.sessions.live import lateness
from polyplive.sessions.live.savings import Saving
from polyplive.sessions.recorder.recorder import Recorder
from polyplive.sessions.recorder.thread import ResultsThread
from polyplive.sinks.events import EventsSink
from polyplive.sources.capture.address import parse_address
from polyplive.sources.capture.options import CaptureRequest
from polyplive.sources.capture.slower import slower_request
from polyplive.types import OverlaySettings

if TYPE_CHECKING:
    from pathlib import Path

    from polyplive.sessions.live.savings import Late


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lateness, "WINDOW_S", 0.3)
    monkeypatch.setattr(lateness, "HANGS_S", 60.0)


def test_each_saving_is_suggested_when_its_turn_comes_done_when_chosen_and_said(tmp_path: Path) -> None:
    path, slower = tmp_path / "events.jsonl", []

    def open_slower(rate: float):
        return (lambda: slower.append(rate) or rig.open_source()) if rate >= 24 and not slower else None

    parts = {
        "settings": dataclasses.replace(PATIENT, max_age_ms=1.0),  # nothing is that young
        "open_faster": lambda spec: load_fast if spec.manifest.name == "accurate" else None,
        "open_slower": open_slower,
        "recorders": (ResultsThread(Recorder([EventsSink(path)])),),
        "with_screen": True,
    }
    rig = Rig(parts, openers=(named("accurate", 0.03), named("fast", 0.02)))
    load_fast = rig.open_engine
    with rig:

        def late(saving: Saving | None) -> Late:
            said: list[Late | None] = []
            rig.stream_until(lambda: said.append(rig.session.view().late) or (said[-1] and said[-1].saving is saving))
            assert said[-1].max_age_ms == 1.0 < said[-1].delay_ms
            return said[-1]

        for saving in (Saving.FEWER_HEATMAPS, Saving.FASTER_MODEL):
            late(saving)
            rig.session.savings.take(Saving.LOWER_RATE)  # it is not its turn
            with rig.session._lock:  # so that the watchdog does not look in between
                rig.session.savings.take(saving)
                assert rig.session.view().late is None, "it is judged anew"
        late(Saving.FEWER_HEATMAPS)  # the faster model begins with all of them
        assert rig.session.view().engine.manifest.name == "fast"
        rig.session.savings.take(Saving.FEWER_HEATMAPS)
        late(Saving.LOWER_RATE)
        rig.session.savings.take(Saving.LOWER_RATE)
        rig.stream_until(lambda: slower, "the source is opened at a lower rate")
        late(None)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    steps = [line["reason"] for line in lines if line["type"] == "governor"]
    assert steps == [
        "Chosen: heatmap on every fourth frame.",
        "Chosen: fast runs.",
        "Chosen: heatmap on every fourth frame.",
    ]
    reasons = [line["reason"] for line in lines if line["type"] == "state"]
    assert any("1 ms are allowed" in reason for reason in reasons)
    assert "Chosen: the source is opened again at a lower rate." in reasons
    assert slower == [30.0]


def test_without_heatmaps_none_can_be_spared_and_what_is_in_time_is_not_told(monkeypatch) -> None:
    monkeypatch.setattr(lateness, "WINDOW_S", 0.05)
    with Rig({"with_screen": True}) as rig:
        rig.stream_until(lambda: rig.session.summary().tally.processed > 20)
        assert rig.session.view().late is None
    bare = {"settings": dataclasses.replace(PATIENT, max_age_ms=1e-3), "overlay": OverlaySettings(heatmap=False)}
    with Rig(bare) as rig:
        rig.stream_until(lambda: rig.session.view().late)
        assert rig.session.view().late.saving is None


def test_what_was_painted_is_counted(monkeypatch) -> None:
    with Rig({"with_screen": True}) as rig:
        rig.stream_until(lambda: rig.session.summary().marks_shown > 5)
        rig.session.set_overlay(OverlaySettings(visible=False))
        drawn = rig.session.summary()
        rig.stream_until(lambda: rig.session.summary().shown > drawn.shown + 10)
        after = rig.session.summary()
        assert (after.overlaid, after.marks_shown) == (drawn.overlaid, drawn.marks_shown)
        assert after.closing_figures()["overlaid"] == after.overlaid
    summary = rig.session.summary()
    assert 0 < summary.marks_shown <= summary.overlaid < summary.shown
    assert summary.marked > 0, "of frames that were processed, shown or not"


def test_half_the_rate_is_asked_for_where_it_can_be() -> None:
    card, wish = parse_address("/dev/video0"), CaptureRequest(size=(640, 480), rate=60.0)
    assert slower_request(card, wish, 60.0) == CaptureRequest(size=(640, 480), rate=30.0)
    assert slower_request(card, wish, 20.0) is None
    assert slower_request(parse_address("rtsp://127.0.0.1/x"), wish, 60.0) is None
