"""Several engines against one another, in turn, on the same pictures: what slows the machine slows all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polyplive.benchmark.against import run_ratio
from polyplive.benchmark.racer import Racer
from polyplive.errors import EngineError, ExportError
from polyplive.stats import Distribution

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from polyplive.backends.base import EngineSpec
    from polyplive.benchmark.contender import Contender

_ROUNDS, _UNCOUNTED = 22, 2


def run_contest(
    contenders: Sequence[Contender],
    pictures: Callable[[EngineSpec], list[NDArray[np.uint8]]],
    frames: int,
    notify: Callable[[str], None] = lambda _: None,
    on_frame: Callable[[int], None] = lambda _: None,
    enter: Callable[[Contender, Callable[[str], None]], Racer] = Racer,
) -> list[dict[str, Any]]:
    """Rates and ratios to the first contender, for JSON; about ``frames`` frames each.

    Every engine is open all the time, each in a process of its own (``enter`` starts it), and they take turns of a few
    frames. One that this machine cannot run is left out, which ``notify`` is told. ``pictures`` gives an engine's
    inputs, ``on_frame`` gets the number of frames done over all. Raises what opening the first and running any of
    them raise.
    """
    racers: list[Racer] = []
    try:
        contenders = _enter_all(contenders, racers, notify, enter)
        for racer in racers:
            racer.load(pictures(racer.spec))
        turn = max(1, frames // (_ROUNDS - _UNCOUNTED))
        rates: list[list[float]] = [[] for _ in contenders]
        times: list[list[float]] = [[] for _ in contenders]
        done = 0
        for number in range(_ROUNDS):
            for place, racer in enumerate(racers):
                taken = racer.turn(turn)
                if number >= _UNCOUNTED:
                    rates[place].append(len(taken) / sum(taken))
                    times[place] += taken
                done += turn
                on_frame(done)
        return [
            _row(contender, racer.spec, rates[place], rates[0], times[place])
            for place, (contender, racer) in enumerate(zip(contenders, racers, strict=True))
        ]
    finally:
        for racer in racers:
            racer.close()


def _enter_all(
    contenders: Sequence[Contender],
    racers: list[Racer],
    notify: Callable[[str], None],
    enter: Callable[[Contender, Callable[[str], None]], Racer],
) -> list[Contender]:
    """Add to ``racers``; gives those of ``contenders`` that they belong to."""
    there = []
    for contender in contenders:
        try:
            racers.append(enter(contender, notify))
        except (EngineError, ExportError) as error:
            if not racers:
                raise
            notify(f"--compare {contender.name} is left out: {error}")
        else:
            there.append(contender)
    return there


def contest_length(contenders: int, frames: int) -> int:
    """How many frames ``run_contest`` runs over all."""
    return contenders * _ROUNDS * max(1, frames // (_ROUNDS - _UNCOUNTED))


def _row(
    contender: Contender, spec: EngineSpec, rates: list[float], firsts: list[float], times: list[float]
) -> dict[str, Any]:
    figures = Distribution.of([1e3 * taken for taken in times])
    rate = Distribution.of(rates)
    assert figures is not None, "no frame was counted"
    assert rate is not None
    manifest = spec.manifest
    return {
        "name": contender.name,
        "backend": spec.backend,
        "device": spec.device,
        "model": manifest.name,
        "model_sha256": manifest.sha256,
        "graph_precision": manifest.precision,
        "arithmetic": contender.options.precision,
        "cam": contender.cam,
        "fps": rate.rounded(),
        "infer_ms": figures.rounded(),
        "to_first": run_ratio(rates, firsts).as_json(),
    }
