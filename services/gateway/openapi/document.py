"""The OpenAPI 3.1 document: routes from the contract, and the few that are not rpcs."""

from collections.abc import Sequence
from typing import Any

from crm.identity.v1 import session_pb2

from chassis.declared import is_noun
from services.gateway.comments import comment
from services.gateway.openapi.composed import add_composed
from services.gateway.openapi.links import add_links
from services.gateway.openapi.operations import JSON, operation, problem
from services.gateway.openapi.schemas import Schema, Schemas, given
from services.gateway.transcoding import Route

_DESCRIPTION = """REST over JSON with snake_case names. Errors are problem documents (RFC 9457).

Instants are RFC 3339 in UTC, dates are ISO 8601, money is `{currency_code, units, nanos}`, 64-bit numbers are strings.
Every change takes an `Idempotency-Key`; `If-Match` with a record's `etag` changes only what you have seen.
What was read can be sent back whole: what only the service sets is refused where it is another. An `etag` in a body
proves nothing.

Lists take every field of what they list as a parameter, `?status=NEW&emails.address=ada@example.com`: several are all meant, one
given several times means any of its values. `q` finds words, `filter` takes any condition as JSON, and there are `order_by`,
`fields`, `page_size`, `page_token` and `with_total`. `POST …:search` takes the same as a body, with `query` for `q`.
What is deleted is listed `with_deleted`, and `:restore` brings it back, for 30 days."""

_PROBLEM: Schema = {
    "type": "object",
    "description": "Why a request was refused (RFC 9457). Further members are the refusal's keywords.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "pattern": "^/problems/[a-z0-9-]+$", "examples": ["/problems/not-found"]},
        "title": {"type": "string", "minLength": 1},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "minLength": 1},
        "instance": {"type": "string", "pattern": "^[0-9a-f]{32}$", "description": "The trace id."},
        "errors": {
            "type": "array",
            "maxItems": 100,
            "items": {
                "type": "object",
                "required": ["detail"],
                "additionalProperties": False,
                "properties": {
                    "pointer": {"type": "string", "description": "JSON pointer into the body."},
                    "parameter": {"type": "string", "description": "Path or query parameter."},
                    "header": {"type": "string", "description": "Header."},
                    "detail": {"type": "string", "minLength": 1},
                },
            },
        },
    },
    "additionalProperties": {"type": "string"},
}


def _text_header(name: str, text: str, example: str) -> Schema:
    return {"name": name, "in": "header", "description": text, "schema": {"type": "string"}, "example": example}


_PARAMETERS: Schema = {
    "IdempotencyKey": _text_header(
        "Idempotency-Key",
        "The same key and request within 24 hours get the first answer; another request with it is refused.",
        "5f0c6d3e-order-4711",
    ),
    "IfMatch": _text_header("If-Match", "Change only if this is the record's `etag`; else 412.", '"3"'),
    "ConsistencyToken": _text_header(
        "Consistency-Token",
        "Answer with nothing older than the write that answered this; 503 with Retry-After when that would take longer than "
        "a second. Without one, reads see every acknowledged write while they go to the database's primary.",
        "contacts-1763800000-3",
    ),
    "IfNoneMatch": _text_header(
        "If-None-Match", "Answer 304 while this is the record's `etag`, or the file's SHA-256.", '"3"'
    ),
    "CsrfToken": _text_header("X-CSRF-Token", "The session's `csrf_token`; needed with a cookie.", "b6d8…"),
}
_HEADERS: Schema = {
    "RequestId": {"description": "Id of the request, yours when you sent one.", "schema": {"type": "string"}},
    "ETag": {"description": "The record's `etag`, or the SHA-256 of a file, quoted.", "schema": {"type": "string"}},
    "ConsistencyToken": {
        "description": "The moment of the write; a read with it answers with nothing older.",
        "schema": {"type": "string"},
    },
    "Location": {"description": "Path of the new record.", "schema": {"type": "string"}},
    "PossibleDuplicates": {
        "description": "Records like the new one, where a rule of the tenant warns of them: "
        "`con_…;of=con_…;percent=97`, a list (RFC 9110, 5.3) with the id, the new record and the certainty.",
        "schema": {"type": "string"},
    },
    "RateLimit": {"description": "What remains of your limits.", "schema": {"type": "string"}},
}
_SECURITY: Schema = {
    "apiKey": {"type": "http", "scheme": "bearer", "description": "An API key, `kith_…`."},
    "session": {
        "type": "apiKey", "in": "cookie", "name": "kith_session",
        "description": "A browser's session; over https the name is `__Host-kith_session`.",
    },
}  # fmt: skip


