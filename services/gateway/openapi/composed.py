"""The overviews and the search in the OpenAPI document, from the tables that make their answers."""

from typing import Any

from services.gateway.composed import disclosure
from services.gateway.composed.blocks import OVERVIEWS, Block, Overview
from services.gateway.composed.kinds import KINDS
from services.gateway.composed.overview import FRESH, STALE, UNAVAILABLE
from services.gateway.composed.ranking import MATCHES
from services.gateway.composed.search import LARGEST_PAGE, LONGEST, LOOKED_AT, PAGE_SIZE, PATH, SHORTEST
from services.gateway.openapi.operations import JSON, READ_PROBLEMS, problem
from services.gateway.openapi.schemas import Schema, Schemas

_WHOLE = """All services are asked at once, as you, and within one deadline. Each block says how fresh it is: FRESH, STALE when
the service failed and this is what it told you some minutes ago, at `as_of`, or UNAVAILABLE; `problem` says why, and is
`forbidden` for what your role may not read. One service that is down, slow or refuses fails its blocks only. The whole is refused
when the record itself is not there or may not be read; while its service is down, the other blocks are answered."""
_SEARCH = f"""Finds records of all services by words, each of which must begin a word of the record. Every group says whether it
could be looked at: FRESH, or UNAVAILABLE with the `problem`, which is `forbidden` for what your role may not read. Groups and
hits that fit best come first: EXACT, PREFIX and TITLE compare with the title. Of each noun the {LOOKED_AT} newest that have the
words are looked at; `more` says that the noun's own `:search` finds more than is shown."""
_PROBLEM = {"$ref": "#/components/schemas/Problem", "description": "Why it is not fresh."}
_TEXT = {"type": "string"}
_BUNDLE = """A ZIP file that is made while it is sent: `<service>/<collection>.ndjson` holds a record on each line, as it is now,
and `manifest.json`, the last entry, says how many there are. One service that cannot answer refuses the whole; one that fails
later breaks the connection, and what came is no ZIP file."""
_ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}


def add_composed(paths: dict[str, Any], schemas: Schemas) -> None:
    """Describe what is composed of several services."""
    for overview in OVERVIEWS:
        schemas.found[overview.name] = _object({block.name: _block(block, schemas) for block in overview.blocks})
        paths[overview.path] = {"get": _overview(overview)}
    _add_shapes(schemas)
    described = _get("Search", "search", "Finds across nouns", _SEARCH, "SearchResult")
    described["parameters"] = _parameters()
    paths[PATH] = {"get": described}
    paths[disclosure.PATH] = {"get": _disclosure()}


def _disclosure() -> Schema:
    needs = ", ".join(f"`{disclosure.rpc(name).permission}`" for name in (disclosure.WHOM, *disclosure.TOLD_BY))
    text = f"{_BUNDLE}\n\nNeeds the permissions {needs}, those to write with the scope all."
    bundle = {"application/zip": {"schema": {"type": "string", "format": "binary"}}}
    answer = {"description": "The bundle.", "content": bundle}
    return {
        "operationId": "GetDisclosureContent", "tags": ["disclosures"], "summary": "Tells all that is known of a person",
        "description": text, "x-permission": disclosure.rpc(disclosure.WHOM).permission, "parameters": [_ID],
        "responses": {"200": answer} | {code: problem() for code in READ_PROBLEMS},
    }  # fmt: skip


def _overview(overview: Overview) -> Schema:
    record = overview.record
    needs = f"Needs the permission `{record.rpc.permission}`, and for each block that of its rpc."
    text = f"{overview.says}\n\n{_WHOLE}\n\n{needs}"
    described = _get(f"Get{overview.name}", overview.path.split("/")[2], overview.says.rstrip("."), text, overview.name)
    described["x-permission"] = record.rpc.permission
    described["parameters"] = [_ID]
    return described


def _block(block: Block, schemas: Schemas) -> Schema:
    states = {"type": "string", "enum": [FRESH, STALE, UNAVAILABLE]}
    as_of = {"type": "string", "format": "date-time", "description": "When the answer was read."}
    answer = {**schemas.ref(block.method.output_type), "description": f"As `{block.rpc_name}` answers."}
    shape = _object({"state": states, "as_of": as_of, "problem": _PROBLEM, "answer": answer}, ["state"])
    return shape | {"description": f"{block.says} Needs the permission `{block.rpc.permission}`."}


def _add_shapes(schemas: Schemas) -> None:
    hit = {
        "noun": {"type": "string", "enum": [kind.noun for kind in KINDS]}, "id": _TEXT,
        "title": {"type": "string", "description": "What the record is called."},
        "subtitle": {"type": "string", "description": "What it was found by, or else says most about it; may be empty."},
        "match": {"type": "string", "enum": list(MATCHES)},
    }  # fmt: skip
    group = {
        "type": {"type": "string", "enum": [kind.type for kind in KINDS]},
        "state": {"type": "string", "enum": [FRESH, UNAVAILABLE]}, "problem": _PROBLEM,
        "hits": {"type": "array", "maxItems": LARGEST_PAGE, "items": {"$ref": "#/components/schemas/SearchHit"}},
        "more": {"type": "boolean", "description": "Whether there are more than these."},
    }  # fmt: skip
    groups = {"type": "array", "items": {"$ref": "#/components/schemas/SearchGroup"}}
    schemas.found["SearchHit"] = _object(hit)
    schemas.found["SearchGroup"] = _object(group, ["type", "state", "hits", "more"])
    schemas.found["SearchResult"] = _object({"query": _TEXT, "groups": groups})


def _parameters() -> list[Schema]:
    kinds = {"type": "array", "items": {"type": "string", "enum": [kind.type for kind in KINDS]}}
    return [
        {"name": "q", "in": "query", "required": True, "description": "The words to find.",
         "schema": {"type": "string", "minLength": SHORTEST, "maxLength": LONGEST}},
        {"name": "types", "in": "query", "description": "Where to look; everywhere when not given.", "schema": kinds,
         "style": "form", "explode": False},
        {"name": "page_size", "in": "query", "description": "Hits per group.",
         "schema": {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": PAGE_SIZE}},
    ]  # fmt: skip


def _get(name: str, tag: str, summary: str, text: str, schema: str) -> Schema:
    answer = {"description": summary, "content": {JSON: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}}
    responses = {"200": answer} | {code: problem() for code in READ_PROBLEMS}
    return {"operationId": name, "tags": [tag], "summary": summary, "description": text, "responses": responses}


def _object(properties: Schema, required: list[str] | None = None) -> Schema:
    named = list(properties) if required is None else required
    return {"type": "object", "additionalProperties": False, "required": named, "properties": properties}
