"""Training: it learns, a kill costs at most an epoch, and files are whole or absent."""

from __future__ import annotations

import csv
import dataclasses
import os
import pickle
import resource
import signal
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from export_helpers import TINY as KINDS
from export_helpers import tiny_checkpoint
from polyplive.export.data.dataset import FolderSource
from polyplive.export.graph.export_model import ExportSettings, export_model
from polyplive.export.networks.segmentation import SegmentationNetwork, build_network
from polyplive.export.training.checkpoint import load_network, read_checkpoint, save_checkpoint
from polyplive.export.training.losses import find_loss
from polyplive.export.training.recipe import Recipe
from polyplive.export.training.train import TrainingSettings, train

from polyplive.errors import ConfigError, TrainingError
from polyplive.manifest import sha256_of

TINY = Recipe(
    architecture="unet",
    options={"base": 4, "levels": 3},
    size=32,
    batch=4,
    epochs=3,
    learning_rate=5e-3,
    warm_up=0.2,
    averaging=0.8,
    seed=3,
    sources=(FolderSource("train", repeat=2),),
)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bright discs on dark noise: a task that a tiny network learns in seconds."""
    root = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    for part, count in (("train", 16), ("validation", 4)):
        for name in ("images", "masks"):
            (root / part / name).mkdir(parents=True)
        for number in range(count):
            mask = np.zeros((40, 40), np.uint8)
            cv2.circle(mask, tuple(int(v) for v in rng.integers(12, 28, 2)), int(rng.integers(5, 10)), 255, -1)
            image = rng.integers(0, 70, (40, 40, 3), np.uint8) + (mask // 2)[..., None]
            cv2.imwrite(str(root / part / "images" / f"{number}.png"), image)
            cv2.imwrite(str(root / part / "masks" / f"{number}.png"), mask)
    return root


def with_epochs(epochs: int) -> Recipe:
    return dataclasses.replace(TINY, epochs=epochs)


def weights_of(path: Path) -> dict[str, torch.Tensor]:
    return read_checkpoint(path)["weights"]


def test_it_learns_and_leaves_curves_and_figures(data: Path, tmp_path: Path) -> None:
    lines: list[str] = []
    best = train(TrainingSettings(with_epochs(12), data, tmp_path / "run"), lines.append)
    assert len(lines) == 12
    with (tmp_path / "run" / "metrics.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert float(rows[-1]["loss"]) < float(rows[0]["loss"])
    assert max(float(row["iou"]) for row in rows) > 0.6
    assert cv2.imread(str(tmp_path / "run" / "curves.png")).std() > 5
    network, facts = load_network(best)
    assert facts["recipe"]["seed"] == TINY.seed
    assert not network.training


def test_a_seed_gives_the_same_start_and_the_same_data(data: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        train(TrainingSettings(with_epochs(1), data, tmp_path / name))
    one, two = (weights_of(tmp_path / name / "last.pt") for name in ("one", "two"))
    for name, value in one.items():
        torch.testing.assert_close(value, two[name])


def test_resuming_gives_what_a_run_without_a_break_gives(data: Path, tmp_path: Path) -> None:
    train(TrainingSettings(TINY, data, tmp_path / "whole"))
    broken = tmp_path / "broken"
    stopped: list[str] = []

    def stop_after_first(line: str) -> None:
        stopped.append(line)
        if len(stopped) == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(TrainingSettings(TINY, data, broken), stop_after_first)
    train(TrainingSettings(TINY, data, broken, resume=True))
    whole = weights_of(tmp_path / "whole" / "last.pt")
    for name, value in weights_of(broken / "last.pt").items():
        torch.testing.assert_close(value, whole[name], atol=1e-3, rtol=1e-2)
    assert len(read_checkpoint(broken / "last.pt")["history"]) == TINY.epochs


KILLED_IN_A_WRITE = """
import os, signal, sys
from polyplive.export.training import checkpoint
from polyplive.system import atomic_file
from polyplive.cli import main

written = []

def noted(path, data):
    written.append(path.name)
    whole(path, data)

