"""Servers of streams for the tests of sources: each is stopped at the end of its test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stream_servers import Server


@pytest.fixture
def serve() -> Iterator[Callable[[Server], Server]]:
    servers: list[Server] = []

    def start(server: Server) -> Server:
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.stop()
