"""The few pages that visitors see: plain HTML that needs no script and loads nothing."""

from collections.abc import Iterable

from flask import Response
from markupsafe import Markup, escape

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self' https:; frame-ancestors 'none'; base-uri 'none'"
)

_STYLE = Markup(
    "body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:12vh auto;padding:0 1rem}"
    "label{display:block;margin:.8rem 0 .2rem}"
    "input,select,textarea{font:inherit;width:100%;box-sizing:border-box;padding:.4rem}"
    "input[type=checkbox],input[type=radio]{width:auto}button{font:inherit;margin-top:1rem;padding:.5rem 1.2rem}"
    ".p{position:absolute;left:-9999px}.e{color:#a00}"
)
_FRAME = Markup(
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    "<title>{title}</title><style>{style}</style></head><body><h1>{title}</h1>{body}</body></html>"
)


def page(title: str, text: str = "", body: Iterable[Markup] = (), status: int = 200) -> Response:
    """A page with a paragraph and more."""
    parts = [Markup("<p>{}</p>").format(text)] if text else []
    html = _FRAME.format(title=title, style=_STYLE, body=Markup("").join([*parts, *body]))
    return Response(str(html), status, content_type="text/html; charset=utf-8")


def form(action: str, parts: Iterable[Markup], button: str) -> Markup:
    """A form that posts to `action`."""
    return Markup('<form method="post" action="{}">{}<button>{}</button></form>').format(
        action, Markup("").join(parts), button
    )


def hidden(name: str, value: str) -> Markup:
    """A field that carries a value along."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(name, value)


def password(name: str, text: str) -> Markup:
    """A field for a password."""
    return Markup('<label for="{0}">{1}</label><input id="{0}" name="{0}" type="password" required>').format(name, text)


def choice(name: str, value: str, text: str, *, chosen: bool = False) -> Markup:
    """One of several."""
    mark = Markup(" checked") if chosen else Markup("")
    return Markup('<label><input type="radio" name="{}" value="{}"{}> {}</label>').format(name, value, mark, text)


def said(text: str) -> Markup:
    """A fault, as a paragraph."""
    return Markup('<p class="e">{}</p>').format(escape(text))
