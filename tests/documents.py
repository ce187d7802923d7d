"""What the documents say, as the tests of ``tests/docs`` read it: commands, options, paths and links."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
_FOLDERS = ("docs", "engines", "export", "assets", "tests")
_HISTORY = ROOT / "CHANGELOG.md"
LANGUAGES = {"sh", "json", "toml", "python", "text"}
"""What a fenced block may hold; ``sh`` are commands, one a line."""

_FENCE = re.compile(r"^```(\S*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_INLINE = re.compile(r"(?<!`)`([^`\n]+(?:\n[^`\n]+)?)`(?!`)")
_LINK = re.compile(r"\[(?:[^\]\[]|\[[^\]]*\])*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.MULTILINE)
_OPTION = re.compile(r"--[a-z0-9][a-z0-9-]*")
_PATH = re.compile(r"(?:polyplive|export|tests|engines|assets|docs)/[\w./-]*")
_STARTS = ("polyplive", "make", "python", "pip", "pytest")


def documents() -> list[Path]:
    """Every document in Markdown, README first."""
    pages = [*ROOT.glob("*.md"), *(page for folder in _FOLDERS for page in (ROOT / folder).rglob("*.md"))]
    return sorted(pages, key=lambda page: (page != README, page))


def current_documents() -> list[Path]:
    """Those that say what is: all but the change log, which also says what was."""
    return [page for page in documents() if page != _HISTORY]


def name_of(page: Path) -> str:
    """``page`` as a test's name."""
    return str(page.relative_to(ROOT))


@dataclass(frozen=True)
class Command:
    """One command as a page shows it: its words, without the program's folder, variables and optional brackets.

    One in the ``text`` may leave out arguments: it only names the command.
    """

    page: Path
    words: tuple[str, ...]
    in_text: bool = False

    def __str__(self) -> str:
        return f"{name_of(self.page)}: {' '.join(self.words)}"


def blocks(page: Path) -> list[tuple[str, str]]:
    """The fenced blocks of ``page``: language and text."""
    return _FENCE.findall(page.read_text(encoding="utf-8"))


def prose(page: Path) -> str:
    """``page`` without its fenced blocks."""
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def spans(page: Path) -> list[str]:
    """The code spans in the text of ``page``, each on one line."""
    return [" ".join(span.split()) for span in _INLINE.findall(prose(page))]


def commands(page: Path) -> list[Command]:
    """Every command that ``page`` shows, in blocks of ``sh`` and in its text."""
    lines = [line for language, text in blocks(page) if language == "sh" for line in _joined(text).splitlines()]
    shown = [words for line in lines for part in line.split("&&") if (words := _words(part))]
    named = [_words(span) for span in spans(page) if _is_command(span)]
    return [*(Command(page, words) for words in shown), *(Command(page, words, in_text=True) for words in named)]


def options(page: Path) -> set[str]:
    """Every long option that the text of ``page`` names in a code span."""
    return {option for span in spans(page) for option in _OPTION.findall(span)}


def paths(page: Path) -> set[str]:
    """Every path of the repository that ``page`` names in a code span."""
    return {span for span in spans(page) if _PATH.fullmatch(span)}


def links(page: Path) -> list[str]:
    """The targets of all links and pictures of ``page``."""
    return _LINK.findall(_INLINE.sub("", prose(page)))


def anchors(page: Path) -> set[str]:
    """The anchors that a reader of ``page`` on the web can jump to."""
    headings = [re.sub(r"[`*]", "", heading).lower() for heading in _HEADING.findall(prose(page))]
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in headings}


def _is_command(span: str) -> bool:
    first, _, rest = span.partition(" ")
    return Path(first).name in _STARTS and bool(rest) and rest not in ("…", "...")


def _joined(text: str) -> str:
    return text.replace("\\\n", " ")


def _words(line: str) -> tuple[str, ...]:
    words = shlex.split(line.replace("…", "ANY").replace("\\", "/"), comments=True)
    while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
        words = words[1:]
    if not words:
        return ()
    return (words[0].rpartition("/")[2], *(re.sub(r"^\[(.*)\]$", r"\1", word) for word in words[1:]))
