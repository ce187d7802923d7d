"""The written file: its contract, what it says of itself, and what is refused."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from click.testing import CliRunner
from export_helpers import SIDE, frame, tiny_checkpoint, tiny_graph, tiny_network
from polyplive.export.graph import export_model as exporting
from polyplive.export.graph.export_model import ExportSettings, export_model
from polyplive.export.graph.finite_differences import cam_by_differences
from polyplive.export.graph.model_facts import ModelFacts, read_facts
from polyplive.export.graph.model_file import variant_facts
from polyplive.export.graph.rewrite import deployed
from polyplive.export.graph.verify import Agreement, _moved, compare, random_frames, require
from polyplive.export.training.checkpoint import read_checkpoint, save_checkpoint

from polyplive.backends.factory import open_engine
from polyplive.backends.map_engine import open_map_engine
from polyplive.backends.registry import installed_backends
from polyplive.cli import cli
from polyplive.config import EngineOptions
from polyplive.errors import ConfigError, ExportError, TrainingError, VerificationError
from polyplive.manifest import ACCURATE, FAST, LIGHT, load_manifest, shipped_models
from polyplive.validation import from_table, in_file

ORIGINS = {"start_from": {"name": "first/best.pt", "sha256": "0" * 64}}


def with_facts(folder: Path, **more: Any) -> ExportSettings:
    """Of the tiny checkpoint, which says where it began, with some facts of our own."""
    checkpoint = tiny_checkpoint(folder / "best.pt")
    save_checkpoint(checkpoint, read_checkpoint(checkpoint) | {"origins": ORIGINS})
    facts = {"version": "1.2", "licences": ["made here"], "threshold": 0.4} | more
    return ExportSettings(checkpoint, "tiny", folder / "out", facts=ModelFacts(**facts))


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export_model(with_facts(tmp_path_factory.mktemp("exported"))).graph


def test_the_contract_of_the_graph(exported: Path) -> None:
    session = onnxruntime.InferenceSession(str(exported))
    (given,) = session.get_inputs()
    assert (given.name, given.type, given.shape) == ("frame", "tensor(uint8)", [1, SIDE, SIDE, 3])
    outputs = {output.name: (output.type, output.shape) for output in session.get_outputs()}
    assert outputs == {
        "probability": ("tensor(float)", [1, 1, SIDE, SIDE]),
        "cam": ("tensor(float)", [1, 1, SIDE // 2, SIDE // 2]),
    }


def test_file_and_manifest_say_the_same(exported: Path) -> None:
    manifest = load_manifest(exported)
    inside = {entry.key: entry.value for entry in onnx.load(exported).metadata_props}
    assert inside["name"] == manifest.name == "tiny"
    assert inside["version"] == manifest.version == "1.2"
    assert json.loads(inside["threshold"]) == manifest.threshold == 0.4
    assert json.loads(inside["licences"]) == manifest.licences == ["made here"]
    assert json.loads(inside["tensors"]) == manifest.tensors
    assert manifest.training["recipe"]["architecture"] == "unet"
    assert manifest.training["origins"] == ORIGINS


@pytest.mark.parametrize("name", [FAST, LIGHT, ACCURATE])
def test_a_shipped_file_and_its_manifest_say_the_same(name: str) -> None:
    graph = shipped_models()[name]
    inside = {entry.key: entry.value for entry in onnx.load(graph).metadata_props}
    beside = variant_facts(load_manifest(graph), name, "float32") | {"weights": "int8"}
    assert inside == {key: value if isinstance(value, str) else json.dumps(value) for key, value in beside.items()}


def test_facts_of_the_training_add_to_what_the_checkpoint_says(tmp_path: Path) -> None:
    settings = with_facts(tmp_path, training={"pictures": 800, "recipe": "mine", "origins": "mine"})
    training = load_manifest(export_model(settings).graph).training
    assert (training["pictures"], training["origins"], training["recipe"]["size"]) == (800, ORIGINS, SIDE)


def floored(evidence: np.ndarray) -> np.ndarray:
    return evidence + evidence.mean() / 1000


def test_the_named_tensors_are_in_the_file_and_fit(exported: Path) -> None:
    model = onnx.load(exported)
    names = load_manifest(exported).tensors
    for name in names.values():
        model.graph.output.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None))
    session = onnxruntime.InferenceSession(model.SerializeToString())
    layers = ("encoder.bottleneck", "decoder.1")
    roles = ["logit", *(f"{kind} {layer}" for layer in layers for kind in ("activation", "gradient"))]
    assert names.keys() == set(roles)
    outputs = ["probability", "cam", *(names[role] for role in roles)]
    probability, cam, logit, *traced = session.run(outputs, {"frame": frame(0)[None]})
    np.testing.assert_allclose(1 / (1 + np.exp(-logit)), probability, atol=1e-6)
    coarse, fine = (
        floored(np.maximum(one * other, 0).sum(1)[0]) for one, other in zip(traced[::2], traced[1::2], strict=True)
    )
    assert cam.shape[2:] == fine.shape
    while coarse.shape != fine.shape:  # doubled step by step
        coarse = cv2.resize(coarse, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR)
    np.testing.assert_allclose(cam[0, 0], np.sqrt(coarse * fine), atol=1e-3 * cam.max())


def test_nothing_of_the_exporting_machine_is_inside(exported: Path) -> None:
    data = exported.read_bytes()
    assert str(Path(exporting.__file__).parent).encode() not in data
    assert b"site-packages" not in data
    assert b".py" not in data


@pytest.mark.parametrize("backend", installed_backends())
def test_the_probability_does_not_need_the_cam(exported: Path, backend: str) -> None:
    engine = open_engine(exported, backend, EngineOptions(precision="float32"))
    tensor = frame(0)[None]
    np.testing.assert_allclose(engine.infer(tensor, cam=False).probability, engine.infer(tensor).probability, atol=1e-5)
    engine.close()


def test_a_grad_cam_can_be_checked_from_the_file_alone(tmp_path: Path) -> None:
    picture = frame(0)
    exported = export_model(dataclasses.replace(with_facts(tmp_path), cam="grad-cam:encoder.bottleneck")).graph
    cam = onnxruntime.InferenceSession(str(exported)).run(["cam"], {"frame": picture[None]})[0][0, 0]
    by_differences = cam_by_differences(onnx.load(exported), picture)
    assert cam.max() > 0
    assert np.corrcoef(cam.ravel(), by_differences.ravel())[0, 1] > 0.999
    assert by_differences.max() == pytest.approx(cam.max(), rel=0.02)


def test_the_same_checkpoint_gives_the_same_bytes(exported: Path, tmp_path: Path) -> None:
    again = export_model(with_facts(tmp_path)).graph
    assert again.read_bytes() == exported.read_bytes()


def test_a_graph_that_differs_from_pytorch_is_refused_with_the_figures(tmp_path: Path, monkeypatch) -> None:
    def wrong(*_):
        model = tiny_graph()
        weights = onnx.numpy_helper.to_array(model.graph.initializer[0]) * np.float32(1.05)
        model.graph.initializer[0].CopyFrom(onnx.numpy_helper.from_array(weights, model.graph.initializer[0].name))
        return model

    monkeypatch.setattr(exporting, "onnx_graph", wrong)
    with pytest.raises(VerificationError, match=r"differs by at most \d"):
        export_model(ExportSettings(tiny_checkpoint(tmp_path / "best.pt"), "tiny", tmp_path / "out"))
    assert not (tmp_path / "out").exists()


class Reversed(torch.nn.Module):
    """Lets values through and turns gradients round."""

    def forward(self, x):
        return 2 * x.detach() - x


def test_a_wrong_cam_alone_is_refused() -> None:
    trained, reversed_inside = tiny_network(), tiny_network()
    reversed_inside.decoder[0].upsample = torch.nn.Sequential(reversed_inside.decoder[0].upsample, Reversed())
    rewritten = deployed(trained)
    model = tiny_graph()
    frames = random_frames(SIDE, SIDE, 4)
    require(compare(model, trained, rewritten, frames))
    agreement = compare(model, reversed_inside, rewritten, frames)
    assert agreement.probability < 1e-4
    assert agreement.cam_autograd < 1e-3
    with pytest.raises(VerificationError, match="hooks"):
        require(agreement)


def test_pixels_that_were_undecided_are_not_moved() -> None:
    before = np.full((10, 10), 0.49, np.float32)
    after = before + 0.02
    assert _moved(before, after) == 0
    after[0, :3] = 0.6
    assert _moved(before, after) == pytest.approx(0.03)


def test_a_few_pixels_of_rounded_weights_may_move_and_a_region_may_not() -> None:
    def differing(probability: float, moved: float) -> Agreement:
        return Agreement(probability, moved, cam_autograd=0.0, cam_hooks=0.0, cam_sum=0.0, frames=1, with_cam=1)

    require(differing(0.3, 0.009), "int8 weights")
    for probability, moved in ((0.3, 0.011), (0.6, 0.0)):
        with pytest.raises(VerificationError, match="change side"):
            require(differing(probability, moved), "int8 weights")


@pytest.mark.parametrize(
    "fact",
    [
        {"confirm_probability": 1.5},
        {"confirm_probability": "high"},
        {"threshold": 0},
        {"threshold": True},
        {"training": "long"},
        {"metrics": [1]},
        {"licences": "MIT"},
        {"licences": [3]},
    ],
)
def test_facts_that_no_manifest_may_hold_are_refused_at_once(fact: dict) -> None:
    with pytest.raises(ConfigError, match=f"facts.toml: '{next(iter(fact))}' is"):
        from_table(ModelFacts, fact, in_file("facts.toml"))


def test_a_date_among_the_facts_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "facts.toml"
    path.write_text("[training]\nfinished = 2026-05-01")
    with pytest.raises(ConfigError, match="what no manifest can"):
        read_facts(path)


def test_a_checkpoint_that_does_not_say_its_side_asks_for_it(tmp_path: Path) -> None:
    checkpoint = tiny_checkpoint(tmp_path / "best.pt")
    save_checkpoint(checkpoint, read_checkpoint(checkpoint) | {"recipe": {"size": "large"}})
    with pytest.raises(ConfigError, match="Give --size"):
        export_model(ExportSettings(checkpoint, "tiny", tmp_path / "out"))


def test_a_model_that_finds_nothing_cannot_be_verified_without_pictures(tmp_path: Path) -> None:
    network = tiny_network()
    network.head.bias.data -= 100
    with pytest.raises(VerificationError, match="No polyp was predicted"):
        export_model(ExportSettings(tiny_checkpoint(tmp_path / "best.pt", network), "tiny", tmp_path / "out"))


def test_the_scale_comes_from_the_check_folder(tmp_path: Path) -> None:
    for folder in ("images", "masks"):
        (tmp_path / "data" / folder).mkdir(parents=True)
    for number in range(3):
        cv2.imwrite(str(tmp_path / "data" / "images" / f"{number}.png"), frame(number))
        cv2.imwrite(str(tmp_path / "data" / "masks" / f"{number}.png"), np.zeros((SIDE, SIDE), np.uint8))
    settings = ExportSettings(
        tiny_checkpoint(tmp_path / "best.pt"), "tiny", tmp_path / "out", check_folder=tmp_path / "data"
    )
    manifest = export_model(settings).manifest
    assert manifest.cam_full_scale > 0
    assert manifest.cam_full_scale != 1.0


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"cam": "grad-cam:head"}, ConfigError),
        ({"cam": "saliency:decoder.0"}, ConfigError),
        ({"cam": "multi-level:decoder.0"}, ConfigError),
        ({"size": 50}, ConfigError),
        ({"checkpoint": Path("nowhere.pt")}, TrainingError),
        ({"out": Path("/proc/no/such/place")}, ExportError),
    ],
)
def test_wrong_settings_are_one_clear_error(tmp_path: Path, change: dict, error: type[Exception]) -> None:
    given = {"checkpoint": tiny_checkpoint(tmp_path / "best.pt"), "name": "tiny", "out": tmp_path / "out"} | change
    with pytest.raises(error) as caught:
        export_model(ExportSettings(**given))
    assert "\n" not in str(caught.value)


def test_a_graph_is_exported_once_more_with_another_heatmap_and_the_same_weights(
    exported: Path, tmp_path: Path
) -> None:
    args = ["export", str(exported), "--name", "other", "--cam", "hires-cam:decoder.0", "--out", str(tmp_path)]
    done = CliRunner().invoke(cli, args)
    assert done.exit_code == 0, done.output
    before, after = load_manifest(exported), load_manifest(tmp_path / "other.onnx")
    assert after.cam == "hires-cam:decoder.0"
    assert (after.version, after.licences, after.threshold) == (before.version, before.licences, before.threshold)
    assert after.training == before.training
    picture = frame(1)[None]
    engines = [open_engine(path, "onnxruntime") for path in (exported, tmp_path / "other.onnx")]
    one, other = (engine.infer(picture) for engine in engines)
    np.testing.assert_allclose(other.probability, one.probability, atol=1e-6)
    further = open_map_engine(exported)
    wanted = further.explain(picture).maps["hires-cam:decoder.0"]
    np.testing.assert_allclose(other.cam, wanted, atol=2e-3 * wanted.max())
    further.close()
    for engine in engines:
        engine.close()
