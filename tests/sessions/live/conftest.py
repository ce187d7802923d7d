"""What every test of live sessions stands on."""

from __future__ import annotations

import pytest
from live_rig import PATIENT_S

from polyplive.sources.capture import inputs


@pytest.fixture(autouse=True)
def patient_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sender in the same busy process may take its time."""
    monkeypatch.setattr(inputs, "OPEN_TIMEOUT_S", PATIENT_S)
    monkeypatch.setattr(inputs, "READ_TIMEOUT_S", PATIENT_S)
