"""Web forms: a page of our own for each, and what pages of others need: a token to send back, and a place to send it to."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import orjson
from crm.campaigns.v1 import public_pb2, web_form_pb2
from flask import Blueprint, Response, g, request
from markupsafe import Markup

from services.gateway.problems import Problem
from services.gateway.public.pages import form, hidden, page, said

HONEYPOT, TOKEN, CONSENT, REDIRECT = "website_url", "_token", "_consent", "_redirect"
_OWN = frozenset({HONEYPOT, TOKEN, CONSENT, REDIRECT})
_Kind = web_form_pb2.WebForm
_TYPES = {_Kind.EMAIL: "email", _Kind.PHONE: "tel"}

Call = Callable[[str, Any], Any]


def add_forms(blueprint: Blueprint, call: Call, visit: Callable[[], dict[str, str]], public_url: str) -> None:
    """`/f/<id>` and `/f/<id>/token`."""

    def host() -> str:
        """The host of the page that asks; empty for our own."""
        origin = request.headers.get("Origin", "")
        own = urlsplit(public_url).netloc
        return "" if origin in ("", "null") or urlsplit(origin).netloc == own else (urlsplit(origin).hostname or "")

    @blueprint.get("/f/<id>")
    def show(id: str) -> Response:
        g.exchange.route = "/f/{id}"
        return _page(call("RenderForm", public_pb2.RenderFormRequest(id=id)), id)

    @blueprint.get("/f/<id>/token")
    def token(id: str) -> Response:
        g.exchange.route = "/f/{id}/token"
        found = call("RenderForm", public_pb2.RenderFormRequest(id=id, host=host()))
        response = Response(orjson.dumps({"token": found.token}), content_type="application/json")
        _let_read(response)
        return response

    @blueprint.post("/f/<id>")
    def submit(id: str) -> Response:
        g.exchange.route = "/f/{id}"
        given = request.form
        asked = public_pb2.SubmitFormRequest(
            id=id, token=given.get(TOKEN, "")[:_LONGEST], consented=CONSENT in given, honeypot=given.get(HONEYPOT, "")[:1000],
            redirect_url=given.get(REDIRECT, "")[:2000], host=host(), visit=visit(),
            answers={key: value for key, value in given.items() if key not in _OWN},
        )  # fmt: skip
        try:
            answer = call("SubmitForm", asked)
        except Problem as problem:
            if problem.status != 400 or asked.host:
                raise
            again = call("RenderForm", public_pb2.RenderFormRequest(id=id))
            return _page(again, id, asked.answers, problem)
        if answer.redirect_url:
            response = Response(status=303)
            response.headers["Location"] = answer.redirect_url
        else:
            response = page("Thank you", answer.thanks)
        _let_read(response)
        return response


_LONGEST = 200


def _let_read(response: Response) -> None:
    # The service has refused hosts that the form does not allow.
    if origin := request.headers.get("Origin"):
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Vary"] = "Origin"
        g.exchange.headers["Cross-Origin-Resource-Policy"] = "cross-origin"


def _page(shown: Any, id: str, answers: Any = None, problem: Problem | None = None) -> Response:
    faults = {fault["pointer"].rpartition("/")[2]: fault["detail"] for fault in problem.errors} if problem else {}
    parts = [
        _field(field, (answers or {}).get(field.key, ""), faults.get(field.key, "")) for field in shown.form.fields
    ]
    if shown.form.consent_topic:
        parts.append(_CONSENT.format(CONSENT, shown.form.consent_text))
    parts += [_TRAP.format(HONEYPOT, HONEYPOT), hidden(TOKEN, shown.token)]
    told = [said(problem.detail)] if problem and not faults else []
    return page(
        shown.form.name, "", [*told, form(f"/f/{id}", parts, "Send")], status=problem.status if problem else 200
    )


_CONSENT = Markup('<label><input type="checkbox" name="{}" value="yes"> {}</label>')
_TRAP = Markup('<div class="p" aria-hidden="true"><label for="{0}">Leave this empty</label>')
_TRAP += Markup('<input id="{1}" name="{1}" tabindex="-1" autocomplete="off"></div>')


def _field(field: Any, value: str, fault: str) -> Markup:
    label = Markup('<label for="{}">{}{}</label>').format(
        field.key, field.label or field.key, " *" if field.required else ""
    )
    required = Markup(" required") if field.required else Markup("")
    if field.kind == _Kind.LONG_TEXT:
        box = Markup('<textarea id="{0}" name="{0}" rows="5"{1}>{2}</textarea>').format(field.key, required, value)
    elif field.kind == _Kind.CHOICE:
        options = Markup("").join(Markup("<option>{}</option>").format(each) for each in field.choices)
        box = Markup('<select id="{0}" name="{0}"{1}><option></option>{2}</select>').format(
            field.key, required, options
        )
    else:
        kind = "email" if field.key == "email" else "tel" if field.key == "phone" else _TYPES.get(field.kind, "text")
        box = Markup('<input id="{0}" name="{0}" type="{1}" value="{2}"{3}>').format(field.key, kind, value, required)
    return label + box + (said(fault) if fault else Markup(""))