def document(routes: Sequence[Route]) -> Schema:
    """The document of these routes and the gateway's own."""
    schemas = Schemas(given([*(route.method.input_type for route in routes), session_pb2.SignInRequest.DESCRIPTOR]))
    paths: dict[str, Any] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.verb.lower()] = operation(route, schemas)
    add_composed(paths, schemas)
    add_links(paths, routes)
    _add_own(paths, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Kith", "version": "1", "description": _DESCRIPTION, "license": {"name": "see the project"}},
        "servers": [{"url": "/"}],
        "security": [{"apiKey": []}, {"session": []}],
        "tags": _tags(routes),
        "paths": paths,
        "components": {
            "schemas": dict(sorted((schemas.found | {"Problem": _PROBLEM}).items())),
            "parameters": _PARAMETERS,
            "headers": _HEADERS,
            "responses": {
                "Problem": {
                    "description": "Refused; `type` says why.",
                    "headers": {"X-Request-Id": {"$ref": "#/components/headers/RequestId"}},
                    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
                }
            },
            "securitySchemes": _SECURITY,
        },
    }


def _tags(routes: Sequence[Route]) -> list[Schema]:
    tags: dict[str, str] = {}
    for route in routes:
        name = route.path.split("/")[2].split(":")[0]
        output = route.method.output_type
        text = comment(output.full_name) if is_noun(output) else ""
        tags[name] = tags.get(name) or text
    own = {
        "search": "Across the nouns of all services.",
        "sessions": "Sign-in of browsers.",
        "gateway": "The door itself.",
    }
    return [{"name": name, "description": text or name} for name, text in (tags | own).items()]


def _add_own(paths: dict[str, Any], schemas: Schemas) -> None:
    user = schemas.of_message(session_pb2.Principal.DESCRIPTOR, frozenset({"csrf_token"}))
    began = {
        "type": "object",
        "required": ["csrf_token", "user"],
        "properties": {"csrf_token": {"type": "string"}, "user": user},
    }
    asked = schemas.ref(session_pb2.SignInRequest.DESCRIPTOR)
    paths["/v1/sessions"] = {
        "post": _own("BeginSession", "sessions", "Signs a user in", "201", began)
        | {"security": [], "requestBody": {"required": True, "content": {JSON: {"schema": asked}}}}
    }
    ended = _own("EndSession", "sessions", "Signs the user out", "204", None)
    ended["parameters"] = [{"$ref": "#/components/parameters/CsrfToken"}]
    paths["/v1/sessions/current"] = {"delete": ended | {"security": [{"session": []}]}}
    limits = {"type": "object", "required": ["limits"]}
    paths["/v1/limits"] = {"get": _own("GetLimits", "gateway", "What remains of the caller's limits", "200", limits)}
    for path, text in (("/healthz", "Whether the process lives"), ("/readyz", "Whether it takes requests")):
        name = "GetHealth" if path == "/healthz" else "GetReadiness"
        state = {"type": "object", "required": ["status"]}
        paths[path] = {"get": _own(name, "gateway", text, "200", state) | {"security": []}}


def _own(name: str, tag: str, text: str, status: str, schema: Schema | None) -> Schema:
    answer: Schema = {"description": f"{text}."}
    if schema is not None:
        answer["content"] = {JSON: {"schema": schema}}
    return {"operationId": name, "tags": [tag], "summary": text, "responses": {status: answer, "default": problem()}}
