"""One HTTP request as the request message of its rpc: path variables, body, query parameters, update mask."""

from collections.abc import Mapping
from typing import Any

from flask import Request
from google.protobuf.message import Message

from chassis.declared import is_noun
from services.gateway import strict_json
from services.gateway.codec import filler
from services.gateway.codec.scalars import read_text
from services.gateway.contract import type_name
from services.gateway.faults import Faults
from services.gateway.parameters import Parameters
from services.gateway.places import Places
from services.gateway.refusals import BodyTooLarge, Invalid, MalformedBody, UnexpectedBody, UnsupportedMediaType
from services.gateway.transcoding import Route

MASK = "google.protobuf.FieldMask"
_IDENTITY = ("id", "etag")  # say which record and which revision, so no mask names them


class Intake:
    """Builds the request messages of one route."""

    def __init__(self, route: Route, body_limit: int) -> None:
        self._route = route
        self._limit = body_limit
        self._request = route.rpc.request
        self._parameters = Parameters(route)
        fields = route.method.input_type.fields_by_name
        body = fields.get(route.body)
        self._fill = filler(body.message_type if body else route.method.input_type) if route.body else None
        self._mask = next((name for name, field in fields.items() if type_name(field) == MASK), "") if body else ""
        self._items = _masked_items(route) if route.body == "*" else None

    def message(self, request: Request, path: Mapping[str, str]) -> tuple[Message, Places]:
        """The request message, and where its fields come from. Refused with Invalid and the refusals of a body."""
        message, faults = self._request(), Faults()
        value = self._body(request)
        if self._fill:
            self._read_body(message, value, path, faults)
        for variable in self._route.variables:
            self._put(message, variable.path, path[variable.name], faults)
        named: list[str] = []
        query = request.environ["QUERY_STRING"]
        if query:
            named = self._parameters.read(message, query, faults)
        if faults:
            raise Invalid(faults)
        if self._mask and not getattr(message, self._mask).paths:
            getattr(message, self._mask).paths.extend(key for key in value if key not in _IDENTITY)
        return message, Places(self._route.body, self._route.places, named)

    def _body(self, request: Request) -> Any:
        body = read_body(request, self._limit)
        if not body:
            return {}
        if not self._fill:
            raise UnexpectedBody
        return read_json(request, body)

    def _read_body(self, message: Any, value: Any, path: Mapping[str, str], faults: Faults) -> None:
        whole = self._route.body == "*"
        target = message if whole else getattr(message, self._route.body)
        if not whole:
            target.SetInParent()
        if isinstance(value, dict):
            for variable in self._route.variables:
                inside = variable.path if whole else variable.path[1:]
                if len(inside) == 1 and value.get(inside[0], path[variable.name]) != path[variable.name]:
                    faults.at(f"/{inside[0]}", f"the path says {path[variable.name]}")
        self._fill(target, value, "", faults)  # type: ignore[misc]  # only called where there is one
        if self._items and not faults:
            items, noun, mask = self._items
            for item, given in zip(getattr(message, items), value.get(items) or (), strict=True):
                if not item.HasField(mask) and given.get(noun):
                    getattr(item, mask).paths.extend(key for key in given[noun] if key not in _IDENTITY)

    @staticmethod
    def _put(message: Any, path: tuple[str, ...], text: str, faults: Faults) -> None:
        for step in path[:-1]:
            message = getattr(message, step)
        try:
            setattr(message, path[-1], read_text(text))
        except ValueError as fault:
            faults.parameter(path[-1], str(fault))


def read_body(request: Request, limit: int) -> bytes:
    """The body's bytes. Refused with BodyTooLarge before more than `limit` are kept."""
    if (request.content_length or 0) > limit:
        raise BodyTooLarge(limit_bytes=limit)
    if request.content_length is None and "HTTP_TRANSFER_ENCODING" not in request.environ:
        return b""
    body: bytes = request.environ["wsgi.input"].read(limit + 1)
    if len(body) > limit:
        raise BodyTooLarge(limit_bytes=limit)
    return body


def read_json(request: Request, body: bytes) -> Any:
    """The body's JSON value. Refused with UnsupportedMediaType, MalformedBody."""
    coding = request.environ.get("HTTP_CONTENT_ENCODING", "identity")
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if request.mimetype != "application/json" or charset != "utf-8" or coding != "identity":
        given = request.environ.get("CONTENT_TYPE") or "of no type"
        raise UnsupportedMediaType(given=given if coding == "identity" else f"coded as {coding}")
    try:
        return strict_json.loads(body)
    except ValueError as fault:
        raise MalformedBody(fault=fault) from None


def _masked_items(route: Route) -> tuple[str, str, str] | None:
    """Names of the list, the noun and the mask where a request holds writes with a mask each."""
    for field in route.method.input_type.fields:
        if field.is_repeated and field.message_type:
            inner = field.message_type.fields
            mask = next((each.name for each in inner if type_name(each) == MASK), None)
            noun = next((each.name for each in inner if each.message_type and is_noun(each.message_type)), None)
            if mask and noun:
                return field.name, noun, mask
    return None
