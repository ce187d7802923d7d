"""Faithfulness of a map whose answer is known, through a real engine and a folder of pictures."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from click.testing import CliRunner
from colour_engine import red_disc
from small_graph import SIDE, written

from polyplive.backends.openvino import OpenVinoEngine
from polyplive.cli import cli
from polyplive.config import EngineOptions, PipelineSettings
from polyplive.errors import DataError
from polyplive.evaluation.demo_truth import demo_clip
from polyplive.evaluation.heatmaps.figures import faithfulness_figures, mean_of
from polyplive.evaluation.heatmaps.maps import all_maps, frame_of, shipped_maps, tensor_of
from polyplive.evaluation.heatmaps.measures import COMPARED, MEASURES
from polyplive.evaluation.heatmaps.randomisation import RandomisedGraphs, level_shift
from polyplive.evaluation.heatmaps.run import Faithfulness, measure_faithfulness
from polyplive.evaluation.heatmaps.sample import evenly_spaced
from polyplive.evaluation.heatmaps.tables import faithfulness_tables
from polyplive.explanation.controls import CENTRE, CONTROLS, MASK, PROBABILITY
from polyplive.explanation.map_names import in_words
from polyplive.manifest import FAST, shipped_models
from polyplive.pipeline.pipeline import Pipeline
from polyplive.sources.file import FileSource

OWN = "grad-cam:input"
PLACES = {"1": (44, 40, 13), "2": (84, 70, 20), "3": (64, 40, 17), "4": None}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three discs that are polyps, and a picture with nothing in it."""
    made = tmp_path_factory.mktemp("pictures")
    for name in ("images", "masks"):
        (made / name).mkdir()
    rng = np.random.default_rng(0)
    for stem, place in PLACES.items():
        column, row, radius = place or (-99, -99, 1)
        image = red_disc(128, 96, (column, row), radius).astype(int) + rng.integers(-9, 10, (96, 128, 3))
        mask = np.zeros((96, 128), np.uint8)
        cv2.circle(mask, (column, row), radius, 255, -1)
        cv2.imwrite(str(made / "images" / f"{stem}.png"), np.clip(image, 0, 255).astype(np.uint8))
        cv2.imwrite(str(made / "masks" / f"{stem}.png"), mask)
    return made


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("graph"))


def opened(graph: Path) -> Pipeline:
    return Pipeline(OpenVinoEngine(graph), PipelineSettings(roi="none"))


def randomised_graphs(graph: Path) -> RandomisedGraphs:
    return RandomisedGraphs(graph, "openvino", EngineOptions())


@pytest.fixture(scope="module")
def found(folder: Path, graph: Path) -> Faithfulness:
    with opened(graph) as pipeline:
        return measure_faithfulness(folder, pipeline, randomised_graphs(graph))


@pytest.fixture(scope="module")
def figures(found: Faithfulness) -> dict[str, Any]:
    return faithfulness_figures(found)


def mean(found: Faithfulness, name: str, measure: str) -> float:
    maps = [picture.maps[name].values for picture in found.pictures]
    return float(np.mean([values[measure] for values in maps if measure in values]))


def test_every_map_and_control_has_every_measure(found: Faithfulness) -> None:
    assert found.names == (OWN, *CONTROLS)
    for picture in found.pictures[:3]:
        for name in found.names:
            assert picture.maps[name].values.keys() == set(MEASURES), name
            assert all(np.isfinite(list(picture.maps[name].values.values())))


def test_a_picture_without_a_prediction_is_left_out_of_curves_and_counted(
    found: Faithfulness, figures: dict[str, Any]
) -> None:
    assert [picture.predicted for picture in found.pictures] == [True, True, True, False]
    assert (figures["n"], figures["n_predicted"]) == (4, 3)
    assert all(figures["maps"][name]["deletion"]["n"] == 3 for name in found.names)
    assert figures["images"][3] == {"stem": "4", "predicted": False, "maps": {}}


def test_where_nothing_is_predicted_nothing_is_measured(folder: Path, graph: Path, tmp_path: Path) -> None:
    for name in ("images", "masks"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "4.png").write_bytes((folder / name / "4.png").read_bytes())
    with opened(graph) as pipeline:
        found = measure_faithfulness(tmp_path, pipeline, randomised_graphs(graph))
    figures = faithfulness_figures(found)
    assert (figures["n_predicted"], figures["randomised"]) == (0, [])
    assert figures["maps"][OWN]["deletion"] == {"mean": None, "interval": None, "n": 0}
    assert {cell for row in faithfulness_tables(figures)[0].rows for cell in row[1:]} == {"-"}


