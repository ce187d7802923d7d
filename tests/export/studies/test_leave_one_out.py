"""Leaving one centre out: who sees what, that an unknown centre costs, and that a run is not done twice."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from polyplive.export.data.dataset import FolderSource, load_source
from polyplive.export.studies.leave_one_out import ALL, LeaveOneOut, Study, main, summary

from polyplive.errors import ConfigError

STUDIES = Path(__file__).parents[3] / "export" / "studies"
SHIPPED = STUDIES / "centres.toml"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Centre A has bright discs on dark, centre B dark discs on bright; one in four shows none."""
    root = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    for name in ("images", "masks"):
        (root / "all" / name).mkdir(parents=True)
    for number in range(40):
        mask = np.zeros((40, 40), np.uint8)
        if number % 4:
            cv2.circle(mask, tuple(int(v) for v in rng.integers(12, 28, 2)), int(rng.integers(7, 11)), 255, -1)
        image = rng.integers(0, 70, (40, 40, 3), np.uint8) + (mask // 2)[..., None]
        for centre, seen in (("A", image), ("B", 255 - image)):
            cv2.imwrite(str(root / "all" / "images" / f"{centre}_{number:02d}.png"), seen)
            cv2.imwrite(str(root / "all" / "masks" / f"{centre}_{number:02d}.png"), mask)
    return root


def study(**changes: object) -> Study:
    recipe = {
        "architecture": "unet",
        "options": {"base": 4, "levels": 3},
        "size": 32,
        "batch": 4,
        "epochs": 6,
        "learning_rate": 1e-2,
        "warm_up": 0.2,
        "averaging": 0.8,
        "validation": "all",
        "sources": [],
        "augmentation": {"colour": 0.0, "gamma": 0.0, "background": 0.0},
    }
    made = Study("all", {"A": "^A_", "B": "^B_"}, 0.25, 60, recipe, {"plain": {}})
    return dataclasses.replace(made, **changes)


@pytest.fixture(scope="module")
def figures(data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict:
    return LeaveOneOut(study(), data, tmp_path_factory.mktemp("out")).run()


def test_an_unknown_centre_costs(figures: dict) -> None:
    (row,) = summary(figures)
    assert row["in_centre"] > 0.6
    assert row["first"] is None
    assert row["drop"] > 0.2
    assert row["drop"] == pytest.approx(row["in_centre"] - row["left_out"], abs=2e-4)
    assert row["worst_dice"] == min(left_out for _, left_out in row["centres"].values())


def test_all_are_measured_on_the_same_pictures(figures: dict) -> None:
    runs = figures["plain"]
    assert set(runs) == {ALL, "A", "B"}
    for centre in "AB":
        counts = {name: runs[ALL][centre][name] for name in ("n_polyp", "n_negative")}
        assert counts == {"n_polyp": 8, "n_negative": 2}
        assert counts == {name: runs[centre][centre][name] for name in counts}


@pytest.mark.parametrize("left_out", [ALL, "A", "B"])
def test_no_run_trains_on_what_is_measured(data: Path, left_out: str, tmp_path: Path) -> None:
    whole = LeaveOneOut(study(), data, tmp_path)
    source = whole.recipe(next(run for run in whole.runs() if run.left_out == left_out)).sources[-1]
    seen = {sample.stem for sample in load_source(data, FolderSource("all", exclude=source.exclude), 32).samples}
    wanted = {f"{centre}_{number:02d}" for centre in "AB" if centre != left_out for number in range(30)}
    assert seen == wanted


def test_what_a_variant_learns_first_all_its_runs_begin_with(data: Path, tmp_path: Path) -> None:
    first = {"epochs": 6, "sources": [{"folder": "all", "include": "^A_", "repeat": 2}]}
    first |= {"learning_rate": 1e-2, "frozen_norm": False}
    idle = {"epochs": 1, "learning_rate": 1e-9, "frozen_norm": True}  # the runs themselves learn nothing
    recipe = study().recipe | idle
    small = study(recipe=recipe, first=first, per_epoch=4)
    (alone,) = summary(LeaveOneOut(small, data, tmp_path).run(only_first=True))
    assert [path.name for path in tmp_path.iterdir()] == ["plain-first"]
    assert "drop" not in alone
    found = LeaveOneOut(small, data, tmp_path).run()
    assert found["plain"]["A"]["A"]["dice"] > 0.5 > found["plain"]["B"]["B"]["dice"]
    assert found["plain"]["A"]["A"] == found["plain"][ALL]["A"] == found["plain"]["first"]["A"]
    (row,) = summary(found)
    assert row["first"] == row["in_centre"] == row["left_out"] == alone["first"]
    assert alone["first_worst"] == row["worst"] == "B"
    assert alone["first_worst_dice"] == alone["first_centres"]["B"] == row["worst_dice"]
    assert {path.name for path in tmp_path.iterdir()} >= {"plain-first", "plain-A"}
    later = dataclasses.replace(small, first=first | {"epochs": 7})
    with pytest.raises(ConfigError, match="another study"):
        LeaveOneOut(later, data, tmp_path).run()


def test_without_a_first_training_there_is_none_to_do_alone(data: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no first training"):
        LeaveOneOut(study(), data, tmp_path).run(only_first=True)


def test_the_command_does_no_run_twice(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    short = tmp_path / "study.toml"
    short.write_text(
        'folder = "all"\nheld_back = 0.25\nper_epoch = 8\n[centres]\nA = "^A_"\nB = "^B_"\n[variants.plain]\n'
        '[recipe]\narchitecture = "unet"\noptions = {base = 4, levels = 3}\nsize = 32\nbatch = 4\nepochs = 1\n'
        'validation = "all"\nsources = []\n',
        encoding="utf-8",
    )
    arguments = [str(short), "--data", str(data), "--out", str(tmp_path / "out")]
    assert main(arguments) == 0
    assert "epoch 1/1" in capsys.readouterr().err
    first = json.loads((tmp_path / "out" / "figures.json").read_text(encoding="utf-8"))
    assert main(arguments) == 0
    assert "epoch" not in capsys.readouterr().err
    assert json.loads((tmp_path / "out" / "figures.json").read_text(encoding="utf-8")) == first
    short.write_text(short.read_text(encoding="utf-8").replace("epochs = 1", "epochs = 2"), encoding="utf-8")
    assert main(arguments) == 1
    assert "another study" in capsys.readouterr().err


def test_what_is_no_study_is_named(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text("centres = 3", encoding="utf-8")
    for path in (broken, tmp_path / "nowhere.toml"):
        assert main([str(path), "--data", str(data), "--out", str(tmp_path)]) == 1
        assert path.name in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("held_back = 'x'", "'held_back' is 'x'. It must be a number above 0 and below 1"),
        ("held_back = 1.5", "'held_back' is 1.5"),
        ("centres.C = '^A_('", "'C' is no regular expression"),
        ("variants.plain = 3", "'variants' is {'plain': 3}. It must be a table, each a table"),
        ("first = 3", "'first' is 3"),
        ("first.siez = 3", "siez"),
        ("variants.plain.colur = 0.0", "colur"),
        ("centres.C = '^nothing'", "Of the 0 pictures of 'C'"),
        ("centres.C = '_01$'", "'A_01' belongs to A and C"),
        ("centres.A = '^A_0'", "'A_10' belongs to no centre"),
        ("variants.'a b' = {}\nvariants.'a-b' = {}", "share one folder"),
    ],
)
def test_a_wrong_study_is_refused_before_anything_is_trained(
    line: str, says: str, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = {"held_back": "held_back = 0.25", "centres.A": "centres.A = '^A_'", "centres.B": "centres.B = '^B_'"}
    rest = "folder = 'all'\nper_epoch = 8\nrecipe = {architecture = 'unet', sources = []}\n"
    kept = [text for key, text in lines.items() if not line.startswith(key)]
    variants = "" if line.startswith("variants") else "\nvariants.plain = {}"
    path = tmp_path / "study.toml"
    path.write_text(rest + "\n".join([*kept, line]) + variants, encoding="utf-8")
    assert main([str(path), "--data", str(data), "--out", str(tmp_path / "out")]) == 1
    said = capsys.readouterr().err
    assert says in said
    assert "epoch" not in said
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize("study", sorted(STUDIES.glob("*.toml")), ids=lambda path: path.stem)
def test_every_study_that_ships_can_be_read_and_every_variant_is_a_recipe(study: Path) -> None:
    shipped = Study.read(study)
    assert len(shipped.centres) == 5
    assert shipped.variants["all measures"] == {}
    from polyplive.export.training.recipe import recipe_from

    augmentation = recipe_from(shipped.recipe, "study").augmentation
    for changes in shipped.variants.values():
        assert dataclasses.replace(augmentation, **changes) is not None
