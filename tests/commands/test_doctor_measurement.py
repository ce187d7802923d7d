"""``polyplive doctor`` shows what was measured for live video, and measures again when it is asked to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from polyplive.cli import main
from polyplive.commands import doctor_measurement
from polyplive.config import Settings
from polyplive.sessions.tuning import tuned
from polyplive.sessions.tuning.measurement import Row
from polyplive.sessions.tuning.setups import setups_for

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from polyplive.sessions.engine_room.interrupt import Interrupt
    from polyplive.sessions.tuning.setups import Setup


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where measurements are kept; one takes no time, and each setup takes longer than the one before."""
    for module in (doctor_measurement, tuned):
        monkeypatch.setattr(module, "default_folder", lambda: tmp_path)

    def measure(setups: Sequence[Setup], interrupt: Interrupt | None = None) -> tuple[Row, ...]:
        *ran, last = setups
        rows = tuple(Row(setup, 10.0 + 5 * place, 6.0) for place, setup in enumerate(ran))
        return (*rows, Row(last, failure="It was not open within 8 s."))

    monkeypatch.setattr(tuned, "measure", measure)
    return tmp_path


def test_without_a_measurement_it_says_how_to_make_one_and_makes_none(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor"]) == 0
    assert "not measured yet" in " ".join(capsys.readouterr().out.split())
    assert not list(folder.iterdir())


def test_every_setup_is_shown_with_its_ratio_and_the_choice_is_marked(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", "--measure"]) == 0
    assert main(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    setups = setups_for(Settings())
    for setup in setups:
        assert sum(str(setup) in line for line in lines) == 2, setup
    (chosen,) = {line for line in lines if line.lstrip("│ ").startswith("chosen")}
    assert "10.0" in chosen
    assert "1.00" in chosen
    assert any("1.50" in line and str(setups[1]) in line for line in lines)
    assert any("not open within" in line and str(setups[-1]) in line for line in lines)
    assert any("polyplive doctor --measure" in line for line in lines)
