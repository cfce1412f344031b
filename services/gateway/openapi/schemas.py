"""Messages of the contract as JSON Schemas (2020-12), with the limits and behaviours that their fields declare."""

from typing import Any

from crm.options.v1 import options_pb2
from google.protobuf.descriptor import FieldDescriptor

from chassis import declared
from chassis.declared import IMMUTABLE, INPUT_ONLY, OUTPUT_ONLY, REQUIRED, behaviors, is_noun
from services.gateway.comments import comment
from services.gateway.openapi.examples import of_field

Schema = dict[str, Any]

_TEXT, _LIST = 255, 100  # bounds of fields that declare none: crm.options.v1.Rules
_ID = "[0-9a-hjkmnp-tv-z]{26}"
_FORMATS: dict[int, Schema] = {  # an empty string says that there is no value
    options_pb2.FORMAT_DATE: {"pattern": r"^(\d{4}-\d\d-\d\d)?$", "description": "ISO 8601 date."},
    options_pb2.FORMAT_EMAIL: {"description": "RFC 5321 mailbox."},
    options_pb2.FORMAT_PHONE: {"pattern": r"^(\+[1-9]\d{1,14})?$", "description": "E.164."},
    options_pb2.FORMAT_CURRENCY: {"pattern": "^([A-Z]{3})?$", "description": "ISO 4217."},
    options_pb2.FORMAT_COUNTRY: {"pattern": "^([A-Z]{2})?$", "description": "ISO 3166-1 alpha-2."},
    options_pb2.FORMAT_LANGUAGE: {"description": "BCP 47."},
    options_pb2.FORMAT_TIME_ZONE: {"description": "IANA time zone."},
    options_pb2.FORMAT_URL: {"pattern": "^(https?://.+)?$", "description": "http or https URL."},
    options_pb2.FORMAT_DOMAIN: {"description": "Domain name."},
    options_pb2.FORMAT_KEY: {"pattern": "^[a-z0-9_-]*$", "description": "Lower-case key."},
}
_WELL_KNOWN: dict[str, Schema] = {
    "google.protobuf.Timestamp": {"type": "string", "format": "date-time", "pattern": r"^\d{4}-\d\d-\d\dT.+$"},
    "google.protobuf.Duration": {"type": "string", "pattern": r"^-?\d+(\.\d{1,9})?s$"},
    "google.protobuf.FieldMask": {"type": "string"},
    "google.protobuf.Struct": {"type": "object"},
    "google.protobuf.ListValue": {"type": "array"},
    "google.protobuf.Value": {},
    "google.rpc.Status": {"$ref": "#/components/schemas/Problem"},
}
_WHOLE = {
    FieldDescriptor.CPPTYPE_INT32: (-(1 << 31), (1 << 31) - 1),
    FieldDescriptor.CPPTYPE_UINT32: (0, (1 << 32) - 1),
}


