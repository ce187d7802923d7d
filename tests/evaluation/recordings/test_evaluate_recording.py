"""Following a recording whose answer is known: detection, false alarms, flicker, and the command around it."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from checked_page import loads_nothing
from colour_engine import ColourEngine, dulled, red_disc

from polyplive.cli import main
from polyplive.config import LIVE_MIN_FRAMES, PipelineSettings
from polyplive.errors import ConfigError, DataError
from polyplive.evaluation.image_folder import find_pairs
from polyplive.evaluation.recordings.figures import FrameMark, shares
from polyplive.evaluation.recordings.run import FrameRanges, evaluate_recording, folder_frames, video_frames
from polyplive.pages.recording import recording_page
from polyplive.pipeline.pipeline import Pipeline
from polyplive.sessions.opening import open_video

WIDTH, HEIGHT = 160, 120
DISC = (80, 60, 30)
ELSEWHERE = (25, 25, 15)


def picture(disc: tuple[int, int, int] | None) -> np.ndarray:
    return red_disc(WIDTH, HEIGHT, disc[:2], disc[2]) if disc else red_disc(WIDTH, HEIGHT, (-99, -99), 1)


def write(folder: Path, reds: list, truths: list) -> Path:
    """Frames ``f0``, ``f1``, ... with a red disc where the engine will mark, and a mask where a polyp is."""
    for name in ("images", "masks"):
        (folder / name).mkdir(parents=True)
    for number, (red, truth) in enumerate(zip(reds, truths, strict=True)):
        mask = np.zeros((HEIGHT, WIDTH), np.uint8)
        if truth:
            cv2.circle(mask, truth[:2], truth[2], 255, -1)
        cv2.imwrite(str(folder / "images" / f"f{number}.png"), picture(red))
        cv2.imwrite(str(folder / "masks" / f"f{number}.png"), mask)
    return folder


def follow(folder: Path, **settings: float) -> dict:
    settings = PipelineSettings(roi="none", **settings)
    with Pipeline(ColourEngine(), settings) as pipeline:
        return evaluate_recording(folder_frames(find_pairs(folder)), pipeline, {}).to_dict()


def test_evidence_ends_where_the_size_changes_at_every_threshold(tmp_path: Path) -> None:
    """As in a session: places before and after are pixels of different pictures."""
    folder = write(tmp_path, [DISC] * 8, [DISC] * 8)
    for number in (2, 3, 6, 7):
        for kind in ("images", "masks"):
            path = str(folder / kind / f"f{number}.png")
            image = cv2.imread(path, cv2.IMREAD_UNCHANGED)
            cv2.imwrite(path, cv2.copyMakeBorder(image, 0, 40, 0, 80, cv2.BORDER_REPLICATE))
    found = follow(folder, min_frames=3)
    assert found["detected"]["rate"] == 0
    assert {at["withheld"]["detected"]["rate"] for at in found["thresholds"]} == {0}
    assert {at["at_once"]["detected"]["rate"] for at in found["thresholds"]} == {1}


def test_detection_false_alarms_and_flicker(tmp_path: Path) -> None:
    reds = [None, ELSEWHERE, ELSEWHERE, None, None, DISC, None, DISC, DISC, ELSEWHERE, None, None]
    truths = [None] * 4 + [DISC] * 6 + [None] * 2
    found = follow(write(tmp_path, reds, truths))
    assert (found["n"], found["n_polyp"], found["n_negative"]) == (12, 6, 6)
    assert found["detected"]["rate"] == pytest.approx(3 / 6)
    assert found["false_marks"]["rate"] == pytest.approx(2 / 6, abs=1e-4)
    # of 3 + 5 + 1 steps within a label: on, off; on, off, on, off
    assert found["flicker"]["rate"] == pytest.approx(6 / 9, abs=1e-4)
    assert found["alarms"] == {"n": 1, "longest": 2}
    assert found["appearances"] == [{"first": 4, "last": 9, "shown": {"count": 3, "of": 6, "rate": 0.5}, "delay": 1}]
    assert found["has_masks"]


def test_a_finding_is_kept_as_long_as_the_pipeline_keeps_it(tmp_path: Path) -> None:
    folder = write(tmp_path, [DISC] * 6, [DISC] * 6)
    dull = dulled(picture(DISC))
    for number in (2, 3):
        cv2.imwrite(str(folder / "images" / f"f{number}.png"), dull)
    kept, at_once = follow(folder, release_probability=0.25), follow(folder, release_probability=1.0)
    assert (kept["detected"]["rate"], kept["flicker"]["rate"]) == (1, 0)
    assert (at_once["detected"]["count"], at_once["flicker"]["rate"]) == (4, 0.4)
    for found in (kept, at_once):
        at_half = next(at for at in found["thresholds"] if at["threshold"] == 0.5)
        assert at_half["withheld"] == {name: found[name] for name in ("detected", "false_marks", "flicker")}
        assert at_half["at_once"]["detected"]["rate"] == pytest.approx(4 / 6, abs=1e-4)
        for at in found["thresholds"]:
            share = 1.0 if at["threshold"] < 0.38 else 4 / 6
            assert at["at_once"]["detected"]["rate"] == pytest.approx(share, abs=1e-4)
            assert at["withheld"]["detected"]["rate"] == pytest.approx(1.0 if found is kept else share, abs=1e-4)


def test_a_step_over_lost_frames_is_no_flicker() -> None:
    marks = [FrameMark(index, True, index % 2 == 0, index % 2 == 0) for index in (0, 1, 4, 5, 9)]
    assert shares(marks)["flicker"]["rate"] == 1
    marks = [FrameMark(index, True, index < 5, index < 5) for index in (0, 1, 2, 5, 6)]
    assert shares(marks)["flicker"]["rate"] == 0


def test_frames_follow_each_other_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    found = follow(write(tmp_path, [None] * 10 + [DISC, DISC], [None] * 10 + [DISC, DISC]))
    assert [frame["polyp"] for frame in found["frames"]] == [False] * 10 + [True] * 2
    assert found["detected"]["rate"] == 1


def test_withholding_costs_the_first_frames_and_saves_short_alarms(tmp_path: Path) -> None:
    reds = [ELSEWHERE, ELSEWHERE, None, None, DISC, DISC, DISC, DISC, DISC]
    folder = write(tmp_path, reds, [None] * 4 + [DISC] * 5)
    found = follow(folder, min_frames=3)
    assert found["false_marks"]["rate"] == 0
    assert found["detected"]["rate"] == pytest.approx(3 / 5)
    assert found["appearances"][0]["delay"] == 2
    at_half = next(at for at in found["thresholds"] if at["threshold"] == 0.5)
    assert at_half["withheld"] == {name: found[name] for name in ("detected", "false_marks", "flicker")}
    assert at_half["at_once"] == {
        "detected": {"count": 5, "of": 5, "rate": 1.0},
        "false_marks": {"count": 2, "of": 4, "rate": 0.5},
        "flicker": {"count": 1, "of": 7, "rate": pytest.approx(1 / 7, abs=1e-4)},
    }


def test_a_damaged_or_empty_recording_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path, [None, DISC], [None, DISC])
    (folder / "masks" / "f0.png").unlink()
    with pytest.raises(DataError, match="f0"):
        follow(folder)
    with Pipeline(ColourEngine()) as pipeline, pytest.raises(DataError, match="no frame"):
        evaluate_recording(iter(()), pipeline, {})


@pytest.mark.parametrize("text", ["", "5-3", "a", "1,,2", "-4", "1-2-3"])
def test_spans_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="span"):
        FrameRanges.parse(text)


def test_spans_hold_their_ends() -> None:
    spans = FrameRanges.parse(" 3-5, 9")
    assert [index for index in range(12) if index in spans] == [3, 4, 5, 9]
    assert not any(index in FrameRanges.parse("none") for index in range(12))


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """Eight frames; the disc is in the last four."""
    path = tmp_path / "clip.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25, width=WIDTH, height=HEIGHT, pix_fmt="bgr0")
        for number in range(8):
            frame = av.VideoFrame.from_ndarray(picture(DISC if number > 3 else None), "bgr24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def test_a_video_with_spans(video: Path) -> None:
    with Pipeline(ColourEngine(), PipelineSettings(roi="none")) as pipeline:
        found = evaluate_recording(video_frames(open_video(video), FrameRanges.parse("2-7")), pipeline, {}).to_dict()
        assert found["detected"]["rate"] == pytest.approx(4 / 6, abs=1e-4)
        assert found["appearances"] == [
            {"first": 2, "last": 7, "shown": {"count": 4, "of": 6, "rate": 0.66667}, "delay": 2}
        ]
        assert not found["has_masks"]
        with pytest.raises(ConfigError, match="8 frames"):
            evaluate_recording(video_frames(open_video(video), FrameRanges.parse("2-8")), pipeline, {})


def test_the_page_draws_every_band(video: Path) -> None:
    shown = {"min_frames": 1, "confirm_probability": 0.0, "release_probability": 0.2}
    with Pipeline(ColourEngine(), PipelineSettings(roi="none")) as pipeline:
        frames = video_frames(open_video(video), FrameRanges.parse("0-5"))
        facts = {"data": "a<b.mp4", **pipeline.facts, **shown}
        page = recording_page(evaluate_recording(frames, pipeline, facts).to_dict())
    assert "a&lt;b.mp4" in page
    assert page.count("<rect") == 3  # in view, outlined, and marked where none is
    assert loads_nothing(page)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["{video}"], "--polyp-frames"),
        (["{video}", "--polyp-frames", "9-"], "no span"),
        (["{video}", "--polyp-frames", "none", "--robustness"], "--robustness"),
        (["{video}", "--polyp-frames", "9" * 5000], "no span"),
        (["{video}", "--polyp-frames", "3-8"], "8 is behind the end"),
        (["{video}.no", "--polyp-frames", "1"], "no file or folder"),
        (["{video}.no", "--recording"], "no folder"),
        (["{video}", "--recording"], "no folder"),
        (["{folder}", "--json", "{folder}/../a.html", "--page", "{folder}/../a.html"], "would overwrite"),
        (["{folder}", "--recording", "--polyp-frames", "1"], "has masks"),
        (["{folder}", "--min-frames", "3"], "--recording"),
        (["{folder}", "--release-probability", "0.3"], "--recording"),
        (
            ["{video}", "--polyp-frames", "1", "--release-probability", "1.5"],
            "--release-probability is 1.5. It must be a number above 0 and at most 1",
        ),
    ],
)
def test_what_does_not_go_together_is_said_in_one_line(
    arguments: list[str], says: str, video: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = write(tmp_path / "frames", [DISC], [DISC])
    code = main(["evaluate", *(word.format(video=video, folder=folder) for word in arguments)])
    assert code == 2
    assert says in capfd.readouterr().err.splitlines()[-1]


def test_the_command_follows_a_folder(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = write(tmp_path / "frames", [None] * 3, [None] * 3)
    assert main(["evaluate", str(folder), "--recording", "--json", str(tmp_path / "out.json")]) == 0
    figures = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert (figures["n"], figures["min_frames"], figures["detected"]["rate"]) == (3, LIVE_MIN_FRAMES, None)
    assert "something else marked" in capfd.readouterr().out


def test_the_commands_json_says_what_it_rests_on(video: Path, tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    config = tmp_path / "settings.toml"
    config.write_text("[pipeline]\nroi = '10,10,90,90'\nmin_frames = 1\n", encoding="utf-8")
    arguments = ["evaluate", str(video), "--polyp-frames", "none", "--json", str(path), "--both-fields"]
    assert main([*arguments, "--config", str(config)]) == 0
    figures = json.loads(path.read_text(encoding="utf-8"))
    assert {name: figures[name] for name in ("kind", "roi", "one_field", "min_frames", "lost")} == {
        "kind": "recording",
        "roi": "10,10,90,90",
        "one_field": False,
        "min_frames": 1,
        "lost": {},
    }
    facts = (
        "version",
        "measured",
        "model_version",
        "model_sha256",
        "device",
        "precision",
        "graph_precision",
        "threshold",
    )
    assert all(figures[name] for name in facts)
    assert datetime.datetime.fromisoformat(figures["measured"]).utcoffset() is not None


def test_single_pictures_are_seen_as_the_file_says(tmp_path: Path) -> None:
    folder = write(tmp_path / "frames", [DISC], [DISC])
    config, path = tmp_path / "settings.toml", tmp_path / "out.json"
    for text, roi in (("", "none"), ("[pipeline]\nroi = '5,5,90,90'\n", "5,5,90,90")):
        config.write_text(text, encoding="utf-8")
        assert main(["evaluate", str(folder), "--config", str(config), "--json", str(path)]) == 0
        figures = json.loads(path.read_text(encoding="utf-8"))
        assert (figures["kind"], figures["roi"]) == ("pictures", roi)
