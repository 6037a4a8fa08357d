"""Pure: the text of an HTML e-mail, as its reader would see it. Imported only for such a mail."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import List, Optional, Tuple

from pagerduty_mattermost.core.text import one_line

_UNSEEN = ("style", "script", "head", "title", "template")
_LINES = ("br", "p", "div", "tr", "li", "table", "h1", "h2", "h3", "h4", "h5", "h6", "hr")


def html_text(html: str) -> str:
    """The text between the tags, a line for each block; never raises for broken HTML."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lines = "".join(reader.parts).split("\n")
    return "\n".join(line for line in map(one_line, lines) if line)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: List[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: List[Tuple[str, Optional[str]]]) -> None:
        if tag in _UNSEEN:
            self._unseen += 1
        self.parts.append("\n" if tag in _LINES else " ")

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN and self._unseen:
            self._unseen -= 1
        self.parts.append("\n" if tag in _LINES else " ")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.parts.append(data)
