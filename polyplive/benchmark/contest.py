"""Several engines against one another, in turn, on the same pictures: what slows the machine slows all of them.

They share one process, and thread pools of different runtimes hinder each other there (a pool that has just worked may
still spin): ratios between backends are better checked with one process each.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from polyplive.backends.choice import check_precision, choose_graph
from polyplive.backends.factory import BACKENDS, open_engine
from polyplive.backends.options import PRECISIONS, EngineOptions
from polyplive.benchmark.against import run_ratio
from polyplive.errors import ConfigError, EngineError, ExportError
from polyplive.manifest import DEFAULT_MODEL, find_model
from polyplive.stats import Distribution

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from polyplive.backends.base import Engine

_ROUNDS, _UNCOUNTED = 22, 2


@dataclass(frozen=True, slots=True)
class Contender:
    """What is to run; ``name`` is how the user wrote it."""

    name: str
    model: str = DEFAULT_MODEL
    backend: str = "auto"
    options: EngineOptions = field(default_factory=EngineOptions)
    cam: bool = True


def parse_contender(text: str, base: Contender) -> Contender:
    """``base`` with what ``text`` changes: words between commas, each a backend, a precision, ``mask`` (no heatmap),
    ``cam``, or a model.

    Raises ``ConfigError`` for a word that says nothing.
    """
    found = replace(base, name=text)
    for word in (part.strip() for part in text.split(",")):
        if not word:
            raise ConfigError(f"--compare '{text}' has an empty part", "Write it as openvino,float32,mask.")
        if word in ("mask", "cam"):
            found = replace(found, cam=word == "cam")
        elif word in PRECISIONS:
            found = replace(found, options=replace(found.options, precision=word))
        elif word in BACKENDS:
            found = replace(found, backend=word)
        else:
            found = replace(found, model=word)
    return found


def check_contender(contender: Contender) -> None:
    """Raise ``ConfigError`` or ``ModelError`` for what can never run, before anything is measured."""
    graph = find_model(contender.model)
    if contender.backend != "auto":
        check_precision(contender.backend, contender.options)
        choose_graph(graph, contender.backend, contender.options)


def run_contest(
    contenders: Sequence[Contender],
    pictures: Callable[[Engine], list[NDArray[np.uint8]]],
    frames: int,
    notify: Callable[[str], None] = lambda _: None,
    on_frame: Callable[[int], None] = lambda _: None,
) -> list[dict[str, Any]]:
    """Rates and ratios to the first contender, for JSON; about ``frames`` frames each.

    Every engine is open all the time, and they take turns of a few frames. One that this machine cannot run is left
    out, which ``notify`` is told. ``pictures`` gives an engine's inputs, ``on_frame`` gets the number of frames done
    over all. Raises what opening the first and running any of them raise.
    """
    engines: list[Engine] = []
    try:
        contenders = _open_all(contenders, engines, notify)
        inputs = [pictures(engine) for engine in engines]
        turn = max(1, frames // (_ROUNDS - _UNCOUNTED))
        rates: list[list[float]] = [[] for _ in contenders]
        times: list[list[float]] = [[] for _ in contenders]
        done = 0
        for number in range(_ROUNDS):
            for place, (contender, engine) in enumerate(zip(contenders, engines, strict=True)):
                taken = _turn(engine, inputs[place], turn, contender.cam)
                if number >= _UNCOUNTED:
                    rates[place].append(len(taken) / sum(taken))
                    times[place] += taken
                done += turn
                on_frame(done)
        return [
            _row(contender, engine, rates[place], rates[0], times[place])
            for place, (contender, engine) in enumerate(zip(contenders, engines, strict=True))
        ]
    finally:
        for engine in engines:
            engine.close()


def _open_all(contenders: Sequence[Contender], engines: list[Engine], notify: Callable[[str], None]) -> list[Contender]:
    """Add the engines to ``engines``; gives those of ``contenders`` that they belong to."""
    there = []
    for contender in contenders:
        try:
            engines.append(open_engine(contender.model, contender.backend, contender.options, notify))
        except (EngineError, ExportError) as error:
            if not engines:
                raise
            notify(f"--compare {contender.name} is left out: {error}")
        else:
            there.append(contender)
    return there


def contest_length(contenders: int, frames: int) -> int:
    """How many frames ``run_contest`` runs over all."""
    return contenders * _ROUNDS * max(1, frames // (_ROUNDS - _UNCOUNTED))


def _turn(engine: Engine, pictures: list[NDArray[np.uint8]], frames: int, cam: bool) -> list[float]:
    taken = []
    for index in range(frames):
        before = time.perf_counter()
        engine.infer(pictures[index % len(pictures)], cam=cam)
        taken.append(time.perf_counter() - before)
    return taken


def _row(
    contender: Contender, engine: Engine, rates: list[float], firsts: list[float], times: list[float]
) -> dict[str, Any]:
    figures = Distribution.of([1e3 * taken for taken in times])
    rate = Distribution.of(rates)
    assert figures is not None, "no frame was counted"
    assert rate is not None
    manifest = engine.spec.manifest
    return {
        "name": contender.name,
        "backend": engine.spec.backend,
        "device": engine.spec.device,
        "model": manifest.name,
        "model_sha256": manifest.sha256,
        "graph_precision": manifest.precision,
        "arithmetic": contender.options.precision,
        "cam": contender.cam,
        "fps": rate.rounded(),
        "infer_ms": figures.rounded(),
        "to_first": run_ratio(rates, firsts).as_json(),
    }
