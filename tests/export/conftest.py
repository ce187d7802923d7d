"""Tiny networks are fastest on one thread, and are exported once."""

import pytest
import torch
from export_helpers import tiny_graph
from polyplive.export.graph import export_model as exporting


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def same_numbers() -> None:
    """Each test draws the same random numbers, whichever ran before it."""
    torch.manual_seed(0)


@pytest.fixture
def exported_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """``export_model`` of ``tiny_checkpoint()`` goes on from the graph of an export before, which took seconds.

    It compares that graph with the checkpoint as ever, so any other network is refused.
    """
    monkeypatch.setattr(exporting, "onnx_graph", lambda *_: tiny_graph())
