"""Every place of the contract where a client gives an id, so that journeys can try foreign ids in all of them."""

from collections.abc import Iterator
from typing import Any

from chassis import declared
from chassis.contract import NounContract, noun_of
from chassis.ids import new_id
from services.gateway import contract, transcoding

ROUTES = transcoding.routes(contract.services())
OF_EVERYBODY = "/v1/roles/{id}"  # the same for every company
WITH_ID = [
    route
    for route in ROUTES
    if route.path != OF_EVERYBODY and any(variable.name == "id" for variable in route.variables)
]
BATCHES = [route for route in ROUTES if route.custom in ("batchGet", "batchUpdate", "batchDelete")]

MESSAGES = {
    noun_of(message).prefix: message
    for service in contract.services()
    for file in (service.file, *service.file.dependencies)
    for message in file.message_types_by_name.values()
    if declared.is_noun(message)
}
NOUNS = {prefix: noun_of(message) for prefix, message in MESSAGES.items()}

Path = tuple[str, ...]


# What a tenant adds stands below the noun or the object that it is for.
SCHEMA, OBJECTS, RECORDS = "/v1/schema/contact/fields", "/v1/objects", "/v1/objects/machine/records"
_BELOW = {"fld": SCHEMA, "rec": RECORDS, "obj": OBJECTS}


def path_of(route: transcoding.Route) -> str:
    """A route's path for contacts, and for the object that every furnished company has; `{id}` stays."""
    return route.path.replace("{noun}", "contact").replace("{key}", "machine")


def collection(noun: NounContract) -> str:
    """The REST path of a noun's records."""
    return _BELOW.get(noun.prefix, "/v1/" + noun.plural.replace("_", "-"))


def noun_in(route: transcoding.Route) -> NounContract:
    """The noun whose ids a route takes: the one that the contract names, else the one of the path."""
    given = route.method.input_type.fields_by_name.get("id")
    if given and (prefix := declared.rules(given).id_prefix):
        return NOUNS[prefix]
    for prefix, path in _BELOW.items():
        if path_of(route).startswith(path):
            return NOUNS[prefix]
    plural = route.path.removeprefix("/v1/").partition("/")[0].partition(":")[0].replace("-", "_")
    return next(noun for noun in NOUNS.values() if noun.plural == plural)


def listed() -> list[str]:
    """The prefix of every noun that a company's administrator may list."""
    paths = [
        path_of(route) for route in ROUTES if route.verb == "GET" and "{" not in path_of(route) and not _asks(route)
    ]
    return [prefix for prefix, noun in NOUNS.items() if collection(noun) in paths and prefix != "ten"]


def _asks(route: transcoding.Route) -> bool:
    """Whether a list is of something that its request must name."""
    return any(declared.REQUIRED in declared.behaviors(field) for field in route.method.input_type.fields)


def body_of(route: transcoding.Route) -> dict[str, Any]:
    """A body with what the rpc requires beside the id; the word fits keys, reasons and passwords alike."""
    if route.body != "*":
        return {"external_ids": []}
    in_path = {variable.name for variable in route.variables}
    return {
        field.name: _sample(field)
        for field in route.method.input_type.fields
        if declared.REQUIRED in declared.behaviors(field) and field.name not in in_path
    }


def _sample(field: Any) -> Any:
    prefix, inside = declared.rules(field).id_prefix, field.message_type
    if inside and inside.full_name == "google.protobuf.Timestamp":
        value: Any = "2099-01-01T00:00:00Z"
    elif inside:
        value = {each.name: _sample(each) for each in inside.fields if declared.REQUIRED in declared.behaviors(each)}
    elif field.enum_type:
        value = field.enum_type.values[1].name
    else:
        value = new_id(prefix) if prefix else "proposal-word"
    return [value] if field.is_repeated else value


def references(prefix: str) -> Iterator[tuple[Path, str]]:
    """Where a noun's body holds ids of other records: the path, and the prefix of the ids."""
    yield from _references(MESSAGES[prefix], ())


def _references(message: Any, inside: Path) -> Iterator[tuple[Path, str]]:
    for field in message.fields:
        if declared.OUTPUT_ONLY in declared.behaviors(field):
            continue
        if prefix := declared.rules(field).id_prefix:
            yield (*inside, field.name), prefix
        elif field.message_type not in (None, message) and field.message_type.file.package.startswith("crm."):
            yield from _references(field.message_type, (*inside, field.name))


def holding(prefix: str, path: Path, id: str) -> dict[str, Any]:
    """A body of a noun that holds `id` at `path`, with lists where the contract has them."""
    return _holding(MESSAGES[prefix], path, id)


def _holding(message: Any, path: Path, id: str) -> dict[str, Any]:
    field = message.fields_by_name[path[0]]
    value: Any = id if len(path) == 1 else _holding(field.message_type, path[1:], id)
    return {path[0]: [value] if field.is_repeated else value}
