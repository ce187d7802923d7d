"""The one environment that turns templates into pages.

Every value is escaped. A page loads nothing: its Content-Security-Policy allows the pictures inside it, its own style
and one script, which opens pictures large or sorts tables. It knows style and script by their hashes.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import re
from typing import TYPE_CHECKING, Any

from polyplive import RESEARCH_NOTICE
from polyplive.pages.text import data_uri

if TYPE_CHECKING:
    from jinja2 import Environment

_NOT_FOR_PAGES = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]"
)
"""Control characters, which HTML forbids, and those that turn the direction of the text around them."""


def render(template: str, /, **values: object) -> str:
    """The page that ``template``, a name below ``templates/``, makes of ``values``.

    Text is escaped and control characters in it become U+FFFD. A value that the template names and ``values`` lacks
    raises ``jinja2.UndefinedError``.
    """
    return environment().get_template(template).render(**values)


@functools.cache
def environment() -> Environment:
    """Autoescaping templates that refuse unknown names; made once."""
    from jinja2 import Environment, PackageLoader, StrictUndefined  # late: only a page needs it
    from markupsafe import Markup

    def shown(value: Any) -> Any:
        if isinstance(value, str) and not isinstance(value, Markup):
            return _NOT_FOR_PAGES.sub("\ufffd", value)
        return value

    loader = PackageLoader("polyplive.pages")
    made = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, finalize=shown, trim_blocks=True, lstrip_blocks=True
    )
    made.globals.update(notice=RESEARCH_NOTICE)
    for name, file in (("style", "style.css"), ("script", "pictures.js"), ("sorting", "sorting.js")):
        text = loader.get_source(made, file)[0]
        made.globals.update({name: Markup(text), f"{name}_hash": _hash(text)})
    made.filters.update(data_uri=data_uri)
    return made


def _hash(text: str) -> str:
    """As a Content-Security-Policy names it."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
