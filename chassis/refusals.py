"""How the domain says no, and how that no travels: refusal ⇄ `google.rpc.Status` ⇄ (in the gateway) problem document.

A refusal is a sentence: `class OpportunityAlreadyClosed(Refused)` with a docstring that names its keywords. Domain code
raises it; nobody builds a status by hand. Each kind knows its gRPC code; the gateway has the table of HTTP statuses.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

import grpc
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2

_WORD = re.compile(r"(?<!^)(?=[A-Z])")


class Refusal(Exception):
    """Something that we will not do, with the keywords that say why."""

    code: ClassVar[grpc.StatusCode]
    violations: list["Violation"]  # of those that name fields of the request

    def __init__(self, **keywords: object) -> None:
        self.keywords = {key: str(value) for key, value in keywords.items()}
        super().__init__(self.detail)

    @classmethod
    def reason(cls) -> str:
        """The refusal's name in capitals: `OPPORTUNITY_ALREADY_CLOSED`."""
        return _WORD.sub("_", cls.__name__).upper()

    @property
    def detail(self) -> str:
        """The docstring's first line with the keywords filled in."""
        sentence = (type(self).__doc__ or type(self).__name__).strip().splitlines()[0]
        # A noun is told in words; the keyword that programs read keeps the name.
        spoken = {key: value.replace("_", " ") if key == "noun" else value for key, value in self.keywords.items()}
        return sentence.format_map(_Blank(spoken))


class _Blank(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return f"({key} not said)"


@dataclass(frozen=True)
class Violation:
    """One fault in a request: where, as a dotted field path (`contact.emails[0].address`), and what."""

    field: str
    description: str


class Invalid(Refusal):
    """The request does not fit its contract."""

    code = grpc.StatusCode.INVALID_ARGUMENT

    def __init__(self, violations: Iterable[Violation] = (), **keywords: object) -> None:
        self.violations = list(violations)
        super().__init__(**keywords)

    @classmethod
    def field(cls, field: str, description: str) -> "Invalid":
        """The refusal of one field."""
        return cls([Violation(field, description)])


class Unauthenticated(Refusal):
    """The caller did not prove who it is."""

    code = grpc.StatusCode.UNAUTHENTICATED


class Forbidden(Refusal):
    """The caller lacks the permission {permission}."""

    code = grpc.StatusCode.PERMISSION_DENIED


class FieldForbidden(Refusal):
    """The caller may see {fields} and not set it."""

    code = grpc.StatusCode.PERMISSION_DENIED

    def __init__(self, violations: Iterable[Violation]) -> None:
        self.violations = list(violations)
        super().__init__(fields=", ".join(each.field.partition(".")[2] for each in self.violations))


class NotFound(Refusal):
    """There is no {noun} {id}."""

    code = grpc.StatusCode.NOT_FOUND


class Refused(Refusal):
    """The record is in no state for this."""

    code = grpc.StatusCode.FAILED_PRECONDITION


class AlreadyExists(Refusal):
    """Another {noun} has this {field} already."""

    code = grpc.StatusCode.ALREADY_EXISTS


class StaleRevision(Refusal):
    """The {noun} {id} has changed since it was read; its etag is now {etag}."""

    code = grpc.StatusCode.ABORTED


class TooMany(Refusal):
    """There are too many requests; try again in {seconds} s."""

    code = grpc.StatusCode.RESOURCE_EXHAUSTED


class Unavailable(Refusal):
    """The service {service} cannot be reached; try again."""

    code = grpc.StatusCode.UNAVAILABLE


def to_status(refusal: Refusal, domain: str) -> status_pb2.Status:
    """The refusal as it travels: code, sentence, `ErrorInfo` of `domain` (`sales.crm`), and `BadRequest` for fields."""
    status = status_pb2.Status(code=refusal.code.value[0], message=refusal.detail)
    _attach(status, error_details_pb2.ErrorInfo(reason=refusal.reason(), domain=domain, metadata=refusal.keywords))
    if isinstance(refusal, Invalid | FieldForbidden):
        fields = [{"field": each.field, "description": each.description} for each in refusal.violations]
        _attach(status, error_details_pb2.BadRequest(field_violations=fields))
    return status


def _attach(status: status_pb2.Status, detail: error_details_pb2.ErrorInfo | error_details_pb2.BadRequest) -> None:
    packed = any_pb2.Any()
    packed.Pack(detail)
    status.details.append(packed)
