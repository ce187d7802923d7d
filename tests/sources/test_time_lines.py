"""Random time lines: whatever the stamps say, every frame that decodes is given once, in order, at its own time."""

from __future__ import annotations

import os
from collections import Counter
from itertools import count, islice, pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from plain_decode import Plain, plain, same
from time_lines import Draw, Kind, TimeLine, certain

from polyplive.sources import file as file_module
from polyplive.sources.file import FileSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from polyplive.types import Frame

LINES_EACH = 13
FEW_LINES_EACH = 4
HEAVY_LINES_EACH = 200
TICK_S = 0.0011
"""The clocks of Matroska and FLV count milliseconds."""
JOINT_S = 1.0
"""A clock that starts again goes on within so long."""
MADE_UP = 3
"""So many frames may differ where FFmpeg makes lost ones up."""

KINDS = [
    Kind(codec, container)
    for container, codecs in {
        "mp4": ["h264", "h264 B", "h264 open", "mpeg4 B"],
        "mov": ["h264 B", "mjpeg"],
        "fragmented mp4": ["h264 B"],
        "mkv": ["h264", "h264 B", "h264 open", "mpeg2 B", "mjpeg"],
        "avi": ["h264 B", "mpeg4", "mjpeg"],
        "ts": ["h264", "h264 B", "h264 open", "mpeg2 B"],
        "ps": ["mpeg2", "mpeg2 B"],
        "flv": ["flv1", "h264 B"],
        "nut": ["h264 B", "mpeg4"],
    }.items()
    for codec in codecs
]


def sound(line: TimeLine, stamps: list[float | None]) -> list[dict[int, float]]:
    """For each piece of ``line``: the places whose time can be known for certain, with that time in seconds."""
    if "decoding_times" in line.faults or (line.kind.container == "avi" and line.clip.reorders):
        # The order is the decoder's; the times are the same, each moved to the frame whose turn it is.
        return [] if line.lost else [{place: time / 1000 for place, time in enumerate(line.true)}]
    if line.edits:
        # FFmpeg's times step back between parts where frames are reordered; then nothing says which are right.
        whole = all(stamp is not None for stamp in stamps) and len(certain(stamps)) == len(stamps)
        return [dict(enumerate(stamps))] if whole else []
    if len(line.pieces) > 1 and len(stamps) != line.frames:
        return []
    bounds = [*line.pieces, line.frames if len(line.pieces) > 1 else len(stamps)]
    return [_sound_piece(line, stamps, first, end) for first, end in pairwise(bounds)]


def _sound_piece(line: TimeLine, stamps: list[float | None], first: int, end: int) -> dict[int, float]:
    true = [line.true[place] for place in range(line.frames) if place not in line.broken]
    if len(line.pieces) > 1:
        true = [line.true[place] for place in range(first, end) if place not in line.broken]
    inside = stamps[first:end]
    moved = Counter(round(stamp * 1000 - time) for stamp in inside if stamp is not None for time in true)
    if not moved:
        return {}
    shift = moved.most_common(1)[0][0]
    known = {time + shift + slack for time in true for slack in (-1, 0, 1)}
    return {first + place: inside[place] for place in certain(inside) if round(inside[place] * 1000) in known}


def problems(line: TimeLine, path: Path, right: Plain) -> list[str]:
    """What ``FileSource`` gives that is not ``right``; the file at ``path`` holds ``line``."""
    with FileSource(path) as source:
        frames = list(source)
        wrong = [*_wrong_frames(line, right, frames), *_wrong_times(line, right, frames)]
        if not line.may_lose_frames:
            if source.dropped:
                wrong.append(f"dropped {dict(source.dropped)}")
            if source.info.frames != len(right.images):
                wrong.append(f"info.frames is {source.info.frames}, not {len(right.images)}")
        return wrong or ([] if _makes_up(line) else list(_wrong_seeks(line, source, frames)))


def problems_of_frames(line: TimeLine, path: Path, right: Plain) -> list[str]:
    """As ``problems``, but of one reading alone: a large file may not say beforehand how many frames it has."""
    with FileSource(path) as source:
        frames = list(source)
    return [*_wrong_frames(line, right, frames), *_wrong_times(line, right, frames)]


def problems_beside_another(line: TimeLine, path: Path, right: Plain) -> list[str]:
    """The frames, while another source reads the same file."""
    with FileSource(path) as other, FileSource(path) as source:
        others = list(other)
        frames = list(source)
    return [*_wrong_frames(line, right, others), *_wrong_frames(line, right, frames)]


def _wrong_frames(line: TimeLine, right: Plain, frames: list[Frame]) -> Iterator[str]:
    if len(frames) != len(right.images):
        yield f"{len(frames)} frames, not {len(right.images)}"
        return
    others = [place for place, image in enumerate(right.images) if not same(frames[place].image, image)]
    if len(others) > (MADE_UP if _makes_up(line) else 0):
        yield f"frames {others} show other pictures"
    indices = [frame.index for frame in frames]
    if indices != sorted(set(indices)):
        yield f"indices do not rise: {indices}"
    if not line.may_lose_frames and indices != list(range(len(frames))):
        yield f"indices are {indices}"


