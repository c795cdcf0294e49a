"""A French console says nothing in English: every page of every state, held against its English twin word for word."""

from __future__ import annotations

from html.parser import HTMLParser


class Said(HTMLParser):
    """Collects what a page says in the agent's own language: no letter, nobody's own words, no names."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self._open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        for name in ("aria-label", "title", "placeholder"):
            if text := given.get(name):
                self.said.append(text)
        theirs = tag != "html" and ("lang" in given)
        if tag not in {"meta", "link", "input", "br"}:
            self._open.append((tag, theirs or tag in {"script", "style"}))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if data.strip() and not any(theirs for _, theirs in self._open):
            self.said.append(" ".join(data.split()))


def said(page: str) -> list[str]:
    reader = Said()
    reader.feed(page)
    return reader.said
