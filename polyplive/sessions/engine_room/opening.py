"""Opens the engines of one session, each in a process of its own."""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import TYPE_CHECKING

from polyplive.backends.auto_model import faster_model, named_model
from polyplive.backends.factory import open_engine
from polyplive.errors import EngineClosed, EngineError, ModelError
from polyplive.sessions.engine_room.process_engine import ProcessEngine, ProcessLimits
from polyplive.sessions.tuning.tuned import by_rule, tuned

if TYPE_CHECKING:
    from polyplive.backends.base import EngineSpec
    from polyplive.config import Settings
    from polyplive.sessions.engine_room.interrupt import Interrupt
    from polyplive.sessions.engine_room.messages import Notify

OFFLINE = ProcessLimits(answer_s=60.0, niceness=0)
"""Limits for work without a screen: slowness because the machine is busy is no fault of the engine."""


class SameModelOpener:
    """Opens engines for a session, always of the model that was opened first. One thread at a time.

    ``auto`` could choose another model after a GPU was lost, but a session's events say which model runs.
    """

    doing = ""
    """What it does besides opening, in a sentence for the screen; empty mostly. Any thread may read it."""

    def __init__(
        self,
        settings: Settings,
        notify: Notify,
        limits: ProcessLimits | None = None,
        *,
        tune: bool = False,
        is_parallel: bool = False,
    ) -> None:
        """``limits`` are those of ``settings.live`` by default. ``notify`` gets lines for the user.

        With ``tune`` (live video, and a window) model and runtime are those that keep up on this machine: see
        ``tuned``. The first call may then measure it. Otherwise the same settings always mean the same. With
        ``is_parallel`` the engines take several pictures at once where they can: see ``open_engine``.
        """
        live = settings.live
        self._settings = settings
        self._tune = tune
        self._notify = notify
        self._is_parallel = is_parallel
        self._limits = limits or ProcessLimits(answer_s=live.engine_timeout_s, growth_mib=live.memory_growth_mib)

    def __call__(self, interrupt: Interrupt | None) -> ProcessEngine:
        """See ``ProcessEngine``; ``interrupt`` also ends a measurement."""
        if not self._tune:
            return self._open(interrupt)
        self._tune, asked = False, self._settings
        self._settings = tuned(asked, self._notify, interrupt, self._tell)
        try:
            return self._open(interrupt)
        except (ModelError, EngineError) as error:
            usual = by_rule(asked)
            if isinstance(error, EngineClosed) or self._settings == usual:
                raise
            self._notify(f"What was measured cannot be opened ({error}); the usual model is taken")
            self._settings = usual
            return self._open(interrupt)

    def faster(self, spec: EngineSpec) -> SameModelOpener | None:
        """Opens the next faster model than that of ``spec``, which runs now, on the same runtime.

        None where none is known: after the fastest, and for a file of the user's own.
        """
        own, name = faster_model(self._settings.model), faster_model(spec.manifest.name)
        if own is None or name is None:
            return None
        return SameModelOpener(replace(self._settings, model=name), self._notify, self._limits)

    def _tell(self, doing: str) -> None:
        self.doing = doing
        if doing:
            self._notify(doing)

    def _open(self, interrupt: Interrupt | None) -> ProcessEngine:
        settings = self._settings
        opener = functools.partial(
            open_engine,
            settings.model,
            settings.backend,
            settings.engine,
            is_parallel=self._is_parallel,
            threshold=settings.pipeline.threshold,
        )
        engine = ProcessEngine(opener, self._limits, self._notify, interrupt)
        model = named_model(settings.model, engine.spec.backend, settings.engine.precision)
        self._settings = replace(settings, model=model)
        return engine
