"""Carries out the governor's steps in a live session, and says each."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from polyplive.sessions.failures import in_one_line
from polyplive.sessions.live.governor import Governor, Step
from polyplive.sinks.base import GovernorStep

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from polyplive.backends.base import EngineSpec
    from polyplive.sessions.engine_room.room import EngineRoom
    from polyplive.sessions.engine_room.supervisor import OpenEngine
    from polyplive.sessions.live.heatmaps import Heatmaps
    from polyplive.sessions.live.parts import LiveParts

SAID_S = 8.0
"""For so many seconds a step is said on the picture itself."""

_PLACES = {1: "every frame", 2: "every second frame", 3: "every third frame", 4: "every fourth frame"}


class Governing:
    """Keeps a session's results young by the steps of its ``Governor``. Used under the session's ``lock``.

    Fewer heatmaps are the work of ``heatmaps``; another model is opened by the ``room`` while the present one goes on.
    ``tell`` gets each step that was taken; ``warn`` gets a line when a model cannot be opened.
    """

    def __init__(
        self,
        parts: LiveParts,
        lock: threading.RLock,
        room: EngineRoom,
        heatmaps: Heatmaps,
        tell: Callable[[GovernorStep], None],
        warn: Callable[[str], None],
    ) -> None:
        goal_ms = min(parts.settings.delay_goal_ms, parts.settings.max_age_ms)
        self.steps: list[GovernorStep] = []
        """What was done so far."""
        self._governor = Governor(goal_ms / 1e3)
        self._is_on = parts.settings.governor
        self._goal_ms = goal_ms
        self._open_faster = parts.open_faster
        self._openers: list[OpenEngine] = [parts.open_engine]
        self._lock, self._room, self._heatmaps = lock, room, heatmaps
        self._tell, self._warn = tell, warn
        self._spec: EngineSpec | None = None
        self._coming: Step | None = None
        self._is_chosen = False

    def opened(self, spec: EngineSpec) -> None:
        """An engine is ready: the first, the next model's, or the same model's again after a failure."""
        self._spec = spec
        self._heatmaps.reset()
        model = (self._coming or self._governor.step).model
        if model == len(self._openers) - 1 and (faster := self._open_faster(spec)) is not None:
            self._openers.append(faster)

    def answered(self, now_s: float, age_s: float) -> None:
        """A result came whose frame had been read ``age_s`` seconds before."""
        if self._is_on:
            self._governor.answered(now_s, age_s)

    def look(self, now_s: float, *, is_running: bool, cam: bool) -> None:
        """Take the step that is due, if any.

        ``is_running``: frames come and an engine is open. ``cam``: heatmaps are wanted.
        """
        governor = self._governor
        if not self._is_on or self._coming is not None:
            return
        if not is_running:
            governor.interrupt()
            return
        step = governor.next_step(now_s, cam=cam, models=len(self._openers))
        if step is None:
            return
        self._go(step, now_s, is_chosen=False)

    @property
    def is_exchanging(self) -> bool:
        """Whether another model is being opened."""
        return self._coming is not None

    @property
    def has_faster(self) -> bool:
        """Whether there is a faster model than the one that runs."""
        return self._governor.step.model + 1 < len(self._openers)

    def can_spare(self, *, cam: bool) -> bool:
        """Whether fewer heatmaps could be computed. ``cam``: they are wanted."""
        return cam and self._governor.step.every < self._governor.sparest.every

    def choose(self, now_s: float, *, is_model: bool) -> None:
        """A user wants the step that saves most: the faster model, or as few heatmaps as there may be."""
        governor = self._governor
        self._go(Step(governor.step.model + 1) if is_model else governor.sparest, now_s, is_chosen=True)

    def line(self, now_s: float) -> str:
        """The last step in words, while less than everything is done or it is news; else empty."""
        return self.news(now_s) if self._governor.step == Step() else self.steps[-1].reason

    def news(self, now_s: float) -> str:
        """The last step in words, if it was just taken."""
        return self.steps[-1].reason if self.steps and now_s - self.steps[-1].at_s < SAID_S else ""

    def _exchanged(self, error: Exception | None) -> None:
        """From the room: the model that was asked for runs, or cannot be opened."""
        with self._lock:
            step, self._coming = self._coming, None
            if step is None:
                return
            if error is None:
                self._take(step, time.monotonic())
                return
            if step.model > self._governor.step.model:
                del self._openers[step.model :]
            self._governor.refused()
            self._warn(f"The other model cannot be opened, and this one goes on: {in_one_line(error)}")

    def _go(self, step: Step, now_s: float, *, is_chosen: bool) -> None:
        self._is_chosen = is_chosen
        if step.model == self._governor.step.model:
            self._take(step, now_s)
        else:
            self._coming = step
            self._room.exchange(self._openers[step.model], self._exchanged)

    def _take(self, step: Step, now_s: float) -> None:
        assert self._spec is not None, "results came, so an engine was open"
        manifest = self._spec.manifest
        why = "Chosen" if self._is_chosen else f"Results came later than {self._goal_ms:.0f} ms"
        reason = _in_words(self._governor.step, step, why, manifest.name)
        self._governor.taken(step, now_s)
        self._heatmaps.every = step.every
        self.steps.append(GovernorStep(now_s, manifest.name, manifest.sha256, step.every, reason))
        self._tell(self.steps[-1])


def _in_words(before: Step, after: Step, why: str, model: str) -> str:
    is_back = (after.model, after.every) < (before.model, before.every)
    what = f"heatmap on {_PLACES[after.every]}"
    if after.model != before.model:
        what = f"{model} runs" + (f", {what}" if after.every > 1 else "")
    return f"{'There is room again' if is_back else why}: {what}."
