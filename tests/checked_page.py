"""A page of HTML, read strictly: every tag closes, and texts and attributes are there to be looked at."""

from __future__ import annotations

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
        self.texts.append(data.strip())

    def values(self, attribute: str) -> list[str | None]:
        """What each tag that has it gives as ``attribute``."""
        return [value for _, name, value in self.attributes if name == attribute]


def loads_nothing(text: str) -> bool:
    """Whether a page is whole in itself: no address of elsewhere, no script, only pictures that it holds."""
    page = CheckedPage(text)
    return (
        not re.search(r"https?:|url\(|@import", text)
        and not {"script", "link", "iframe", "object", "form", "base"} & set(page.tags)
        and not page.values("href")
        and all((value or "").startswith("data:image/jpeg;base64,") for value in page.values("src"))
    )
