"""When what failed is tried again, and how old the last picture is: from the schedule that is really kept."""

from __future__ import annotations

import pytest

from polyplive.config import LiveSettings
from polyplive.sessions.engine_room.supervisor import EngineStatus
from polyplive.sessions.live.state import SourceStatus, next_try_s
from polyplive.types import SessionState

SETTINGS = LiveSettings(no_signal_s=0.8, reopen_s=3.0)


@pytest.mark.parametrize(
    ("state", "source", "engine", "expected"),
    [
        (SessionState.READY, SourceStatus(is_open=True, newest_s=100.0), EngineStatus(), None),
        (SessionState.RECONNECTING, SourceStatus(failure="gone", due_s=102.5), EngineStatus(), 2.5),
        (SessionState.RECONNECTING, SourceStatus(failure="gone", due_s=99.9), EngineStatus(), 0.0),
        (SessionState.RECONNECTING, SourceStatus(opening=True), EngineStatus(), 0.0),
        (SessionState.NO_SIGNAL, SourceStatus(is_open=True, began_s=90.0, newest_s=99.0), EngineStatus(), 2.0),
        (SessionState.NO_SIGNAL, SourceStatus(is_open=True, newest_s=100.0, signal="flat"), EngineStatus(), None),
        (SessionState.FAULT, SourceStatus(is_open=True), EngineStatus(failure="crashed", due_s=100.5), 0.5),
        (SessionState.FAULT, SourceStatus(is_open=True), EngineStatus(failure="crashed"), 0.0),
        (SessionState.STALE, SourceStatus(is_open=True), EngineStatus(due_s=100.5), None),
    ],
)
def test_it_is_counted_down(
    state: SessionState, source: SourceStatus, engine: EngineStatus, expected: float | None
) -> None:
    assert next_try_s(state, source, engine, SETTINGS, 100.0) == expected


def test_a_picture_is_as_old_as_the_last_one_that_showed_anything_new() -> None:
    assert SourceStatus().picture_age_s(100.0) is None
    assert SourceStatus(began_s=90.0, newest_s=95.0, failure="gone").picture_age_s(100.0) == 5.0
    flat = SourceStatus(is_open=True, newest_s=99.9, signal="flat", signal_since_s=93.0)
    assert flat.picture_age_s(100.0) == 7.0
