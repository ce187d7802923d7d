"""Randomises the weights of an ONNX graph layer by layer, from the output: what is left of a heatmap then?

Adebayo et al., "Sanity checks for saliency maps", NeurIPS 2018 (cascading randomisation). The values of each weight are
permuted, so that their mean and spread stay, and with them the scale of what layers give. A graph that holds its own
gradient may hold a weight twice: transposed or mirrored for the way back. Such copies follow their original.

Not touched are scales of layer normalisation and embeddings of places.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, combinations, permutations
from typing import TYPE_CHECKING

import numpy as np

from polyplive.backends.onnx_file.constants import constant_array, constant_field
from polyplive.backends.onnx_file.mask_graph import needed_nodes
from polyplive.backends.onnx_file.onnx_fields import (
    GRAPH,
    INITIALIZER,
    NODE_INPUT,
    NODE_KIND,
    Field,
    fields,
    name_of,
    with_graph,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    Turned = Callable[[NDArray[np.float32]], NDArray[np.float32]]

_ROUNDING = 0.05
"""By so much of its length a copy may differ: stored as int8, it was rounded on its own."""

_KINDS = {b"Conv", b"ConvTranspose", b"Gemm", b"MatMul"}


def layer_count(model: bytes) -> int:
    """How many layers have weights: convolutions and linear layers on the way to ``probability``.

    Raises ``ValueError`` for what is no ONNX file, and where the graph has no such output.
    """
    graph = next((list(fields(part.body)) for part in fields(model) if part.number == GRAPH), [])
    return len(_layers(graph, _float_constants(graph)))


def randomised(model: bytes, layers: int, seed: int = 0, shift: float = 0.0) -> bytes:
    """``model`` with the weights of so many ``layers`` permuted, counted from its output.

    ``shift`` is added to the bias of the last layer, and so to every logit; nothing where that has no bias.
    ``model`` has float32 weights (``stored_weights.graph_bytes``). The same ``seed`` permutes a layer in the same way
    however many there are. Raises ``ValueError`` as ``layer_count`` does.
    """
    return with_graph(model, lambda graph: _permuted(graph, layers, seed, shift))


@dataclass(frozen=True, slots=True, eq=False)
class _Copy:
    """A constant that holds the weight ``original``, ``turned``."""

    original: bytes
    turned: Turned


def _permuted(graph: list[Field], layers: int, seed: int, shift: float) -> list[bytes]:
    arrays = _float_constants(graph)
    all_layers = _layers(graph, arrays)
    chosen = all_layers[:layers]
    made: dict[bytes, NDArray[np.float32]] = {}
    for number, names in enumerate(chosen):
        rng = np.random.default_rng((seed, number))
        for name in names:
            values = arrays[name]
            made[name] = rng.permutation(values.ravel()).reshape(values.shape)
    for name in chosen[0] if chosen else ():
        if made[name].ndim == 1:
            made[name] = made[name] + np.float32(shift)
    for name, copy in _copies(arrays, made.keys(), set(chain.from_iterable(all_layers))).items():
        made[name] = copy.turned(made[copy.original])
    return [
        constant_field(name_of(part), made[name_of(part)])
        if part.number == INITIALIZER and name_of(part) in made
        else part.whole
        for part in graph
    ]


def _layers(graph: list[Field], arrays: dict[bytes, NDArray[np.float32]]) -> list[list[bytes]]:
    """The names of each layer's weights, from the output of the graph on. A weight that is shared counts once."""
    found: list[list[bytes]] = []
    seen: set[bytes] = set()
    for place in reversed(needed_nodes(graph, b"probability")):
        inside = list(fields(graph[place].body))
        if not any(item.number == NODE_KIND and item.body in _KINDS for item in inside):
            continue
        names = [item.body for item in inside if item.number == NODE_INPUT and item.body in arrays]
        weights = [name for name in names if name not in seen and not _interpolates(arrays[name])]
        seen.update(weights)
        if any(arrays[name].ndim > 1 for name in weights):
            found.append(weights)
    return found


def _float_constants(graph: list[Field]) -> dict[bytes, NDArray[np.float32]]:
    found = {}
    for part in graph:
        if part.number == INITIALIZER:
            values = constant_array(part)
            if values is not None and values.dtype == np.float32:
                found[name_of(part)] = values.astype(np.float32)
    return found


def _interpolates(values: NDArray[np.float32]) -> bool:
    """Whether a matrix resizes pictures: its weights are at least 0, and each row's (or column's) sum is 1."""
    if values.ndim < 2 or (values < 0).any():
        return False
    return any(np.allclose(values.sum(axis=axis), 1, atol=1e-4) for axis in (-1, -2))


def _copies(
    arrays: dict[bytes, NDArray[np.float32]], originals: Iterable[bytes], weights: set[bytes]
) -> dict[bytes, _Copy]:
    """The constants that are copies of ``originals``; ``weights`` of the way to the output are none."""
    others = {name: values for name, values in arrays.items() if name not in weights and values.size > 1}
    found = {}
    for original in originals:
        for name, values in others.items():
            if values.size == arrays[original].size and (turned := _turned(arrays[original], values)) is not None:
                found[name] = _Copy(original, turned)
    return found


def _turned(values: NDArray[np.float32], copy: NDArray[np.float32]) -> Turned | None:
    """What makes ``copy`` of ``values`` by exchanging and mirroring axes; None where nothing does."""
    if _differ(np.sort(values, axis=None), np.sort(copy, axis=None)):
        return None
    for order in permutations(range(values.ndim)):
        for mirrored in chain.from_iterable(combinations(range(values.ndim), n) for n in range(values.ndim + 1)):

            def turned(
                given: NDArray[np.float32], order: tuple[int, ...] = order, mirrored: tuple[int, ...] = mirrored
            ) -> NDArray[np.float32]:
                return np.flip(given.transpose(order), mirrored).reshape(copy.shape)

            if not _differ(turned(values), copy):
                return turned
    return None


def _differ(one: NDArray[np.float32], other: NDArray[np.float32]) -> bool:
    """Whether two arrays are more different than ``_ROUNDING``."""
    return float(np.linalg.norm(one - other)) > _ROUNDING * float(np.linalg.norm(one))