def _wrong_times(line: TimeLine, right: Plain, frames: list[Frame]) -> Iterator[str]:
    times = [frame.pts_s for frame in frames]
    if times[:1] != [0.0][: len(times)]:
        yield f"the first time is {times[0]}"
    if any(before >= after for before, after in pairwise(times)):
        yield f"times do not rise: {_short(times)}"
    repaired = [frame.index for frame in frames if frame.is_repaired]
    if repaired and not line.faults:
        yield f"frames {repaired} are called repaired"
    if len(frames) != len(right.images):
        return
    for known in sound(line, right.stamps):
        start = min(known, default=0)
        off = {
            place: round(times[place] - times[start] - (time - known[start]), 4)
            for place, time in known.items()
            if abs(times[place] - times[start] - (time - known[start])) > TICK_S
        }
        if off:
            yield f"sound times moved by {off} from frame {start}: {_short(times)}"
    if "restarts" in line.faults:
        for joint in line.pieces[1:]:
            if times[joint] - times[joint - 1] > JOINT_S:
                yield f"{times[joint] - times[joint - 1]} s at the joint before frame {joint}"


def _wrong_seeks(line: TimeLine, source: FileSource, frames: list[Frame]) -> Iterator[str]:
    chance = np.random.default_rng(len(frames))
    last = len(frames) - 1
    places = [last, 0, *chance.integers(0, last, 3, endpoint=True).tolist()]
    chance.shuffle(places)
    for place in places:
        # Between frames a lost one may lie; then the next that decodes is right.
        middle = place < last and not line.may_lose_frames and chance.random() < 0.5
        source.seek((frames[place].pts_s + frames[place + 1].pts_s) / 2 if middle else frames[place].pts_s)
        for wanted in frames[place : place + 2]:
            got = source.read()
            if got is None or (got.index, got.pts_s) != (wanted.index, wanted.pts_s):
                found = got and (got.index, got.pts_s)
                yield f"seek to frame {place}: {found}, not {(wanted.index, wanted.pts_s)}; order {places}"
                return
            if not np.array_equal(got.image, wanted.image):
                yield f"seek to frame {place}: frame {got.index} shows another picture; order {places}"
                return


def _makes_up(line: TimeLine) -> bool:
    """Whether FFmpeg makes lost pictures up: others in several threads and behind a seek, and in another order."""
    return bool(line.lost) and line.kind.codec.startswith("h264")


def _short(times: list[float]) -> list[float]:
    return [round(time, 3) for time in times]


def readable(kind: Kind, path: Path) -> Iterator[tuple[int, TimeLine, Plain]]:
    """Write one time line of ``kind`` after the other to ``path``: its seed, the line, and what plain PyAV gives."""
    for seed in count():
        line = Draw(kind, seed).line()
        try:
            line.write(path)
            right = plain(path)
        except (av.FFmpegError, ValueError):
            continue  # the container refuses these stamps
        if right.images:  # an edit list may hide every frame
            yield seed, line, right


def check(kind: Kind, lines: int, path: Path, problems: Callable[[TimeLine, Path, Plain], list[str]]) -> None:
    """Read ``lines`` time lines of ``kind``; all that have problems are named at once."""
    failed = []
    for seed, line, right in islice(readable(kind, path), lines):
        try:
            wrong = problems(line, path, right)
        except Exception as error:  # the others are tried all the same
            wrong = [f"raised {error!r}"]
        if wrong:
            failed.append(f"seed {seed} ({', '.join(line.faults) or 'nothing broken'}): {'; '.join(wrong)[:400]}")
    assert not failed, f"{len(failed)} of {lines} time lines of {kind}:\n" + "\n".join(failed[:8])


of_each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.codec} in {kind.container}")


@of_each_kind
def test_every_frame_comes_once_in_order_at_its_own_time(kind: Kind, tmp_path: Path) -> None:
    check(kind, LINES_EACH, tmp_path / f"line.{kind.suffix}", problems)


@of_each_kind
def test_a_file_too_large_to_list_gives_the_same_frames(
    kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_module, "SCAN_AT_OPEN_BYTES", 0)
    check(kind, FEW_LINES_EACH, tmp_path / f"line.{kind.suffix}", problems_of_frames)


@of_each_kind
def test_two_sources_at_once_do_not_disturb_each_other(kind: Kind, tmp_path: Path) -> None:
    check(kind, FEW_LINES_EACH, tmp_path / f"line.{kind.suffix}", problems_beside_another)


def test_enough_time_lines_of_each_fault_are_tried() -> None:
    assert len(KINDS) * LINES_EACH >= 300
    drawn = Counter(fault for kind in KINDS for seed in range(LINES_EACH) for fault in Draw(kind, seed).line().faults)
    assert len(drawn) == 10
    assert min(drawn.values()) >= 5


@pytest.mark.heavy
@of_each_kind
def test_thousands_of_time_lines(kind: Kind, tmp_path: Path) -> None:
    check(kind, int(os.environ.get("TIME_LINES", HEAVY_LINES_EACH)), tmp_path / f"line.{kind.suffix}", problems)