class Schemas:
    """The component schemas of one document, gathered as they are referred to."""

    def __init__(self, given: set[str]) -> None:
        self.found: dict[str, Schema] = {}
        self._names: dict[str, str] = {}
        self._given = given  # full names of messages that clients write: only these are bounded

    def ref(self, message: Any) -> Schema:
        """A reference to the message's schema."""
        if message.full_name in _WELL_KNOWN:
            return dict(_WELL_KNOWN[message.full_name])
        if message.full_name not in self._names:
            name = self._names[message.full_name] = self._name(message)
            self.found[name] = {}
            self.found[name] = self.of_message(message)
        return {"$ref": f"#/components/schemas/{self._names[message.full_name]}"}

    def of_message(self, message: Any, without: frozenset[str] = frozenset()) -> Schema:
        """The schema of a message, less the fields that stand elsewhere in the request."""
        fields = [field for field in message.fields if field.name not in without]
        schema: Schema = {"type": "object", "additionalProperties": False}
        if text := comment(message.full_name):
            schema["description"] = text
        schema["properties"] = {field.name: self.of_field(field) for field in fields}
        required = [field.name for field in fields if REQUIRED in behaviors(field)]
        if required and not is_noun(message):  # what a noun must have depends on whether it is made or changed
            schema["required"] = required
        return schema

    def to_make(self, noun: Any) -> Schema:
        """The schema of a noun that is made: its required fields are there."""
        required = [f for f in noun.fields if REQUIRED in behaviors(f) and OUTPUT_ONLY not in behaviors(f)]
        texts = [
            field.name for field in required if field.type == FieldDescriptor.TYPE_STRING and not field.is_repeated
        ]
        filled = {
            "required": [field.name for field in required],
            "properties": {name: {"minLength": 1} for name in texts},
        }
        return self.ref(noun) | {key: value for key, value in filled.items() if value}

    def of_field(self, field: Any) -> Schema:
        """The schema of one field."""
        kinds, rules = behaviors(field), declared.rules(field)
        bounded = field.containing_type.full_name in self._given and OUTPUT_ONLY not in kinds
        schema = self._values(field, rules, bounded)
        if text := comment(field.full_name):
            schema["description"] = text
        for kind, key in ((OUTPUT_ONLY, "readOnly"), (INPUT_ONLY, "writeOnly"), (IMMUTABLE, "x-immutable")):
            if kind in kinds:
                schema[key] = True
        return schema

    def _values(self, field: Any, rules: Any, bounded: bool) -> Schema:
        if field.message_type and field.message_type.GetOptions().map_entry:
            value = field.message_type.fields_by_name["value"]
            return {"type": "object", "additionalProperties": self.single(value, rules, bounded)}
        if not field.is_repeated:
            return self.single(field, rules, bounded)
        schema: Schema = {"type": "array", "items": self.single(field, rules, bounded)}
        if bounded:
            schema["maxItems"] = rules.max_items or _LIST
        return schema

    def single(self, field: Any, rules: Any, bounded: bool) -> Schema:
        """The schema of one value of a field."""
        if field.message_type:
            return self.ref(field.message_type)
        if field.enum_type:
            return {"type": "string", "enum": [value.name for value in field.enum_type.values]}
        if field.cpp_type in (FieldDescriptor.CPPTYPE_INT64, FieldDescriptor.CPPTYPE_UINT64):
            return {"type": ["string", "integer"], "format": "int64", "pattern": r"^-?\d{1,20}$", "examples": ["12"]}
        if field.cpp_type in _WHOLE:
            low, high = _WHOLE[field.cpp_type]
            low = rules.minimum if rules.HasField("minimum") else low
            high = rules.maximum if rules.HasField("maximum") else high
            return {"type": "integer", "format": "int32", "minimum": low, "maximum": high}
        if field.type == FieldDescriptor.TYPE_STRING:
            return _text(field, rules, bounded)
        kinds = {FieldDescriptor.TYPE_BOOL: {"type": "boolean"}, FieldDescriptor.TYPE_DOUBLE: {"type": "number"}}
        return kinds.get(field.type, {"type": "string", "contentEncoding": "base64"})

    def _name(self, message: Any) -> str:
        # `crm.contacts.v1.Lead.Conversion` → `Lead.Conversion`; the service in front where two of them use one name.
        _, service, _, name = message.full_name.split(".", 3)
        return name if name not in self.found and name != "Problem" else f"{service.capitalize()}.{name}"


def _text(field: Any, rules: Any, bounded: bool) -> Schema:
    schema: Schema = {"type": "string", **_FORMATS.get(rules.format, {})}
    if rules.one_of:
        schema["enum"] = [*rules.one_of, ""]
    if rules.id_prefix:
        schema["pattern"] = f"^({rules.id_prefix}_{_ID})?$"
    if bounded:
        schema["maxLength"] = rules.max_length or _TEXT
        if rules.min_length:
            schema["pattern"] = f"^$|^.{{{rules.min_length},}}$"
        if REQUIRED in behaviors(field) and not field.is_repeated and not is_noun(field.containing_type):
            schema["minLength"] = 1
    if example := of_field(field):
        schema["examples"] = [example]
    return schema


def given(messages: list[Any]) -> set[str]:
    """Full names of all messages that clients write, reached from the request messages."""
    found: set[str] = set()
    waiting = list(messages)
    while waiting:
        message = waiting.pop()
        if message.full_name not in found:
            found.add(message.full_name)
            waiting += [f.message_type for f in message.fields if f.message_type and OUTPUT_ONLY not in behaviors(f)]
    return found
