"""Sign-in and sign-out of browsers: an opaque token in an HttpOnly cookie, and a second that proves our own pages."""

from typing import Any

import grpc
import orjson
from crm.identity.v1 import session_pb2
from flask import Blueprint, Response, g, request

from chassis.contract import RpcContract
from services.gateway import problems
from services.gateway.channels import Channels
from services.gateway.codec import filler, printer
from services.gateway.faults import Faults
from services.gateway.gate import Gate, metadata
from services.gateway.intake import read_body, read_json
from services.gateway.places import Places
from services.gateway.refusals import Invalid, NoSession
from services.gateway.settings import GatewaySettings

_FILL = filler(session_pb2.SignInRequest.DESCRIPTOR)
_PRINT = printer(session_pb2.Principal.DESCRIPTOR)


def sessions(settings: GatewaySettings, gate: Gate, channels: Channels, rpcs: dict[str, RpcContract]) -> Blueprint:
    """`POST /v1/sessions` and `DELETE /v1/sessions/current`."""
    blueprint = Blueprint("sessions", __name__)

    def call(rpc: RpcContract, message: Any) -> Any:
        try:
            return channels.call(rpc, message, metadata(gate.callers.gateway))[0]
        except grpc.RpcError as error:
            raise problems.of_call(error, "identity", Places(body="*"), conditional=False) from None

    @blueprint.post("/v1/sessions")
    def begin() -> Response:
        gate.check_origin(request)
        asked = _sign_in(settings.body_limit)
        gate.address_sign_ins.spend(gate.address(request))
        gate.email_sign_ins.spend(asked.email.strip().lower())
        session = call(rpcs["SignIn"], asked)
        user = _PRINT(session.principal)
        body = {"csrf_token": user.pop("csrf_token"), "user": user}
        response = Response(orjson.dumps(body), 201, content_type="application/json")
        # No age: it goes with the browser, or when identity ends the session, which slides with its use.
        _set_cookie(response, gate, settings, session.session_token, None)
        return response

    @blueprint.delete("/v1/sessions/current")
    def end() -> Response:
        g.exchange.route = "/v1/sessions/current"
        credential = gate.credential(request)
        if not credential.session_token:
            raise NoSession
        gate.admit(request)
        call(rpcs["SignOut"], session_pb2.SignOutRequest(session_token=credential.session_token))
        gate.callers.forget(credential)
        response = Response(status=204)
        _set_cookie(response, gate, settings, "", 0)
        return response

    return blueprint


def _sign_in(body_limit: int) -> session_pb2.SignInRequest:
    g.exchange.route = "/v1/sessions"
    asked, faults = session_pb2.SignInRequest(), Faults()
    body = read_body(request, body_limit)
    _FILL(asked, read_json(request, body) if body else {}, "", faults)
    for name in ("email", "password"):
        if not faults and not getattr(asked, name):
            faults.at(f"/{name}", "it is required")
    if faults:
        raise Invalid(faults)
    return asked


def _set_cookie(response: Response, gate: Gate, settings: GatewaySettings, token: str, age: int | None) -> None:
    response.set_cookie(
        gate.cookie, token, max_age=age, path="/", secure=settings.secure, httponly=True, samesite="Lax"
    )
