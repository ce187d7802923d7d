"""``import polyplive``: every name, on the shipped model and the rendered clip."""

from __future__ import annotations

import json
import os
import signal
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest
from documents import blocks
from processes import run_python

import polyplive
from polyplive.errors import (
    ConfigError,
    EngineClosed,
    EngineCrashed,
    ImageError,
    PolypliveError,
    SinkError,
    SourceNotFound,
    WrongThread,
)
from polyplive.evaluation.demo_truth import demo_clip
from polyplive.sinks.base import FrameRecord
from polyplive.sinks.events import frame_line

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "python.md"
FAST = "polyplive-fast"
FRAMES = 100
POLYP_FROM_S = 10.0
"""From here on the rendered clip shows a polyp."""


@pytest.fixture(scope="module")
def frames() -> list[polyplive.Frame]:
    """Frames that follow each other, with a polyp in view."""
    with polyplive.open_video(demo_clip()) as video:
        video.seek(POLYP_FROM_S)
        return [frame for frame, _ in zip(video, range(12), strict=False)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, frames: list[polyplive.Frame]) -> Path:
    """What the page's examples find where they run: a recording and some pictures."""
    folder = tmp_path_factory.mktemp("api")
    with polyplive.VideoWriter(folder / "procedure.mp4", 25) as writer:
        for frame in frames:
            writer.write(frame.image)
    (folder / "pictures").mkdir()
    for name, frame in zip("ab", frames, strict=False):
        cv2.imwrite(str(folder / "pictures" / f"{name}.png"), frame.image)
    return folder


@pytest.fixture(scope="module")
def model() -> Iterator[polyplive.Pipeline]:
    with polyplive.open_model(FAST) as model:
        yield model


@pytest.fixture
def fresh(model: polyplive.Pipeline) -> polyplive.Pipeline:
    model.reset()
    return model


def found(predictions: list[polyplive.Prediction]) -> list[Any]:
    """What was found, as plain values, with polyps numbered from the first one on."""
    first = min(one.track for prediction in predictions for one in prediction.detections)
    return [
        [(one.track - first, one.score, one.bbox, one.area_px, one.contour.tolist()) for one in prediction.detections]
        for prediction in predictions
    ]


def example() -> str:
    """The indented lines of the package's docstring."""
    assert polyplive.__doc__ is not None
    lines = [line for line in polyplive.__doc__.splitlines() if line.startswith("    ") or not line]
    return textwrap.dedent("\n".join(lines)).strip()


