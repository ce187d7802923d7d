"""The governor in a session of real engine processes: its steps come in order, are said, and go back."""

from __future__ import annotations

import dataclasses
import functools
import json
import threading
import time
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from live_rig import PATIENT, Rig
from processes import EQUAL, PATIENCE_S, is_alive
from slowed_governor import Load, SlowedGovernor, named

from polyplive.errors import ModelNotFound
from polyplive.sessions.engine_room.process_engine import ProcessEngine, ProcessLimits
from polyplive.sessions.live import governing, governor
from polyplive.sessions.recorder.recorder import Recorder
from polyplive.sessions.recorder.thread import ResultsThread
from polyplive.sinks.events import EventsSink
from polyplive.types import SessionState

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from polyplive.backends.base import EngineSpec
    from polyplive.sessions.engine_room.interrupt import Interrupt

GOAL_MS = 500
GOVERNED = dataclasses.replace(PATIENT, delay_goal_ms=GOAL_MS, governor=True)
TOO_MUCH, LIGHT = 90.0, 10.0
"""Slowed so, the accurate model takes 0.54 to 0.81 s a frame, or a ninth, and the fast one a quarter of that."""
LADDER = [(model, every) for model in ("accurate", "fast") for every in (1, 2, 3)]


@pytest.fixture(autouse=True)
def load(monkeypatch: pytest.MonkeyPatch) -> Load:
    """Of the engines. The policy has all of its times shortened by the same factor, and one step fewer."""
    for name in ("WINDOW_S", "TURN_S", "PATIENCE_S", "RELAPSE_S"):
        monkeypatch.setattr(governor, name, getattr(governor, name) / 10)
    monkeypatch.setattr(governor, "_FADES", governor._FADES / 10)
    monkeypatch.setattr(governor, "MOST_SPARED", 3)
    monkeypatch.setattr(governing, "SAID_S", PATIENCE_S)
    made = Load()
    monkeypatch.setattr(governing, "Governor", functools.partial(SlowedGovernor, load=made))
    return made


class GovernedRig(Rig):
    """A session with an accurate model and a faster one, each in a process of its own."""

    def __init__(self, folder: Path, **changes: object) -> None:
        self.path = folder / "events.jsonl"
        self.faster: list[ProcessEngine] = []
        parts = {
            "settings": GOVERNED,
            "with_screen": True,
            "open_faster": self.open_faster,
            "recorders": (ResultsThread(Recorder([EventsSink(self.path)])),),
        }
        super().__init__(parts | changes, openers=(named("accurate"),))

    def open_faster(self, spec: EngineSpec) -> Callable[[Interrupt], ProcessEngine] | None:
        return self.open_fast if spec.manifest.name == "accurate" else None

    def open_fast(self, interrupt: Interrupt) -> ProcessEngine:
        self.faster.append(ProcessEngine(named("fast"), ProcessLimits(niceness=EQUAL), interrupt=interrupt))
        return self.faster[-1]

    @property
    def steps(self) -> list[tuple[str, int]]:
        return [(step.model, step.heatmap_every) for step in self.session.summary().governor_steps]

    @property
    def lines(self) -> list[dict]:
        return [json.loads(line) for line in self.path.read_text().splitlines()]


def test_a_slowed_engine_is_governed_step_by_step_and_back(tmp_path: Path, load: Load) -> None:
    said: set[str] = set()
    with GovernedRig(tmp_path) as rig:
        rig.stream_until(lambda: rig.session.state[0] is SessionState.READY)
        load.factor = TOO_MUCH
        rig.stream_until(lambda: said.add(rig.show().governed) or rig.steps[-1:] == [("fast", 1)], "the fast model")
        assert rig.steps == LADDER[1:4]
        assert rig.session.view().engine.manifest.name == "fast"
        done = rig.session.summary().tally.processed
        rig.stream_until(lambda: rig.session.summary().tally.processed > done + 8, "what the fast model takes")
        load.factor = LIGHT
        rig.stream_until(lambda: said.add(rig.show().governed) or rig.steps[-1:] == LADDER[:1], "everything again")
        assert rig.show().reason == rig.session.summary().governor_steps[-1].reason, "news is on the picture"
        steps = rig.session.summary().governor_steps
        assert {one.track for one in rig.show().prediction.detections} == {1}, "the finding keeps its number"
    places = [LADDER.index(step) for step in [LADDER[0], *rig.steps]]
    assert all(abs(after - before) == 1 for before, after in pairwise(places)), places
    assert {step.reason for step in steps} <= said, "each was on screen"
    written = [line for line in rig.lines if line["type"] == "governor"]
    assert [(line["model"], line["heatmap_every"], line["reason"]) for line in written] == [
        (step.model, step.heatmap_every, step.reason) for step in steps
    ]
    assert rig.lines[-1]["live"]["governor_steps"] == len(steps)
    assert rig.session.summary().engine_starts == 1, "no engine failed"
    assert not any(is_alive(engine.process_id) for engine in [*rig.engines, *rig.faster])
    check_maps(rig)


