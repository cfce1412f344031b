"""Problem documents (RFC 9457): the one form in which every error leaves the gateway.

`type` is `/problems/` and the refusal's name in kebab case; `errors` says where, by JSON pointer into the body or by
name of a parameter or header; the keywords are members, so that a client can say it in its own language.
"""

import re
from dataclasses import dataclass, field
from typing import Any

import grpc
import orjson
from flask import Response, request
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from chassis.refusals import Refusal, Unavailable
from services.gateway import refusals
from services.gateway.faults import Fault
from services.gateway.places import Places

MEDIA_TYPE = "application/problem+json"

HTTP_STATUS = {
    grpc.StatusCode.INVALID_ARGUMENT: 400,
    grpc.StatusCode.OUT_OF_RANGE: 400,
    grpc.StatusCode.UNAUTHENTICATED: 401,
    grpc.StatusCode.PERMISSION_DENIED: 403,
    grpc.StatusCode.NOT_FOUND: 404,
    grpc.StatusCode.FAILED_PRECONDITION: 409,
    grpc.StatusCode.ALREADY_EXISTS: 409,
    grpc.StatusCode.ABORTED: 409,  # 412 when the request had If-Match
    grpc.StatusCode.RESOURCE_EXHAUSTED: 429,
    grpc.StatusCode.UNIMPLEMENTED: 501,
    grpc.StatusCode.UNAVAILABLE: 503,
    grpc.StatusCode.DEADLINE_EXCEEDED: 504,
}
_CODES = {code.value[0]: code for code in grpc.StatusCode}
_OWN = frozenset({"type", "title", "status", "detail", "instance", "errors"})
_DETAILS = "grpc-status-details-bin"
# Not a field of the request is wrong here, but its key: the draft of the Idempotency-Key header asks for 422.
_FINER = {"IDEMPOTENCY_KEY_REUSED": 422}


@dataclass
class Problem(Exception):
    """An answer that says no."""

    reason: str  # `OPPORTUNITY_ALREADY_CLOSED`
    status: int
    detail: str
    errors: list[Fault] = field(default_factory=list)
    keywords: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def document(self, instance: str = "") -> dict[str, Any]:
        """The problem as JSON value; `instance` is the trace id."""
        document: dict[str, Any] = {
            "type": type_of(self.reason), "title": title_of(self.reason), "status": self.status, "detail": self.detail,
        }  # fmt: skip
        if instance:
            document["instance"] = instance
        if self.errors:
            document["errors"] = self.errors
        for key, value in self.keywords.items():
            # A keyword that is named like a member of every problem makes way.
            document[f"record_{key}" if key in _OWN else key] = value
        return document

    def response(self, instance: str) -> Response:
        """The problem as an answer."""
        response = Response(orjson.dumps(self.document(instance)), self.status, content_type=MEDIA_TYPE)
        response.headers.update(self.headers)
        if self.status == 401:
            response.headers["WWW-Authenticate"] = 'Bearer realm="kith"'
        elif self.status in (429, 503):
            response.headers["Retry-After"] = self.keywords.get("seconds", "1")
        return response


def type_of(reason: str) -> str:
    """`OPPORTUNITY_ALREADY_CLOSED` → `/problems/opportunity-already-closed`"""
    return "/problems/" + reason.lower().replace("_", "-")


def title_of(reason: str) -> str:
    """`OPPORTUNITY_ALREADY_CLOSED` → `Opportunity already closed`"""
    return reason.replace("_", " ").capitalize()


def of_refusal(refusal: Refusal) -> Problem:
    """The problem of a refusal that was raised here."""
    status = getattr(refusal, "http_status", None) or HTTP_STATUS.get(refusal.code, 500)
    errors = refusal.faults.found if isinstance(refusal, refusals.Invalid) else []
    return Problem(refusal.reason(), status, refusal.detail, errors, refusal.keywords)


def of_exception(error: Exception) -> Problem:
    """The problem of anything that can be raised while a request is answered."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, Refusal):
        return of_refusal(error)
    if isinstance(error, HTTPException) and error.code and error.code < 500:
        return _of_http(error)
    return of_refusal(refusals.Unexpected())


def _of_http(error: HTTPException) -> Problem:
    if error.code == 404:
        return of_refusal(refusals.RouteUnknown())
    if isinstance(error, MethodNotAllowed):
        allowed = sorted(error.valid_methods or ())
        problem = of_refusal(refusals.MethodNotAllowed(method=request.method, allowed=", ".join(allowed)))
        problem.headers["Allow"] = ", ".join(allowed)
        return problem
    reason = re.sub(r"[^A-Z]+", "_", error.name.upper())  # `Request Header Fields Too Large`
    return Problem(reason, error.code or 400, error.description or error.name)


def of_call(error: Any, service: str, places: Places, *, conditional: bool) -> Problem:
    """The problem of a call that failed. `conditional`: the request had If-Match."""
    status = _status(error)
    problem = of_failure(status, service, places)
    if conditional and problem.status == 409 and status.code == grpc.StatusCode.ABORTED.value[0]:
        problem.status = 412
    return problem


def of_failure(status: status_pb2.Status, service: str, places: Places) -> Problem:
    """The problem of what a service, or the way to it, answered instead."""
    if any(detail.Is(error_details_pb2.ErrorInfo.DESCRIPTOR) for detail in status.details):
        return _of_details(status, places)
    code = _CODES.get(status.code)
    if code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED):
        # Without a reason it is the channel or a full server that speaks, not the domain: come back later.
        return of_refusal(Unavailable(service=service))
    if code in (grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED):
        return of_refusal(refusals.DeadlineExceeded(service=service))
    if code == grpc.StatusCode.UNIMPLEMENTED:
        return of_refusal(refusals.NotOffered(service=service))
    return of_refusal(refusals.Unexpected())


def of_status(status: status_pb2.Status) -> dict[str, Any]:
    """The problem document of one failed item of a batch."""
    return _of_details(status, Places(body="*")).document()


def _status(error: Any) -> status_pb2.Status:
    for key, value in error.trailing_metadata() or ():
        if key == _DETAILS:
            try:
                return status_pb2.Status.FromString(value)
            except DecodeError:
                break
    return status_pb2.Status(code=error.code().value[0])


def _of_details(status: status_pb2.Status, places: Places) -> Problem:
    code = _CODES.get(status.code, grpc.StatusCode.INTERNAL)
    http, info, fields = HTTP_STATUS.get(code, 500), error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    for detail in status.details:
        detail.Unpack(info)
        detail.Unpack(fields)
    if http == 500:
        return of_refusal(refusals.Unexpected())
    errors = [places.fault(each.field, each.description) for each in fields.field_violations]
    status_code = _FINER.get(info.reason, http)
    return Problem(info.reason or code.name, status_code, status.message, errors, dict(info.metadata))
