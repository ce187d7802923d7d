"""A recording in pieces is joined to the events of an unsplit run, whatever is wrong with it and however it was run."""

from __future__ import annotations

import random
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from clipmaker import write_clip
from colour_engine import ColourEngine
from joined_clip import join
from piecewise import SETTINGS, joined, lines, planned, run_all, scene, whole

from polyplive.backends.base import Outputs
from polyplive.config import PipelineSettings
from polyplive.errors import ConfigError, DataError, InferenceError, SourceUnreadable
from polyplive.review.analysis.joining import Joiner, unfinished_units, write_events
from polyplive.review.analysis.planning import VideoOptions, divided
from polyplive.review.analysis.running import PieceRunner
from polyplive.sessions.engine_room import supervisor
from polyplive.sources.reading.presentation import FrameLayout

FRAMES = 120
GROUPS = {"g": "15", "bf": "2", "x264-params": "scenecut=0"}


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", map(scene, range(FRAMES)), options=GROUPS)


@pytest.fixture(scope="module")
def unsplit(clip: Path) -> list[dict]:
    return lines(whole(clip, clip.with_suffix(".jsonl")))


@pytest.mark.parametrize(("piece_frames", "pieces"), [(1000, 1), (50, 2), (10, 8)])
def test_any_number_of_pieces_in_any_order_gives_the_same_events(
    clip: Path, unsplit: list[dict], tmp_path: Path, piece_frames: int, pieces: int
) -> None:
    made = planned(clip, piece_frames)
    assert len(made.pieces) == pieces
    assert not made.why_whole
    run_all(made, tmp_path)
    assert joined(made, tmp_path) == unsplit
    shown = [line["detections"] for line in unsplit if line["type"] == "frame"]
    assert {len(found) for found in shown} == {0, 1, 2}, "findings are withheld, kept and lost here"


def test_pieces_are_as_long_as_asked_and_the_last_is_not_much_shorter() -> None:
    entries = tuple(range(0, 1000, 30))
    pieces = divided(FrameLayout(1000, entries), 100)
    assert [piece.first for piece in pieces] == [0, 120, 240, 360, 480, 600, 720, 840]
    assert [piece.last for piece in pieces] == [piece.first for piece in pieces[1:]] + [1000]
    assert [piece.is_last for piece in pieces] == [False] * 7 + [True]
    assert len(divided(FrameLayout(1000, (0,)), 100)) == 1


def damaged(path: Path) -> Path:
    data, chance = bytearray(path.read_bytes()), random.Random(3)
    for at in (len(data) // 4, len(data) // 2):
        data[at : at + 1500] = chance.randbytes(1500)
    path.write_bytes(data)
    return path


def awkward(kind: str, folder: Path) -> Path:
    images = [scene(number) for number in range(90)]
    if kind == "open groups":
        return write_clip(folder / "open.mkv", images, options={"g": "15", "bf": "3", "x264-params": "open-gop=1"})
    if kind == "refresh":
        return write_clip(folder / "refresh.mkv", images, options={"x264-params": "intra-refresh=1:keyint=30"})
    if kind == "variable rate":
        times = list(np.cumsum([40 if number % 3 else 100 for number in range(90)]))
        return write_clip(folder / "rate.mkv", images, options=GROUPS, times=times, time_base=Fraction(1, 1000))
    if kind == "sizes":
        return join(folder / "sizes.ts", [images[:40], [scene(number, 200, 160) for number in range(40)]])
    return damaged(write_clip(folder / "damaged.ts", images, options=GROUPS))


@pytest.mark.parametrize("kind", ["open groups", "refresh", "variable rate", "sizes", "damaged"])
def test_recordings_that_are_hard_to_cut_give_the_same_events(kind: str, tmp_path: Path) -> None:
    video = VideoOptions(deinterlace=kind in ("open groups", "damaged"))
    path = awkward(kind, tmp_path)
    unsplit = lines(whole(path, tmp_path / "whole.jsonl", video=video))
    made = planned(path, 20, video=video)
    assert len(made.pieces) > 1
    again = run_all(made, tmp_path / "pieces")
    assert joined(made, tmp_path / "pieces") == unsplit
    end = unsplit[-1]
    if kind == "damaged":
        assert end["dropped"]
        assert any(unit.from_start for unit in again), "what damage shows depends on what was decoded before"
    else:
        assert not end["dropped"]
        assert not any(unit.from_start for unit in again)


class Counting(ColourEngine):
    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def infer(self, tensor: np.ndarray, *, cam: bool = True) -> Outputs:
        self.count += 1
        return super().infer(tensor, cam=cam)


def test_where_the_picture_moves_on_the_screen_only_frames_that_were_seen_otherwise_are_processed_again(
    tmp_path: Path,
) -> None:
    borders = [24] * 60 + [48] * 240
    images = [scene(number, border=border) for number, border in enumerate(borders)]
    path = write_clip(tmp_path / "moves.mkv", images, options={"g": "20", "x264-params": "scenecut=0"})
    unsplit = lines(whole(path, tmp_path / "whole.jsonl"))
    assert len({tuple(line["roi"]) for line in unsplit if line["type"] == "pipeline" and line["index"] > 17}) == 1
    made = planned(path, 100)
    folder = tmp_path / "pieces"
    engine = Counting()
    with PieceRunner(lambda _: engine, SETTINGS) as runner:
        for unit in reversed(unfinished_units(made, folder)):
            runner.run(made, unit, folder)
        assert engine.count == 300
        joiner, again = Joiner(made, folder), []
        while list(joiner.ready()) is not None and (unit := joiner.wanted) is not None:
            again.append(unit.piece.number)
            runner.run(made, unit, folder)
    assert again
    assert engine.count < 300 + 100 * len(again), "what the model saw through the same region stays"
    assert joined(made, folder) == unsplit


def test_in_order_nothing_is_run_twice(clip: Path, unsplit: list[dict], tmp_path: Path) -> None:
    made = planned(clip, 10)
    engine = Counting()
    joiner = Joiner(made, tmp_path)
    with PieceRunner(lambda _: engine, SETTINGS) as runner:
        while (unit := joiner.wanted) is not None:
            runner.run(made, unit, tmp_path)
            assert list(joiner.ready()), "what was run in order holds"
    assert engine.count == FRAMES
    assert joined(made, tmp_path) == unsplit


class Choosy(ColourEngine):
    """Fails at pictures that are blue at the bottom."""

    def infer(self, tensor: np.ndarray, *, cam: bool = True) -> Outputs:
        if tensor[0, -1, 32, 2] > 200:
            raise InferenceError("The runtime failed")
        return super().infer(tensor, cam=cam)


def test_frames_that_fail_are_counted_as_in_an_unsplit_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "FIRST_DELAY_S", 0.001)
    images = [scene(number) for number in range(60)]
    for number in (20, 44):
        images[number][96:, 24:136] = (255, 60, 60)
    path = write_clip(tmp_path / "clip.mkv", images, options={"g": "15"})
    unsplit = lines(whole(path, tmp_path / "whole.jsonl", make=Choosy))
    assert unsplit[-1]["dropped"] == {"failed": 2}
    made = planned(path, 15)
    run_all(made, tmp_path / "pieces", make=Choosy)
    assert joined(made, tmp_path / "pieces") == unsplit


