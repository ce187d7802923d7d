"""Batch norm whose statistics are not those of what comes in gets them, without another answer."""

from __future__ import annotations

import torch
from polyplive.export.networks.efficientnet_lite import EfficientNetLite
from polyplive.export.training.batch_norm import restore_batch_norm


def test_the_answers_stay_and_training_normalises_as_evaluation_does() -> None:
    encoder = EfficientNetLite(pretrained=True).eval()
    pictures = torch.randn(6, 3, 64, 64)
    with torch.no_grad():
        before = encoder(pictures)
        foreign = [feature.clone() for feature in encoder.train()(pictures)]
        encoder.eval().load_state_dict(EfficientNetLite(pretrained=True).state_dict())
        restore_batch_norm(encoder, pictures.split(2))
        after = encoder(pictures)
        trained = encoder.train()(pictures)
    for found, again, wanted, other in zip(after, trained, before, foreign, strict=True):
        largest = float(wanted.abs().max())
        torch.testing.assert_close(found, wanted, atol=1e-3 * largest, rtol=1e-3)
        torch.testing.assert_close(again, wanted, atol=1e-2 * largest, rtol=1e-2)
        assert (other - wanted).abs().max() > 0.1 * largest