def test_a_map_of_what_is_red_is_more_faithful_than_the_centre(found: Faithfulness) -> None:
    for name in (OWN, MASK, PROBABILITY):
        assert mean(found, name, "deletion") < mean(found, CENTRE, "deletion") - 0.1
        assert mean(found, name, "insertion") > mean(found, CENTRE, "insertion") + 0.05
        assert mean(found, name, "energy_inside") > mean(found, CENTRE, "energy_inside") + 0.2
        assert mean(found, name, "pointing_game") == 1.0
    for name in (OWN, PROBABILITY):  # inside of a mask the order is drawn
        assert mean(found, name, "road_most_first") < mean(found, CENTRE, "road_most_first")
        assert mean(found, name, "road_least_first") > mean(found, CENTRE, "road_least_first")
    assert mean(found, MASK, "energy_inside") > 0.8


def test_the_maps_cells_are_as_coarse_as_they_are(found: Faithfulness) -> None:
    assert mean(found, MASK, "edge_rise_px") < 1.5
    assert mean(found, OWN, "edge_rise_px") > 4  # cells of 8 pixels


def test_the_difference_to_a_control_is_that_of_the_means(figures: dict[str, Any]) -> None:
    for control in CONTROLS:
        for measure in COMPARED:
            difference = figures["differences"][OWN][control][measure]
            means = [figures["maps"][name][measure]["mean"] for name in (OWN, control)]
            assert difference["mean"] == pytest.approx(means[0] - means[1], abs=1e-4)
            assert difference["interval"][0] <= difference["mean"] <= difference["interval"][1]
    assert mean_of([]) == {"mean": None, "interval": None, "n": 0}


def test_randomised_weights_leave_nothing_but_the_centre(figures: dict[str, Any]) -> None:
    assert [stage["layers"] for stage in figures["randomised"]] == [1, 2]
    last = figures["randomised"][-1]["maps"]
    assert last[CENTRE]["mean"] == 1.0
    assert last[PROBABILITY]["mean"] < 0.9
    assert all(last[name]["of"] == 3 for name in (OWN, *CONTROLS))


def test_a_randomised_network_predicts_as_much_as_the_trained_one(folder: Path, graph: Path) -> None:
    graphs = randomised_graphs(graph)
    pictures = [np.ascontiguousarray(cv2.resize(cv2.imread(str(p)), (SIDE, SIDE))) for p in folder.glob("images/*")]
    for layers in graphs.stages():
        shift = level_shift(graphs, layers, pictures, 0.1)
        with graphs.opened(layers, shift) as engine:
            predicted = np.mean([engine.infer(picture[None]).probability > 0.5 for picture in pictures])
        assert predicted == pytest.approx(0.1, abs=0.03)


def test_several_maps_are_compared_in_one_run(folder: Path, graph: Path) -> None:
    def two(engine):
        shipped = shipped_maps(engine)

        def maps_of(frame):
            cam = shipped(frame)[OWN]
            return {"as it is": cam, "reversed": cam.max() - cam}

        return maps_of

    with opened(graph) as pipeline:
        found = measure_faithfulness(
            folder, pipeline, randomised_graphs(graph), pictures=2, maps_from=two, randomised_maps_from=two
        )
    assert found.names == ("as it is", "reversed", *CONTROLS)
    assert mean(found, "as it is", "deletion") < mean(found, "reversed", "deletion")
    assert {stem for picture in found.pictures for stem in [picture.stem]} == {"1", "3"}


def test_the_same_again_gives_the_same_figures(found: Faithfulness, folder: Path, graph: Path) -> None:
    with opened(graph) as pipeline:
        again = measure_faithfulness(folder, pipeline, randomised_graphs(graph))
    assert again.pictures == found.pictures
    assert again.stages == found.stages


