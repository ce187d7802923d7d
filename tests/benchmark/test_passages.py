"""What delays a frame: its spans add up, and frames without a result of their own are counted."""

from __future__ import annotations

import pytest

from polyplive.benchmark.figures import ModeFigures
from polyplive.benchmark.passages import CAUSES, Passage, own_shares, passages
from polyplive.system.spans import (
    DECODE,
    DRAW,
    INFER,
    ON_SCREEN,
    POSTPROCESS,
    PREPROCESS,
    PRESENT,
    READ,
    Span,
)


def live_frame(number: int, at_s: float, *, answered: bool = True, with_map: bool = True) -> list[Span]:
    """4 ms decoded, 6 waiting, 2 prepared, 20 in the engine, 3 postprocessed, 1 idle, 2 drawn, 11 until it is seen."""
    made = [
        Span(DECODE, number, at_s - 0.005, at_s - 0.001),
        Span(READ, number, at_s, at_s),
        Span(PRESENT, number, at_s + 0.001, at_s + 0.004),
    ]
    if answered:
        made += [
            Span(PREPROCESS, number, at_s + 0.006, at_s + 0.008),
            Span(INFER, number, at_s + 0.008, at_s + 0.028, with_map),
            Span(POSTPROCESS, number, at_s + 0.028, at_s + 0.031),
            Span(DRAW, number, at_s + 0.032, at_s + 0.034),
            Span(ON_SCREEN, number, at_s + 0.045, at_s + 0.045),
            Span(ON_SCREEN, number, at_s + 0.062, at_s + 0.062),  # the same result over the next frame
        ]
    return made


def test_the_causes_of_a_live_frame_add_up_to_its_annotation_delay() -> None:
    (passage,) = passages(live_frame(7, 1.0))
    causes = passage.causes_ms()
    assert tuple(causes) == CAUSES
    expected = (4, 6, 2, 20, 3, 2, 11, 1)
    assert list(causes.values()) == pytest.approx(expected)
    assert sum(causes.values()) - causes[DECODE] == pytest.approx(45)


def test_a_number_that_comes_again_is_another_frame() -> None:
    """A benchmark plays a short recording again and again."""
    found = passages([*live_frame(0, 1.0), *live_frame(0, 2.0), *live_frame(1, 2.1)])
    assert [passage.index for passage in found] == [0, 0, 1]
    assert all(passage.causes_ms()[INFER] == pytest.approx(20) for passage in found)


def test_what_began_before_does_not_count() -> None:
    assert [each.index for each in passages([*live_frame(0, 1.0), *live_frame(1, 2.0)], 1.5)] == [1]


def test_frames_without_their_own_result_lower_the_shares_also_those_that_were_never_read() -> None:
    spans: list[Span] = []
    for number in (0, 1, 2, 3, 6, 7, 8):  # 4 and 5 were lost before they were read
        spans += live_frame(number, 1 + number / 30, answered=number in (0, 2, 6, 7), with_map=number == 2)
    shares = own_shares([passages(spans)])
    assert {name: (share["count"], share["of"]) for name, share in shares.items()} == {
        "own_overlays": (4, 8),
        "own_maps": (1, 8),
    }, "8 is still on its way"
    assert own_shares([]) == {"own_overlays": None, "own_maps": None}


def test_causes_that_took_no_time_are_left_out() -> None:
    figures = ModeFigures()
    drawn = [
        Span(DECODE, 0, 1.0, 1.25),
        Span(PREPROCESS, 0, 1.25, 1.5),
        Span(INFER, 0, 1.5, 2.0),
        Span(DRAW, 0, 2.0, 2.5),
    ]
    figures.passages.append(passages(drawn))
    assert {cause: found.p50 for cause, found in figures.delay_causes().items()} == {
        DECODE: 250,
        PREPROCESS: 250,
        INFER: 500,
        DRAW: 500,
    }
    assert not ModeFigures().delay_causes()
    assert not Passage(0).is_annotated
