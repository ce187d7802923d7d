"""Weights permuted from the output on, and what was made of them for the way back."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import numpy_helper
from small_graph import SIDE, small_model

from polyplive.backends.onnx_file.randomised import layer_count, randomised
from polyplive.backends.onnx_file.stored_weights import graph_bytes
from polyplive.manifest import shipped_models

SMALL = small_model().SerializeToString()


def constants(data: bytes) -> dict[str, np.ndarray]:
    return {each.name: numpy_helper.to_array(each) for each in onnx.load_from_string(data).graph.initializer}


def changed(before: bytes, after: bytes) -> set[str]:
    old, new = constants(before), constants(after)
    assert old.keys() == new.keys()
    return {name for name in old if not np.array_equal(old[name], new[name])}


def test_layers_are_randomised_from_the_output_on() -> None:
    assert layer_count(SMALL) == 2
    assert changed(SMALL, randomised(SMALL, 0)) == set()
    assert changed(SMALL, randomised(SMALL, 1)) == {"second", "gradient"}
    assert changed(SMALL, randomised(SMALL, 2)) == {"second", "gradient", "first", "first_bias"}


def test_values_are_permuted_and_stay() -> None:
    old, new = constants(SMALL), constants(randomised(SMALL, 2))
    for name in ("first", "first_bias", "second"):
        assert np.array_equal(np.sort(old[name], axis=None), np.sort(new[name], axis=None))


def test_the_seed_decides_and_a_layer_is_permuted_alike_however_many_follow() -> None:
    one, two, other = (constants(randomised(SMALL, layers, seed)) for layers, seed in ((1, 0), (2, 0), (2, 1)))
    assert np.array_equal(one["second"], two["second"])
    assert not np.array_equal(two["first"], other["first"])
    assert randomised(SMALL, 2) == randomised(SMALL, 2)


def test_a_copy_for_the_way_back_follows_turned_as_it_was() -> None:
    new = constants(randomised(SMALL, 2))
    assert np.array_equal(new["gradient"], new["second"][:, ::-1])


@pytest.mark.parametrize("rounding", [0.0, 0.003])
def test_a_copy_is_known_with_axes_exchanged_and_rounded_on_its_own(rounding: float) -> None:
    model = small_model()
    first = constants(SMALL)["first"]
    turned = np.ascontiguousarray(first.transpose(1, 0, 3, 2)[:, :, ::-1])
    noise = np.random.default_rng(0).uniform(-rounding, rounding, turned.shape).astype(np.float32)
    model.graph.initializer.append(numpy_helper.from_array(turned + noise, "back"))
    new = constants(randomised(model.SerializeToString(), 2))
    assert np.array_equal(new["back"], new["first"].transpose(1, 0, 3, 2)[:, :, ::-1])


def test_the_shift_moves_every_logit_alike() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (1, SIDE, SIDE, 3), np.uint8)

    def logits(shift: float) -> np.ndarray:
        session = onnxruntime.InferenceSession(randomised(SMALL, 1, shift=shift), providers=["CPUExecutionProvider"])
        (probability,) = session.run(["probability"], {"frame": picture})
        return np.log(probability / (1 - probability))

    assert np.abs(logits(14.5) - logits(13.0) - 1.5).max() < 1e-3


@pytest.mark.parametrize("name", shipped_models())
def test_of_the_shipped_graphs_nothing_learned_is_left(name: str) -> None:
    data = graph_bytes(shipped_models()[name])
    layers = layer_count(data)
    assert layers >= 50
    after = randomised(data, layers)
    onnx.checker.check_model(onnx.load_from_string(after))
    kept = constants(data).keys() - changed(data, after)
    used = {each: node.op_type for node in onnx.load_from_string(data).graph.node for each in node.input}
    matrices = {each for each in kept if (constants(data)[each] < 0).any() and constants(data)[each].ndim > 1}
    assert {used[each] for each in matrices if constants(data)[each].dtype == np.float32} <= {"Add", "Sub", "Div"}


def test_what_is_no_graph_is_a_value_error() -> None:
    with pytest.raises(ValueError):
        randomised(b"hello", 1)
