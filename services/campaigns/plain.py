"""The plain text of a mail, made from its HTML: paragraphs, lists, and links with their addresses. Liquid stays as it is."""

import re
from html.parser import HTMLParser

_LIQUID = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_HELD = re.compile("\x04(\\d+)\x05")
_BREAKS = {
    "p": 2,
    "div": 1,
    "br": 1,
    "tr": 1,
    "li": 1,
    "ul": 1,
    "ol": 1,
    "table": 1,
    "h1": 2,
    "h2": 2,
    "h3": 2,
    "hr": 1,
}
_UNSEEN = {"head", "style", "script", "title"}


def as_text(html: str) -> str:
    """What a program that shows no HTML shows."""
    held: list[str] = []

    def hold(found: re.Match[str]) -> str:
        held.append(found[0])
        return f"\x04{len(held) - 1}\x05"

    reader = _Reader()
    reader.feed(_LIQUID.sub(hold, html))
    reader.close()
    text = re.sub(r"[ \t]*\n[ \t]*", "\n", "".join(reader.parts))
    text = re.sub(r"\n{3,}", "\n\n", text).strip()
    return _HELD.sub(lambda found: held[int(found[1])], text) + "\n"


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unseen = 0
        self._targets: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unseen += tag in _UNSEEN
        self.parts.append("\n" * _BREAKS.get(tag, 0) + ("- " if tag == "li" else ""))
        if tag == "a":
            self._targets.append(dict(attrs).get("href") or "")
        elif tag == "img" and not self._unseen:
            self.parts.append(dict(attrs).get("alt") or "")

    def handle_endtag(self, tag: str) -> None:
        self._unseen = max(0, self._unseen - (tag in _UNSEEN))
        if tag == "a" and self._targets:
            target = self._targets.pop()
            self.parts.append(f" <{target}>" if target and not target.startswith("#") else "")
        self.parts.append("\n" * _BREAKS.get(tag, 0))

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.parts.append(re.sub(r"\s+", " ", data))
