"""Servers of streams for the tests of sources: each is stopped at the end of its test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from processes import PATIENCE_S

from polyplive.sources.capture import inputs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stream_servers import Server


@pytest.fixture(autouse=True)
def patient_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server in the same busy process may take its time."""
    monkeypatch.setattr(inputs, "OPEN_TIMEOUT_S", PATIENCE_S)
    monkeypatch.setattr(inputs, "READ_TIMEOUT_S", PATIENCE_S)


@pytest.fixture
def serve() -> Iterator[Callable[[Server], Server]]:
    servers: list[Server] = []

    def start(server: Server) -> Server:
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.stop()
