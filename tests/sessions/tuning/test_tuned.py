"""A session's settings from the measurement of this machine: measured once, kept, said, and never in the way."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest
from processes import PATIENCE_S

from polyplive.config import EngineOptions, Settings
from polyplive.errors import EngineClosed
from polyplive.sessions.engine_room import opening
from polyplive.sessions.engine_room.interrupt import Interrupt
from polyplive.sessions.engine_room.opening import SameModelOpener
from polyplive.sessions.tuning import measurement, trial
from polyplive.sessions.tuning import tuned as module
from polyplive.sessions.tuning.measurement import Row
from polyplive.sessions.tuning.tuned import MEASURING, by_rule, tuned

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from polyplive.sessions.tuning.setups import Setup

ASKED = Settings(model="polyplive-fast", engine=EngineOptions(precision="float32"))


class Machine:
    """A machine on which the last setup is the fastest; it counts how often it is measured."""

    def __init__(self) -> None:
        self.measured = 0
        self.error: Exception | None = None
        self.is_busy = self.fails = False

    def measure(self, setups: Sequence[Setup], interrupt: Interrupt | None = None) -> tuple[Row, ...]:
        self.measured += 1
        if self.error is not None:
            raise self.error
        if self.fails:
            return tuple(Row(setup, failure="It did not run.") for setup in setups)
        return tuple(Row(setup, 30.0 - 5 * place, 5.0) for place, setup in enumerate(setups))


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine()
    monkeypatch.delenv("POLYPLIVE_MEASURE")
    monkeypatch.setattr(module, "measure", made.measure)
    monkeypatch.setattr(module, "is_busy", lambda: made.is_busy)
    return made


class Told:
    """What a user is told, and what the screen says meanwhile."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.screen: list[str] = []

    def ask(self, folder: Path, settings: Settings = ASKED) -> Settings:
        return tuned(settings, self.lines.append, None, self.screen.append, folder)


@pytest.fixture
def told() -> Told:
    return Told()


def test_the_first_start_measures_and_the_next_one_knows(machine: Machine, told: Told, tmp_path: Path) -> None:
    first = told.ask(tmp_path)
    assert told.screen == [MEASURING, ""]
    assert told.lines[0].startswith("Measured on this machine: polyplive-fast on ")
    assert told.ask(tmp_path) == first
    assert machine.measured == 1
    assert len(told.screen) == 2
    assert (first.model, first.engine.precision) == (ASKED.model, "float32")
    assert first.backend != "auto"


def test_a_damaged_measurement_is_made_anew_and_said_in_one_line(machine: Machine, told: Told, tmp_path: Path) -> None:
    first = told.ask(tmp_path)
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:-40])
    told.lines.clear()
    assert told.ask(tmp_path) == first
    assert machine.measured == 2
    assert told.lines[0] == "The kept measurement is damaged: this machine is measured again"
    assert len(told.lines) == 2


def test_what_was_measured_while_the_machine_was_busy_is_made_anew_once_it_is_not(
    machine: Machine, told: Told, tmp_path: Path
) -> None:
    machine.is_busy = True
    told.ask(tmp_path)
    told.ask(tmp_path)
    assert machine.measured == 1
    machine.is_busy = False
    told.ask(tmp_path)
    told.ask(tmp_path)
    assert machine.measured == 2


def test_where_nothing_runs_the_usual_model_is_taken_and_nothing_kept(
    machine: Machine, told: Told, tmp_path: Path
) -> None:
    machine.fails = True
    assert told.ask(tmp_path) == by_rule(ASKED)
    assert len(told.lines) == 1
    assert not list(tmp_path.iterdir())


def test_a_measurement_that_breaks_breaks_no_start(machine: Machine, told: Told, tmp_path: Path) -> None:
    machine.error = ZeroDivisionError("by nothing")
    assert told.ask(tmp_path) == by_rule(ASKED)
    assert told.screen == [MEASURING, ""]
    assert "could not be measured" in told.lines[0]
    machine.error = EngineClosed("The engine was closed while it worked")
    with pytest.raises(EngineClosed):
        told.ask(tmp_path)


def test_a_folder_that_cannot_be_written_breaks_no_start(machine: Machine, told: Told, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    first = told.ask(tmp_path / "file" / "measured")
    assert first == told.ask(tmp_path / "file" / "measured")
    assert machine.measured == 2
    assert all(line.startswith("Measured") for line in told.lines)


def test_nothing_is_measured_where_nothing_is_to_choose_or_the_user_said_no(
    machine: Machine, told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = dataclasses.replace(ASKED, backend="openvino", engine=EngineOptions("float32", 1))
    missing = dataclasses.replace(ASKED, model="no-such-model")
    gpu = dataclasses.replace(ASKED, backend="tensorrt")
    for settings in (named, missing, gpu):
        assert told.ask(tmp_path, settings) == by_rule(settings)
    monkeypatch.setenv("POLYPLIVE_MEASURE", "no")
    assert told.ask(tmp_path) == by_rule(ASKED)
    assert machine.measured == 0
    assert not told.lines


def test_the_opener_of_a_live_session_measures_once_and_says_so_meanwhile(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "default_folder", lambda: tmp_path)
    lines: list[str] = []
    opener = SameModelOpener(ASKED, lines.append, tune=True)
    seen: list[str] = []

    def measure(setups: Sequence[Setup], interrupt: Interrupt | None = None) -> tuple[Row, ...]:
        seen.append(opener.doing)
        return machine.measure(setups, interrupt)

    monkeypatch.setattr(module, "measure", measure)
    for _ in range(2):
        engine = opener(None)
        engine.close()
    assert seen == [MEASURING]
    assert opener.doing == ""
    assert lines[0] == MEASURING
    assert lines[1].startswith("Measured on this machine")
    assert lines[1].count(engine.spec.backend) == 1


def test_a_choice_that_cannot_be_opened_gives_way_to_the_usual_one(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        opening, "tuned", lambda settings, *_: dataclasses.replace(settings, backend="onnxruntime-cuda")
    )
    lines: list[str] = []
    engine = SameModelOpener(ASKED, lines.append, tune=True)(None)
    engine.close()
    assert engine.spec.backend == "openvino"
    assert any("cannot be opened" in line for line in lines)


def test_offline_the_same_settings_always_mean_the_same(machine: Machine) -> None:
    lines: list[str] = []
    engine = SameModelOpener(ASKED, lines.append)(None)
    engine.close()
    assert machine.measured == 0
    assert engine.spec.backend == "openvino"


def test_this_machine_is_really_measured_and_the_session_runs_what_won(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("POLYPLIVE_MEASURE")
    monkeypatch.setattr(module, "default_folder", lambda: tmp_path)
    monkeypatch.setattr(measurement, "OPENING_S", PATIENCE_S)
    monkeypatch.setattr(trial, "ANSWER_S", PATIENCE_S)
    monkeypatch.setattr(measurement, "SPAN_S", 0.1)
    lines: list[str] = []
    engine = SameModelOpener(dataclasses.replace(ASKED, engine=EngineOptions("float32", 1)), lines.append, tune=True)(
        None
    )
    engine.close()
    assert lines[0] == MEASURING
    assert f"{engine.spec.manifest.name} on {engine.spec.backend}, float32, 1 thread" in lines[1]
    assert len(list(tmp_path.iterdir())) == 1
