"""HTML of mails: made harmless to show, made text to read, and both without what they quote.

The sanitiser is ammonia (nh3): an allowlist of elements, attributes, address schemes and CSS properties. Nothing that is
left loads anything, runs anything, or covers anything; pictures stay only where they came with the mail (`cid:`). The raw
mail keeps everything.
"""

import html
import re

import nh3

LONGEST = 200_000  # characters of a text that are kept with a message

_TAGS = frozenset(
    "a abbr address article b bdi bdo big blockquote br caption center cite code col colgroup dd del details dfn div dl dt "
    "em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main mark ol p pre q s samp section small "
    "span strike strong sub summary sup table tbody td tfoot th thead time tr tt u ul var wbr".split()
)
_ATTRIBUTES = {
    "*": {"dir", "lang", "title", "align", "valign", "style"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "td": {"colspan", "rowspan", "width", "bgcolor"},
    "th": {"colspan", "rowspan", "width", "bgcolor"},
    "table": {"border", "cellpadding", "cellspacing", "width", "bgcolor"},
    "font": {"color", "face", "size"},
    "ol": {"start", "type"},
    "li": {"value"},
}
_STYLES = frozenset(
    "color background-color font-family font-size font-style font-weight text-align text-decoration text-indent "
    "line-height padding padding-left padding-right padding-top padding-bottom margin-left margin-right white-space "
    "border border-left border-right border-top border-bottom border-color border-style border-width border-collapse "
    "vertical-align width list-style-type".split()
)
_LINE_ENDS = re.compile(r"<(?:br|hr)\b[^>]*>|</(?:p|div|tr|li|h[1-6]|blockquote|table|pre|dd|dt)\s*>", re.IGNORECASE)
_CELL_ENDS = re.compile(r"</t[dh]\s*>", re.IGNORECASE)
# How mail programs begin what they quote in HTML: Gmail, Apple Mail, Thunderbird, Yahoo, Outlook of 2003 to 365 and on the
# Mac, Hotmail, Windows Mail, Yandex, mail.ru.
_QUOTES = re.compile(
    r"""<div\b[^>]*\bclass=["']?(?:gmail_quote|yahoo_quoted|moz-cite-prefix|protonmail_quote)
      | <blockquote\b[^>]*(?:type=["']?cite|class=["']?gmail_quote|border-left)
      | <[a-z]+\b[^>]*\bid=["']?(?:divRplyFwdMsg|appendonsend|OLK_SRC_BODY_SECTION|stopSpelling|mail-editor-reference)
      | <hr\b[^>]*\btabindex=["']?-1
      | <div\b[^>]*border:\s?none;\s*border-top:\s?solid\s+\#(?:B5C4DF|E1E1E1)
      | <div\b[^>]*border-top:\s?(?:\#B5C4DF|solid)[^>]*padding-top:\s?3
      | <div\b[^>]*border-left-color""",
    re.IGNORECASE | re.VERBOSE,
)


def harmless(markup: str) -> str:
    """The HTML without anything that could run, load, submit or cover; at most 200,000 characters of it are read."""
    return nh3.clean(
        markup[:LONGEST],
        tags=set(_TAGS),
        attributes=_ATTRIBUTES,
        attribute_filter=_own_pictures,
        filter_style_properties=set(_STYLES),
        url_schemes={"http", "https", "mailto", "tel", "cid"},
        clean_content_tags={"script", "style", "title", "textarea", "select", "svg", "math", "noscript", "template"},
        link_rel="noopener noreferrer nofollow",
        strip_comments=True,
    ).strip()


def text(markup: str) -> str:
    """The HTML's words as plain text, a line for each block."""
    broken = _CELL_ENDS.sub(r"\g<0> ", _LINE_ENDS.sub("\\g<0>\n", re.sub(r"\s+", " ", markup[: LONGEST * 2])))
    bare = nh3.clean(broken, tags=set(), clean_content_tags={"script", "style", "title", "head"})
    lines = (re.sub(r"[ \t\xa0]+", " ", line).strip() for line in html.unescape(bare).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def unquoted_html(markup: str) -> str:
    """HTML up to where its program begins to quote; all of it where nothing else would be left."""
    quote = _QUOTES.search(markup)
    own = markup[: quote.start()] if quote else markup
    return own if text(own) else markup


def _own_pictures(element: str, attribute: str, value: str) -> str | None:
    if element == "img" and attribute == "src" and not value.lower().startswith("cid:"):
        return None
    return value
