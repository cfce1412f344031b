"""Examples: values that a field would take, chosen by its rules and its name."""

from typing import Any

from crm.options.v1 import options_pb2
from google.protobuf.descriptor import FieldDescriptor

from chassis import declared
from chassis.declared import OUTPUT_ONLY, REQUIRED, behaviors, is_noun

_ID = "01jd9x2m8q4v6n0t3s5w7y9z1b"
_BY_FORMAT = {
    options_pb2.FORMAT_DATE: "2026-11-22",
    options_pb2.FORMAT_EMAIL: "ada@lovelace.example",
    options_pb2.FORMAT_PHONE: "+4915123456789",
    options_pb2.FORMAT_CURRENCY: "EUR",
    options_pb2.FORMAT_COUNTRY: "DE",
    options_pb2.FORMAT_LANGUAGE: "de-DE",
    options_pb2.FORMAT_TIME_ZONE: "Europe/Berlin",
    options_pb2.FORMAT_URL: "https://lovelace.example",
    options_pb2.FORMAT_DOMAIN: "lovelace.example",
    options_pb2.FORMAT_KEY: "erp",
}
_BY_NAME = {
    "given_name": "Ada",
    "family_name": "Lovelace",
    "name": "Lovelace Engines",
    "company_name": "Lovelace Engines",
    "display_name": "Ada Lovelace",
    "title": "Talked about the engine",
    "reason": "Chose another supplier",
    "password": "correct horse battery",
    "administrator_password": "correct horse battery",
    "external_id": "4711",
    "etag": "3",
}


def of_field(field: Any) -> str:
    """An example of a text field; empty where none says more than its type."""
    rules = declared.rules(field)
    if rules.id_prefix:
        return f"{rules.id_prefix}_{_ID}"
    if rules.one_of:
        return str(rules.one_of[0])
    if field.name == "id" and is_noun(field.containing_type):
        return f"{field.containing_type.GetOptions().Extensions[options_pb2.resource].prefix}_{_ID}"
    return _BY_FORMAT.get(rules.format) or _BY_NAME.get(field.name, "")


def of_message(message: Any, without: frozenset[str] = frozenset()) -> dict[str, Any]:
    """An example of a body: every required field, and the text fields that have an example of their own."""
    example: dict[str, Any] = {}
    for field in message.fields:
        kinds = behaviors(field)
        if field.name in without or OUTPUT_ONLY in kinds:
            continue
        if REQUIRED in kinds or (not field.is_repeated and of_field(field)):
            value = _value(field)
            example[field.name] = [value] if field.is_repeated else value
    return example


def _value(field: Any) -> Any:
    if field.message_type and field.message_type.full_name == "google.protobuf.Timestamp":
        return "2026-11-22T03:00:00Z"
    if field.message_type:
        return of_message(field.message_type)
    if field.enum_type:
        return field.enum_type.values[1].name
    if field.type == FieldDescriptor.TYPE_STRING:
        return of_field(field) or "text"
    return field.type == FieldDescriptor.TYPE_BOOL or 1
