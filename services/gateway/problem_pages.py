"""`GET /problems/<type>`: what a problem's type means, for the person who reads the answer."""

from html import escape

from flask import Blueprint, Response
from google.protobuf.descriptor import ServiceDescriptor

from chassis import refusals as common
from chassis.refusals import Refusal
from services.gateway import comments, refusals
from services.gateway.openapi.page import POLICY, frame
from services.gateway.problems import HTTP_STATUS, type_of
from services.gateway.refusals import RouteUnknown


def problem_pages(services: list[ServiceDescriptor]) -> Blueprint:
    """The pages of every type that the gateway, the chassis or the contract names."""
    blueprint = Blueprint("problems", __name__)
    own, named = _own(), _named(services)
    known = {each: own.get(each, "") + named.get(each, "") for each in own | named}

    @blueprint.get("/problems")
    def index() -> Response:
        entries = "".join(f'<li><a href="{escape(each)}">{escape(each)}</a></li>' for each in sorted(known))
        return _page("Problems", f"<h1>Problems</h1><ul>{entries}</ul>")

    @blueprint.get("/problems/<name>")
    def one(name: str) -> Response:
        text = known.get(f"/problems/{name}")
        if text is None:
            raise RouteUnknown
        return _page(name, f"<h1>{escape(name)}</h1>{text}")

    return blueprint


def _page(title: str, body: str) -> Response:
    return Response(
        frame(title, body), content_type="text/html; charset=utf-8", headers={"Content-Security-Policy": POLICY}
    )


def _own() -> dict[str, str]:
    found: dict[str, str] = {}
    for module in (common, refusals):
        for refusal in vars(module).values():
            if isinstance(refusal, type) and issubclass(refusal, Refusal) and refusal is not Refusal:
                status = getattr(refusal, "http_status", None) or HTTP_STATUS.get(refusal.code, 500)
                sentence = (refusal.__doc__ or "").strip().splitlines()[0]
                found[type_of(refusal.reason())] = f"<p>{escape(sentence)}</p><p>HTTP status {status}.</p>"
    return found


def _named(services: list[ServiceDescriptor]) -> dict[str, str]:
    """Types by the rpcs whose comments name them."""
    found: dict[str, list[str]] = {}
    for service in services:
        for method in service.methods:
            for name in comments.refusals(method.full_name):
                reason = "".join(f"_{letter}" if letter.isupper() else letter for letter in name).strip("_").upper()
                said = f"<li><code>{escape(method.name)}</code>: {escape(comments.comment(method.full_name))}</li>"
                found.setdefault(reason, []).append(said)
    return {type_of(reason): f"<p>Refused so by:</p><ul>{''.join(entries)}</ul>" for reason, entries in found.items()}
