"""Settings of every backend: checked before a runtime sees them."""

from __future__ import annotations

import pytest

from polyplive.config import EngineOptions
from polyplive.errors import ConfigError
from polyplive.system.machine import processor_count


@pytest.mark.parametrize("threads", [0, -1, 4 * processor_count() + 1, 10**400])
def test_threads_that_could_only_wait_are_refused_in_one_short_line(threads: int) -> None:
    with pytest.raises(ConfigError, match="threads") as caught:
        EngineOptions(threads=threads)
    assert len(str(caught.value)) < 160


def test_as_many_threads_as_processors_are_taken() -> None:
    assert EngineOptions(threads=processor_count()).threads == processor_count()
