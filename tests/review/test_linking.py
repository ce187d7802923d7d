"""Tracks of findings that move, hide, return, cross and grow."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from polyplive.review.findings import FrameFindings
from polyplive.review.linking import Linker
from polyplive.types import Detection

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from polyplive.review.tracks import Track

FPS = 25
WIDTH, HEIGHT = 640, 512
NONE = np.zeros((0, 2), np.int32)

Found = tuple[float, float, float, float]
"""The middle, x and y in pixels, the size of a square box, and the score."""


def frame(index: int, *found: Found, size: tuple[int, int] = (WIDTH, HEIGHT)) -> FrameFindings:
    detections = []
    for number, (x, y, side, score) in enumerate(found, 1):
        box = round(x - side / 2), round(y - side / 2), round(side), round(side)
        detections.append(Detection(1000 * index + number, score, box, round(0.8 * side * side), NONE))
    return FrameFindings(index, index / FPS, *size, tuple(detections))


def linked(frames: Iterable[FrameFindings]) -> tuple[Track, ...]:
    linker = Linker(1 / FPS)
    for one in frames:
        linker.add(one)
    return linker.tracks()


def spans(tracks: Sequence[Track]) -> list[list[int]]:
    """The frames of each track."""
    return [[one.index for one in track.sightings] for track in tracks]


def wandering(index: int) -> Found:
    """A finding that moves on and back in front of the lens."""
    return 320 + 90 * math.sin(index / 12), 260 + 60 * math.cos(index / 17), 80, 0.9


def test_numbers_of_the_events_do_not_matter() -> None:
    """Every frame gives it another one."""
    assert spans(linked(frame(index, wandering(index)) for index in range(100))) == [list(range(100))]


@pytest.mark.parametrize("hidden_s", [0.2, 0.6, 2.0, 6.0])
def test_what_is_covered_for_a_while_where_it_stands_is_the_same(hidden_s: float) -> None:
    frames = [index for index in range(300) if not 60 <= index < 60 + hidden_s * FPS]
    assert spans(linked(frame(index, (300, 200, 90, 0.9)) for index in frames)) == [frames]


def test_what_is_uncovered_bit_by_bit_is_the_same() -> None:
    """A corner of it is seen first, and was seen last."""
    frames = []
    for index in range(150):
        side = 120.0 if not 50 <= index < 100 else max(abs(index - 75) - 15, 0) * 12.0
        if side:
            frames.append(frame(index, (260 + side / 2, 160 + side / 2, side, 0.9)))
    assert len(linked(frames)) == 1


def test_it_comes_back_where_it_left_the_picture() -> None:
    leaving = [frame(index, (300 + 5 * index, 250, 100, 0.9)) for index in range(55)]
    returning = [frame(200 + index, (570 - 5 * index, 260, 90, 0.9)) for index in range(50)]
    assert len(linked(leaving + returning)) == 1


@pytest.mark.parametrize("there", [(90, 250, 100, 0.9), (320, 250, 24, 0.9)], ids=["other side", "far ahead"])
def test_what_comes_elsewhere_or_in_another_size_is_another(there: Found) -> None:
    leaving = [frame(index, (300 + 5 * index, 250, 100, 0.9)) for index in range(55)]
    others = [frame(150 + index, there) for index in range(40)]
    assert [len(track.sightings) for track in linked(leaving + others)] == [55, 40]


def test_what_comes_elsewhere_just_as_another_goes_is_another() -> None:
    gone = [frame(index, (120, 250, 60, 0.9)) for index in range(40)]
    there = [frame(44 + index, (420, 250, 60, 0.9)) for index in range(40)]
    assert [len(track.sightings) for track in linked(gone + there)] == [40, 40]


def test_after_long_it_is_another_wherever_it_comes() -> None:
    frames = [*range(50), *range(50 + 25 * FPS, 100 + 25 * FPS)]
    assert len(linked(frame(index, (300, 200, 90, 0.9)) for index in frames)) == 2


def test_two_at_once_stay_two_while_one_hides_the_other() -> None:
    """They cross: for some frames only the nearer one is found."""
    frames = []
    for index in range(100):
        left, right = (120 + 4 * index, 240, 60, 0.9), (520 - 4 * index, 262, 90, 0.95)
        hidden = abs(left[0] - right[0]) < 50
        frames.append(frame(index, *([right] if hidden else [left, right])))
    tracks = linked(frames)
    assert len(tracks) == 2
    ends = {track.sightings[0].box[2]: track.sightings[-1].box[2] for track in tracks}
    assert ends == {60: 60, 90: 90}


def test_two_that_vanish_together_come_back_as_they_stood() -> None:
    """The picture has moved by more than half of what is between them."""
    pair = [(200, 250, 70, 0.9), (320, 250, 70, 0.9)]
    moved = [(270, 250, 70, 0.9), (390, 250, 70, 0.9)]
    tracks = linked(frame(index, *(pair if index < 50 else moved)) for index in range(150) if not 50 <= index < 100)
    assert [len(track.sightings) for track in tracks] == [100, 100]
    assert [track.sightings[-1].box[0] for track in tracks] == [270 - 35, 390 - 35]


def test_fast_growth_is_no_other_finding() -> None:
    """From far away to as near as it gets within a second."""
    frames = [frame(index, (320, 256, 20 * 1.12**index, 0.9)) for index in range(25)]
    assert len(linked(frames)) == 1


def test_a_picture_of_another_size_shows_the_same_finding() -> None:
    whole = [frame(index, (300, 200, 80, 0.9)) for index in range(40)]
    half = [frame(40 + index, (150, 100, 40, 0.9), size=(WIDTH // 2, HEIGHT // 2)) for index in range(40)]
    (track,) = linked(whole + half)
    assert track.largest.share == pytest.approx(track.sightings[-1].share, rel=0.01)


def test_at_half_of_the_frames_tracks_are_the_same() -> None:
    def seen(step: int) -> list[FrameFindings]:
        return [frame(index, wandering(index), (80 + index, 440, 60, 0.9)) for index in range(0, 200, step)]

    assert len(linked(seen(1))) == len(linked(seen(2))) == len(linked(seen(4))) == 2


@pytest.mark.parametrize(("frames", "score"), [(2, 0.95), (8, 0.55)], ids=["two frames", "faint"])
def test_what_has_little_evidence_is_no_finding(frames: int, score: float) -> None:
    speck = [(120, 100, 40, score)]
    seen = [frame(index, (400, 300, 80, 0.9), *(speck if index < frames else [])) for index in range(30)]
    assert spans(linked(seen)) == [list(range(30))]


def test_a_speck_elsewhere_does_not_take_over_a_finding_that_is_gone() -> None:
    seen = [frame(index, (500, 150, 60, 0.9)) for index in range(30)]
    speck = [frame(31, (80, 420, 60, 0.9))]
    back = [frame(45 + index, (510, 160, 60, 0.9)) for index in range(30)]
    assert [len(track.sightings) for track in linked(seen + speck + back)] == [60]


def test_a_jump_to_later_and_back_gives_what_plain_play_gives() -> None:
    """A session that skipped ahead, went back and saw a part twice."""
    frames = [frame(index, wandering(index), *([(100, 400, 50, 0.9)] * (index > 150))) for index in range(300)]
    linker = Linker(1 / FPS)
    for index in [*range(60), *range(200, 300), *range(40, 200)]:
        linker.add(frames[index])
    plain = linked(frames)
    assert spans(linker.tracks()) == spans(plain)
    assert [track.number for track in linker.tracks()] == [1, 2]


def test_given_tracks_only_grow() -> None:
    """Whoever asks while frames still come keeps numbers and sightings."""
    rng = np.random.default_rng(7)
    frames = []
    for index in range(600):
        found = [wandering(index)] if rng.random() < 0.8 and index % 200 < 150 else []
        if index % 90 < 40:
            found.append((80 + index % 90, 90, 50, 0.9))
        if rng.random() < 0.2:
            found.append((float(rng.uniform(50, 590)), float(rng.uniform(50, 460)), 40, float(rng.uniform(0.3, 0.9))))
        frames.append(frame(index, *found))
    linker, before = Linker(1 / FPS), []
    for one in frames:
        linker.add(one)
        now = linker.tracks()
        assert [track.number for track in now] == list(range(1, len(now) + 1))
        for old, new in zip(before, spans(now), strict=False):
            assert new[: len(old)] == old
        assert len(now) >= len(before)
        before = spans(now)
    assert spans(linked(frames)) == before, "the same frames give the same tracks"


def test_nothing_is_made_anew_where_nothing_changed() -> None:
    linker = Linker(1 / FPS)
    for index in range(20):
        linker.add(frame(index, (200, 200, 60, 0.9)))
    for index in range(700, 720):
        linker.add(frame(index, (200, 200, 60, 0.9)))
    first = linker.tracks()
    linker.add(frame(720))
    assert linker.tracks() is first
    linker.add(frame(721, (200, 200, 60, 0.9)))
    second = linker.tracks()
    assert second[0] is first[0]
    assert len(second[1].sightings) == len(first[1].sightings) + 1


def test_no_frame_and_no_finding_give_no_track() -> None:
    assert Linker(0.04).tracks() == ()
    assert linked([frame(0), frame(1)]) == ()
