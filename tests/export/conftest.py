"""Tiny networks are fastest on one thread, and are exported once."""

from collections.abc import Iterator

import pytest
import torch
from export_helpers import exporting_once


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def same_numbers() -> None:
    """Each test draws the same random numbers, whichever ran before it."""
    torch.manual_seed(0)


@pytest.fixture(autouse=True)
def each_once() -> Iterator[None]:
    """Whatever a test exports by ``export_model``; what a fixture of a wider scope exports is exported."""
    with exporting_once():
        yield
