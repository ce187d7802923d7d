"""The slot between two threads."""

from __future__ import annotations

import threading

import pytest
from processes import PATIENCE_S

from polyplive.sessions.slot import LatestSlot


def test_the_newest_value_replaces_the_one_that_nobody_took() -> None:
    slot: LatestSlot[int] = LatestSlot()
    for value in range(4):
        slot.put(value)
    assert slot.take() == 3
    assert slot.dropped == 3


def test_a_value_is_taken_once() -> None:
    slot: LatestSlot[int] = LatestSlot()
    slot.put(0)
    assert slot.take() == 0
    with pytest.raises(TimeoutError):
        slot.take(0.01)
    assert slot.dropped == 0


def test_what_was_taken_is_noted_before_anyone_sees_the_slot_empty() -> None:
    slot: LatestSlot[int] = LatestSlot()
    slot.put(7)
    seen: list[object] = []
    other = threading.Thread(target=lambda: seen.append(slot.is_empty))

    def note(value: int) -> None:
        other.start()
        other.join(0.1)
        seen.append(value)

    assert slot.take(on_taken=note) == 7
    other.join()
    assert seen == [7, True]


def test_take_waits_for_a_value() -> None:
    slot: LatestSlot[str] = LatestSlot()
    taken: list[str | None] = []
    reader = threading.Thread(target=lambda: taken.append(slot.take()))
    reader.start()
    slot.put("late")
    reader.join(PATIENCE_S)
    assert taken == ["late"]


def test_close_wakes_every_reader() -> None:
    slot: LatestSlot[int] = LatestSlot()
    taken: list[int | None] = []
    readers = [threading.Thread(target=lambda: taken.append(slot.take())) for _ in range(3)]
    for reader in readers:
        reader.start()
    slot.close()
    for reader in readers:
        reader.join(PATIENCE_S)
    assert taken == [None, None, None]
    slot.put(1)
    assert slot.take() is None


def test_every_reader_sees_the_first_error() -> None:
    slot: LatestSlot[int] = LatestSlot()
    slot.close(OSError("the cable was pulled"))
    slot.close(ValueError("a later one"))
    for _ in range(2):
        with pytest.raises(OSError, match="cable"):
            slot.take()
