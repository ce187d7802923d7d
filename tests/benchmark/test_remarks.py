"""What is doubtful in a benchmark, on figures; and that a doubtful part is measured once more."""

from __future__ import annotations

import numpy as np
import pytest

from polyplive.benchmark.remarks import (
    Remark,
    comparison_remarks,
    cost_remarks,
    gpu_remarks,
    measured_again,
    mode_remarks,
    run_remarks,
)
from polyplive.benchmark.tables import mode_table, remark_lines


def modes(engine: float, headless: float, spread: float = 0.03, runs: int = 3) -> dict:
    """Rates of 20 blocks a run, around these means."""
    rng = np.random.default_rng(0)
    found = {}
    for name, rate in (("engine", engine), ("headless", headless)):
        blocks = rate * (1 + spread * rng.standard_normal(20 * runs))
        found[name] = {"fps_runs": list(blocks.reshape(runs, 20).mean(axis=1)), "fps_blocks": list(blocks)}
    return found


@pytest.mark.parametrize("share", [0.3, 0.8, 1.0, 1.04])
def test_up_to_the_engines_own_rate_nothing_is_remarked(share: float) -> None:
    assert mode_remarks(modes(50, 50 * share)) == []


def test_more_than_the_engines_own_rate_cannot_be() -> None:
    (remark,) = mode_remarks(modes(50, 69))
    assert (remark.part, remark.stands) == ("headless", True)
    assert "1.38" in remark.text or "1.37" in remark.text
    assert "the machine was busy" in remark.text
    assert "at once" not in remark.text
    (several,) = mode_remarks(modes(50, 69), at_once=4)
    assert "several pictures at once (4)" in several.text


def test_a_spread_that_reaches_one_is_no_doubt() -> None:
    assert mode_remarks(modes(50, 55, spread=0.1, runs=1)) == []
    assert [remark.part for remark in mode_remarks(modes(50, 69, spread=0.1, runs=1))] == ["headless"]
    pairs = modes(50, 55)
    pairs["headless"]["fps_runs"] = [48.0, 55.0, 56.0]
    pairs["engine"]["fps_runs"] = [50.0, 50.0, 50.0]
    assert [remark for remark in mode_remarks(pairs) if "own rate" in remark.text] == []


def test_runs_far_apart_are_remarked() -> None:
    assert run_remarks("display", [25.0]) == []
    assert run_remarks("display", [25.0, 24.9, 25.1]) == []
    assert run_remarks("engine", [50.0, 57.0, 55.0]) == []
    (remark,) = run_remarks("engine", [50.0, 30.0, 52.0])
    assert remark.part == "engine"
    assert "30.0 and 52.0" in remark.text
    unsteady = modes(50, 40)
    unsteady["headless"]["fps_runs"] = [40.0, 30.0, 41.0]
    assert [remark.part for remark in mode_remarks(unsteady)] == ["headless"]


def test_a_process_that_would_save_time_is_remarked() -> None:
    assert cost_remarks({"p50": 0.1, "low": -0.4, "high": 0.5}) == []
    assert cost_remarks({"p50": -0.1, "low": -0.4, "high": 0.2}) == []
    (remark,) = cost_remarks({"p50": -2.5, "low": -4.0, "high": -1.0})
    assert "2.50 ms" in remark.text


def test_turns_far_apart_are_remarked() -> None:
    rows = [
        {"name": name, "to_first": {"ratio": 1.0, "low": low, "high": high}}
        for name, low, high in (("a", 1.0, 1.0), ("b", 0.9, 1.2), ("c", 0.5, 1.6))
    ]
    assert [remark.part for remark in comparison_remarks(rows)] == ["compare c"]


def test_a_gpu_that_slows_itself_is_remarked() -> None:
    assert gpu_remarks(None) == []
    assert gpu_remarks({"throttled_by": None}) == []
    assert gpu_remarks({"throttled_by": []}) == []
    (remark,) = gpu_remarks({"throttled_by": ["power cap", "temperature (driver)"]})
    assert "power cap, temperature (driver)" in remark.text


def measure(*rates: float) -> tuple[float, list[Remark], list[str]]:
    """What is taken of measurements that give these rates; above 1 is doubtful."""
    given, said = list(rates), []

    def doubts(rate: float) -> list[Remark]:
        return [Remark("headless", f"{rate:g} is too much")] if rate > 1 else []

    taken, remarks = measured_again(lambda: given.pop(0), doubts, said.append)
    assert not given
    return taken, remarks, said


def test_what_is_not_doubtful_is_measured_once() -> None:
    assert measure(0.8) == (0.8, [], [])


def test_what_is_doubtful_is_measured_once_more_and_the_second_counts() -> None:
    taken, (remark,), said = measure(1.4, 0.9)
    assert (taken, remark.stands) == (0.9, False)
    assert remark.text == "measured again, since at first 1.4 is too much"
    assert said == ["Doubtful, headless: 1.4 is too much. Measuring that part again."]


def test_a_doubt_that_comes_twice_stands_with_the_second_figure() -> None:
    taken, (remark,), _ = measure(1.4, 1.2)
    assert (taken, remark.stands) == (1.2, True)
    assert remark.text == "1.2 is too much (measured twice)"


def test_the_table_names_the_doubtful_mode_and_a_line_says_why() -> None:
    figures = {"p50": 1.0, "p99": 2.0}
    mode = {"fps": {"mean": 9.0}, "video_delay_ms": None, "annotation_delay_ms": figures, "own_maps": None}
    mode |= {"own_overlays": {"count": 1, "of": 2, "rate": 0.5}}
    document = {"modes": {"engine": mode, "headless": mode}, "remarks": []}
    assert "remark" not in mode_table(document).head
    document["remarks"] = [Remark("headless", "why").as_json(), Remark("engine", "once", stands=False).as_json()]
    table = mode_table(document)
    assert table.head[-1] == "remark"
    assert [row[-1] for row in table.rows] == ["", "doubtful"]
    assert table.rows[0][4] == "1 of 2 (50 %)"
    assert remark_lines(document) == ["end to end, no window: why", "engine alone: once"]