def test_a_result_that_is_damaged_or_missing_is_run_again(clip: Path, unsplit: list[dict], tmp_path: Path) -> None:
    made = planned(clip, 20)
    run_all(made, tmp_path)
    paths = [tmp_path / piece.file_name for piece in made.pieces]
    paths[1].write_bytes(paths[1].read_bytes()[:-40])
    paths[3].unlink()
    with pytest.raises(DataError, match="not complete: 30 of 120"):
        write_events(made, tmp_path, tmp_path / "events.jsonl")
    assert not (tmp_path / "events.jsonl").exists()
    assert [unit.piece.number for unit in run_all(made, tmp_path)] == [1]
    assert joined(made, tmp_path) == unsplit


def test_results_and_events_are_private(clip: Path, tmp_path: Path) -> None:
    made = planned(clip, 50)
    run_all(made, tmp_path / "pieces")
    joined(made, tmp_path / "pieces")
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "pieces").iterdir()} == {0o600}
    assert (tmp_path / "pieces").stat().st_mode & 0o777 == 0o700
    assert all(b"clip" not in path.read_bytes() for path in (tmp_path / "pieces").glob("*.piece"))


def test_what_was_planned_otherwise_is_refused_in_one_line(clip: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.mp4"
    copy.write_bytes(clip.read_bytes())
    made = planned(copy, 50)
    assert made.key == planned(clip, 20).key, "a copy, and other pieces, are the same analysis"
    assert made.key != planned(copy, 50, PipelineSettings(threshold=0.4)).key
    (unit, *_) = unfinished_units(made, tmp_path)
    with (
        PieceRunner(lambda _: ColourEngine(), PipelineSettings()) as runner,
        pytest.raises(ConfigError, match="other settings"),
    ):
        runner.run(made, unit, tmp_path)
    with (
        PieceRunner(lambda _: Renamed(), SETTINGS) as runner,
        pytest.raises(ConfigError, match="planned for red on colour in float32, but here runs red on other"),
    ):
        runner.run(made, unit, tmp_path)
    data = bytearray(copy.read_bytes())
    data[len(data) // 2] ^= 1
    copy.write_bytes(data)
    with (
        PieceRunner(lambda _: ColourEngine(), SETTINGS) as runner,
        pytest.raises(SourceUnreadable, match="has changed"),
    ):
        runner.run(made, unit, tmp_path)


class Renamed(ColourEngine):
    def __init__(self) -> None:
        super().__init__()
        self.spec = self.spec.of(self.spec.manifest, "other", "test")
