"""The words of a mail: Liquid of a user's, compiled once per campaign and rendered once per recipient.

Users' templates are not trusted: there is nothing to include and no file to read, and nesting, loops and output are limited.
What a contact's record holds is escaped in HTML and never read as a template. Links are replaced by slots when the template is
compiled; a slot becomes a signed link of the recipient's own when it is rendered.
"""

import re
from collections.abc import Callable
from typing import Any

import liquid
from liquid.exceptions import LiquidError

from services.campaigns.audience import FIELDS
from services.campaigns.plain import as_text

LARGEST = 102 * 1024  # bytes; what goes beyond is cut off by large mailbox providers (commonly cited for Gmail)
UNSUBSCRIBE = "unsubscribe_url"
PIXEL = "p"
_KNOWN = {f"contact.{path}" for path in FIELDS} | {"campaign.name", "campaign.topic", UNSUBSCRIBE}
# U+0002 and U+0003 cannot come out of a record: control characters are refused by the contract's validation.
_SLOT = re.compile("\x02(\\d+|p)\x03")
_ANCHOR = re.compile(r"(<a\b[^>]*?\bhref\s*=\s*)(\"[^\"]*\"|'[^']*')([^>]*>)", re.IGNORECASE)
_IMAGE = re.compile(r"<img\b(?![^>]*\balt\s*=)[^>]*>", re.IGNORECASE)
_BODY_END = re.compile(r"</body\s*>", re.IGNORECASE)


class Broken(Exception):
    """A template that cannot be read or rendered; the text says why."""


class _Liquid(liquid.Environment):
    context_depth_limit = 10
    block_nesting_limit = 20
    loop_iteration_limit = 10_000
    local_namespace_limit = 200_000
    output_stream_limit = 1_000_000

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        """Every tag but those that read other templates."""
        super().setup_tags_and_filters(extra=extra)
        for tag in ("include", "render"):
            self.tags.pop(tag)


_html = _Liquid(autoescape=True)
_plain = _Liquid()


class Wording:
    """A template with slots for its links. `links` collects their targets over all templates of a campaign."""

    def __init__(self, subject: str, html: str, text: str, links: list[str], *, tracked: bool = True) -> None:
        self.untracked: list[str] = []
        slotted = self._slotted(html, links) if tracked else html
        self._subject, self._html = _read(_plain, subject), _read(_html, _with_pixel(slotted) if tracked else slotted)
        self._text = _read(_plain, text or as_text(slotted))

    @staticmethod
    def check(source: str) -> None:
        """Raises Broken for what is no Liquid, and for filters that are not there."""
        for name in _read(_html, source).analyze().filters:
            if name not in _html.filters:
                raise Broken(f"there is no filter {name}")

    @property
    def variables(self) -> list[str]:
        """What the template asks for, `contact.given_name`, sorted."""
        found = set()
        for part in (self._subject, self._html, self._text):
            for uses in part.analyze().globals.values():
                found |= {".".join(str(step) for step in use.segments if isinstance(step, str)) for use in uses}
        return sorted(found)

    def render(self, words: dict[str, Any], link: Callable[[str], str]) -> tuple[str, str, str]:
        """Subject, HTML and text for `words`; `link` gives the address for a slot's name. Raises Broken."""
        try:
            parts = [part.render(**words) for part in (self._subject, self._html, self._text)]
        except (LiquidError, RecursionError) as fault:
            raise Broken(str(fault)[:500]) from fault
        subject, html, text = parts
        return " ".join(subject.split()), _filled(html, link), _filled(text, link)

    def _slotted(self, html: str, links: list[str]) -> str:
        def slot(found: re.Match[str]) -> str:
            target = found[2][1:-1].strip()
            if "{" in target:
                self.untracked += [] if UNSUBSCRIBE in target else [target]
                return found[0]
            if not target.lower().startswith(("http://", "https://")) or "data-no-track" in found[0]:
                return found[0]
            target = target.replace("&amp;", "&")
            if target not in links:
                links.append(target)
            return f'{found[1]}"\x02{links.index(target)}\x03"{found[3]}'

        return _ANCHOR.sub(slot, html)


def warnings(html: str, wording: Wording) -> list[dict[str, str]]:
    """What is doubtful about a template, as its `warnings` have it."""
    asked = wording.variables
    found = [("unsubscribe_missing", UNSUBSCRIBE)] if UNSUBSCRIBE not in asked else []
    found += [("variable_unknown", name) for name in asked if name not in _KNOWN]
    found += [("link_untracked", target) for target in wording.untracked]
    found += [("alt_missing", image[:200]) for image in _IMAGE.findall(html)]
    found += [("too_large", f"{size} bytes")] if (size := len(html.encode())) > LARGEST else []
    return [{"code": code, "subject": subject} for code, subject in found[:100]]


def missing(wording: Wording, words: dict[str, Any]) -> list[str]:
    """What the template asks for and `words` have nothing for."""
    return [name for name in wording.variables if _value(words, name.split(".")) in (None, "", [])]


def _value(words: Any, steps: list[str]) -> Any:
    for step in steps:
        words = words.get(step) if isinstance(words, dict) else None
    return words


def _filled(text: str, link: Callable[[str], str]) -> str:
    # Splitting is a third of the cost of substituting; every other part is a slot's name.
    parts = _SLOT.split(text)
    parts[1::2] = [link(name) for name in parts[1::2]]
    return "".join(parts)


def _read(environment: liquid.Environment, source: str) -> Any:
    try:
        return environment.from_string(source)
    except (LiquidError, RecursionError) as fault:
        raise Broken(str(fault)[:500]) from fault


def _with_pixel(html: str) -> str:
    pixel = f'<img src="\x02{PIXEL}\x03" width="1" height="1" alt="">'
    end = _BODY_END.search(html)
    return f"{html[: end.start()]}{pixel}{html[end.start() :]}" if end else html + pixel
