"""What is said of a still explanation, on the page and in the window alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyplive.explanation.map_names import in_words
from polyplive.explanation.still import DELETION, INSERTION
from polyplive.wording import counted, percent

if TYPE_CHECKING:
    from polyplive.explanation.still import ExplainedFinding, ShownMap, Still
    from polyplive.explanation.still_frame import StillFrame
    from polyplive.types import Detection

CURVES_MEAN = (
    "The frame is blurred bit by bit, what the map marks most first (deletion, red), or made sharp bit by bit"
    " (insertion, blue). The curves say how much of the answer is left. The lower the red curve falls at once, the more"
    " the answer rests on what the map marks; the higher the blue curve rises at once, the more of it that alone gives."
)
"""For somebody who never saw such curves."""

COMPARE = (
    "A map is worth something where its curves are better than those of the controls, which know nothing of the"
    " model's reasons. Curves of two frames are not to be compared."
)

CANNOT_TELL = (
    "Where a polyp ends: the outline is finer than any map.",
    "Whether the answer is right: a wrong answer has maps and curves that may look as convincing.",
    "What was missed: where nothing is marked there is no answer to explain.",
    "What a finding is: neither its histology nor its size.",
    "What the mucosa looks like to a person: a blurred frame is none that the model was made for.",
)

NO_FINDING = "There is no finding in this frame. The maps below explain the whole answer of the model, without curves."
NO_FINDING_SHORT = "There is no finding in this frame"
EMPTY = "The maps of the whole answer are empty: the model marks nothing, so there is nothing to explain."


def scale_of(shown: ShownMap) -> str:
    """From where on a map has its full colour, in a sentence."""
    if shown.is_empty:
        return "This map is empty."
    if shown.is_control:
        return "Full colour at 1."
    full = f"{float(f'{shown.full_scale:.3g}'):g}"  # three digits, without an exponent
    if shown.is_fixed:
        return f"The overlay draws this kind. Full colour at {full}, fixed by the model: a weak map looks weak."
    return f"Full colour at {full}, its own highest value: how strong it is cannot be seen."


def areas_of(found: ExplainedFinding, name: str) -> str:
    """The areas below both curves of a map; empty while they are not whole."""
    deletion, insertion = found.area(name, DELETION), found.area(name, INSERTION)
    if deletion is None or insertion is None:
        return ""
    return f"Area below deletion {deletion:.3f} (lower is better), insertion {insertion:.3f} (higher is better)"


def finding_title(frame: StillFrame, finding: Detection) -> str:
    """Which finding it is: its name, score and size."""
    roi = frame.prediction.roi
    share = 100 * finding.area_px / (roi.width * roi.height)
    return f"{frame.name_of(finding)}: score {percent(finding.score)}, {share:.1f} % of the field of view"


def remark(still: Still, frame: StillFrame) -> str:
    """What is to be known of all of it: that nothing was found, or that not all is explained; else empty."""
    if not frame.prediction.detections:
        return f"{NO_FINDING} {EMPTY}" if still.has_no_map else NO_FINDING
    left = len(frame.prediction.detections) - len(frame.chosen)
    if not left:
        return ""
    return f"{counted(left, 'more finding')} {'is' if left == 1 else 'are'} outlined, and not explained."


def title_of(shown: ShownMap) -> str:
    """A map's name in a few words."""
    return in_words(shown.name).title


def caption_of(shown: ShownMap) -> str:
    """Where a map comes from and on what scale it is drawn."""
    all_of_them = " It explains all findings of the frame together." if shown.is_of_all else ""
    return f"{in_words(shown.name).origin}{all_of_them} {scale_of(shown)}"
