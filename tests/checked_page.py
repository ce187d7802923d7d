"""A page of HTML, read strictly: every tag closes, and texts and attributes are there to be looked at."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

VOID = {"meta", "img", "br"}


class CheckedPage(HTMLParser):
    """Fails on tags that do not close; collects tags, texts and attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs) -> None:
        self.handle_startendtag(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_endtag(self, tag) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data) -> None:
        if self.open[-1:] != ["script"]:  # which nobody reads on the page
            self.texts.append(data.strip())

    def values(self, attribute: str) -> list[str | None]:
        """What each tag that has it gives as ``attribute``."""
        return [value for _, name, value in self.attributes if name == attribute]


def policy_hash(text: str) -> str:
    """As a Content-Security-Policy names a style or a script."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def loads_nothing(text: str) -> bool:
    """Whether a page is whole in itself: no address of elsewhere, only pictures and the script that it holds.

    The script is the one that opens pictures large, without ``src``; the policy names its hash and allows no other.
    """
    page = CheckedPage(text)
    scripts = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    policy = next(value or "" for value in page.values("content") if "default-src 'none'" in (value or ""))
    return (
        not re.search(r"https?:|url\(|@import|fetch|XMLHttp|WebSocket|import\(", text)
        and not {"link", "iframe", "object", "form", "base"} & set(page.tags)
        and page.tags.count("script") == len(scripts) <= 1
        and all(f"script-src '{policy_hash(script)}';" in policy for script in scripts)
        and not page.values("href")
        and all((value or "").startswith("data:image/jpeg;base64,") for value in page.values("src"))
    )
