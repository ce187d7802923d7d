"""The weights that a run begins with: those of another network, all of them or its encoder's."""

from __future__ import annotations

from pathlib import Path

from polyplive.errors import TrainingError

from ..graph.load_trained import load_trained
from ..networks.segmentation import SegmentationNetwork
from ..networks.vision_transformer import TransformerEncoder


def take_weights(network: SegmentationNetwork, start: Path, *, only_encoder: bool) -> bool:
    """Fill ``network``, or its encoder, from ``start``: a checkpoint, a run's folder or a graph.

    Of the encoder alone, that of ``start`` may go on further. Returns whether batch norm stays folded into the weights.
    Raises ``TrainingError`` where ``start`` holds another network.
    """
    other, facts = load_trained(start)
    if isinstance(network.encoder, TransformerEncoder) and isinstance(other.encoder, TransformerEncoder):
        other.encoder.fit(network.encoder.side)
    filled, source = (network.encoder, other.encoder) if only_encoder else (network, other)
    given = source.state_dict()
    if only_encoder:
        given = {name: given[name] for name in filled.state_dict() if name in given}
    try:
        filled.load_state_dict(given)
    except RuntimeError:
        what = "encoder" if only_encoder else "network"
        raise TrainingError(
            f"'{start}' holds another {what} ({facts['architecture']}) than the recipe's",
            f"Start from a checkpoint of the same {'encoder' if only_encoder else 'architecture and options'}.",
        ) from None
    return bool(facts.get("folded")) and not only_encoder
