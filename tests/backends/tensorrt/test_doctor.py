"""``doctor`` on a machine with an (imitated) GPU: it says what TensorRT would build, and builds nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_gpu.driver import FakeDriver
from fake_gpu.tensorrt import FakeTensorRt

from polyplive.commands import build, doctor
from polyplive.manifest import FAST


@pytest.fixture(autouse=True)
def gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "has_nvidia_gpu", lambda: True)


def details() -> dict[str, str]:
    return {finding.what: finding.detail for finding in doctor.examine()}


def test_doctor_builds_nothing_and_says_what_would_be_built(
    tensorrt: FakeTensorRt, driver: FakeDriver, tmp_path: Path
) -> None:
    said = details()[f"model {FAST}"]
    assert "not built yet" in said
    assert "float16, mask+cam, mask ('polyplive build polyplive-fast'" in said
    assert not (tmp_path / "cache").exists()
    assert driver.clean


def test_doctor_says_what_is_kept(tensorrt: FakeTensorRt, tmp_path: Path) -> None:
    assert build.run(build.BuildRequest(FAST)) == 0
    kept = sorted((tmp_path / "cache").rglob("*"))
    assert "its engines are kept" in details()[f"model {FAST}"]
    next((tmp_path / "cache").glob("*-mask-engine-*.engine")).write_bytes(b"cut short")
    assert "not built yet" in details()[f"model {FAST}"]
    assert sorted((tmp_path / "cache").rglob("*")) == kept
