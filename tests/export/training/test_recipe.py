"""Recipes: found by name, read whole, and the same as when they were run."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from polyplive.export.data.augment import Augmentation
from polyplive.export.training.recipe import SHIPPED, load_recipe, recipe_facts, recipe_from, shipped_recipes

from polyplive.errors import ConfigError

AS_RUN = Path(__file__).with_name("recipes_as_run.json")
"""What each recipe said when its training was run, written out before any of them had a base."""
ENGINES = Path(__file__).parents[3] / "engines"
MODELS = ("polyplive-fast", "polyplive-light", "polyplive-accurate")


@pytest.mark.parametrize(("name", "facts"), json.loads(AS_RUN.read_text(encoding="utf-8")).items())
def test_a_recipe_is_what_was_run(name: str, facts: dict) -> None:
    now = json.loads(json.dumps(recipe_facts(load_recipe(name))))
    assert {key: now[key] for key in facts} == facts


def test_every_file_is_found_by_a_name_of_its_own() -> None:
    files = list(SHIPPED.rglob("*.toml"))
    assert sorted(shipped_recipes().values()) == sorted(files)
    assert files


@pytest.mark.parametrize("model", MODELS)
def test_a_models_folder_holds_the_recipes_that_its_manifest_names(model: str) -> None:
    manifest = json.loads((ENGINES / f"{model}.json").read_text(encoding="utf-8"))
    assert {path.stem for path in (SHIPPED / model).glob("*.toml")} == set(manifest["training"]["recipes"])


@pytest.mark.parametrize("model", MODELS)
def test_a_card_names_every_recipe_of_its_model_and_the_file(model: str) -> None:
    card = (ENGINES / f"{model}.md").read_text(encoding="utf-8")
    manifest = json.loads((ENGINES / f"{model}.json").read_text(encoding="utf-8"))
    assert [name for name in manifest["training"]["recipes"] if f"`{name}`" not in card] == []
    assert manifest["sha256"] in card


def test_the_table_of_what_was_tried_has_every_recipe() -> None:
    table = (SHIPPED / "tried" / "README.md").read_text(encoding="utf-8")
    assert [path.stem for path in (SHIPPED / "tried").glob("*.toml") if f"| `{path.stem}` |" not in table] == []


def test_an_unknown_name_lists_what_there_is() -> None:
    with pytest.raises(ConfigError) as caught:
        load_recipe("no-such-recipe")
    assert [name for name in shipped_recipes() if name not in str(caught.value)] == []


def test_a_base_gives_its_values_and_the_file_changes_them(tmp_path: Path) -> None:
    (tmp_path / "whole.toml").write_text(
        'epochs = 3\nseed = 5\noptions = { base = 4 }\n[[sources]]\nfolder = "a"\n[[sources]]\nfolder = "b"\n'
        "[augmentation]\nblur = 0.5\nnoise = 0.5\n"
    )
    changed = tmp_path / "changed.toml"
    changed.write_text(
        'base = "whole.toml"\nepochs = 4\noptions = { levels = 3 }\n[[sources]]\nfolder = "c"\n'
        "[augmentation]\nnoise = 0.25\n"
    )
    recipe = load_recipe(changed)
    assert (recipe.epochs, recipe.seed, recipe.options) == (4, 5, {"levels": 3})
    assert [source.folder for source in recipe.sources] == ["c"]
    assert recipe.augmentation == Augmentation(blur=0.5, noise=0.25)


def test_a_shipped_recipe_can_be_the_base_of_a_file_elsewhere(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('base = "unet-lite0-4"\nseed = 1234\n')
    assert recipe_facts(load_recipe(path)) == recipe_facts(load_recipe("unet-lite0-4")) | {"seed": 1234}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("base = 3", "'base' is 3"),
        ('base = "nowhere"', "No recipe 'nowhere'"),
        ('base = "mine.toml"', "has a base itself"),
        ('base = "unet-lite0-5b"', "has a base itself"),
        ('base = "unet-lite0-5"\naugmentation = 3', "'augmentation' is 3"),
        ('base = "unet-lite0-5"\n[augmentation]\nblurr = 1.0', "blurr"),
    ],
)
def test_a_base_that_cannot_be_used_is_named(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=re.escape(says)):
        load_recipe(path)


def test_wrong_keys_and_sizes_are_named() -> None:
    with pytest.raises(ConfigError, match="learnig_rate"):
        recipe_from({"learnig_rate": 1}, "mine.toml")
    with pytest.raises(ConfigError, match="multiple of 32"):
        recipe_from({"size": 100}, "mine.toml")


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({"epochs": 2.5}, "'epochs' is 2.5"),
        ({"frozen_norm": "no"}, "'frozen_norm' is 'no'"),
        ({"options": 3}, "'options' is 3"),
        ({"augmentation": {"small_copy": "a"}}, "'augmentation.small_copy' is 'a'"),
        ({"augmentation": {"small_copy": 7}}, "small_copy = 7"),
        ({"augmentation": {"scale": [1.2, 0.8]}}, "scale = "),
        ({"augmentation": 3}, "'augmentation' is 3"),
        ({"sources": [{"folder": 3}]}, "'sources[1].folder' is 3"),
        ({"sources": 3}, "'sources' is 3"),
        ({"negatives": {"folder": "a", "repeat": "x"}}, "'negatives.repeat' is 'x'"),
    ],
)
def test_a_value_that_no_recipe_can_have_is_named(table: dict, says: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(says)):
        recipe_from(table, "mine.toml")
