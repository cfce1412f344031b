"""One route as an OpenAPI operation."""

from typing import Any

from chassis import declared
from chassis.declared import is_noun
from services.gateway.comments import comment, refusals, summary
from services.gateway.contract import type_name
from services.gateway.openapi import examples
from services.gateway.openapi.schemas import Schema, Schemas
from services.gateway.parameters import FILTER, Parameters
from services.gateway.transcoding import Route

READ_PROBLEMS = ("400", "401", "403", "404", "429", "500", "503", "504")
WRITE_PROBLEMS = ("409", "412", "413", "415", "422")
JSON, BYTES = "application/json", "*/*"


def operation(route: Route, schemas: Schemas) -> Schema:
    """The operation of a route."""
    text = comment(route.method.full_name)
    described: Schema = {
        "operationId": f"{route.rpc.name}.{route.custom}" if route.custom == "search" else route.rpc.name,
        "tags": [route.path.split("/")[2].split(":")[0]],
        "summary": summary(text) or route.rpc.name,
        "description": f"{text}\n\nNeeds the permission `{route.rpc.permission}`.".strip(),
        "x-permission": route.rpc.permission,
        "x-rpc": route.rpc.path,
        "parameters": parameters(route, schemas),
    }
    if named := refusals(route.method.full_name):
        described["x-refusals"] = named
    if route.body:
        described["requestBody"] = _body(route, schemas)
    described["responses"] = _responses(route, schemas)
    return described


def parameters(route: Route, schemas: Schemas) -> list[Schema]:
    """Path, query and header parameters of a route."""
    found = [
        {"name": variable.name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for variable in route.variables
    ]
    taken = Parameters(route)
    found += [_query(field, schemas) for field in taken.fields.values()]
    names = [name for name in taken.conditions if name not in taken.fields]
    found += [_condition(name, taken.conditions[name], schemas) for name in names]
    if not route.rpc.reads:
        found += [_named("IdempotencyKey")]
        found += [_named("IfMatch")] if route.variables else []
    else:
        found += [_named("ConsistencyToken")]
        tagged = is_noun(route.method.output_type) or route.rpc.streams_out
        found += [_named("IfNoneMatch")] if route.verb == "GET" and tagged else []
    return found


def _named(name: str) -> Schema:
    return {"$ref": f"#/components/parameters/{name}"}


def _query(field: Any, schemas: Schemas) -> Schema:
    described: Schema = {"name": field.name, "in": "query"}
    if text := comment(field.full_name):
        described["description"] = text
    if type_name(field) == FILTER:
        return described | {"content": {JSON: {"schema": schemas.ref(field.message_type)}}}
    schema = schemas.of_field(field)
    schema.pop("description", None)
    if field.is_repeated:
        described |= {"style": "form", "explode": False}
    return described | {"schema": schema}


def _condition(name: str, field: Any, schemas: Schemas) -> Schema:
    schema = schemas.single(field, declared.rules(field), False)
    schema.pop("description", None)
    text = f"Equality with: {comment(field.full_name) or name} Given several times: any of them."
    many = {"type": "array", "items": schema}
    return {"name": name, "in": "query", "description": text, "schema": many, "style": "form", "explode": True}


def _body(route: Route, schemas: Schemas) -> Schema:
    message = route.method.input_type
    if route.rpc.streams_in:
        return {"required": True, "content": {BYTES: {"schema": {}}}}
    if route.body == "*":
        bound = frozenset(variable.path[0] for variable in route.variables)
        schema = schemas.of_message(message, bound)
        example = examples.of_message(message, bound)
        return {"required": bool(schema.get("required")), "content": {JSON: {"schema": schema, "example": example}}}
    noun = message.fields_by_name[route.body].message_type
    schema = schemas.to_make(noun) if route.verb == "POST" else schemas.ref(noun)
    example = examples.of_message(noun)
    return {"required": True, "content": {JSON: {"schema": schema, "example": example}}}


def _responses(route: Route, schemas: Schemas) -> Schema:
    output = route.method.output_type
    headers: Schema = {"X-Request-Id": _header("RequestId"), "RateLimit": _header("RateLimit")}
    if is_noun(output) or route.rpc.streams_out:
        headers["ETag"] = _header("ETag")
    if not route.rpc.reads:
        headers["Consistency-Token"] = _header("ConsistencyToken")
    answer: Schema = {"description": comment(output.full_name) or "The answer.", "headers": headers}
    answer["content"] = {BYTES: {"schema": {}}} if route.rpc.streams_out else {JSON: {"schema": schemas.ref(output)}}
    found: Schema = {"201" if route.creates else "200": answer}
    if route.creates:
        answer["headers"]["Location"] = _header("Location")
    if f"Find{output.name}Duplicates" in route.method.containing_service.methods_by_name and not route.rpc.reads:
        answer["headers"]["Possible-Duplicates"] = _header("PossibleDuplicates")
    if "failed_count" in output.fields_by_name:
        found["207"] = answer | {"description": "Some items failed; each result says which and why."}
    if route.verb == "GET" and (is_noun(output) or route.rpc.streams_out):
        found["304"] = {"description": "It is still what If-None-Match names."}
    codes = READ_PROBLEMS if route.rpc.reads and not route.body else READ_PROBLEMS + WRITE_PROBLEMS
    return found | {code: problem() for code in sorted(codes)}


def _header(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/headers/{name}"}


def problem() -> Schema:
    """A reference to the answer that says no."""
    return {"$ref": "#/components/responses/Problem"}
