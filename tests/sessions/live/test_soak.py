"""The soak, short: its figures must add up here as they do over hours."""

from __future__ import annotations

import pytest
from soak import SOURCE_FAULTS, Schedule, soak

from polyplive.sessions.engine_room import supervisor
from polyplive.sessions.live import LiveSession, capture, source_supervisor

LONGEST_MIN = 5.0


def is_enough(session: LiveSession, schedule: Schedule) -> bool:
    """Faults of both kinds have come, and results."""
    summary = session.summary()
    return sum(schedule.dealt.values()) >= 5 and summary.engine_starts >= 3 and summary.tally.processed > 0


@pytest.mark.parametrize("seed", [1, 2])
def test_a_short_soak_explains_every_frame_and_leaves_nothing(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (supervisor, source_supervisor, capture):
        monkeypatch.setattr(module, "FIRST_DELAY_S", 0.05)
    outcome = soak(LONGEST_MIN, seed, fps=60, every_s=0.5, shipped=False, is_enough=is_enough)
    assert sum(outcome.faults.values()) >= 5
    assert outcome.engine_starts >= 3
    assert outcome.given == outcome.read
    assert outcome.unexplained() == 0
    assert outcome.threads_left == []
    assert outcome.handles_after <= outcome.handles_before + 1
    assert outcome.processed > 0


@pytest.mark.heavy
def test_two_minutes_with_the_shipped_model() -> None:
    """Pictures keep their size: a larger one takes more memory, which would hide what is lost, or look like it."""
    outcome = soak(2.0, seed=11, kinds=tuple(kind for kind in SOURCE_FAULTS if kind != "size"))
    assert outcome.unexplained() == 0
    assert outcome.threads_left == []
    assert outcome.slope_per_minute < max(5.0, 4 * outcome.slope_error)
