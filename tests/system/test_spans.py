"""Spans: kept only while somebody records them, from every thread."""

from __future__ import annotations

import threading

import pytest

from polyplive.system.spans import DRAW, READ, note_moment, recorded_spans, span


def test_nothing_is_kept_unless_it_is_recorded() -> None:
    with span(DRAW, 1):
        pass
    with recorded_spans() as found, span(DRAW, 2):
        note_moment(READ, 2)
    with span(DRAW, 3):
        pass
    assert [(each.stage, each.frame) for each in found] == [(READ, 2), (DRAW, 2)]
    moment, drawn = found
    assert moment.ms == 0
    assert drawn.began_s <= moment.began_s <= drawn.ended_s


def test_a_span_that_fails_is_none() -> None:
    with recorded_spans() as found, pytest.raises(ValueError, match="no"), span(DRAW, 1):
        raise ValueError("no")
    assert not found


def test_a_span_that_began_before_the_recording_is_none() -> None:
    early = span(DRAW, 1)
    early.__enter__()
    with recorded_spans() as found:
        early.__exit__(None, None, None)
    assert not found


def test_every_thread_is_heard() -> None:
    def work(number: int) -> None:
        for _ in range(200):
            with span(DRAW, number):
                pass

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    with recorded_spans() as found:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(each.frame for each in found) == sorted([0, 1, 2, 3] * 200)
