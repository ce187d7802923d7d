"""The tools that write rendered recordings: COCO truth that others read, and a long recording with numbered frames."""

from __future__ import annotations

import io
import json
import sys
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest
from polyplive.assets.render_procedure import Recipe, write_procedure

from polyplive.sources.file import FileSource

if TYPE_CHECKING:
    from pathlib import Path

RECIPE = Recipe(seconds=29, polyps=1, seed=7, width=160, height=128, fps=1)
FRAMES = 29


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("procedure")
    write_procedure(RECIPE, folder)
    return folder


@pytest.fixture(scope="module")
def truth(written: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((written / "procedure-truth.json").read_text(encoding="utf-8"))
    return document


def test_every_frame_is_listed_and_in_the_video(written: Path, truth: dict[str, Any]) -> None:
    assert [image["frame_id"] for image in truth["images"]] == list(range(FRAMES))
    assert [image["file_name"] for image in truth["images"]] == [f"procedure_{n:06d}.png" for n in range(FRAMES)]
    assert {path.name for path in written.iterdir()} == {"procedure.mp4", "procedure-truth.json"}
    source = FileSource(written / "procedure.mp4")
    assert (source.info.width, source.info.height, source.info.fps) == (160, 128, 1.0)
    times = []
    while (frame := source.read()) is not None:
        times.append(frame.pts_s)
    source.close()
    assert times == pytest.approx([image["time_s"] for image in truth["images"]])
    with av.open(str(written / "procedure.mp4")) as container:
        keys = [packet.pts for packet in container.demux(video=0) if packet.is_keyframe and packet.pts is not None]
    assert len(keys) >= FRAMES / 4  # one in two seconds


def test_annotations_are_what_others_read(written: Path, truth: dict[str, Any]) -> None:
    coco_api = pytest.importorskip("pycocotools.coco")
    with redirect_stdout(io.StringIO()):
        coco = coco_api.COCO(str(written / "procedure-truth.json"))
    assert len(coco.getImgIds()) == FRAMES
    assert len(coco.anns) == len(truth["annotations"]) > 5
    for annotation in coco.anns.values():
        mask = coco.annToMask(annotation)
        assert mask.shape == (128, 160)
        assert mask.sum() == annotation["area"]
        rows, columns = np.nonzero(mask)
        x, y, width, height = annotation["bbox"]
        assert (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1) == (x, y, x + width, y + height)
        assert annotation["track_id"] == 1
        assert 0 < annotation["visibility"] <= 1


def test_two_processes_write_the_same(written: Path, truth: dict[str, Any], tmp_path: Path) -> None:
    write_procedure(RECIPE, tmp_path, workers=2)
    assert json.loads((tmp_path / "procedure-truth.json").read_text(encoding="utf-8")) == truth
    assert (tmp_path / "procedure.mp4").read_bytes() == (written / "procedure.mp4").read_bytes()


def test_a_bad_request_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from polyplive.assets import render_procedure

    monkeypatch.setattr(sys, "argv", ["render_procedure", "--minutes", "0.2", "--out", str(tmp_path / "out")])
    with pytest.raises(SystemExit, match="too short for 12 polyps") as ended:
        render_procedure.main()
    assert "\n" not in str(ended.value)
    assert not (tmp_path / "out").exists()


def test_frames_of_a_long_recording_say_their_number(written: Path, tmp_path: Path) -> None:
    from polyplive.assets import frame_code
    from polyplive.assets.lengthen_procedure import lengthen

    lengthen(written / "procedure.mp4", tmp_path / "long.mp4", 40, (160, 128), 10)
    source = FileSource(tmp_path / "long.mp4")
    assert source.info.frames == 400
    for index in (0, 399, 57, 289, 290, 311):
        source.seek(index / 10 + 0.01)
        frame = source.read()
        assert frame is not None
        assert frame.index == frame_code.read(frame.image) == index
    source.close()
    with pytest.raises(ValueError, match="no frame's number"):
        frame_code.read(np.zeros((128, 160, 3), np.uint8))
    with pytest.raises(ValueError, match="frames: use 1 to"):
        lengthen(written / "procedure.mp4", tmp_path / "longer.mp4", 1e6, (160, 128), 10)
