"""Links to files that need no sign-in: signed, for one file, good for minutes.

Who may download a file may make a link to it, and the link stands for that permission until it expires. It is signed with the
gateway's own key (EdDSA) and kept nowhere.
"""

from datetime import timedelta
from typing import Any

import jwt
import orjson
from cryptography.hazmat.primitives import serialization
from flask import Blueprint, Response, g, request

from chassis import clock
from chassis.principal import Principal
from chassis.refusals import NotFound
from services.gateway.callers import Caller
from services.gateway.channels import Channels
from services.gateway.faults import Faults
from services.gateway.gate import Gate, metadata
from services.gateway.intake import read_body, read_json
from services.gateway.limits import Buckets
from services.gateway.refusals import Invalid
from services.gateway.settings import GatewaySettings
from services.gateway.transcoding import Route
from services.gateway.transfers import Room, streamed

USUAL_SECONDS, LONGEST_SECONDS = 300, 7 * 86400
_TYPE, _AUDIENCE = "kith-link+jwt", "kith-links"


class Links:
    """Makes links and follows them."""

    def __init__(
        self, settings: GatewaySettings, gate: Gate, channels: Channels, room: Room, routes: list[Route]
    ) -> None:
        self._settings, self._gate, self._channels, self._room = settings, gate, channels, room
        self._routes = {route.rpc.path: route for route in routes if route.rpc.streams_out}
        self._visits = Buckets("visits-per-address", settings.address_visits)
        self._key = settings.principal_private_key
        self._public: Any = serialization.load_pem_private_key(self._key.encode(), None).public_key()

    def blueprint(self) -> Blueprint:
        """`POST <download>:link` for every download, and `GET /d/<token>`."""
        blueprint = Blueprint("links", __name__)
        for route in self._routes.values():
            name = f"link {route.path}"
            blueprint.add_url_rule(f"{route.rule}:link", name, self._making(route), methods=["POST"])
        blueprint.add_url_rule("/d/<token>", "follow", self.follow, methods=["GET"])
        return blueprint

    def follow(self, token: str) -> Response:
        """The file that a link leads to. Refused with NotFound when it is forged, expired, or the file is gone."""
        g.exchange.route = "/d/{token}"
        self._visits.spend(self._gate.address(request))
        claims = self._claims(token)
        route = self._routes.get(claims["rpc"])
        if route is None:
            raise NotFound(noun="link", id=_hint(token))
        # What the file is on decides, too, who may have it; that was looked at when the link was made.
        grants = {f"{route.rpc.service}.*.read": "all"}
        whom = Principal(claims["tenant"], claims["sub"], grants=grants, via="link")
        asked = route.rpc.request(id=claims["file"])
        return streamed(self._channels, route.rpc, asked, metadata(Caller(whom, _private_key=self._key)), self._room)

    def _making(self, route: Route) -> Any:
        def make(**path: str) -> Response:
            g.exchange.route = f"{route.path}:link"
            caller = self._gate.admit(request)
            caller.demand(route.rpc.permission)
            seconds, id = self._seconds(), path[route.variables[0].name]
            # Whoever may not have the file now gets no link to it.
            streamed(self._channels, route.rpc, route.rpc.request(id=id), metadata(caller), self._room).close()
            ends = clock.now() + timedelta(seconds=seconds)
            ends += timedelta(microseconds=-ends.microsecond % 1_000_000)  # a token ends with a whole second
            token = self._token(route, caller, id, ends)
            body = {"url": f"{self._settings.public_url.rstrip('/')}/d/{token}", "expire_time": clock.told(ends)}
            return Response(orjson.dumps(body), 201, content_type="application/json")

        return make

    def _seconds(self) -> int:
        body = read_body(request, self._settings.body_limit)
        given = read_json(request, body) if body else {}
        seconds: Any = given.get("seconds", USUAL_SECONDS) if isinstance(given, dict) else None
        faults = Faults()
        if not isinstance(seconds, int) or isinstance(seconds, bool) or not 1 <= seconds <= LONGEST_SECONDS:
            faults.at("/seconds", f"must be a whole number from 1 to {LONGEST_SECONDS}")
        elif unknown := given.keys() - {"seconds"}:
            faults.at(f"/{sorted(unknown)[0]}", "is no field of a link")
        if faults:
            raise Invalid(faults)
        return int(seconds)

    def _token(self, route: Route, caller: Caller, id: str, ends: Any) -> str:
        whom = caller.principal
        claims = {
            "aud": _AUDIENCE, "exp": ends, "sub": whom.user_id, "tenant": whom.tenant_id, "file": id, "rpc": route.rpc.path,
        }  # fmt: skip
        return jwt.encode(claims, self._key, algorithm="EdDSA", headers={"typ": _TYPE})

    def _claims(self, token: str) -> dict[str, Any]:
        try:
            if jwt.get_unverified_header(token).get("typ") != _TYPE:
                raise jwt.InvalidTokenError
            return jwt.decode(token, self._public, algorithms=["EdDSA"], audience=_AUDIENCE)
        except jwt.PyJWTError:
            raise NotFound(noun="link", id=_hint(token)) from None


def _hint(token: str) -> str:
    """The end of a token, by which whoever has it knows it again; longer ones would be as good as the link."""
    return f"…{token[-8:]}"
