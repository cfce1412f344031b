"""How the gateway itself says no: what is wrong with the HTTP of a request, before any service sees it.

`http_status` is given where HTTP knows a finer answer than the table from gRPC codes in `problems`.
"""

from typing import ClassVar

import grpc

from chassis import refusals
from chassis.refusals import Refusal
from services.gateway.faults import Faults


class Invalid(refusals.Invalid):
    """The request does not fit its contract."""

    def __init__(self, faults: Faults) -> None:
        super().__init__()
        self.faults = faults


class MalformedBody(Refusal):
    """The body is no JSON that we take: {fault}."""

    code = grpc.StatusCode.INVALID_ARGUMENT


class BodyTooLarge(Refusal):
    """The body has more than {limit_bytes} bytes."""

    code = grpc.StatusCode.INVALID_ARGUMENT
    http_status: ClassVar[int] = 413


class UnsupportedMediaType(Refusal):
    """A body is taken as application/json in UTF-8 without content coding; this one is {given}."""

    code = grpc.StatusCode.INVALID_ARGUMENT
    http_status: ClassVar[int] = 415


class UnexpectedBody(Refusal):
    """This method takes no body."""

    code = grpc.StatusCode.INVALID_ARGUMENT


class RouteUnknown(Refusal):
    """There is nothing at this path."""

    code = grpc.StatusCode.NOT_FOUND


class MethodNotAllowed(Refusal):
    """This path does not know the method {method}; it knows {allowed}."""

    code = grpc.StatusCode.UNIMPLEMENTED
    http_status: ClassVar[int] = 405


class CredentialMalformed(Refusal):
    """The Authorization header is not `Bearer kith_…`."""

    code = grpc.StatusCode.UNAUTHENTICATED


class CsrfRefused(Refusal):
    """A request with a session cookie must come from our own pages and carry X-CSRF-Token."""

    code = grpc.StatusCode.PERMISSION_DENIED


class Overloaded(Refusal):
    """The gateway works on as many requests as it can; try again in {seconds} s."""

    code = grpc.StatusCode.UNAVAILABLE


class DeadlineExceeded(Refusal):
    """The service {service} did not answer in time; whether it did the work is not known."""

    code = grpc.StatusCode.DEADLINE_EXCEEDED


class Unexpected(Refusal):
    """Something failed on our side; the trace id of this answer finds it in the logs."""

    code = grpc.StatusCode.INTERNAL


class NoSession(Refusal):
    """Only a session can be ended here; the request came with a key."""

    code = grpc.StatusCode.INVALID_ARGUMENT


class NotOffered(Refusal):
    """The service {service} runs a version that does not know this yet."""

    code = grpc.StatusCode.UNIMPLEMENTED
    http_status: ClassVar[int] = 501
