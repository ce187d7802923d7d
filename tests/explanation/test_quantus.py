"""Our figures are those of Quantus on the same arrays (Hedström et al., JMLR 2023)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from oracle import QUANTUS, ask

from polyplive.explanation.correlation import spearman
from polyplive.explanation.curves import area, blurred, deletion
from polyplive.explanation.energy import energy, rank_accuracy
from polyplive.explanation.imputation import TOLERANCE, imputed
from polyplive.explanation.ordering import first_of, relevance_order
from polyplive.explanation.pointing import hits
from polyplive.explanation.road import SHARES, road

if TYPE_CHECKING:
    from pathlib import Path

SIDE, STEPS, MAPS = 20, 16, 6
AS_THEY_ARE = "abs=False, normalise=False, disable_warnings=True"

CODE = f"""
import json, sys
import numpy
numpy.trapz = getattr(numpy, "trapz", None) or numpy.trapezoid
import quantus
from quantus.functions.perturb_func import noisy_linear_imputation
from quantus.functions.similarity_func import correlation_spearman
given = numpy.load(sys.argv[1])
maps, truths, grey, blur = (given[name] for name in ("maps", "truths", "grey", "blur"))
found = {{}}
for name in ("PointingGame", "RelevanceMassAccuracy", "RelevanceRankAccuracy"):
    metric = getattr(quantus, name)({AS_THEY_ARE})
    found[name] = numpy.asarray(metric.evaluate_batch(a_batch=maps[:, None], s_batch=truths[:, None])).tolist()
found["spearman"] = [float(correlation_spearman(maps[0].ravel(), other.ravel())) for other in maps[1:]]
scores = []
class Model:  # the mean over the first truth; the probabilities of two classes
    def shape_input(self, x, shape, **_):
        return x
    def predict(self, x):
        score = x[:, 0][:, truths[0]].mean(axis=1) / 255
        scores.append(score.tolist())
        return numpy.stack([1 - score, score], axis=1)
def to_blur(arr, indices, **_):
    changed = arr.copy()
    for row, places in zip(changed, indices):
        row[places] = blur.ravel()[places]
    return changed
x, a, y = grey[None, None], maps[:1, None], numpy.array([1])
flipping = quantus.PixelFlipping(features_in_step=maps[0].size // {STEPS}, perturb_func=to_blur, {AS_THEY_ARE})
found["flipping"] = flipping.evaluate_batch(model=Model(), x_batch=x, y_batch=y, a_batch=a)[0]
found["flipping area"] = float(quantus.helpers.utils.calculate_auc(numpy.array(found["flipping"])))
found["road"] = []
for one in (a, -a):
    scores.clear()
    metric = quantus.ROAD(percentages={[round(100 * share) for share in SHARES]}, noise=0.0, {AS_THEY_ARE})
    metric.a_size = maps[0].size
    metric.evaluate_batch(model=Model(), x_batch=x, y_batch=y, a_batch=one)
    found["road"].append([score for (score,) in scores])
missing = numpy.flatnonzero(given["missing"])
found["imputed"] = noisy_linear_imputation(numpy.moveaxis(given["picture"], 2, 0), missing, noise=0.0).tolist()
print(json.dumps(found))
"""


def disc(row: int, column: int, radius: int) -> np.ndarray:
    down, right = np.mgrid[:SIDE, :SIDE]
    return np.hypot(down - row, right - column) <= radius


@pytest.fixture(scope="module")
def given() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(11)
    maps = rng.random((MAPS, SIDE, SIDE), np.float32) + np.stack([2 * disc(8, 9, size) for size in range(MAPS)])
    truths = np.stack([disc(4 + 2 * row, 9, 5) for row in range(MAPS)])
    picture = rng.integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    grey = np.repeat(picture[..., :1], 3, axis=2)
    missing = first_of(relevance_order(maps[1].astype(np.float32)), 0.6, (SIDE, SIDE))
    return {
        "maps": maps.astype(np.float32),
        "truths": truths,
        "picture": picture.astype(np.float32),
        "grey": grey[..., 0].astype(np.float32),
        "blur": blurred(grey)[..., 0].astype(np.float32),
        "missing": missing,
    }


@pytest.fixture(scope="module")
def theirs(given: dict[str, np.ndarray], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    path: Path = tmp_path_factory.mktemp("quantus") / "given.npz"
    np.savez(path, **given)
    found: dict[str, Any] = ask(CODE, path, of=QUANTUS)
    return found


def grey_score(region: np.ndarray) -> Any:
    return lambda pictures: (pictures[..., 0][:, region].mean(axis=1) / 255).astype(np.float32)


def test_pointing_mass_and_rank(given: dict[str, np.ndarray], theirs: dict[str, Any]) -> None:
    pairs = list(zip(given["maps"], given["truths"], strict=True))
    assert [hits(*pair) for pair in pairs] == theirs["PointingGame"]
    assert 0 < sum(theirs["PointingGame"]) < MAPS
    assert [energy(*pair).inside for pair in pairs] == pytest.approx(theirs["RelevanceMassAccuracy"])
    assert [rank_accuracy(*pair) for pair in pairs] == pytest.approx(theirs["RelevanceRankAccuracy"])


def test_spearman(given: dict[str, np.ndarray], theirs: dict[str, Any]) -> None:
    first, *others = given["maps"]
    assert [spearman(first, other) for other in others] == pytest.approx(theirs["spearman"])


def test_deletion_is_their_pixel_flipping(given: dict[str, np.ndarray], theirs: dict[str, Any]) -> None:
    grey = np.repeat(given["grey"][..., None], 3, axis=2).astype(np.uint8)
    points = list(deletion(grey, given["maps"][0], grey_score(given["truths"][0]), steps=STEPS))
    assert [point.score for point in points[1:]] == pytest.approx(theirs["flipping"])
    theirs_from_the_whole = theirs["flipping area"] / STEPS + (points[0].score + points[1].score) / 2 / STEPS
    assert area(points) == pytest.approx(theirs_from_the_whole)  # theirs begins after the first step, of length 1


def test_imputation(given: dict[str, np.ndarray], theirs: dict[str, Any]) -> None:
    ours = imputed(given["picture"], given["missing"])
    assert np.abs(ours - np.moveaxis(np.array(theirs["imputed"]), 0, 2)).max() < 2 * TOLERANCE


def test_road_in_both_orders(given: dict[str, np.ndarray], theirs: dict[str, Any]) -> None:
    grey = np.repeat(given["grey"][..., None], 3, axis=2).astype(np.uint8)
    score = grey_score(given["truths"][0])
    for is_first, expected in zip((True, False), theirs["road"], strict=True):
        points = road(grey, given["maps"][0], score, most_relevant_first=is_first)
        assert [point.score for point in points] == pytest.approx(expected, abs=0.004)  # ours has noise and rounding
