"""Training: what goes wrong is named in one line, and a split that nobody made is made by the seed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from polyplive.export.data.dataset import FolderSource, load_source, set_aside
from polyplive.export.networks.segmentation import build_network
from polyplive.export.training.checkpoint import read_checkpoint, save_checkpoint
from polyplive.export.training.recipe import Recipe
from polyplive.export.training.train import TrainingSettings, train

from polyplive.cli import main
from polyplive.errors import ConfigError, DataError, TrainingError

TINY = {"architecture": "unet", "options": {"base": 4, "levels": 3}, "size": 32, "batch": 4, "epochs": 1, "seed": 5}
IN_TOML = 'architecture = "unet"\nsize = 32\nbatch = 4\nepochs = 1\n[options]\nbase = 4\nlevels = 3\n'


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Twelve pairs as the Kvasir-SEG archive unpacks: no split, and a file of boxes beside the folders."""
    root = tmp_path / "archive"
    rng = np.random.default_rng(0)
    for name in ("images", "masks"):
        (root / "Kvasir-SEG" / name).mkdir(parents=True)
    (root / "Kvasir-SEG" / "kvasir_bboxes.json").write_text("{}")
    for number in range(12):
        mask = np.zeros((40, 40), np.uint8)
        cv2.circle(mask, (20, 20), 6 + number % 5, 255, -1)
        cv2.imwrite(str(root / "Kvasir-SEG" / "images" / f"p{number}.jpg"), rng.integers(0, 255, (40, 40, 3), np.uint8))
        cv2.imwrite(str(root / "Kvasir-SEG" / "masks" / f"p{number}.jpg"), mask)
    return root


def unsplit(**changes: object) -> Recipe:
    return Recipe(**{**TINY, "sources": (FolderSource("."),), "validation": "", "validation_share": 0.25, **changes})


def test_a_seed_gives_the_same_split_whatever_the_order(archive: Path) -> None:
    loaded = load_source(archive, FolderSource("."), 32)
    backwards = load_source(archive, FolderSource("."), 32)
    object.__setattr__(backwards, "samples", backwards.samples[::-1])

    def chosen(source, seed: int) -> set[str]:
        return {sample.stem for sample in set_aside([source], 0.25, seed)[1]}

    assert chosen(loaded, 1) == chosen(backwards, 1)
    assert len({frozenset(chosen(loaded, seed)) for seed in range(6)}) > 1
    assert len(chosen(loaded, 1)) == 3


def test_what_is_set_aside_is_trained_on_through_no_source(archive: Path) -> None:
    sources = [load_source(archive, FolderSource(".", repeat=repeat), 32) for repeat in (1, 2)]
    left, aside = set_aside(sources, 0.25, 1)
    kept = {sample.stem for sample in aside}
    for source in left:
        assert len(source.samples) == 9
        assert not kept & {sample.stem for sample in source.samples}
    with pytest.raises(DataError, match="too few"):
        set_aside([load_source(archive, FolderSource(".", include="p1$"), 32)], 0.5, 1)


def test_the_archive_trains_without_a_split(archive: Path, tmp_path: Path) -> None:
    assert train(TrainingSettings(unsplit(), archive, tmp_path / "run")).name == "best.pt"