def test_the_example_of_the_docstring_runs_as_it_stands(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert len([line for line in example().splitlines() if line and "import" not in line]) <= 5
    names: dict[str, Any] = {}
    exec(example(), names)
    assert names["frame"].index == 11
    assert names["prediction"].detections
    assert names["picture"].shape == names["frame"].image.shape
    assert (names["picture"] != names["frame"].image).any()
    with pytest.raises(EngineClosed):
        names["model"].process(names["frame"])
    assert names["video"].read() is None, "closed"


EXAMPLES = [text for language, text in blocks(PAGE) if language == "python"]


@pytest.mark.parametrize("code", EXAMPLES, ids=range(len(EXAMPLES)))
def test_every_example_of_the_page_runs(code: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    exec(compile(code, PAGE.name, "exec"), {"__name__": "example"})


def test_the_page_names_every_public_name_but_those_of_values() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert not [name for name in polyplive.__all__ if f"`{name}" not in text and name not in _UNSAID]


_UNSAID = {"RESEARCH_NOTICE", "__version__", "Roi", "SourceInfo"}


def test_the_results_are_those_of_a_headless_replay(tmp_path: Path) -> None:
    events = tmp_path / "events.jsonl"
    command = ["-m", "polyplive", "replay", str(demo_clip()), "--headless", "--events", str(events)]
    run_python(*command, "--model", FAST, "--frames", str(FRAMES), "--no-heatmap")
    lines = map(json.loads, events.read_text(encoding="utf-8").splitlines())
    replayed = [line for line in lines if line["type"] == "frame"]
    same = ("index", "pts_s", "detections")
    with polyplive.open_model(FAST) as model, polyplive.open_video(demo_clip()) as video:
        for event, frame in zip(replayed, video, strict=False):
            prediction = model.process(frame, cam=False)
            here = frame_line(FrameRecord(frame, prediction, None, prediction.stages))
            assert {key: event[key] for key in same} == {key: here[key] for key in same}
    assert len(replayed) == FRAMES
    assert any(event["detections"] for event in replayed)


def test_pictures_are_numbered_and_polyps_keep_their_numbers_until_a_reset(
    fresh: polyplive.Pipeline, frames: list[polyplive.Frame]
) -> None:
    before = [fresh.process(frame.image) for frame in frames[:4]]
    assert [prediction.index for prediction in before] == [0, 1, 2, 3]
    (number,) = {one.track for prediction in before for one in prediction.detections}
    fresh.reset()
    again = [fresh.process(frame.image) for frame in frames[:4]]
    assert [prediction.index for prediction in again] == [0, 1, 2, 3]
    assert number not in {one.track for prediction in again for one in prediction.detections}
    assert found(again) == found(before)
    assert fresh.process(frames[7]).index == frames[7].index, "a frame has its own number"


def test_a_prediction_holds_probability_and_cam_and_gives_a_mask(
    fresh: polyplive.Pipeline, frames: list[polyplive.Frame]
) -> None:
    frame = frames[0]
    prediction = fresh.process(frame)
    assert prediction.probability.dtype == np.float32
    assert 0 <= prediction.probability.min() < 0.5 < prediction.probability.max() <= 1
    assert prediction.cam is not None
    assert prediction.cam.min() >= 0
    mask = polyplive.mask_of(frame, prediction)
    assert (mask.dtype, mask.shape) == (np.bool_, frame.image.shape[:2])
    for one in prediction.detections:
        assert all(mask[y, x] for x, y in one.contour)
    assert mask.sum() == pytest.approx(sum(one.area_px for one in prediction.detections), rel=0.02)
    careful = polyplive.rethreshold(prediction, 0.05)
    assert polyplive.mask_of(frame.image, careful).sum() > mask.sum()
    assert fresh.process(frame, cam=False).cam is None
    with pytest.raises(ValueError, match="outside of an image of 100x100"):
        polyplive.mask_of(np.zeros((100, 100, 3), np.uint8), prediction)


def test_the_overlay_is_the_same_on_a_frame_and_on_its_picture(
    fresh: polyplive.Pipeline, frames: list[polyplive.Frame]
) -> None:
    frame = frames[0]
    before = frame.image.copy()
    prediction = fresh.process(frame)
    usual = polyplive.compose(frame, prediction)
    assert np.array_equal(usual, polyplive.compose(frame.image, prediction, polyplive.OverlaySettings()))
    assert (usual != polyplive.compose(frame, prediction, polyplive.OverlaySettings(heatmap=False))).any()
    assert np.array_equal(polyplive.compose(frame, None), before)
    assert np.array_equal(frame.image, before), "nothing that is given is changed"


def test_a_video_is_iterated_from_where_it_stands() -> None:
    with polyplive.open_video(demo_clip()) as video:
        assert next(iter(video)).index == 0
        assert next(iter(video)).index == 1
        video.seek(0)
        for number, frame in enumerate(video):
            assert frame.index == number
            if number == 3:
                break
        assert video.info.frames == 550
        assert next(iter(video)).index == 4
    assert list(video) == [], "closed"


def test_a_written_video_holds_the_pictures_at_their_times(tmp_path: Path, frames: list[polyplive.Frame]) -> None:
    path = tmp_path / "written.mp4"
    times = [0.0, 0.1, 0.5]
    with polyplive.VideoWriter(path, 10) as writer:
        for frame, pts_s in zip(frames, times, strict=False):
            writer.write(frame.image, pts_s)
    with polyplive.open_video(path) as video:
        read = list(video)
    assert [frame.pts_s for frame in read] == pytest.approx(times)
    for there, here in zip(read, frames, strict=False):
        assert cv2.absdiff(there.image, here.image).mean() < 3
    with pytest.raises(PolypliveError, match=r"Use \.mp4"):
        polyplive.VideoWriter(tmp_path / "written.txt")


PICTURE = np.zeros((48, 64, 3), np.uint8)


@pytest.mark.parametrize(
    ("image", "received", "hint"),
    [
        (None, "NoneType", "numpy array of uint8"),
        ([[1, 2, 3]], "list", "numpy array of uint8"),
        (np.zeros((48, 64), np.uint8), r"uint8 \[48, 64\]: it is grey", "COLOR_GRAY2BGR"),
        (np.zeros((48, 64, 1), np.uint8), r"uint8 \[48, 64, 1\]: it is grey", "COLOR_GRAY2BGR"),
        (np.zeros((48, 64, 4), np.uint8), r"uint8 \[48, 64, 4\]: it has four channels", "COLOR_BGRA2BGR"),
        (np.zeros((3, 48, 64), np.uint8), r"uint8 \[3, 48, 64\]", r"uint8 \[height, width, 3\]"),
        (np.zeros((1, 48, 64, 3), np.uint8), r"uint8 \[1, 48, 64, 3\]", r"uint8 \[height, width, 3\]"),
        (np.zeros((0, 64, 3), np.uint8), r"uint8 \[0, 64, 3\]", r"uint8 \[height, width, 3\]"),
        (PICTURE.astype(np.float32), r"float32 \[48, 64, 3\]", r"\(255 \* image\).astype\(numpy.uint8\)"),
        (PICTURE.astype(np.uint16), r"uint16 \[48, 64, 3\]", "channels blue, green, red"),
        (PICTURE[..., ::-1], r"uint8 \[48, 64, 3\], not contiguous", "numpy.ascontiguousarray"),
        (PICTURE[:, 1:], r"uint8 \[48, 63, 3\], not contiguous", "numpy.ascontiguousarray"),
    ],
)
def test_what_is_no_picture_is_refused_in_one_line(
    fresh: polyplive.Pipeline, frames: list[polyplive.Frame], image: Any, received: str, hint: str
) -> None:
    prediction = fresh.process(frames[0])
    for use in (
        lambda: fresh.process(image),
        lambda: polyplive.Frame(image),
        lambda: polyplive.compose(image, prediction),
        lambda: polyplive.mask_of(image, prediction),
    ):
        with pytest.raises(ImageError, match=f"Received.*{received}.*Expected.*{hint}") as error:
            use()
        assert isinstance(error.value, ValueError)
        assert "\n" not in str(error.value)
    assert fresh.process(frames[1]).detections, "the model goes on"


def test_wrong_settings_and_files_are_polyplive_errors(tmp_path: Path) -> None:
    for use in (
        lambda: polyplive.open_model("nosuch"),
        lambda: polyplive.open_model(tmp_path / "nosuch.onnx"),
        lambda: polyplive.open_model(FAST, backend="nosuch"),
        lambda: polyplive.open_model(FAST, isolation=True, backend="nosuch"),
        lambda: polyplive.open_model(FAST, engine={"threads": 1}),  # type: ignore[arg-type]
        lambda: polyplive.open_model(FAST, pipeline={"threshold": 0.3}),  # type: ignore[arg-type]
        lambda: polyplive.PipelineSettings(threshold=2.0),
        *(lambda fps=fps: polyplive.VideoWriter(tmp_path / "out.mp4", fps) for fps in (0, -3, float("nan"), "25")),
    ):
        with pytest.raises(PolypliveError) as error:
            use()
        assert "\n" not in str(error.value)
    with pytest.raises(SourceNotFound):
        polyplive.open_video(tmp_path / "nosuch.mp4")


def test_what_does_not_fit_a_prediction_is_refused(fresh: polyplive.Pipeline, frames: list[polyplive.Frame]) -> None:
    prediction = fresh.process(frames[0])
    with pytest.raises(ImageError, match=r"another frame.*10x10"):
        polyplive.mask_of(np.zeros((10, 10, 3), np.uint8), prediction)
    for threshold in (0.0, 5.0, float("nan"), "high"):
        with pytest.raises(ConfigError, match="threshold is"):
            polyplive.rethreshold(prediction, threshold)  # type: ignore[arg-type]


def test_a_closed_writer_takes_no_picture_without_a_word(tmp_path: Path, frames: list[polyplive.Frame]) -> None:
    writer = polyplive.VideoWriter(tmp_path / "out.mp4", 25)
    writer.write(frames[0].image)
    writer.close()
    with pytest.raises(SinkError, match="closed"):
        writer.write(frames[1].image)
    writer.close()


def test_a_picture_of_another_size_is_refused_at_once_and_the_video_goes_on(
    fresh: polyplive.Pipeline, tmp_path: Path, frames: list[polyplive.Frame]
) -> None:
    picture = frames[0].image
    wider = np.ascontiguousarray(np.tile(picture, (1, 2, 1)))
    with pytest.raises(ImageError, match=r"of another frame, of 640x512: the picture given is 1280x512"):
        polyplive.compose(wider, fresh.process(picture, cam=False))
    with polyplive.VideoWriter(tmp_path / "out.mp4", 25) as writer:
        writer.write(picture)
        with pytest.raises(ImageError, match=r"a picture of 1280x512 for a video of 640x512\."):
            writer.write(wider)
        writer.write(picture)
    with polyplive.open_video(tmp_path / "out.mp4") as video:
        assert len(list(video)) == 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system that copies processes")
@pytest.mark.parametrize("isolation", [False, True])
def test_a_copy_of_the_process_opens_a_model_of_its_own(isolation: bool, folder: Path) -> None:
    """Two processes would otherwise exchange pictures with one engine, each with the other's answers."""
    script = f"""
        import os, numpy, polyplive
        from polyplive.errors import WrongThread
        picture = numpy.zeros((48, 64, 3), numpy.uint8)
        with polyplive.open_model({FAST!r}, isolation={isolation}) as model:
            model.process(picture)
            if (copy := os.fork()) == 0:
                try:
                    model.process(picture)
                except WrongThread as error:
                    os._exit(0 if "Open one a process" in str(error) else 2)
                os._exit(1)
            print(os.waitstatus_to_exitcode(os.waitpid(copy, 0)[1]), model.process(picture).index)
    """
    done = run_python("-c", textwrap.dedent(script))
    assert done.stdout.split() == ["0", "1"], done.stderr


def test_an_error_closes_the_model(frames: list[polyplive.Frame]) -> None:
    with pytest.raises(ZeroDivisionError), polyplive.open_model(FAST) as model:
        raise ZeroDivisionError
    with pytest.raises(EngineClosed):
        model.process(frames[0])
    model.close()


def test_each_thread_opens_a_model_of_its_own(fresh: polyplive.Pipeline, frames: list[polyplive.Frame]) -> None:
    def process(_: int) -> list[Any]:
        with polyplive.open_model(FAST) as own:
            return found([own.process(frame, cam=False) for frame in frames])

    here = found([fresh.process(frame, cam=False) for frame in frames])
    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(process, range(2))) == [here, here]
        with pytest.raises(WrongThread, match="Open one a thread"):
            threads.submit(fresh.process, frames[0]).result()


def test_an_isolated_model_gives_the_same_and_its_crash_is_an_error(
    fresh: polyplive.Pipeline, frames: list[polyplive.Frame]
) -> None:
    here = [fresh.process(frame) for frame in frames[:4]]
    with polyplive.open_model(FAST, isolation=True) as model:
        there = [model.process(frame) for frame in frames[:4]]
        assert found(there) == found(here)
        for one, other in zip(here, there, strict=True):
            assert np.array_equal(one.probability, other.probability)
            assert one.cam is not None
            assert other.cam is not None
            assert np.array_equal(one.cam, other.cam)
        os.kill(model.engine.process_id, signal.SIGKILL)  # type: ignore[attr-defined]
        with pytest.raises(EngineCrashed, match="SIGKILL"):
            model.process(frames[4])
        with pytest.raises(EngineClosed):
            model.process(frames[5])
    with polyplive.open_model(FAST, isolation=True) as model:
        assert model.process(frames[5]).detections


@pytest.mark.parametrize("way", ["a file", "standard input"])
def test_an_isolated_model_needs_no_guard_in_the_script(folder: Path, way: str) -> None:
    script = folder / "script.py"
    script.write_text(
        "import polyplive\n"
        "print('begins')\n"
        "model = polyplive.open_model('polyplive-fast', isolation=True)\n"
        "for frame in polyplive.open_video('procedure.mp4'):\n"
        "    count = len(model.process(frame).detections)\n"
        "print(count)\n"
    )
    source = script.read_text() if way == "standard input" else None
    done = run_python("-" if source else str(script), cwd=folder, input=source)
    assert done.stdout.split() == ["begins", "1"], "the script ran once, and ends without close()"