def test_steps_are_told_and_broken_pictures_refused_or_named(folder: Path, graph: Path, tmp_path: Path) -> None:
    for name in ("images", "masks"):
        (tmp_path / name).mkdir()
        for stem in ("1", "2"):
            (tmp_path / name / f"{stem}.png").write_bytes((folder / name / f"{stem}.png").read_bytes())
    (tmp_path / "images" / "2.png").write_bytes(b"no picture")
    steps: list[tuple[int, int]] = []
    with opened(graph) as pipeline:
        with pytest.raises(DataError, match=r"2\.png"):
            measure_faithfulness(tmp_path, pipeline, randomised_graphs(graph))
        found = measure_faithfulness(
            tmp_path, pipeline, randomised_graphs(graph), on_bad="skip", on_step=lambda *step: steps.append(step)
        )
    assert len(found.skipped) == 1
    assert steps == [(1, 3), (2, 3), (3, 3)]


def test_the_engine_sees_the_very_picture_that_is_measured(graph: Path) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    with opened(graph) as pipeline:
        assert np.array_equal(tensor_of(frame_of(picture), pipeline.engine)[0], picture)


@pytest.mark.parametrize(("most", "chosen"), [(1, [0]), (3, [0, 3, 6]), (5, [0, 2, 4, 6, 8]), (99, list(range(10)))])
def test_a_sample_is_spread_over_the_folder(most: int, chosen: list[int]) -> None:
    assert evenly_spaced(range(10), most) == chosen


def test_the_tables_have_a_row_for_each_map_and_each_difference(found: Faithfulness, figures: dict[str, Any]) -> None:
    changed, placed, shaped, differences, randomised = faithfulness_tables(figures)
    assert {tuple(row[0] for row in table.rows) for table in (changed, placed, shaped)} == {
        tuple(in_words(name).title for name in found.names)
    }
    assert [row[0] for row in differences.rows] == [f"Grad-CAM, input - {control}" for control in CONTROLS]
    assert [row[0] for row in randomised.rows] == ["1 of 2", "2 of 2"]
    for table in (changed, placed, shaped, differences, randomised):
        assert all(len(row) == len(table.head) for row in table.rows)
    assert re.fullmatch(r"0\.\d{3} \(0\.\d{3} to 0\.\d{3}\)", changed.rows[0][1])


def test_the_command_prints_and_writes_it(folder: Path, graph: Path, tmp_path: Path) -> None:
    out = tmp_path / "figures.json"
    asked = ["evaluate", str(folder), "--model", str(graph), "--backend", "openvino", "--explain", "--pictures", "2"]
    done = CliRunner().invoke(cli, [*asked, "--json", str(out), "--page", str(tmp_path / "page.html")])
    assert done.exit_code == 0, done.output
    faithfulness = json.loads(out.read_text())["explanation"]["faithfulness"]
    assert faithfulness["n"] == 2
    assert "deletion" in (tmp_path / "page.html").read_text()
    without = CliRunner().invoke(cli, ["evaluate", str(folder), "--model", str(graph), "--pictures", "2"])
    assert without.exit_code != 0
    assert "--explain" in str(without.exception) + without.output


def test_every_method_and_layer_of_a_shipped_model_is_measured(tmp_path: Path) -> None:
    """On a frame of the demo; weights are randomised for the model's own map alone, and leave little of it."""
    source = FileSource(demo_clip())
    source.seek(130 / 25)
    picture = source.read().image
    source.close()
    for name, image in (("images", picture), ("masks", np.full(picture.shape[:2], 255, np.uint8))):
        (tmp_path / name).mkdir()
        cv2.imwrite(str(tmp_path / name / "1.png"), image)
    graph = shipped_models()[FAST]
    with opened(graph) as pipeline, all_maps(graph) as maps_from:
        found = measure_faithfulness(tmp_path, pipeline, randomised_graphs(graph), maps_from=maps_from)
        own = pipeline.engine.spec.manifest.cam
    assert found.names[0] == own
    assert {name.partition(":")[0] for name in found.names[:-3]} == {
        "grad-cam",
        "hires-cam",
        "layer-cam",
        "multi-level",
    }
    measured = faithfulness_figures(found)
    assert set(measured["maps"]) == set(found.names)
    assert all(stage["maps"].keys() == {own, *CONTROLS} for stage in measured["randomised"])
    deepest = measured["randomised"][-1]["maps"][own]
    assert deepest["mean"] is None or abs(deepest["mean"]) < 0.6, "what knows nothing explains something else"
    assert faithfulness_tables(measured)