def check_maps(rig: GovernedRig) -> None:
    """Every result says of which frame its map is: its own, or an earlier one of the same model."""
    frames = [line for line in rig.lines if line["type"] in ("frame", "governor")]
    own, kept = set(), 0
    for line in frames:
        if line["type"] == "governor":
            continue
        if line["heatmap_of"] == line["index"]:
            own.add(line["index"])
        elif line["heatmap_of"] is not None:
            assert line["heatmap_of"] in own
            kept += 1
    assert kept > 0
    summary = rig.session.summary()
    assert len(own) <= summary.heatmaps < summary.heatmaps_wanted
    assert summary.heatmap_cadence > 1


def test_the_governor_is_told_how_old_each_result_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of one that waited in the engine, and of the next one, which waited for it."""
    told: list[float] = []
    monkeypatch.setattr(SlowedGovernor, "answered", lambda _, now_s, age_s: told.append(age_s))
    entered, go_on = threading.Event(), threading.Event()

    def wait(_: int) -> None:
        entered.set()
        assert go_on.wait(PATIENCE_S)

    with Rig({"settings": GOVERNED}, wait) as rig:
        sent_s = time.monotonic()
        rig.send()
        rig.wait(entered.is_set)
        rig.send()
        rig.wait(lambda: rig.session.summary().tally.read == 2)
        read_s = time.monotonic()
        go_on.wait(0.05)
        opened_s = time.monotonic()
        go_on.set()
        rig.wait(lambda: len(told) == 2)
        ended_s = time.monotonic()
    assert all(opened_s - read_s <= age_s <= ended_s - sent_s for age_s in told)


def test_no_governor_leaves_everything_as_it_is(tmp_path: Path) -> None:
    """Where each result comes too late."""
    settings = dataclasses.replace(GOVERNED, delay_goal_ms=1e-3, governor=False)
    with GovernedRig(tmp_path, settings=settings) as rig:
        rig.stream_until(lambda: rig.session.summary().tally.processed >= 15)
    summary = rig.session.summary()
    assert summary.governor_steps == ()
    assert summary.heatmaps == summary.heatmaps_wanted == summary.tally.processed
    assert not rig.faster


def test_a_faster_model_that_cannot_be_opened_is_said_and_the_present_one_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, load: Load
) -> None:
    monkeypatch.setattr(governor, "MOST_SPARED", 1)  # the model is the first step

    def refuse(_: Interrupt) -> ProcessEngine:
        raise ModelNotFound("No model 'fast'", "Install it.")

    with GovernedRig(tmp_path, open_faster=lambda spec: refuse) as rig:
        load.factor = TOO_MUCH
        rig.stream_until(lambda: any("cannot be opened" in line.get("reason", "") for line in events_of(rig)), "said")
        done = rig.session.summary().tally.processed
        rig.stream_until(lambda: rig.session.summary().tally.processed > done + 2, "it goes on")
        assert rig.steps == []
    assert rig.session.summary().engine_starts == 1


def events_of(rig: GovernedRig) -> list[dict]:
    text = rig.path.read_text() if rig.path.exists() else ""
    return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]


def test_a_session_that_ends_while_the_other_model_opens_leaves_no_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, load: Load
) -> None:
    monkeypatch.setattr(governor, "MOST_SPARED", 1)
    with GovernedRig(tmp_path) as rig:
        load.factor = TOO_MUCH
        rig.stream_until(lambda: rig.session._results.governing._coming is not None, "the exchange began")
    assert not any(is_alive(engine.process_id) for engine in [*rig.engines, *rig.faster])


def test_each_step_has_its_words() -> None:
    late = "Results came later than 120 ms"
    before, after = governor.Step(0, 1), governor.Step(0, 2)
    assert governing._in_words(before, after, late, "m") == (
        "Results came later than 120 ms: heatmap on every second frame."
    )
    assert governing._in_words(after, before, late, "m") == "There is room again: heatmap on every frame."
    faster = governor.Step(1, 1)
    assert governing._in_words(after, faster, late, "fast") == "Results came later than 120 ms: fast runs."
    assert governing._in_words(faster, governor.Step(0, 4), late, "accurate") == (
        "There is room again: accurate runs, heatmap on every fourth frame."
    )
