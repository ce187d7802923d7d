"""The mean of several networks' weights."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from export_helpers import SIDE, frame, tiny_checkpoint, tiny_network
from polyplive.export.graph.export_model import ExportSettings, export_model
from polyplive.export.networks.segmentation import build_network
from polyplive.export.training.checkpoint import load_network, save_checkpoint
from polyplive.export.training.weight_average import WeightedCheckpoint, average_weights, main

from polyplive.errors import ConfigError, TrainingError
from polyplive.manifest import load_manifest, sha256_of, shipped_models


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    return tiny_checkpoint(tmp_path / "one.pt"), tiny_checkpoint(tmp_path / "two.pt", tiny_network(1))


def test_three_parts_and_one(two: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert main([f"3:{two[0]}", str(two[1]), "--out", str(tmp_path / "mixed.pt")]) == 0
    assert "mixed.pt" in capsys.readouterr().out
    mixed, facts = load_network(tmp_path / "mixed.pt")
    one, other = (load_network(path)[0].state_dict() for path in two)
    for name, weights in mixed.state_dict().items():
        torch.testing.assert_close(weights, ((3 * one[name] + other[name]) / 4).to(weights.dtype), msg=name)
    sums = [(item["parts"], item["sha256"]) for item in facts["origins"]["mixture"]]
    assert sums == [(3.0, sha256_of(two[0])), (1.0, sha256_of(two[1]))]


def test_graphs_can_be_mixed_and_the_mixture_is_exported(two: tuple[Path, Path], tmp_path: Path) -> None:
    graph = export_model(ExportSettings(two[0], "one", tmp_path)).graph
    assert main([f"0.5:{graph}", f"1.5:{graph}", "--out", str(tmp_path / "mixed.pt")]) == 0
    again = export_model(ExportSettings(tmp_path / "mixed.pt", "mixed", tmp_path)).graph
    manifest = load_manifest(again)
    assert manifest.input_height == SIDE
    assert [item["name"] for item in manifest.training["origins"]["mixture"]] == [f"{tmp_path.name}/one.onnx"] * 2
    pixels = torch.from_numpy(frame(1)).permute(2, 0, 1)[None]
    answers = [network(network.normalise(pixels)) for network in map(_network, (tmp_path / "mixed.pt", two[0]))]
    torch.testing.assert_close(*answers, atol=1e-4, rtol=1e-4)
    for from_graph in (graph, tmp_path / "mixed.pt"):
        with pytest.raises(TrainingError, match=r"Only one of .* comes from a graph"):
            average_weights([WeightedCheckpoint(from_graph), WeightedCheckpoint(two[0])])


def _network(path: Path) -> torch.nn.Module:
    return load_network(path)[0]


def test_a_transformer_is_mixed_at_the_side_of_its_graph(tmp_path: Path) -> None:
    checkpoint = tiny_checkpoint(tmp_path / "best.pt", kind="unet-vit")
    graph = export_model(ExportSettings(checkpoint, "tiny", tmp_path, size=SIDE + 32)).graph
    save_checkpoint(tmp_path / "mixed.pt", average_weights([WeightedCheckpoint(graph), WeightedCheckpoint(graph)]))
    mixed, facts = load_network(tmp_path / "mixed.pt")
    assert mixed.encoder.side == facts["size"] == SIDE + 32
    assert facts["recipe"]["size"] == SIDE
    assert facts["recipe"]["architecture"] == "unet-vit"
    assert facts["folded"] is True


@pytest.mark.parametrize("change", [{"taps": (1, 3)}, {"widths": (8, 9)}, {"grid": 5}])
def test_another_network_is_refused(change: dict, tmp_path: Path) -> None:
    """Also where all weights have the same shapes."""
    paths = []
    for name, options in (("one", {"taps": (2, 3)}), ("two", {"taps": (2, 3)} | change)):
        whole = {"widths": (8, 8), "blocks": 3, "grid": 4} | options
        network = build_network("unet-vit", **whole)
        paths.append(tmp_path / f"{name}.pt")
        told = {"architecture": "unet-vit", "options": whole, "recipe": {"size": SIDE}}
        save_checkpoint(paths[-1], told | {"weights": network.state_dict()})
    with pytest.raises(TrainingError, match=r"two.pt' holds another network than .*one.pt"):
        average_weights([WeightedCheckpoint(path) for path in paths])


def test_nothing_is_no_mixture() -> None:
    with pytest.raises(ConfigError, match="nothing to mix"):
        average_weights([])


@pytest.mark.parametrize("parts", ["0", "0.0", "1.2.3", ".", "-1", "inf", "nan", "1,5", "1e308"])
def test_parts_are_above_nothing(parts: str) -> None:
    with pytest.raises(ConfigError, match=f"cannot count for '{parts}' parts"):
        WeightedCheckpoint.read(f"{parts}:best.pt")


@pytest.mark.parametrize("words", ["", "2:", ":"])
def test_no_file_is_no_ingredient(words: str) -> None:
    with pytest.raises(ConfigError, match="names no file"):
        WeightedCheckpoint.read(words)


@pytest.mark.parametrize("path", ["runs/a:b/best.pt", "best.pt", "12", "./2:best.pt", "C:best.pt"])
def test_a_path_without_parts_counts_once(path: str) -> None:
    assert WeightedCheckpoint.read(path) == WeightedCheckpoint(Path(path))
    assert WeightedCheckpoint.read(f"2.5:{path}") == WeightedCheckpoint(Path(path), 2.5)


def test_errors_are_one_line_and_nothing_is_written(
    two: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    before = two[1].read_bytes()
    (tmp_path / "gone.json").write_bytes(shipped_models()["polyplive-fast"].with_suffix(".json").read_bytes())
    (tmp_path / "folder.onnx").mkdir()
    (tmp_path / "folder.json").write_bytes((tmp_path / "gone.json").read_bytes())
    for files, out in (
        ([two[0]], two[1]),  # is there already
        ([tmp_path / "gone.pt"], tmp_path / "mixed.pt"),
        ([tmp_path / "gone.onnx"], tmp_path / "mixed.pt"),
        ([tmp_path / "folder.onnx"], tmp_path / "mixed.pt"),
        ([tmp_path], tmp_path / "mixed.pt"),
        ([two[0]], tmp_path / "no folder" / "mixed.pt"),
        ([two[0]], tmp_path / ("long" * 100)),
        ([two[0]], tmp_path / "mixed.onnx"),
        ([tmp_path / ("long" * 100)], tmp_path / "mixed.pt"),
        ([tmp_path / ("long" * 100 + ".onnx")], tmp_path / "mixed.pt"),
    ):
        assert main([*map(str, files), "--out", str(out)]) == 1
        told = capsys.readouterr().err
        assert told.startswith("average_weights: ")
        assert told.count("\n") == 1
    assert two[1].read_bytes() == before
    assert not (tmp_path / "mixed.pt").exists()
