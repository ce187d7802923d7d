"""The rendered colon: determinism, exact masks, and the source protocol. Small pictures, so that it is quick."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from polyplive.errors import ConfigError, DataError, PolypliveError
from polyplive.sources.colon import camera
from polyplive.sources.colon.march import Scene
from polyplive.sources.colon.polyps import Placement
from polyplive.sources.synthetic import DEMO_SEED, RenderedColon

SIZE = {"width": 160, "height": 128}
ONE_OF_EACH = (Placement(0.3, 60, "sessile", 0.28), Placement(0.4, 220, "pedunculated", 0.2))


def _colon(**changes: object) -> RenderedColon:
    return RenderedColon(**{**SIZE, "seed": 3, "frames": 60, "fps": 12.0, **changes})  # type: ignore[arg-type]


def _digest(colon: RenderedColon, indices: range) -> str:
    total = hashlib.sha256()
    for index in indices:
        for part in colon.render_labels(index):
            total.update(part.tobytes())
    return total.hexdigest()


def test_same_seed_gives_the_same_bytes_in_another_process() -> None:
    code = (
        "import hashlib, sys\n"
        "from polyplive.sources.synthetic import RenderedColon\n"
        "colon = RenderedColon(width=160, height=128, seed=3, frames=60, fps=12.0)\n"
        "total = hashlib.sha256()\n"
        "for index in range(0, 60, 20):\n"
        "    for part in colon.render_labels(index):\n"
        "        total.update(part.tobytes())\n"
        "sys.stdout.write(total.hexdigest())\n"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert other.stdout == _digest(_colon(), range(0, 60, 20))


def test_seeds_differ() -> None:
    assert _digest(_colon(seed=3), range(1)) != _digest(_colon(seed=4), range(1))


def test_shapes_and_types() -> None:
    colon = _colon(width=161, height=127)
    image, mask = colon.render(5)
    assert image.shape == (127, 161, 3)
    assert image.dtype == np.uint8
    assert mask.shape == (127, 161)
    assert set(np.unique(mask)) <= {0, 255}
    assert colon.info.width == 161
    assert colon.info.height == 127


def test_border_is_black_and_never_masked() -> None:
    colon = _colon(polyps=ONE_OF_EACH)
    outside = ~camera.octagon(160, 128)
    assert outside[0].all()
    assert outside[20, 3]
    assert not outside[64, 80]
    for index in range(0, 60, 6):
        image, mask = colon.render(index)
        assert not image[outside].any()
        assert not mask[outside].any()
        assert image[~outside].mean() > 30


def test_without_border_the_picture_fills_the_frame() -> None:
    image, _ = _colon(border=False).render(10)
    assert all(image[corner].mean() > 0 for corner in np.ix_([0, -1], [0, -1]))
    assert (image.max(axis=-1) > 8).mean() > 0.98


def test_no_polyps_no_mask() -> None:
    colon = _colon(polyps=0)
    assert not any(colon.render(index)[1].any() for index in range(0, 60, 6))


def test_three_polyps_have_three_labels_somewhere() -> None:
    colon = _colon(polyps=3, frames=120)
    passed = [max(0, round(place.at * 120) - 9) for place in colon.placements]
    seen = {int(value) for index in passed for value in np.unique(colon.render_labels(index)[1])}
    assert seen == {0, 1, 2, 3}


def test_polyps_come_into_view_and_go_out() -> None:
    colon = _colon(polyps=[Placement(0.4, 60, "sessile", 0.28)], frames=150)
    areas = [int(np.count_nonzero(colon.render(index)[1])) for index in range(0, 150, 12)]
    assert areas[0] == 0
    assert max(areas) > 200
    assert areas[-1] == 0


@pytest.mark.parametrize("index", [8, 14, 18])
def test_mask_is_what_each_pixels_own_ray_meets(index: int) -> None:
    """Follow rays independently, in tiny steps with no shortcuts, and compare labels."""
    colon = _colon(polyps=ONE_OF_EACH, border=False)
    _, labels = colon.render_labels(index)
    assert labels.any()
    view = colon._path.view(index)
    scene = Scene(colon._wall, tuple(enumerate(colon.polyps, 1)))
    rng = np.random.default_rng(0)
    anywhere = np.stack([rng.integers(0, 128, 300), rng.integers(0, 160, 300)], axis=1)
    places = np.concatenate([np.argwhere(labels)[::11], anywhere])
    rays = view.axes.T @ camera.lens(160, 128, 1)[:, places[:, 0], places[:, 1]]
    met = _first_hit(scene, view.place, rays)
    differs = met != labels[places[:, 0], places[:, 1]]
    # A ray that grazes an outline may fall either way: no more than the outline's own pixels may differ.
    outline = cv2.dilate(labels, np.ones((3, 3), np.uint8)) != cv2.erode(labels, np.ones((3, 3), np.uint8))
    assert not (differs & ~outline[places[:, 0], places[:, 1]]).any()
    assert differs.mean() < 0.02


def _first_hit(scene: Scene, place: np.ndarray, rays: np.ndarray) -> np.ndarray:
    label = np.zeros(rays.shape[1], np.uint8)
    open_rays = np.ones(rays.shape[1], bool)
    for reach in np.arange(0.02, 8.0, 0.006, dtype=np.float32):
        points = scene.wall.to_tube(place[:, None] + rays[:, open_rays] * reach)
        distance, kind = scene.distance(points)
        indices = np.flatnonzero(open_rays)[distance <= 0]
        label[indices] = kind[distance <= 0]
        open_rays[indices] = False
    return label


def test_seeking_gives_what_reading_gives() -> None:
    colon, again = _colon(), _colon()
    frames = [colon.read() for _ in range(6)]
    again.seek(4 / 12.0)
    sought = again.read()
    assert sought is not None
    assert frames[4] is not None
    assert sought.index == 4
    assert sought.pts_s == pytest.approx(4 / 12)
    assert np.array_equal(sought.image, frames[4].image)
    again.seek(1.5 / 12.0)
    assert again.read().index == 1  # type: ignore[union-attr]
    again.seek(-1.0)
    assert again.read().index == 0  # type: ignore[union-attr]
    again.seek(1e6)
    assert again.read().index == 59  # type: ignore[union-attr]


def test_reading_ends_and_closing_ends_it() -> None:
    colon = _colon(frames=3)
    indices = []
    while (frame := colon.read()) is not None:
        indices.append(frame.index)
    assert indices == [0, 1, 2]
    assert colon.read() is None
    assert colon.info.frames == 3
    assert dict(colon.dropped) == {}
    colon.seek(0.0)
    colon.close()
    colon.close()
    assert colon.read() is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"width": 0},
        {"height": 9999},
        {"polyps": 4},
        {"polyps": -1},
        {"frames": 0},
        {"fps": 0.0},
        {"seed": -1},
        {"frames": 10**6},
    ],
)
def test_wrong_arguments_are_one_clear_error(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigError) as caught:
        _colon(**wrong)
    assert caught.value.hint


@pytest.mark.parametrize("wrong", [{"at": 1.5}, {"size": 2.0}, {"kind": "flat"}])
def test_a_polyp_that_cannot_be_is_one_clear_error(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigError) as caught:
        Placement(**{"at": 0.5, "angle": 0.0, **wrong})  # type: ignore[arg-type]
    assert caught.value.hint


def test_no_such_frame() -> None:
    with pytest.raises(PolypliveError, match="no frame 60"):
        _colon().render(60)


@pytest.mark.parametrize("seed", range(6))
def test_the_tip_touches_nothing(seed: int) -> None:
    colon = _colon(seed=seed, polyps=3, frames=120)
    scene = Scene(colon._wall, tuple(enumerate(colon.polyps, 1)))
    places = np.stack([colon._path.view(index).place for index in range(0, 120, 3)], axis=1)
    assert scene.distance(scene.wall.to_tube(places))[0].min() > 0.05


def test_training_folder(tmp_path: Path) -> None:
    from polyplive.export.data.rendered import write_dataset

    counts = write_dataset(tmp_path, 6, range(4), size=(96, 80))
    images = sorted((tmp_path / "images").iterdir())
    masks = sorted((tmp_path / "masks").iterdir())
    assert [p.stem for p in images] == [p.stem for p in masks]
    assert len(images) == counts.written == 6
    loaded = [cv2.imread(str(path), cv2.IMREAD_UNCHANGED) for path in masks]
    assert all(mask.shape == (80, 96) and set(np.unique(mask)) <= {0, 255} for mask in loaded)
    assert sum(bool(mask.any()) for mask in loaded) == counts.with_polyp
    assert 0 < counts.with_polyp < 6
    with pytest.raises(DataError):
        write_dataset(tmp_path, 1, [DEMO_SEED])


def test_demo_truth_fits_the_demo_clip() -> None:
    import av
    from polyplive.assets import render_demo

    folder = Path(render_demo.__file__).parent
    truth = json.loads((folder / "demo-truth.json").read_text(encoding="utf-8"))
    colon = render_demo.demo_colon()
    kinds = [polyp["kind"] for polyp in truth["polyps"]]
    assert {"sessile", "pedunculated"} == set(kinds)
    counts = [len(frame) for frame in truth["truth"]]
    assert {0, 1, 2, 3} <= set(counts)
    index = next(i for i, frame in enumerate(truth["truth"]) if frame and frame[0]["area_px"] > 5000)
    image, labels = colon.render_labels(index)
    polyp, known = render_demo.describe(labels)[0], truth["truth"][index][0]
    assert polyp["polyp"] == known["polyp"]
    # Another processor may round differently: a few pixels of the outline may change.
    assert polyp["area_px"] == pytest.approx(known["area_px"], rel=0.01)
    assert polyp["bbox"] == pytest.approx(known["bbox"], abs=2)
    with av.open(str(folder / truth["video"])) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height) == (truth["width"], truth["height"])
        assert stream.frames == truth["frames"] == len(truth["truth"])
        decoded = next(f for i, f in enumerate(container.decode(stream)) if i == index).to_ndarray(format="bgr24")
    assert np.abs(decoded.astype(int) - image).mean() < 6
