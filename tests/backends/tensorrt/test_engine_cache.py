"""The cache of compiled engines: hit, miss, stale, foreign, damaged, and several at once."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from processes import PATIENCE_S

from polyplive.backends.tensorrt.engine_cache import EngineCache, EngineKey, default_folder
from polyplive.errors import EngineCacheError

KEY = EngineKey("model", "ab" * 32, "tensorrt", "10.1", "Imitation", "8.9", "float16", "1x64x64x3", "mask+cam")


class Shop:
    """A cache, with what it built and what it said."""

    def __init__(self, folder: Path) -> None:
        self.cache, self.built, self.said = EngineCache(folder), [], []

    def get(self, key: EngineKey = KEY, data: bytes = b"engine", **options: bool) -> tuple[bytes, bool]:
        def build() -> bytes:
            self.built.append(key)
            return data

        return self.cache.get_or_build(key, build, self.said.append, **options)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path / "deep" / "cache")


def test_a_miss_builds_in_silence_and_a_hit_does_not_build(shop: Shop) -> None:
    assert shop.get() == (b"engine", False)
    assert shop.get() == (b"engine", True)
    assert (len(shop.built), shop.said) == (1, [])
    manifest = json.loads(shop.cache.path(KEY).with_suffix(".json").read_text())
    assert manifest["key"] == dataclasses.asdict(KEY)
    assert manifest["bytes"] == 6


def test_anew_builds_where_a_sound_one_is(shop: Shop) -> None:
    shop.get()
    assert shop.get(data=b"other", anew=True) == (b"other", False)
    assert shop.get() == (b"other", True)


@pytest.mark.parametrize("field", [item.name for item in dataclasses.fields(EngineKey)])
def test_every_part_of_the_key_counts(shop: Shop, field: str) -> None:
    shop.get()
    other = dataclasses.replace(KEY, **{field: getattr(KEY, field) + "1"})
    assert shop.get(other, b"another") == (b"another", False)
    assert shop.get() == (b"engine", True), "the first is still there"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"version": "10.2"}, "stale .*TensorRT 10.1, not 10.2"),
        ({"gpu": "Other"}, "stale .*GPU Imitation, not Other"),
        ({"graph_sha256": "cd" * 32}, "stale .*another graph"),
    ],
)
def test_a_stale_one_is_built_again_with_one_line(shop: Shop, change: dict, words: str) -> None:
    import re

    shop.get()
    shop.get(dataclasses.replace(KEY, **change))
    (line,) = shop.said
    assert re.search(words, line)


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)


def foreign(path: Path) -> None:
    manifest = json.loads(path.with_suffix(".json").read_text())
    manifest["key"]["gpu"] = "Elsewhere"
    path.with_suffix(".json").write_text(json.dumps(manifest))


DAMAGE = {
    "bit flipped": (flip, "checksum"),
    "cut short": (lambda path: path.write_bytes(path.read_bytes()[:3]), "cut short"),
    "empty": (lambda path: path.write_bytes(b""), "cut short"),
    "grown": (lambda path: path.write_bytes(path.read_bytes() + b"x"), "cut short|bytes"),
    "foreign": (foreign, "foreign .*GPU Elsewhere, not Imitation"),
    "no manifest": (lambda path: path.with_suffix(".json").unlink(), "no manifest"),
    "manifest of text": (lambda path: path.with_suffix(".json").write_text("hello"), "damaged manifest"),
    "manifest of a list": (lambda path: path.with_suffix(".json").write_text("[1]"), "damaged manifest"),
    "manifest too deep": (lambda path: path.with_suffix(".json").write_text("[" * 100000), "damaged manifest"),
    "manifest without a key": (lambda path: path.with_suffix(".json").write_text("{}"), "foreign"),
    "no engine": (lambda path: path.unlink(), "deleted"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_what_is_damaged_is_never_trusted(shop: Shop, name: str) -> None:
    import re

    shop.get()
    break_it, words = DAMAGE[name]
    break_it(shop.cache.path(KEY))
    assert shop.get(data=b"sound!") == (b"sound!", False)
    (line,) = shop.said
    assert re.search(words, line), line
    assert "building it again" in line
    assert shop.get() == (b"sound!", True)


def test_a_build_that_fails_leaves_what_was_there(shop: Shop) -> None:
    shop.get()

    def fail() -> bytes:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        shop.cache.get_or_build(KEY, fail, shop.said.append, anew=True)
    assert shop.get() == (b"engine", True)


@pytest.mark.parametrize("failing", [1, 2])
def test_a_disk_that_fills_up_leaves_no_half_engine(shop: Shop, monkeypatch: pytest.MonkeyPatch, failing: int) -> None:
    calls, synchronise = [], os.fsync

    def full(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == failing:
            raise OSError(28, "No space left on device")
        synchronise(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(EngineCacheError, match="No space left"):
        shop.get()
    assert shop.cache.lookup(KEY).data is None
    assert not list(shop.cache.folder.glob(".*.part"))
    monkeypatch.undo()
    assert shop.get(data=b"later") == (b"later", False)


def test_a_folder_that_cannot_be_made_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(EngineCacheError, match=r"compiled engines.*POLYPLIVE_CACHE"):
        Shop(tmp_path / "file" / "cache").get()


def test_of_two_that_ask_at_once_one_builds_and_the_other_takes_it(shop: Shop) -> None:
    building, go_on, waiting = threading.Event(), threading.Event(), threading.Event()
    second: list[tuple[bytes, bool]] = []

    def slow() -> bytes:
        building.set()
        assert go_on.wait(PATIENCE_S)
        return b"once"

    def never() -> bytes:
        raise AssertionError("built twice")

    def notice(line: str) -> None:
        assert "waiting" in line
        waiting.set()

    first = threading.Thread(target=shop.cache.get_or_build, args=(KEY, slow, shop.said.append))
    first.start()
    assert building.wait(PATIENCE_S)
    other = EngineCache(shop.cache.folder)
    late = threading.Thread(target=lambda: second.append(other.get_or_build(KEY, never, notice)))
    late.start()
    assert waiting.wait(PATIENCE_S), "the second found the lock taken"
    go_on.set()
    first.join(PATIENCE_S)
    late.join(PATIENCE_S)
    assert second == [(b"once", True)]


def test_a_process_that_dies_while_it_builds_locks_nobody_out(shop: Shop) -> None:
    code = (
        "import os, sys\nfrom pathlib import Path\n"
        "from polyplive.backends.tensorrt.engine_cache import EngineCache, EngineKey\n"
        "EngineCache(Path(sys.argv[1])).get_or_build(EngineKey(*sys.argv[2:]), lambda: os._exit(9), print)"
    )
    values = [str(value) for value in dataclasses.astuple(KEY)]
    done = subprocess.run([sys.executable, "-c", code, str(shop.cache.folder), *values], check=False)
    assert done.returncode == 9
    assert shop.get() == (b"engine", False)


def test_only_a_few_of_a_kind_are_kept(shop: Shop) -> None:
    for number in range(6):
        key = dataclasses.replace(KEY, version=f"10.{number}")
        shop.get(key)
        os.utime(shop.cache.path(key).with_suffix(".json"), (number, number))
    left = sorted(path.suffix for path in shop.cache.folder.glob("model-*") if path.suffix != ".lock")
    assert left == [".engine"] * 3 + [".json"] * 3
    assert shop.get(dataclasses.replace(KEY, version="10.5"))[1], "the newest is there"


def test_the_folder_is_in_the_checkout_or_where_a_variable_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("POLYPLIVE_CACHE", raising=False)
    assert default_folder() == Path(__file__).resolve().parents[3] / "engines" / "cache"
    monkeypatch.setenv("POLYPLIVE_CACHE", str(tmp_path))
    assert default_folder() == tmp_path


@pytest.mark.parametrize("mode", [0o770, 0o707])
def test_a_folder_that_others_may_write_to_is_refused_in_one_line(shop: Shop, mode: int) -> None:
    shop.get()
    shop.cache.folder.chmod(mode)
    with pytest.raises(EngineCacheError, match=r"Others may write to .*chmod go-w") as refused:
        shop.get()
    assert "\n" not in str(refused.value)
    assert shop.cache.lookup(KEY).data is None, "nothing there is run"
    shop.cache.folder.chmod(0o700)
    assert shop.get() == (b"engine", True)


def test_folder_and_engines_are_for_their_owner_alone(shop: Shop) -> None:
    before = os.umask(0)
    try:
        shop.get()
    finally:
        os.umask(before)
    assert shop.cache.folder.stat().st_mode & 0o777 == 0o700
    assert shop.cache.path(KEY).stat().st_mode & 0o777 == 0o600
