"""What the sink's mails look like in a browser: one page, newest first, without scripts and with nothing from elsewhere."""

import re
from collections.abc import Iterable
from html import escape

_STYLE = (
    ":root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}body{margin:0 auto;max-width:50rem;padding:1.5rem}"
    "article{border-top:1px solid #8884;padding:1rem 0}h2{font-size:1.1rem;margin:0}"
    "pre{white-space:pre-wrap;overflow-wrap:anywhere}"
)
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_LINK = re.compile(r"https?://[^\s<>\"]+")


def page(mails: Iterable[dict[str, object]], count: int) -> bytes:
    """The mails as a page; `count` is how many ever came."""
    body = "".join(map(_mail, mails)) or "<p>No mail yet.</p>"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>Mails</title><style>{_STYLE}</style></head><body><h1>Mails</h1>"
        f"<p>What this suite sends ends here; {count} so far.</p>{body}</body></html>"
    ).encode()


def _mail(mail: dict[str, object]) -> str:
    told = {name: escape(str(mail[name])) for name in ("subject", "from", "to", "date", "number")}
    return (
        f"<article><h2>{told['subject']}</h2><p>{told['from']} to {told['to']}, {told['date']} "
        f'(<a href="/mails/{told["number"]}">as it came</a>)</p><pre>{_linked(str(mail["text"]))}</pre></article>'
    )


def _linked(text: str) -> str:
    """The text as HTML, with its addresses as links."""
    parts, end = [], 0
    for found in _LINK.finditer(text):
        url = escape(found[0])
        parts += [escape(text[end : found.start()]), f'<a rel="noreferrer" href="{url}">{url}</a>']
        end = found.end()
    return "".join([*parts, escape(text[end:])])
