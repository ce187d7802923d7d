"""What was measured is kept for its machine alone, whole or not at all, and for its owner alone."""

from __future__ import annotations

import dataclasses
import os
import stat
from typing import TYPE_CHECKING

import pytest

from polyplive.sessions.tuning import store
from polyplive.sessions.tuning.fingerprint import Fingerprint
from polyplive.sessions.tuning.measurement import Row
from polyplive.sessions.tuning.setups import Setup
from polyplive.sessions.tuning.store import Measurement, find_kept, keep

if TYPE_CHECKING:
    from pathlib import Path

SETUPS = Setup("polyplive-fast", "openvino", "float32"), Setup("polyplive-fast", "onnxruntime", "float32", 1)
ROWS = Row(SETUPS[0], 12.5, 5.0), Row(SETUPS[1], failure="It did not run.")


@pytest.fixture(scope="module")
def here() -> Fingerprint:
    return Fingerprint.of(SETUPS)


@pytest.fixture
def kept(here: Fingerprint, tmp_path: Path) -> Path:
    """The file of a measurement."""
    keep(Measurement.now(here, ROWS, busy=False), tmp_path / "cache" / "measured")
    (path,) = (tmp_path / "cache" / "measured").iterdir()
    return path


def test_what_was_kept_is_found_again(here: Fingerprint, kept: Path) -> None:
    found, problem = find_kept(here, kept.parent)
    assert not problem
    assert found is not None
    assert found.rows == ROWS
    assert found.fingerprint == here
    assert find_kept(here, kept.parent / "nothing") == (None, "")


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="permissions are stored in another way")
def test_it_belongs_to_its_owner_alone(kept: Path) -> None:
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700


def test_another_machine_program_model_or_choice_has_no_measurement(here: Fingerprint, kept: Path) -> None:
    changes = [
        {"processor": "Another"},
        {"processors": 64},
        {"features": ("amx_bf16",)},
        {"runtimes": {"openvino": "1"}},
        {"limits": {"ONEDNN_MAX_CPU_ISA": "AVX2"}},
        {"models": {"polyplive-fast": "0" * 64}},
        {"program": "9"},
        {"setups": here.setups[:1]},
    ]
    for change in changes:
        assert find_kept(dataclasses.replace(here, **change), kept.parent) == (None, ""), change  # type: ignore[arg-type]


def test_a_variable_that_holds_the_runtime_back_is_another_machine(
    here: Fingerprint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    assert Fingerprint.of(SETUPS).digest != here.digest


def test_what_is_damaged_is_not_used(here: Fingerprint, kept: Path) -> None:
    whole = kept.read_bytes()
    deep = b"[" * 100_000
    negative = whole.replace(b"12.5", b"-1")
    for damaged in (b"", b"{}", b"null", whole[: len(whole) // 2], b"\xff" * 100, deep, negative, whole * 100):
        kept.write_bytes(damaged)
        assert find_kept(here, kept.parent) == (None, "is damaged"), damaged[:20]


def test_a_file_of_another_machine_under_this_ones_name_is_not_used(here: Fingerprint, kept: Path) -> None:
    whole = kept.read_bytes()
    for foreign in (
        whole.replace(here.system.encode(), b"Elsewhere"),
        whole.replace(b'"schema": 1', b'"schema": 2'),
        whole.replace(b'"backend": "openvino"', b'"backend": "tensorrt"'),
    ):
        assert foreign != whole
        kept.write_bytes(foreign)
        assert find_kept(here, kept.parent) == (None, "is of another machine")


def test_a_folder_in_its_place_is_no_measurement(here: Fingerprint, kept: Path) -> None:
    kept.unlink()
    kept.mkdir()
    assert find_kept(here, kept.parent)[0] is None


def test_the_oldest_are_forgotten(here: Fingerprint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "_KEPT", 2)
    machines = [dataclasses.replace(here, processors=count) for count in (1, 2, 3)]
    for number, machine in enumerate(machines):
        keep(Measurement.now(machine, ROWS, busy=False), tmp_path)
        os.utime(tmp_path / f"{machine.digest}.json", (number, number))
    assert [find_kept(machine, tmp_path)[0] is not None for machine in machines] == [False, True, True]
