"""Settings for live video on this machine, from its measurement or, without one, by a rule."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from typing import TYPE_CHECKING

from polyplive.errors import EngineClosed, ModelError
from polyplive.sessions.failures import in_one_line
from polyplive.sessions.tuning.choice import choose
from polyplive.sessions.tuning.fingerprint import Fingerprint
from polyplive.sessions.tuning.measurement import measure
from polyplive.sessions.tuning.setups import setups_for
from polyplive.sessions.tuning.store import Measurement, default_folder, find_kept, keep
from polyplive.system.machine import is_busy, processor_count

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from polyplive.config import Settings
    from polyplive.sessions.engine_room.interrupt import Interrupt
    from polyplive.sessions.engine_room.messages import Notify
    from polyplive.sessions.tuning.choice import Choice

VARIABLE = "POLYPLIVE_MEASURE"
"""The environment variable that, set to ``no``, keeps sessions from measuring and from what was measured."""

MEASURING = "This machine is being measured, once: which model and runtime keep up. The overlay follows."


def tuned(
    settings: Settings,
    notify: Notify,
    interrupt: Interrupt | None = None,
    on_measuring: Callable[[str], None] = lambda _: None,
    folder: Path | None = None,
) -> Settings:
    """``settings`` with model, runtime, precision and threads that keep up with live video; what they name stays.

    A machine is measured where no measurement of it is kept, which takes a few seconds; ``on_measuring`` is told what
    is being done, and in the end an empty text. ``notify`` gets one line for the user. Without a measurement (a GPU
    with TensorRT, nothing left to choose, ``VARIABLE``, nothing that runs) the answer is ``by_rule``. Raises
    ``EngineClosed`` when ``interrupt`` was set, and nothing else: a session starts without a measurement as well.
    """
    try:
        choice = (
            None
            if os.environ.get(VARIABLE, "").lower() == "no"
            else _choice(settings, notify, interrupt, on_measuring, folder or default_folder())
        )
    except EngineClosed:
        raise
    except Exception as error:
        notify(f"This machine could not be measured ({in_one_line(error)}); the usual model is taken")
        return by_rule(settings)
    if choice is None:
        return by_rule(settings)
    notify(f"Measured on this machine: {choice} ('polyplive doctor --measure' measures again)")
    return choice.row.setup.applied_to(settings)


def by_rule(settings: Settings) -> Settings:
    """Without a measurement: one processor is left to the picture, unless ``settings`` name a number of threads."""
    if settings.engine.threads is not None:
        return settings
    threads = max(1, processor_count() - 1)
    return dataclasses.replace(settings, engine=dataclasses.replace(settings.engine, threads=threads))


def measure_and_keep(settings: Settings, interrupt: Interrupt | None = None, folder: Path | None = None) -> Measurement:
    """Measure the setups for ``settings`` and keep the result, if any ran and the folder can be written.

    Raises ``ModelError``, and ``EngineClosed`` when ``interrupt`` was set.
    """
    setups = setups_for(settings)
    busy = is_busy()
    found = Measurement.now(Fingerprint.of(setups), measure(setups, interrupt), busy=busy)
    if choose(found.rows) is not None:
        with contextlib.suppress(OSError):  # then the next start measures again
            keep(found, folder or default_folder())
    return found


def _choice(
    settings: Settings,
    notify: Notify,
    interrupt: Interrupt | None,
    on_measuring: Callable[[str], None],
    folder: Path,
) -> Choice | None:
    """The choice from what is kept or, where that is nothing or was disturbed, from a new measurement."""
    setups = setups_for(settings)
    if len(setups) < 2:
        return None
    try:
        found, problem = find_kept(Fingerprint.of(setups), folder)
    except ModelError:  # opening it says why
        return None
    if found is None or (found.busy and not is_busy()):
        if problem:
            notify(f"The kept measurement {problem}: this machine is measured again")
        on_measuring(MEASURING)
        try:
            found = measure_and_keep(settings, interrupt, folder)
        finally:
            on_measuring("")
    choice = choose(found.rows)
    if choice is None:
        notify("No model ran in time while this machine was measured; the usual one is taken")
    return choice
