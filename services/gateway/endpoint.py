"""Answers one route: admit, read, call, print. What depends only on the contract is compiled when it is made."""

import re
from collections.abc import Callable, Iterable
from typing import Any

import grpc
import orjson
from flask import Request, Response, g, request

from chassis.call import MOMENT
from chassis.declared import is_noun
from chassis.refusals import NotFound
from services.gateway import problems
from services.gateway.channels import Channels
from services.gateway.codec import Projection, printer
from services.gateway.contract import EVERYWHERE, home_of, listed_by
from services.gateway.faults import Faults
from services.gateway.gate import Gate, metadata
from services.gateway.intake import Intake
from services.gateway.observation import Exchange
from services.gateway.refusals import Invalid
from services.gateway.transcoding import Route

_KEY = re.compile(r"[\x21-\x7e]{1,255}\Z")
_TAG = re.compile(r'"([\x21\x23-\x7e]{1,200})"\Z')
_BARE = re.compile(r"[A-Za-z0-9_.-]{1,200}\Z")
_BESIDE = ("idempotency-replayed", "possible-duplicates")
_MOMENT = re.compile(r"([a-z]+)-([0-9]{1,10}-[0-9]{1,10})\Z")


class Endpoint:
    """One route as a Flask view."""

    def __init__(self, route: Route, gate: Gate, channels: Channels, body_limit: int) -> None:
        self.route = route
        self._rpc = route.rpc
        self._gate = gate
        self._channels = channels
        self._intake = Intake(route, body_limit)
        output, fields = route.method.output_type, route.method.input_type.fields_by_name
        self._printer = printer(output)
        self._projected = frozenset(each.full_name for each in listed_by(route.method) if "fields" in fields)
        self._single = is_noun(output) and "etag" in output.fields_by_name
        self._partial = "failed_count" in output.fields_by_name
        self._creates = route.creates

    def __call__(self, **path: str) -> Response:
        exchange: Exchange = g.exchange
        exchange.route = self.route.path
        caller = self._gate.admit(request)
        caller.demand(self._rpc.permission)
        message, places = self._intake.message(request, path)
        trail = metadata(caller)
        conditional, at = False, self._service(message)
        if self._rpc.reads:
            trail += _not_before(request, at)
        else:
            given = conditions(request)
            conditional = any(key == "if-match" for key, _ in given)
            trail += given
        try:
            answer, call = self._channels.call(self._rpc, message, trail, at)
        except grpc.RpcError as error:
            raise problems.of_call(error, at, places, conditional=conditional) from None
        if not self._rpc.reads:
            exchange.headers.update(_beside(call.trailing_metadata() or (), at))
        return self._response(message, answer, exchange.headers)

    def _service(self, message: Any) -> str:
        """The service to ask. Refused with NotFound for a noun that none keeps."""
        if self._rpc.service != EVERYWHERE:
            return self._rpc.service
        if home := home_of(message.noun):
            return home
        raise NotFound(noun="noun", id=message.noun)

    def _response(self, message: Any, answer: Any, headers: dict[str, str]) -> Response:
        status = 200
        if self._single:
            tag = headers["ETag"] = f'"{answer.etag}"'
            headers["Cache-Control"] = "private, no-cache"
            if self.route.verb == "GET" and self._names_another(answer.id):
                headers["Content-Location"] = self.route.path.replace("{id}", answer.id)
            if self.route.verb == "GET" and seen(request, tag):
                return Response(status=304)
        if self._creates:
            status = 201
            headers["Location"] = f"{request.path}/{answer.id}"
        printed = self._print(message)(answer)
        if self._partial and answer.failed_count:
            status = 207
            _place(printed["results"])
        return Response(orjson.dumps(printed), status, content_type="application/json")

    def _names_another(self, id: str) -> bool:
        """Whether the record that answers is not the one that was asked for: it was merged into it (RFC 9110, 8.7)."""
        return request.view_args is not None and request.view_args.get("id", id) != id

    def _print(self, message: Any) -> Callable[[Any], Any]:
        if not self._projected or not message.fields:
            return self._printer
        fields = frozenset(field.split(".")[0] for field in message.fields)
        return printer(self.route.method.output_type, Projection(self._projected, fields))


def _beside(metadata: Iterable[tuple[str, str | bytes]], service: str) -> dict[str, str]:
    """The headers that a service says beside its answer to a write; several values of one are a list (RFC 9110, 5.3)."""
    found: dict[str, str] = {}
    for key, value in metadata:
        if key in _BESIDE and isinstance(value, str):
            name = key.title()
            found[name] = f"{found[name]}, {value}" if name in found else value
        if key == MOMENT and value:
            found["Consistency-Token"] = f"{service}-{value!s}"
    return found


def conditions(request: Request) -> tuple[tuple[str, str], ...]:
    """Metadata from Idempotency-Key and If-Match. Refused with Invalid."""
    faults, found = Faults(), []
    key, match = request.environ.get("HTTP_IDEMPOTENCY_KEY"), request.environ.get("HTTP_IF_MATCH")
    if key is not None:
        if not _KEY.match(key):
            faults.header("Idempotency-Key", "1 to 255 visible ASCII characters are expected")
        found.append(("idempotency-key", key))
    if match is not None and match.strip() != "*":  # `*` asks that the record exists, as every change does
        tag = _TAG.match(match.strip()) or _BARE.match(match.strip())
        if not tag:
            faults.header("If-Match", 'one strong entity tag is expected, "3"; weak tags and lists prove nothing here')
        else:
            found.append(("if-match", tag[tag.re.groups]))
    if faults:
        raise Invalid(faults)
    return tuple(found)


def _not_before(request: Request, service: str) -> tuple[tuple[str, str], ...]:
    """Metadata from Consistency-Token. Refused with Invalid when it is not from a write to the same service."""
    given = request.environ.get("HTTP_CONSISTENCY_TOKEN")
    if given is None:
        return ()
    token = _MOMENT.match(given.strip())
    if not token or token[1] != service:
        faults = Faults()
        faults.header("Consistency-Token", f"one that a write to {service} has answered is expected")
        raise Invalid(faults)
    return ((MOMENT, token[2]),)


def _place(results: list[dict[str, Any]]) -> None:
    """Point from the body into its items: a service tells an item's faults as seen from the item."""
    for result in results:
        for fault in result.get("error", {}).get("errors", ()):
            if not fault["pointer"].startswith("/items/"):
                fault["pointer"] = f"/items/{result['index']}{fault['pointer']}"


def seen(request: Request, tag: str) -> bool:
    """Whether If-None-Match holds the tag, by weak comparison (RFC 9110, 13.1.2)."""
    header = request.environ.get("HTTP_IF_NONE_MATCH")
    if not header:
        return False
    return header.strip() == "*" or tag in (each.strip().removeprefix("W/") for each in header.split(","))
