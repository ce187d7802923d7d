"""How verdicts and flaws of the picture look: by height, sign and place as well as by colour."""

from __future__ import annotations

from polyplive.gui.parts.theme import ACCENT, WARNING
from polyplive.review.decisions import Verdict
from polyplive.review.timeline import Quality

VERDICT_COLOURS = {Verdict.UNSEEN: WARNING, Verdict.ACCEPTED: ACCENT, Verdict.REJECTED: "#77828e"}
VERDICT_HEIGHTS = {Verdict.UNSEEN: 0.7, Verdict.ACCEPTED: 1.0, Verdict.REJECTED: 0.4}
"""Of a lane: told apart without colour, and where a bar is too narrow for a sign."""
VERDICT_SIGNS = {Verdict.UNSEEN: "?", Verdict.ACCEPTED: "\u2713", Verdict.REJECTED: "\u2717"}

QUALITY_COLOURS = {
    Quality.BLURRED: "#9aa5b1",
    Quality.DARK: "#5b6875",
    Quality.BRIGHT: "#eceff2",
    Quality.OUTSIDE: "#8a6fd1",
    Quality.COVERED: "#b0793a",
}