def half(file, data):
    if written.count("last.pt") < 3:
        return to_disk(file, data)
    file.write(data[: len(data) // 2])
    os.kill(os.getpid(), signal.SIGKILL)

whole, checkpoint.write_atomic = checkpoint.write_atomic, noted
to_disk, atomic_file.write_to_disk = atomic_file.write_to_disk, half
sys.exit(main(sys.argv[1:]))
"""
"""The training command, killed while it has written half of its third checkpoint."""


def test_a_killed_run_can_be_resumed(data: Path, tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(
        'architecture = "unet"\nsize = 32\nbatch = 4\nepochs = 6\n[options]\nbase = 4\nlevels = 3\n'
        '[[sources]]\nfolder = "train"\n'
    )
    command = [sys.executable, "-m", "polyplive", "train", "--recipe", str(recipe), "--data", str(data)]
    command += ["--out", str(tmp_path / "run")]
    alone = {**os.environ, "OMP_NUM_THREADS": "1"}  # so small a network is fastest on one thread
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED_IN_A_WRITE, *command[3:]], env=alone, stderr=subprocess.PIPE, text=True
    )
    _, said = process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert "epoch 2/" in said
    assert [path for path in (tmp_path / "run").iterdir() if "last.pt" in path.name and path.name != "last.pt"]
    done = len(read_checkpoint(tmp_path / "run" / "last.pt")["history"])
    assert done >= 2
    again = subprocess.run(
        [*command, "--resume", "--epochs", str(done + 1)], env=alone, capture_output=True, text=True, check=False
    )
    assert f"epoch {done + 1}/" in again.stderr
    assert "epoch 1/" not in again.stderr
    assert len(read_checkpoint(tmp_path / "run" / "last.pt")["history"]) == done + 1


def test_a_run_is_not_overwritten(data: Path, tmp_path: Path) -> None:
    train(TrainingSettings(with_epochs(1), data, tmp_path / "run"))
    before = (tmp_path / "run" / "last.pt").read_bytes()
    with pytest.raises(TrainingError, match="--resume"):
        train(TrainingSettings(with_epochs(1), data, tmp_path / "run"))
    assert (tmp_path / "run" / "last.pt").read_bytes() == before


def test_another_runs_weights_can_be_the_start(data: Path, tmp_path: Path) -> None:
    first = train(TrainingSettings(with_epochs(8), data, tmp_path / "first"))
    lines: list[str] = []
    train(TrainingSettings(with_epochs(1), data, tmp_path / "second", start_from=first), lines.append)
    origin = {"start_from": {"name": "first/best.pt", "sha256": sha256_of(first)}}
    for run, start, wanted in (("second", None, origin), ("first", first, {})):  # going on begins from nothing new
        recipe = with_epochs(2 if run == "second" else 9)
        train(TrainingSettings(recipe, data, tmp_path / run, resume=True, start_from=start))
        assert read_checkpoint(tmp_path / run / "last.pt")["origins"] == wanted
    loss = float(lines[0].split("loss ")[1].split(",")[0])
    assert loss < read_checkpoint(tmp_path / "first" / "last.pt")["history"][0]["loss"]


def test_a_transformer_can_begin_where_one_ended_that_saw_another_side(data: Path, tmp_path: Path) -> None:
    start = tiny_checkpoint(tmp_path / "start.pt", kind="unet-vit")
    options = {**KINDS["unet-vit"][1], "grid": 2}
    recipe = dataclasses.replace(with_epochs(1), architecture="unet-vit", options=options, learning_rate=1e-9)
    recipe = dataclasses.replace(recipe, frozen_norm=True)
    best = train(TrainingSettings(recipe, data, tmp_path / "run", start_from=start))
    one, two = load_network(start)[0], load_network(best)[0]
    assert two.encoder.side == 32
    pixels = torch.randn(1, 3, 32, 32)
    torch.testing.assert_close(one(pixels), two(pixels), atol=1e-4, rtol=1e-4)


class Planted:
    """Pickled, it would run a command when read."""

    def __reduce__(self):
        return os.system, ("touch planted",)


def test_reading_a_checkpoint_executes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"architecture": Planted()}, tmp_path / "planted.pt")
    (tmp_path / "plain.pt").write_bytes(pickle.dumps(Planted()))
    for name in ("planted.pt", "plain.pt"):
        with pytest.raises(TrainingError, match=name):
            read_checkpoint(tmp_path / name)
    assert not (tmp_path / "planted").exists()


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04 cut"])
def test_what_is_no_checkpoint_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "odd.pt"
    path.write_bytes(content)
    with pytest.raises(TrainingError, match=r"odd\.pt") as caught:
        load_network(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "change",
    [
        {"architecture": 3},
        {"recipe": None},
        {"recipe": {"size": torch.zeros(1)}},
        {"options": [["base", 4]]},
        {"origins": "x"},
        {"origins": {"start_from": torch.zeros(1)}},
        {"options": {1: 2}},
        {"epoch": torch.zeros(1)},
        {"validation": {"iou": torch.zeros(1)}},
    ],
)
def test_a_checkpoint_that_says_nothing_sound_of_itself_is_none(tmp_path: Path, change: dict) -> None:
    path = tiny_checkpoint(tmp_path / "odd.pt")
    save_checkpoint(path, read_checkpoint(path) | change)
    with pytest.raises(TrainingError, match=r"odd\.pt' is not a checkpoint of this program"):
        load_network(path)


@pytest.mark.parametrize("change", [{"weights": None}, {"weights": {1: 2}}, {"options": {"architecture": "unet"}}])
def test_weights_that_do_not_fit_are_one_clear_error(tmp_path: Path, change: dict) -> None:
    path = tiny_checkpoint(tmp_path / "odd.pt")
    save_checkpoint(path, read_checkpoint(path) | change)
    with pytest.raises(TrainingError, match=r"odd\.pt' does not fit"):
        load_network(path)


def test_a_checkpoint_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "last.pt"
    save_checkpoint(path, {"architecture": "unet", "recipe": {}, "epoch": 1})
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, before[1]))  # a disk that is full after 64 bytes
    try:
        with pytest.raises(TrainingError, match="Free some space"):
            save_checkpoint(path, {"architecture": "unet", "epoch": 2})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == [path]
    assert read_checkpoint(path)["epoch"] == 1


@pytest.mark.parametrize(
    "options", [{"widths": [128]}, {"widths": [-1, 2]}, {"widths": [0, 0]}, {"widths": "ab"}, {"breadth": 3}]
)
def test_options_that_make_no_network_are_one_clear_error(options: dict) -> None:
    with pytest.raises(ConfigError, match="Wrong options for 'unet-vit'"):
        build_network("unet-vit", **options)


def test_a_teacher_that_marks_nothing_teaches_to_mark_nothing(data: Path, tmp_path: Path) -> None:
    """With the whole truth from the teacher, the masks no longer count."""
    best = train(TrainingSettings(with_epochs(1), data, tmp_path / "teacher"))
    teacher = read_checkpoint(best)
    teacher["weights"]["head.weight"].zero_()
    teacher["weights"]["head.bias"].fill_(-9.0)
    save_checkpoint(tmp_path / "blind.pt", teacher)
    recipe = dataclasses.replace(with_epochs(8), loss="dice+bce", teacher_share=1.0)
    with pytest.raises(TrainingError, match="--teacher"):
        train(TrainingSettings(recipe, data, tmp_path / "alone"))
    with pytest.raises(TrainingError, match="teacher_share"):
        train(TrainingSettings(TINY, data, tmp_path / "not", teacher=tmp_path / "blind.pt"))
    rows: list[str] = []
    train(TrainingSettings(recipe, data, tmp_path / "run", teacher=tmp_path / "blind.pt"), rows.append)
    assert "IoU 0.0000" in rows[-1]
    again = TrainingSettings(dataclasses.replace(recipe, epochs=9), data, tmp_path / "run", resume=True)
    with pytest.raises(TrainingError, match=r"another teacher than 'teacher/best.pt': .*blind.pt.*[0-9a-f]{64}"):
        train(dataclasses.replace(again, teacher=best))
    last = tmp_path / "run" / "last.pt"
    before = read_checkpoint(last)
    assert len(before["history"]) == 8
    moved = (tmp_path / "blind.pt").rename(tmp_path / "moved.pt")
    train(dataclasses.replace(again, teacher=moved))
    assert read_checkpoint(last)["origins"] == before["origins"]
    save_checkpoint(last, {key: value for key, value in before.items() if key != "origins"})
    train(dataclasses.replace(again, teacher=moved))
    assert read_checkpoint(last)["origins"]["teacher"]["name"] == f"{tmp_path.name}/moved.pt"
    alone = dataclasses.replace(recipe, teacher_share=0.0)
    train(TrainingSettings(alone, data, tmp_path / "masks"), rows.append)
    assert float(rows[-1].split("IoU ")[1][:6]) > 0.4


@pytest.mark.parametrize("loss", ["dice", "dice+bce", "image-dice+bce"])
def test_a_soft_truth_is_best_met_by_itself(loss: str) -> None:
    """A doubtful teacher must not be answered with more than its own probability."""
    truth = torch.full((1, 1, 8, 8), 0.3)
    truth[..., :4, :] = 0.9
    losses = {share: float(find_loss(loss)(torch.logit(truth.pow(share)), truth)) for share in (0.5, 0.8, 1, 1.3, 2)}
    assert min(losses, key=losses.get) == 1


def test_a_run_begins_with_the_weights_of_a_graph(data: Path, tmp_path: Path) -> None:
    best = train(TrainingSettings(with_epochs(12), data, tmp_path / "first"))
    graph = export_model(ExportSettings(best, "first", tmp_path, check_folder=data / "validation")).graph
    recipe = dataclasses.replace(with_epochs(1), frozen_norm=True, learning_rate=1e-9)
    train(TrainingSettings(recipe, data, tmp_path / "second", start_from=graph))
    assert [load_network(tmp_path / name)[1]["folded"] for name in ("first", "second")] == [False, True]
    pixels = torch.randn(1, 3, 32, 32)
    one, two = (load_network(tmp_path / name)[0](pixels) for name in ("first", "second"))
    torch.testing.assert_close(one, two, atol=1e-3, rtol=1e-3)
    other = dataclasses.replace(with_epochs(1), options={"base": 8, "levels": 3})
    with pytest.raises(TrainingError, match="another network"):
        train(TrainingSettings(other, data, tmp_path / "third", start_from=graph))


def test_a_run_takes_only_the_encoder_of_another_network(data: Path, tmp_path: Path) -> None:
    """Its batch norms get the statistics of these pictures, and the features stay what they were."""
    start = tiny_checkpoint(tmp_path / "start.pt")
    recipe = dataclasses.replace(
        with_epochs(1), options={"base": 4, "levels": 4}, only_encoder=True, learning_rate=1e-9, averaging=0.0
    )
    train(TrainingSettings(recipe, data, tmp_path / "run", start_from=start))
    pixels = torch.randn(1, 3, 32, 32)
    one, two = (load_network(path)[0] for path in (start, tmp_path / "run"))
    for features, wanted in zip(two.encoder(pixels), one.encoder(pixels), strict=True):
        torch.testing.assert_close(features, wanted, atol=0.2 * float(wanted.std()), rtol=0.1)  # statistics move on
    assert not torch.equal(one.head.weight, two.head.weight)
    other = dataclasses.replace(recipe, options={"base": 8, "levels": 4})
    with pytest.raises(TrainingError, match="another encoder"):
        train(TrainingSettings(other, data, tmp_path / "third", start_from=start))


def test_frozen_batch_norm_keeps_its_statistics(data: Path, tmp_path: Path) -> None:
    first = train(TrainingSettings(with_epochs(1), data, tmp_path / "first"))
    recipe = dataclasses.replace(with_epochs(1), frozen_norm=True)
    train(TrainingSettings(recipe, data, tmp_path / "frozen", start_from=first))
    before, after = weights_of(first), read_checkpoint(tmp_path / "frozen" / "last.pt")["raw_weights"]
    for name, value in before.items():
        if name.endswith(("running_mean", "running_var")):
            torch.testing.assert_close(after[name], value)
        elif name.endswith("weight"):
            assert not torch.equal(after[name], value), name


@pytest.mark.parametrize("native", [True, False])
def test_it_calculates_in_bfloat16_only_where_the_processor_does(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, native: bool
) -> None:
    monkeypatch.setattr("polyplive.export.training.train.has_bfloat16", lambda: native)
    found: set[torch.dtype] = set()
    network = SegmentationNetwork.forward

    def watched(self: SegmentationNetwork, x: torch.Tensor) -> torch.Tensor:
        logit = network(self, x)
        if self.training:
            found.add(logit.dtype)
        return logit

    monkeypatch.setattr(SegmentationNetwork, "forward", watched)
    train(TrainingSettings(with_epochs(1), data, tmp_path / "run"))
    assert found == {torch.bfloat16 if native and not torch.cuda.is_available() else torch.float32}
