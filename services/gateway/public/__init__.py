"""The doors for people without an account: recipients of mails, visitors of forms, readers of shared documents. No cookie and no
key: a token or a form's id says what is meant. They speak HTML and answer in their own words, not with problem documents.
"""

from typing import Any

import grpc
from flask import Blueprint, Response, g, request

from chassis.contract import RpcContract
from services.gateway import problems
from services.gateway.channels import Channels
from services.gateway.gate import Gate, metadata
from services.gateway.limits import Buckets
from services.gateway.places import Places
from services.gateway.public.forms import add_forms
from services.gateway.public.mails import add_mails
from services.gateway.public.pages import POLICY, page
from services.gateway.public.shares import add_shares
from services.gateway.settings import GatewaySettings
from services.gateway.transfers import Room, streamed

LARGEST_BODY = 64 * 1024


def visitors(
    settings: GatewaySettings, gate: Gate, channels: Channels, rpcs: dict[str, RpcContract], room: Room
) -> Blueprint:
    """`/t/…` of mails, `/f/…` of forms and `/s/…` of shared documents."""
    blueprint = Blueprint("visitors", __name__)
    visits = Buckets("visits-per-address", settings.address_visits)

    def call(name: str, asked: Any) -> Any:
        try:
            return channels.call(rpcs[name], asked, metadata(gate.callers.visitor))[0]
        except grpc.RpcError as error:
            raise problems.of_call(error, rpcs[name].service, Places(body="*"), conditional=False) from None

    def stream(name: str, asked: Any) -> Response:
        return streamed(channels, rpcs[name], asked, metadata(gate.callers.visitor), room)

    @blueprint.before_request
    def hold() -> None:
        g.exchange.headers["Content-Security-Policy"] = POLICY
        g.exchange.headers["X-Robots-Tag"] = "noindex"
        request.max_content_length = LARGEST_BODY
        visits.spend(gate.address(request))

    @blueprint.errorhandler(problems.Problem)
    def say_no(problem: problems.Problem) -> Response:
        answer = page(problems.title_of(problem.reason), problem.detail, status=problem.status)
        answer.headers.update(problem.headers)
        return answer

    def visit() -> dict[str, str]:
        """Who came, as an internal rpc takes it."""
        return {
            "ip_address": gate.address(request)[:45],
            "user_agent": _plain(request.headers.get("User-Agent", ""))[:500],
            "method": request.method,
            "purpose": _plain(request.headers.get("Sec-Purpose") or request.headers.get("Purpose") or "")[:80],
        }

    add_mails(blueprint, call, visit)
    add_forms(blueprint, call, visit, settings.public_url)
    add_shares(blueprint, call, stream, visit)
    return blueprint


def _plain(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable())
