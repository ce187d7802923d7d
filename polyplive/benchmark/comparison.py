"""Several engines against one another, in turn, on the same pictures: what slows the machine slows all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polyplive.benchmark.against import run_ratio
from polyplive.benchmark.candidate_process import CandidateProcess
from polyplive.errors import EngineError, ExportError
from polyplive.stats import Distribution

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from polyplive.backends.base import EngineSpec
    from polyplive.benchmark.candidate import Candidate

_ROUNDS, _UNCOUNTED = 22, 2


def run_comparison(
    candidates: Sequence[Candidate],
    pictures: Callable[[EngineSpec], list[NDArray[np.uint8]]],
    frames: int,
    notify: Callable[[str], None] = lambda _: None,
    on_frame: Callable[[int], None] = lambda _: None,
    start: Callable[[Candidate, Callable[[str], None]], CandidateProcess] = CandidateProcess,
) -> list[dict[str, Any]]:
    """Rates and ratios to the first candidate, for JSON; about ``frames`` frames each.

    All engines stay open, each in a process of its own (``start`` starts it). They take turns of a few frames. One that
    this machine cannot run is left out, which ``notify`` is told. ``pictures`` gives an engine's inputs, ``on_frame``
    gets the number of frames done over all. Raises what opening the first and running any of them raise.
    """
    processes: list[CandidateProcess] = []
    try:
        candidates = _start_all(candidates, processes, notify, start)
        for process in processes:
            process.load(pictures(process.spec))
        turn = max(1, frames // (_ROUNDS - _UNCOUNTED))
        rates: list[list[float]] = [[] for _ in candidates]
        times: list[list[float]] = [[] for _ in candidates]
        done = 0
        for number in range(_ROUNDS):
            for place, process in enumerate(processes):
                taken = process.turn(turn)
                if number >= _UNCOUNTED:
                    rates[place].append(len(taken) / sum(taken))
                    times[place] += taken
                done += turn
                on_frame(done)
        return [
            _row(candidate, process.spec, rates[place], rates[0], times[place])
            for place, (candidate, process) in enumerate(zip(candidates, processes, strict=True))
        ]
    finally:
        for process in processes:
            process.close()


def _start_all(
    candidates: Sequence[Candidate],
    processes: list[CandidateProcess],
    notify: Callable[[str], None],
    start: Callable[[Candidate, Callable[[str], None]], CandidateProcess],
) -> list[Candidate]:
    """Add to ``processes``; gives those of ``candidates`` that they belong to."""
    there = []
    for candidate in candidates:
        try:
            processes.append(start(candidate, notify))
        except (EngineError, ExportError) as error:
            if not processes:
                raise
            notify(f"--compare {candidate.name} is left out: {error}")
        else:
            there.append(candidate)
    return there


def comparison_length(candidates: int, frames: int) -> int:
    """How many frames ``run_comparison`` runs over all."""
    return candidates * _ROUNDS * max(1, frames // (_ROUNDS - _UNCOUNTED))


def _row(
    candidate: Candidate, spec: EngineSpec, rates: list[float], firsts: list[float], times: list[float]
) -> dict[str, Any]:
    figures = Distribution.of([1e3 * taken for taken in times])
    rate = Distribution.of(rates)
    assert figures is not None, "no frame was counted"
    assert rate is not None
    manifest = spec.manifest
    return {
        "name": candidate.shown,
        "backend": spec.backend,
        "device": spec.device,
        "model": manifest.name,
        "model_sha256": manifest.sha256,
        "graph_precision": manifest.precision,
        "precision": spec.precision,
        "cam": candidate.cam,
        "fps": rate.rounded(),
        "infer_ms": figures.rounded(),
        "to_first": run_ratio(rates, firsts).as_json(),
    }
