"""What `GET /v1/schema/{noun}` answers: every field of a noun that the caller may see, with its rules."""

from collections.abc import Iterator
from typing import Any

from crm.schema.v1 import schema_pb2

from chassis import declared
from chassis.document import Noun
from chassis.fields.custom import CustomField
from chassis.listing import Field, Kind
from chassis.listing.condition import OPS
from chassis.listing.order import sortable
from chassis.principal import principal

_TYPES = {
    Kind.STRING: "text", Kind.ID: "id", Kind.DATE: "date", Kind.ENUM: "enum", Kind.INTEGER: "integer", Kind.NUMBER: "number",
    Kind.DECIMAL: "decimal", Kind.BOOLEAN: "boolean", Kind.INSTANT: "instant", Kind.MESSAGE: "structure", Kind.OPAQUE: "map",
    Kind.CUSTOM: "map",
}  # fmt: skip


def described(noun: type[Noun]) -> schema_pb2.Schema:
    """The schema of a noun as the caller sees it."""
    schema, whom = noun.caller_schema(), principal()
    contract = noun.contract_fields().values()
    fields = [_of_contract(noun, each) for each in contract if not _within_itself(noun.contract.DESCRIPTOR, each.path)]
    hidden = schema.hidden(whom)
    shown = [field for key, field in schema.fields.items() if key not in hidden]
    fields += [
        each for field in shown for each in _own(field, read_only=bool(field.formula) or not field.writable(whom))
    ]
    return schema_pb2.Schema(noun=noun.kind_name(), service=noun.about().service, version=schema.version, fields=fields)


def _common(field: Field) -> dict[str, Any]:
    return {
        "path": field.path, "repeated": not field.single, "sortable": sortable(field),
        "operators": sorted(OPS[field.kind]),
        "max_length": field.max_length if field.kind is Kind.STRING else 0,
    }  # fmt: skip


def _of_contract(noun: type[Noun], field: Field) -> dict[str, Any]:
    of = _descriptor(noun.contract.DESCRIPTOR, field.path)
    kinds, top = declared.behaviors(of), "." not in field.path
    return _common(field) | {
        "type": _TYPES[field.kind],
        "label": field.path.rpartition(".")[2].replace("_", " "),
        "required": declared.REQUIRED in kinds,
        "read_only": declared.OUTPUT_ONLY in kinds,
        "immutable": declared.IMMUTABLE in kinds,
        "unique": top and field.path in noun.unique,
        "indexed": any(names[0] == field.path for names in noun.indexed),
        "searched": field.path in noun.searched,
        "options": [{"value": name} for name in (*field.names[1:], *declared.rules(of).one_of)],
        "refers_to": declared.rules(of).id_prefix,
    }


def _descriptor(message: Any, path: str) -> Any:
    name, _, rest = path.partition(".")
    field = message.fields_by_name[name]
    return _descriptor(field.message_type, rest) if rest else field


def _within_itself(message: Any, path: str) -> bool:
    """Whether a path leads into a type that it is in already, as conditions hold conditions: told once is enough."""
    above, types = "", set()
    for name in path.split("."):
        above = f"{above}.{name}".removeprefix(".")
        inner = _descriptor(message, above).message_type
        if inner is not None and inner.full_name in types:
            return True
        types |= {inner.full_name} if inner is not None else set()
    return False


def _own(field: CustomField, read_only: bool) -> Iterator[dict[str, Any]]:
    whole, *parts = field.listed()
    row = field.row
    kept = {
        name: row[name] for name in ("labels", "description", "options", "default_value", "formula") if row.get(name)
    }
    yield _common(whole) | kept | {
        "type": field.type_name, "label": row["label"], "required": field.required, "unique": field.unique,
        "indexed": field.indexed, "searched": field.searched, "refers_to": field.refers_to, "custom": True,
        "deprecated": field.deprecated, "definition_id": row["_id"], "read_only": read_only,
    }  # fmt: skip
    for part in parts:
        name = part.path.rpartition(".")[2].replace("_", " ")
        yield _common(part) | {"type": _TYPES[part.kind], "label": name, "custom": True, "read_only": read_only}