def test_skipped_pairs_are_named_and_counted(archive: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (archive / "Kvasir-SEG" / "masks" / "p2.jpg").unlink()
    (archive / "Kvasir-SEG" / "images" / "p7.jpg").write_bytes(b"\xff\xd8 cut")
    recipe = tmp_path / "recipe.toml"
    recipe.write_text('validation = ""\n' + IN_TOML + '[[sources]]\nfolder = "."\n[[sources]]\nfolder = "."\n')
    command = ["train", "--recipe", str(recipe), "--data", str(archive), "--out", str(tmp_path / "run")]
    assert main(command) == 1
    refused = capfd.readouterr().err.strip()
    assert refused.count("\n") == 0
    assert "p2.jpg" in refused
    assert "1 more" in refused
    assert "--skip-bad" in refused
    assert main([*command, "--skip-bad"]) == 0
    lines = capfd.readouterr().err.splitlines()
    assert [sum(f"p{number}.jpg" in line for line in lines) for number in (2, 7)] == [1, 1]
    assert "2 bad pairs were skipped" in lines


def test_a_start_from_another_network_is_refused(archive: Path, tmp_path: Path) -> None:
    first = train(TrainingSettings(unsplit(), archive, tmp_path / "first"))
    wider = unsplit(options={"base": 8, "levels": 3})
    with pytest.raises(TrainingError, match="another network"):
        train(TrainingSettings(wider, archive, tmp_path / "second", start_from=first))


def test_a_run_of_another_recipe_or_with_parts_missing_is_not_resumed(archive: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    train(TrainingSettings(unsplit(), archive, out))
    with pytest.raises(TrainingError, match="another recipe"):
        train(TrainingSettings(unsplit(seed=6), archive, out, resume=True))
    with pytest.raises(TrainingError, match="options differ"):
        train(TrainingSettings(unsplit(options={"base": 8, "levels": 3}), archive, out, resume=True))
    (out / "last.pt").write_bytes((out / "best.pt").read_bytes())  # it lacks the optimiser
    with pytest.raises(TrainingError, match="cannot be gone on from"):
        train(TrainingSettings(unsplit(epochs=2), archive, out, resume=True))
    with pytest.raises(TrainingError, match="no checkpoint"):
        train(TrainingSettings(unsplit(), archive, tmp_path / "none", resume=True))


def test_a_folder_that_cannot_be_made_is_named(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(TrainingError, match="file/run"):
        train(TrainingSettings(unsplit(), archive, tmp_path / "file" / "run"))


@pytest.mark.skipif(sys.platform == "win32", reason="limits of file sizes are POSIX")
def test_a_disk_that_fills_up_leaves_the_old_checkpoint(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "last.pt", {"architecture": "unet", "recipe": {}, "epoch": 1})
    script = (
        "import resource, signal, sys, torch; from pathlib import Path\n"
        "from polyplive.errors import TrainingError; from polyplive.export.training.checkpoint import save_checkpoint\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "try: save_checkpoint(Path(sys.argv[1]), {'architecture': 'unet', 'x': torch.zeros(1_000_000)})\n"
        "except TrainingError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "last.pt")], capture_output=True, text=True, check=True
    )
    assert "Cannot write the checkpoint" in done.stdout
    assert read_checkpoint(tmp_path / "last.pt")["epoch"] == 1
    assert [path.name for path in tmp_path.iterdir()] == ["last.pt"]


@pytest.mark.parametrize("architecture", ["unet", "unet-lite0"])
def test_wrong_options_are_named(architecture: str) -> None:
    with pytest.raises(ConfigError, match="depht"):
        build_network(architecture, depht=3)


@pytest.mark.parametrize(("key", "value"), [("validation_share", 1.5), ("learning_rate", 0.0), ("batch", 0)])
def test_numbers_that_train_nothing_are_refused(key: str, value: float) -> None:
    with pytest.raises(ConfigError, match=r"must be .*(above 0|at least 1|below 1)|share"):
        Recipe(**{key: value})


def test_a_loss_that_is_no_number_stops_the_run(archive: Path, tmp_path: Path) -> None:
    """The last good checkpoint stays what it was."""
    out = tmp_path / "run"
    train(TrainingSettings(unsplit(), archive, out))
    data = read_checkpoint(out / "last.pt")
    data["raw_weights"]["head.bias"] = torch.tensor([float("nan")])
    save_checkpoint(out / "last.pt", data)
    with pytest.raises(TrainingError, match="not a number"):
        train(TrainingSettings(unsplit(epochs=2), archive, out, resume=True))
    assert len(read_checkpoint(out / "last.pt")["history"]) == 1
